"""Right work in the styles that students write it in, whole libraries or large parts of them.

Each row is a name, the blocks that are written otherwise, patches of what is given, and cells.
"""

from __future__ import annotations

from dataclasses import dataclass, field

LAYERS = "lib/mlp/layer_utils.py"
NETWORKS = "lib/mlp/fully_conn.py"
TRAINING = "lib/mlp/train.py"
OPTIMIZERS = "lib/optim.py"


@dataclass(frozen=True)
class Alternative:
    """The solution, done in another way that is as right."""

    name: str
    blocks: dict[str, str] = field(default_factory=dict)
    patches: tuple[tuple[str, str, str], ...] = ()
    cells: dict[str, str] = field(default_factory=dict)


def everywhere(dtype: str) -> dict[str, str]:
    """All layers and optimizers computing in one dtype, whatever comes in."""
    return {
        "flatten.forward": f"output = feat.reshape(feat.shape[0], -1).astype({dtype})",
        "flatten.backward": f"dfeat = dprev.reshape(feat.shape).astype({dtype})",
        "fc.forward": f"""
            w, b = (self.params[n].astype({dtype}) for n in (self.w_name, self.b_name))
            output = np.dot(feat.astype({dtype}), w) + b
        """,
        "fc.backward": f"""
            dprev, feat = dprev.astype({dtype}), feat.astype({dtype})
            self.grads[self.w_name] = np.dot(feat.T, dprev)
            self.grads[self.b_name] = np.sum(dprev, axis=0)
            dfeat = np.dot(dprev, self.params[self.w_name].astype({dtype}).T)
        """,
        "leaky_relu.forward": f"""
            x = feat.astype({dtype})
            output = np.where(x < 0, {dtype}(self.negative_slope) * x, x)
        """,
        "leaky_relu.backward": f"""
            dfeat = dprev.astype({dtype})
            dfeat[feat < 0] *= {dtype}(self.negative_slope)
        """,
        "dropout.forward": f"""
            output = feat.astype({dtype})
            if is_training and self.keep_prob not in (0, 1):
                kept = (self.rng.uniform(size=feat.shape) < self.keep_prob).astype({dtype})
                kept /= {dtype}(self.keep_prob)
                output = output * kept
        """,
        "dropout.backward": f"""
            dfeat = dprev.astype({dtype})
            if self.kept is not None:
                dfeat = dfeat * self.kept
        """,
        "softmax": f"""
            z = feat.astype({dtype})
            z = z - np.max(z, axis=-1, keepdims=True)
            e = np.exp(z)
            scores = e / np.sum(e, axis=-1, keepdims=True)
        """,
        "cross_entropy.forward": f"""
            scores = softmax(feat)
            picked = -np.log(scores[range(len(label)), label])
            loss = {dtype}(picked.mean() if self.size_average else picked.sum())
        """,
        "SGDM.update": f"""
            for name in layer.params:
                v = self.velocity.get(name, np.zeros_like(layer.params[name]))
                v = (self.momentum * v - self.lr * layer.grads[name]).astype({dtype})
                self.velocity[name] = v
                layer.params[name] = layer.params[name].astype({dtype}) + v
        """,
        "RMSProp.update": f"""
            for name in layer.params:
                g = layer.grads[name].astype({dtype})
                c = self.cache.get(name, np.zeros_like(g)).astype({dtype})
                self.cache[name] = c = self.decay * c + {dtype}(1 - self.decay) * g * g
                step = {dtype}(self.lr) * g / np.sqrt(c + {dtype}(self.eps))
                layer.params[name] = layer.params[name].astype({dtype}) - step
        """,
        "Adam.update": f"""
            if layer.params:
                self.t += 1
            for name in layer.params:
                g = layer.grads[name].astype({dtype})
                m = self.mt.get(name, np.zeros_like(g)).astype({dtype})
                v = self.vt.get(name, np.zeros_like(g)).astype({dtype})
                self.mt[name] = m = self.beta1 * m + {dtype}(1 - self.beta1) * g
                self.vt[name] = v = self.beta2 * v + {dtype}(1 - self.beta2) * g**2
                m, v = m / (1 - self.beta1**self.t), v / (1 - self.beta2**self.t)
                step = {dtype}(self.lr) * m / (np.sqrt(v) + {dtype}(self.eps))
                layer.params[name] = layer.params[name].astype({dtype}) - step
        """,
    }


def dropout_with(mask: str, forward: str, backward: str) -> dict[str, str]:
    """Dropout that draws, uses and keeps its mask in a way of its own."""
    return {
        "dropout.forward": f"""
            p = self.keep_prob
            if not is_training or p == 0 or p == 1:
                output = np.array(feat)
            else:
                kept = {mask}
                output = {forward}
        """,
        "dropout.backward": f"""
            p = self.keep_prob
            if self.kept is None:
                dfeat = dprev.copy()
            else:
                dfeat = {backward}
        """,
    }


OWN_SEQUENTIAL = '''class sequential(object):
    """my own, shorter"""

    def __init__(self, *layers):
        self.layers = list(layers)
        self.params, self.grads = {}, {}
        self.gather_params()
        self.gather_grads()

    def gather_params(self):
        for layer in self.layers:
            for n, v in layer.params.items():
                self.params[n] = v

    def gather_grads(self):
        for layer in self.layers:
            for n, v in layer.grads.items():
                self.grads[n] = v

    def _set(self, where, name, val):
        for layer in self.layers:
            if name in layer.params.keys():
                getattr(layer, where)[name] = val
                getattr(self, where)[name] = val

    def assign(self, name, val):
        self._set("params", name, val)

    def assign_grads(self, name, val):
        self._set("grads", name, val)

    def get_params(self, name):
        return self.params[name]

    def get_grads(self, name):
        return self.grads[name]

    def load(self, pretrained):
        for layer in self.layers:
            for n in layer.params:
                layer.params[n] = pretrained[n].copy()
        self.gather_params()


class given_sequential:'''

OWN_MODULE = '''class Module(object):
    """rewritten"""

    dtype = np.float32

    def forward(self, feat, is_training=True, seed=None):
        for layer in self.net.layers:
            more = (is_training, seed) if isinstance(layer, dropout) else ()
            feat = layer.forward(feat, *more)
        return feat

    def backward(self, dprev):
        for i in range(len(self.net.layers) - 1, -1, -1):
            dprev = self.net.layers[i].backward(dprev)
        self.net.gather_grads()
        return dprev

    def cast(self, dtype):
        for layer in self.net.layers:
            layer.params = {n: v.astype(dtype) for n, v in layer.params.items()}
        self.net.gather_params()


class GivenModule:'''

ALTERNATIVES = (
    Alternative(
        "loops",
        {
            "flatten.forward": """
                rows = []
                for example in feat:
                    rows.append(example.ravel())
                output = np.array(rows)
            """,
            "flatten.backward": """
                dfeat = np.zeros(feat.shape)
                for i in range(feat.shape[0]):
                    dfeat[i] = dprev[i].reshape(feat.shape[1:])
            """,
            "fc.forward": """
                w, b = self.params[self.w_name], self.params[self.b_name]
                output = np.zeros((feat.shape[0], w.shape[1]))
                for i in range(feat.shape[0]):
                    for j in range(w.shape[1]):
                        output[i, j] = np.dot(feat[i], w[:, j]) + b[j]
            """,
            "fc.backward": """
                w = self.params[self.w_name]
                dw, db = np.zeros(w.shape), np.zeros(w.shape[1])
                dfeat = np.zeros(feat.shape)
                for i in range(feat.shape[0]):
                    dw += np.outer(feat[i], dprev[i])
                    db += dprev[i]
                    dfeat[i] = w.dot(dprev[i])
                self.grads[self.w_name], self.grads[self.b_name] = dw, db
            """,
            "leaky_relu.forward": """
                output = feat.copy().reshape(-1)
                for i in range(output.size):
                    if output[i] < 0:
                        output[i] = output[i] * self.negative_slope
                output = output.reshape(feat.shape)
            """,
            "leaky_relu.backward": """
                dfeat = np.empty(feat.shape)
                for where in np.ndindex(feat.shape):
                    dfeat[where] = dprev[where] * (1 if feat[where] > 0 else self.negative_slope)
            """,
            "softmax": """
                scores = np.zeros(feat.shape)
                for i, row in enumerate(feat):
                    e = np.exp(row - max(row))
                    scores[i] = e / sum(e)
            """,
            "cross_entropy.forward": """
                scores = softmax(feat)
                loss = 0
                for i in range(len(label)):
                    loss = loss - np.log(scores[i][label[i]])
                if self.size_average:
                    loss = loss / float(len(label))
            """,
            "cross_entropy.backward": """
                dfeat = np.zeros(scores.shape)
                n = len(label) if self.size_average else 1
                for i in range(scores.shape[0]):
                    for c in range(scores.shape[1]):
                        dfeat[i, c] = (scores[i, c] - (1 if c == label[i] else 0)) / n
            """,
        },
    ),
    Alternative(
        "einsum",
        {
            "fc.forward": """
                w, b = self.params[self.w_name], self.params[self.b_name]
                output = np.einsum("ij,jk->ik", feat, w) + b[None, :]
            """,
            "fc.backward": """
                self.grads[self.w_name] = np.einsum("ni,nj->ij", feat, dprev)
                self.grads[self.b_name] = np.einsum("nj->j", dprev)
                dfeat = np.einsum("nj,ij->ni", dprev, self.params[self.w_name])
            """,
            "cross_entropy.forward": """
                scores = softmax(feat)
                one_hot = np.eye(feat.shape[1])[label]
                loss = -np.einsum("nc,nc->", one_hot, np.log(scores))
                loss = loss / len(label) if self.size_average else loss
            """,
        },
    ),
    Alternative("float32 throughout", everywhere("np.float32")),
    Alternative("float64 throughout", everywhere("np.float64")),
    Alternative(
        "in place on copies of its own",
        {
            "leaky_relu.forward": """
                output = np.copy(feat)
                np.multiply(output, self.negative_slope, out=output, where=output < 0)
            """,
            "leaky_relu.backward": """
                dfeat = dprev.copy()
                dfeat[np.where(feat < 0)] *= self.negative_slope
            """,
            "dropout.forward": """
                output = feat.copy()
                if is_training and 0 < self.keep_prob < 1:
                    kept = self.rng.rand(*feat.shape) < self.keep_prob
                    output[~kept] = 0
                    output /= self.keep_prob
            """,
            "dropout.backward": """
                dfeat = np.array(dprev)
                if self.kept is not None:
                    dfeat[self.kept == False] = 0
                    dfeat /= self.keep_prob
            """,
            "softmax": """
                scores = feat.copy()
                scores -= scores.max(-1)[..., None]
                np.exp(scores, out=scores)
                scores /= scores.sum(-1)[..., None]
            """,
        },
    ),
    Alternative(
        "a mask that is scaled already",
        dropout_with("(self.rng.rand(*feat.shape) < p) / p", "feat * kept", "dprev * self.kept"),
    ),
    Alternative(
        "binomial draws",
        dropout_with(
            "self.rng.binomial(n=1, p=p, size=feat.shape)",
            "np.multiply(feat, kept) / p",
            "np.multiply(dprev, self.kept) / p",
        ),
    ),
    Alternative(
        "uniform draws from the other end",
        dropout_with(
            "self.rng.uniform(0.0, 1.0, feat.shape) >= 1 - p",
            "np.where(kept, feat / p, 0)",
            "np.where(self.kept, dprev / p, 0)",
        ),
    ),
    Alternative(
        "choice of scales",
        dropout_with(
            "self.rng.choice([0, 1 / p], size=feat.shape, p=[1 - p, p])",
            "kept * feat",
            "self.kept * dprev",
        ),
    ),
    Alternative(
        "a mask of what is dropped, in float32",
        dropout_with(
            "(self.rng.random_sample(feat.shape) > p).astype(np.float32)",
            "feat * (1 - kept) / p",
            "dprev * (1 - self.kept) / p",
        ),
    ),
    Alternative(
        "one-hot labels",
        {
            "cross_entropy.forward": """
                scores = softmax(feat)
                Y = np.zeros_like(scores)
                Y[np.arange(label.shape[0]), label] = 1
                loss = -np.sum(Y * np.log(scores + 1e-12))
                if self.size_average:
                    loss = loss / Y.shape[0]
            """,
            "cross_entropy.backward": """
                Y = np.zeros_like(scores)
                Y[np.arange(label.shape[0]), label] = 1
                dfeat = scores - Y
                dfeat = dfeat / len(Y) if self.size_average else dfeat
            """,
        },
    ),
    Alternative(
        "log-softmax",
        {
            "softmax": """
                shifted = feat - np.amax(feat, axis=feat.ndim - 1, keepdims=True)
                scores = np.exp(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))
            """,
            "cross_entropy.forward": """
                shifted = feat - feat.max(axis=1).reshape(-1, 1)
                logp = shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
                scores = np.exp(logp)
                loss = -logp[np.arange(feat.shape[0]), label]
                loss = np.mean(loss) if self.size_average else np.sum(loss)
            """,
        },
    ),
    Alternative(
        "scipy",
        {
            "softmax": """
                from scipy.special import softmax as of_scipy
                scores = of_scipy(feat, axis=-1)
            """,
            "cross_entropy.forward": """
                from scipy import special
                scores = softmax(feat)
                picked = special.log_softmax(feat, axis=1)[np.arange(len(label)), label]
                loss = -picked.mean() if self.size_average else -picked.sum()
            """,
        },
        cells={
            "activations_definitions": """
                from scipy.special import expit
                sigmoid = expit
                leaky_relu = lambda x: np.maximum(x, 0.1 * x)
                relu = lambda x: x.clip(min=0)
                elu = lambda x: np.where(x > 0, x, 0.5 * np.expm1(x))
                selu = lambda x: 1.0507 * (np.maximum(x, 0) + 1.6732 * np.expm1(np.minimum(x, 0)))
                tanh = np.tanh
            """
        },
    ),
    Alternative(
        "copies of everything",
        {
            "flatten.forward": "output = feat.copy().reshape(feat.shape[0], -1)",
            "flatten.backward": "dfeat = dprev.copy().reshape(feat.shape)",
            "fc.forward": """
                w, b = self.params[self.w_name].copy(), self.params[self.b_name].copy()
                output = feat.copy().dot(w) + b
                self.meta = feat.copy()
            """,
            "fc.backward": """
                self.grads[self.w_name] = feat.transpose().copy().dot(dprev.copy())
                self.grads[self.b_name] = dprev.copy().sum(0)
                dfeat = dprev.dot(np.transpose(self.params[self.w_name]).copy())
            """,
        },
    ),
    Alternative(
        "views of everything",
        {
            "flatten.forward": "output = np.reshape(feat, (feat.shape[0], -1)).view()",
            "flatten.backward": "dfeat = dprev.view().reshape(feat.shape)",
            "dropout.forward": """
                if is_training and self.keep_prob % 1:
                    kept = self.rng.random_sample(feat.shape) < self.keep_prob
                    output = (feat * kept / self.keep_prob)[:]
                else:
                    output = feat[:]
            """,
            "dropout.backward": """
                dfeat = dprev[:]
                if self.kept is not None:
                    dfeat = dfeat * self.kept[:] / self.keep_prob
            """,
        },
    ),
    Alternative(
        "a column of ones instead of biases",
        {
            "fc.forward": """
                w, b = self.params[self.w_name], self.params[self.b_name]
                with_ones = np.hstack([feat, np.ones((len(feat), 1), feat.dtype)])
                output = with_ones @ np.vstack([w, b])
            """,
            "fc.backward": """
                with_ones = np.hstack([feat, np.ones((len(feat), 1), feat.dtype)])
                both = with_ones.T @ dprev
                self.grads[self.w_name], self.grads[self.b_name] = both[:-1], both[-1]
                dfeat = (self.params[self.w_name] @ dprev.T).T
            """,
        },
    ),
    Alternative(
        "arithmetic with masks",
        {
            "leaky_relu.forward": """
                positive = feat > 0
                output = feat * positive + self.negative_slope * feat * (1 - positive)
            """,
            "leaky_relu.backward": """
                slopes = np.ones_like(feat)
                slopes[feat <= 0] = self.negative_slope
                dfeat = slopes * dprev
            """,
        },
        cells={
            "activations_definitions": """
                sigmoid = lambda x: np.exp(x) / (np.exp(x) + 1)
                leaky_relu = lambda x: x * (x > 0) + 0.1 * x * (x <= 0)
                relu = lambda x: x * (x > 0)
                elu = lambda x: x * (x > 0) + 0.5 * (np.exp(x) - 1) * (x <= 0)
                selu = lambda x: 1.0507 * (x * (x > 0) + 1.6732 * (np.exp(x) - 1) * (x <= 0))
                tanh = lambda x: (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))
            """
        },
    ),
    Alternative(
        "functions instead of lambdas",
        cells={
            "activations_definitions": """
                import math

                def sigmoid(x):
                    return np.array([1 / (1 + math.exp(-v)) for v in x.flat]).reshape(x.shape)

                def leaky_relu(x, alpha=0.1):
                    y = x.copy()
                    y[y < 0] = alpha * y[y < 0]
                    return y

                def relu(x):
                    return (np.abs(x) + x) / 2

                def elu(x, alpha=0.5):
                    below = lambda v: alpha * (np.exp(v) - 1)
                    return np.piecewise(x, [x < 0], [below, lambda v: v])

                alpha, scale = 1.6732, 1.0507
                selu = np.vectorize(lambda v: scale * (v if v > 0 else alpha * math.expm1(v)))

                def tanh(x):
                    return 2 * sigmoid(2 * x) - 1
            """
        },
    ),
    Alternative(
        "other names of layers",
        {
            "TestFCReLU.__init__": """
                self.net = sequential(
                    flatten("platt"), fc(15, 5, name="voll verbunden"), leaky_relu(name="undicht")
                )
            """,
            "SmallFullyConnectedNetwork.__init__": """
                self.net = sequential(
                    fc(4, 30, name="1"), leaky_relu(name="2"), fc(30, 7, name="3")
                )
            """,
            "TinyNet.__init__": """
                h = 64
                self.net = sequential(
                    flatten(name="in"),
                    fc(32 * 32 * 3, h, init_scale=1 / np.sqrt(3072), name="a_w"),
                    leaky_relu(0.01, "act"),
                    fc(h, 10, init_scale=1 / np.sqrt(h), name="b_w"),
                )
            """,
        },
        cells={
            "cascade_names": """
                name = "voll verbunden"
                param_name_w, param_name_b = name + "_w", name + "_b"
            """,
            "small_network_names": """
                param_name_w1, param_name_b1 = '1_w', '1_b'
                param_name_w2, param_name_b2 = '3_w', '3_b'
            """,
        },
    ),
    Alternative(
        "names looked up in the network",
        cells={
            "cascade_names": """
                param_name_w, param_name_b = TestFCReLU().net.params.keys()
                print(param_name_w)
            """,
            "small_network_names": """
                names = list(SmallFullyConnectedNetwork().net.params)
                param_name_w1, param_name_b1, param_name_w2, param_name_b2 = names
            """,
        },
    ),
    Alternative(
        "networks built from lists",
        {
            "TestFCReLU.__init__": """
                layers = [flatten(name="flatten")]
                layers += [fc(15, 5, name="fullo"), leaky_relu(name="lrelu")]
                self.net = sequential(*layers)
            """,
            "SmallFullyConnectedNetwork.__init__": """
                sizes, layers = [4, 30, 7], []
                for i in range(len(sizes) - 1):
                    layers.append(fc(sizes[i], sizes[i + 1], name="fullo_%d" % (i + 1)))
                    layers.append(leaky_relu(name="relu_%d" % i))
                self.net = sequential(*layers[:-1])
            """,
        },
    ),
    Alternative(
        "subclasses of layers",
        {
            "TestFCReLU.__init__": """
                class Dense(fc):
                    def __init__(self, i, o, name):
                        super().__init__(i, o, name=name)

                class Activation(leaky_relu):
                    pass

                self.net = sequential(flatten(), Dense(15, 5, "fullo"), Activation())
            """,
        },
    ),
    Alternative(
        "extra attributes and helper functions",
        {
            "fc.forward": """
                self.calls = getattr(self, "calls", 0) + 1
                self.out_shape = (len(feat), self.output_dim)
                output = affine(feat, self.params[self.w_name], self.params[self.b_name])
                self.cache = (feat, output, self)
            """,
            "dropout.forward": """
                self.is_training = is_training
                self.mask = np.ones(feat.shape)
                if self.is_training and self.keep_prob > 0:
                    self.mask = draw_mask(self.rng, feat.shape, self.keep_prob)
                output = feat * self.mask
            """,
            "dropout.backward": "dfeat = dprev * self.mask",
        },
        (
            (
                LAYERS,
                "class flatten(Layer):",
                "def affine(x, w, b):\n    return x.dot(w) + b\n\n\n"
                "def draw_mask(rng, shape, p):\n"
                "    return (rng.random_sample(shape) < p).astype(float) / p\n\n\n"
                "class flatten(Layer):",
            ),
        ),
    ),
    Alternative(
        "parameters replaced",
        {
            "SGDM.update": """
                for n in layer.params.keys():
                    if n not in self.velocity:
                        self.velocity[n] = np.zeros(layer.params[n].shape)
                    self.velocity[n] = self.momentum * self.velocity[n] - self.lr * layer.grads[n]
                    layer.params[n] = layer.params[n] + self.velocity[n]
            """,
            "RMSProp.update": """
                for n in layer.params.keys():
                    if n not in self.cache:
                        self.cache[n] = 0
                    g = layer.grads[n]
                    self.cache[n] = self.decay * self.cache[n] + (1 - self.decay) * np.square(g)
                    step = self.lr * g / np.sqrt(self.cache[n] + self.eps)
                    layer.params[n] = layer.params[n] - step
            """,
        },
    ),
    Alternative(
        "states changed in place",
        {
            "SGDM.update": """
                for n, p in layer.params.items():
                    v = self.velocity.setdefault(n, np.zeros_like(p))
                    v *= self.momentum
                    v -= self.lr * layer.grads[n]
                    p += v
            """,
            "RMSProp.update": """
                for n, p in layer.params.items():
                    c = self.cache.setdefault(n, np.zeros_like(p))
                    c *= self.decay
                    c += (1 - self.decay) * layer.grads[n] ** 2
                    p -= self.lr * layer.grads[n] / np.sqrt(c + self.eps)
            """,
        },
    ),
    Alternative(
        "states prepared when the optimizer is made",
        {
            "SGDM.update": """
                for n, p in layer.params.items():
                    self.velocity[n] = self.momentum * self.velocity[n] - self.lr * layer.grads[n]
                    p += self.velocity[n]
            """,
        },
        (
            (
                OPTIMIZERS,
                "        self.velocity: dict[str, np.ndarray] = {}",
                "        self.velocity = {}\n        for layer in net.layers:\n"
                "            self.velocity |= {n: 0 * p for n, p in layer.params.items()}",
            ),
        ),
    ),
    Alternative(
        "Adam counting in step",
        {
            "Adam.update": """
                for k in layer.params:
                    g = layer.grads[k]
                    self.mt[k] = self.beta1 * self.mt.get(k, 0) + (1 - self.beta1) * g
                    self.vt[k] = self.beta2 * self.vt.get(k, 0) + (1 - self.beta2) * g * g
                    mhat = self.mt[k] / (1 - np.power(self.beta1, self.t))
                    vhat = self.vt[k] / (1 - np.power(self.beta2, self.t))
                    layer.params[k] -= self.lr * mhat / (np.sqrt(vhat) + self.eps)
            """,
        },
        (
            (
                OPTIMIZERS,
                "        self.vt: dict[str, np.ndarray] = {}\n",
                "        self.vt: dict[str, np.ndarray] = {}\n\n"
                "    def step(self):\n        self.t += 1\n        super().step()\n",
            ),
        ),
    ),
    Alternative(
        "Adam counting layers",
        {
            "Adam.update": """
                self.t = self.t + 1
                for k, p in layer.params.items():
                    m = self.mt[k] if k in self.mt else np.zeros(p.shape)
                    v = self.vt[k] if k in self.vt else np.zeros(p.shape)
                    m += (1 - self.beta1) * (layer.grads[k] - m)
                    v += (1 - self.beta2) * (layer.grads[k] ** 2 - v)
                    self.mt[k], self.vt[k] = m, v
                    alpha = self.lr * np.sqrt(1 - self.beta2**self.t) / (1 - self.beta1**self.t)
                    p -= alpha * m / (np.sqrt(v) + self.eps * np.sqrt(1 - self.beta2**self.t))
            """,
        },
    ),
    Alternative(
        "Adam counting steps by layer",
        {
            "Adam.update": """
                if not hasattr(self, "counts"):
                    self.counts = {}
                t = self.counts[layer.name] = self.counts.get(layer.name, self.t) + 1
                for k, p in layer.params.items():
                    g = layer.grads[k]
                    self.mt[k] = self.beta1 * self.mt.get(k, 0) + (1 - self.beta1) * g
                    self.vt[k] = self.beta2 * self.vt.get(k, 0) + (1 - self.beta2) * g**2
                    p -= (self.lr * (self.mt[k] / (1 - self.beta1**t))
                          / (np.sqrt(self.vt[k] / (1 - self.beta2**t)) + self.eps))
            """,
        },
    ),
    Alternative(
        "deep copies of the best, and histories as arrays",
        {
            "train_net, TODO 1 of 3": """
                out = model.forward(feat, is_training=True)
                loss = float(loss_func.forward(out, label))
                dout = loss_func.backward()
                _ = model.backward(dout)
                optimizer.step()
            """,
            "train_net, TODO 2 of 3": """
                train_acc, val_acc = [
                    compute_acc(model, x, y, batch_size=64)
                    for x, y in (data["data_train"], data["data_val"])
                ]
            """,
            "train_net, TODO 3 of 3": """
                import copy
                if opt_val_acc < val_acc:
                    opt_val_acc, opt_params = val_acc, copy.deepcopy(model.net.params)
            """,
        },
        (
            (
                TRAINING,
                "    return opt_params, loss_hist, train_acc_hist, val_acc_hist",
                "    return (opt_params, np.array(loss_hist), np.asarray(train_acc_hist), "
                "tuple(val_acc_hist))",
            ),
        ),
    ),
    Alternative(
        "best parameters rebuilt layer by layer",
        {
            "train_net, TODO 2 of 3": """
                def right(x, y):
                    return np.mean(np.argmax(model.forward(x, False), axis=-1) == y)

                train_acc, val_acc = right(data_train, labels_train), right(data_val, labels_val)
            """,
            "train_net, TODO 3 of 3": """
                if val_acc == max(val_acc_hist) and val_acc > opt_val_acc:
                    opt_val_acc = val_acc
                    for layer in model.net.layers:
                        for n in layer.params:
                            opt_params[n] = np.array(layer.params[n], copy=True)
            """,
        },
    ),
    Alternative(
        "chatty, with comments in other languages",
        {
            "leaky_relu.forward": """
                # 负数乘以斜率，正数不变
                print("leaky_relu 前向传播:", feat.shape)
                output = np.where(feat > 0, feat, feat * self.negative_slope)
            """,
            "fc.forward": """
                # Умножаем на веса и прибавляем смещение
                größe = feat.shape
                print("Größe:", größe, flush=True)
                import sys
                print("ok", file=sys.stderr)
                output = feat @ self.params[self.w_name] + self.params[self.b_name]
            """,
        },
    ),
    Alternative(
        "type hints",
        {
            "fc.backward": """
                weights: np.ndarray = self.params[self.w_name]
                dw: np.ndarray = np.matmul(feat.T, dprev)
                db: np.ndarray = np.add.reduce(dprev, axis=0)
                self.grads.update({self.w_name: dw, self.b_name: db})
                dfeat: np.ndarray = np.matmul(dprev, weights.T)
            """,
            "cross_entropy.backward": """
                n: int = scores.shape[0]
                dfeat: np.ndarray = scores - np.eye(scores.shape[1], dtype=scores.dtype)[label]
                dfeat /= n if self.size_average else 1
            """,
        },
    ),
    Alternative(
        "a sequential and a Module of its own",
        {},
        (
            (LAYERS, "class sequential:", OWN_SEQUENTIAL),
            (NETWORKS, "class Module:", OWN_MODULE),
        ),
    ),
)
