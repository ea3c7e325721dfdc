"""Correct work in other styles has all points, whatever it looks like."""

import pytest

LAYERS = "lib/mlp/layer_utils.py"
NETWORKS = "lib/mlp/fully_conn.py"
OPTIMIZERS = "lib/optim.py"
TRAINING = "lib/mlp/train.py"

FC = "output = feat @ self.params[self.w_name] + self.params[self.b_name]"
FC_WEIGHTS = "self.grads[self.w_name] = feat.T @ dprev"
RELU = "output = np.maximum(feat, self.negative_slope * feat)"
MASK = "kept = self.rng.random_sample(feat.shape) < self.keep_prob"
DROPPED = "            output = feat * kept / self.keep_prob\n"
DROPOUT_BACK = "dfeat = dprev if self.kept is None else dprev * self.kept / self.keep_prob"
LOSS = "loss = -np.log(scores[np.arange(len(label)), label]).sum()"
SOFTMAX = """    scores = np.exp(feat - feat.max(axis=-1, keepdims=True))
    scores /= scores.sum(axis=-1, keepdims=True)
"""
SGDM = """            self.velocity[name] = self.momentum * v - self.lr * layer.grads[name]
            param += self.velocity[name]
"""
ADAM_COUNT = """        if layer is self.net.layers[0]:  # a new step begins
            self.t += 1
"""
ADAM_STEP = "param -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)"
BEST = "opt_params = {name: p.copy() for name, p in model.net.params.items()}"

ALTERNATIVES = (
    (
        "loops over examples",
        LAYERS,
        FC,
        "output = np.stack([row @ self.params[self.w_name] + self.params[self.b_name] "
        "for row in feat])",
    ),
    (
        "loops over examples in backward",
        LAYERS,
        FC_WEIGHTS,
        "self.grads[self.w_name] = sum(np.outer(x, g) for x, g in zip(feat, dprev))",
    ),
    (
        "float32 throughout",
        LAYERS,
        FC,
        "output = (feat.astype(np.float32) @ self.params[self.w_name].astype(np.float32)"
        " + self.params[self.b_name]).astype(np.float32)",
    ),
    (
        "float32 gradients",
        LAYERS,
        FC_WEIGHTS,
        "self.grads[self.w_name] = (feat.T @ dprev).astype(np.float32)",
    ),
    ("einsum", LAYERS, FC_WEIGHTS, 'self.grads[self.w_name] = np.einsum("nd,nm->dm", feat, dprev)'),
    (
        "gradients written into arrays that stay",
        LAYERS,
        FC_WEIGHTS,
        "self.grads.setdefault(self.w_name, np.zeros_like(self.params[self.w_name]))[...] = "
        "feat.T @ dprev",
    ),
    ("where", LAYERS, RELU, "output = np.where(feat > 0, feat, self.negative_slope * feat)"),
    (
        "a sum of two halves",
        LAYERS,
        RELU,
        "output = np.clip(feat, 0, None) + self.negative_slope * np.clip(feat, None, 0)",
    ),
    (
        "in place on a copy",
        LAYERS,
        RELU,
        "output = feat.copy(); output[feat < 0] *= self.negative_slope",
    ),
    ("binomial draws", LAYERS, MASK, "kept = self.rng.binomial(1, self.keep_prob, feat.shape)"),
    ("boolean draws", LAYERS, MASK, "kept = ~(self.rng.rand(*feat.shape) >= self.keep_prob)"),
    (
        "choice",
        LAYERS,
        MASK,
        "kept = self.rng.choice([1.0, 0.0], feat.shape, p=[self.keep_prob, 1 - self.keep_prob])",
    ),
    (
        "the mask is a list of places",
        LAYERS,
        MASK + "\n" + DROPPED,
        "kept = self.rng.random_sample(feat.shape) < self.keep_prob\n"
        "            output = np.zeros_like(feat)\n"
        "            output[kept] = feat[kept] / self.keep_prob\n",
    ),
    (
        "one-hot labels",
        LAYERS,
        LOSS,
        "loss = -(np.eye(scores.shape[1])[label] * np.log(scores)).sum()",
    ),
    (
        "a guard in the logarithm",
        LAYERS,
        LOSS,
        "loss = -np.log(scores[np.arange(len(label)), label] + 1e-8).sum()",
    ),
    (
        "log-softmax",
        LAYERS,
        SOFTMAX,
        "    shifted = feat - np.max(feat, axis=-1)[..., None]\n"
        "    scores = np.exp(shifted - np.log(np.exp(shifted).sum(axis=-1))[..., None])\n",
    ),
    (
        "scipy",
        LAYERS,
        SOFTMAX,
        "    from scipy.special import softmax as ready\n    scores = ready(feat, axis=-1)\n",
    ),
    (
        "parameters replaced",
        OPTIMIZERS,
        SGDM,
        "            self.velocity[name] = self.momentum * v - self.lr * layer.grads[name]\n"
        "            layer.params[name] = param + self.velocity[name]\n",
    ),
    (
        "velocity changed in place",
        OPTIMIZERS,
        SGDM,
        "            v = self.velocity.setdefault(name, np.zeros_like(param))\n"
        "            v *= self.momentum\n"
        "            v -= self.lr * layer.grads[name]\n"
        "            param += v\n",
    ),
    ("counts layers", OPTIMIZERS, ADAM_COUNT, "        self.t += 1\n"),
    (
        "counts layers with parameters",
        OPTIMIZERS,
        ADAM_COUNT,
        "        if layer.params:\n            self.t += 1\n",
    ),
    (
        "a count for each parameter by name",
        OPTIMIZERS,
        "            m_hat = self.mt[name] / (1 - self.beta1**self.t)\n"
        "            v_hat = self.vt[name] / (1 - self.beta2**self.t)\n",
        "            self.count = getattr(self, 'count', {})\n"
        "            t = self.count[name] = self.count.get(name, self.t - 1) + 1\n"
        "            m_hat = self.mt[name] / (1 - self.beta1**t)\n"
        "            v_hat = self.vt[name] / (1 - self.beta2**t)\n",
    ),
    (
        "the efficient form of the paper",
        OPTIMIZERS,
        ADAM_STEP,
        "param -= (self.lr * np.sqrt(1 - self.beta2**self.t) / (1 - self.beta1**self.t)"
        " * self.mt[name] / (np.sqrt(self.vt[name]) + self.eps))",
    ),
    ("deep copies", TRAINING, BEST, "import copy; opt_params = copy.deepcopy(model.net.params)"),
    (
        "copies by layer",
        TRAINING,
        BEST,
        "opt_params = {n: np.array(l.params[n]) for l in model.net.layers for n in l.params}",
    ),
    (
        "histories as arrays",
        TRAINING,
        "    return opt_params, loss_hist, train_acc_hist, val_acc_hist",
        "    return opt_params, np.array(loss_hist), np.array(train_acc_hist), tuple(val_acc_hist)",
    ),
    (
        "its own accuracy",
        TRAINING,
        "val_acc = compute_acc(model, data_val, labels_val, batch_size=1000)",
        "val_acc = np.mean(np.argmax(model.forward(data_val, False), axis=1) == labels_val)",
    ),
    (
        "other layer names",
        NETWORKS,
        'fc(4, 30, name="fullo_1"),\n            leaky_relu(name="lrelu"),',
        'fc(4, 30, name="fullo_1"),\n            leaky_relu(0.01, "mittendrin"),',
    ),
    (
        "chatty",
        LAYERS,
        DROPOUT_BACK,
        DROPOUT_BACK + "\n        print('dropout rückwärts:', dfeat.shape)",
    ),
)


@pytest.mark.parametrize("row", ALTERNATIVES, ids=lambda row: row[0])
def test_unusual_work_has_all_points(row, change, graded):
    _, path, old, new = row
    found = graded(change(path, old, new))
    failed = [t for section in found.sections for t in section.tests if not t.passed]
    assert failed == []
    assert found.score == 29
