"""Layers, losses and activations."""

from __future__ import annotations

from .alternative import LAYERS, Alternative


def dropout_with(mask: str, forward: str, backward: str) -> dict[str, str]:
    """Dropout with another way to draw, use and store its mask."""
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


IN_LAYERS = (
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
                    top = max(feat[i])
                    loss = loss + np.log(sum(np.exp(z - top) for z in feat[i]))
                    loss = loss + (top - feat[i][label[i]])
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
                below = feat - feat.max(axis=1, keepdims=True)
                loss = np.log(np.einsum("nc->n", np.exp(below))).sum()
                loss = loss - np.einsum("nc,nc->", one_hot, below)
                loss = loss / len(label) if self.size_average else loss
            """,
        },
    ),
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
                Z = feat - np.max(feat, axis=1, keepdims=True)
                loss = -np.sum(Y * (Z - np.log(np.sum(np.exp(Z), axis=1, keepdims=True) + 1e-12)))
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
        "other expressions",
        {
            "fc.forward": """
                w, b = self.params[self.w_name], self.params[self.b_name]
                output = np.stack([row @ w + b for row in feat])
            """,
            "fc.backward": """
                stays = self.grads.setdefault(self.w_name, np.zeros_like(self.params[self.w_name]))
                stays[...] = sum(np.outer(x, g) for x, g in zip(feat, dprev))
                self.grads[self.b_name] = np.ones(len(dprev)) @ dprev
                dfeat = dprev @ self.params[self.w_name].T
            """,
            "leaky_relu.forward": (
                "output = np.clip(feat, 0, None) + self.negative_slope * np.clip(feat, None, 0)"
            ),
            "dropout.forward": """
                output = np.array(feat)
                if is_training and 0 < self.keep_prob < 1:
                    kept = ~(self.rng.rand(*feat.shape) >= self.keep_prob)
                    output = np.zeros_like(feat)
                    output[kept] = feat[kept] / self.keep_prob
            """,
            "cross_entropy.forward": """
                scores = softmax(feat)
                rows = np.arange(len(label))
                loss = (np.logaddexp.reduce(feat, axis=1) - feat[rows, label]).sum()
                if self.size_average:
                    loss /= len(label)
            """,
        },
    ),
    Alternative(
        "gradients in float32",
        {
            "fc.backward": """
                self.grads[self.w_name] = (feat.T @ dprev).astype(np.float32)
                self.grads[self.b_name] = dprev.sum(axis=0, dtype=np.float32)
                dfeat = dprev @ self.params[self.w_name].T
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
)
