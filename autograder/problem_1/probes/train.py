"""`train_net` alone: model, loss and optimizer are scripted, so that only the loop is judged.

The first feature of every example is its number. The scores of the scripted model are drawn
beforehand. They depend on that number and on how many steps the optimizer has taken. So losses and
accuracies do not depend on the order of the examples, and no layers of the student are needed.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.assignment.probe import given

from .layers import load, parameters
from .own_training import CELL, hyperparameters

EPOCHS, STEPS, CLASSES = 6, 4, 5
SIZES = dict(data_train=1230, data_val=1137, data_test=91)
W, B, BIASES = "script_w", "script_b", 3
BATCH = 300  # 1230 // 300 = 4 steps, and 30 examples left over


def _script(rng: np.random.Generator) -> dict[str, Any]:
    """The scores of every example after every number of steps, and the inputs of the optimizer.

    The accuracy on the validation examples is best after an epoch in the middle, on the training
    examples after another such epoch, and on the test examples after the first epoch.
    """
    total = sum(SIZES.values())
    labels = rng.integers(CLASSES, size=total)
    best, best_in_training = rng.choice(np.arange(2, EPOCHS), size=2, replace=False)
    shares = rng.uniform(0.2, 0.5, size=(3, EPOCHS * STEPS + 1))
    for row, epoch in enumerate((best_in_training, best, 1)):
        shares[row, epoch * STEPS] = rng.uniform(0.7, 0.8)
    of_set = np.repeat(np.arange(3), list(SIZES.values()))
    right = rng.uniform(size=(EPOCHS * STEPS + 1, total)) < shares[of_set].T
    scores = rng.uniform(-1, 1, size=(*right.shape, CLASSES))
    scores[:, np.arange(total), labels] = np.where(right, 2.0, -2.0)
    return dict(
        labels=labels,
        scores=scores,
        losses=rng.uniform(1, 2, size=EPOCHS * STEPS),
        rate=float(rng.uniform(0.5, 2)),
        pattern=rng.normal(size=7),
        start=rng.normal(size=7),
        lr_decay=float(rng.uniform(0.4, 0.7)),
    )


class ScriptedLayer:
    """A layer that looks up its scores in the script."""

    def __init__(
        self, clock: list[int], scores: np.ndarray, losses: np.ndarray, script: Any
    ) -> None:
        self.name = "script"
        self.clock, self.scores, self.losses = clock, scores, losses
        self.pattern = script["pattern"]
        self.params: dict[str, Any] = {W: script["start"], B: script["start"][:BIASES].copy()}
        self.grads: dict[str, Any] = {}
        self.meta = None

    def forward(self, feat: np.ndarray, is_training: bool = True) -> np.ndarray:
        number = np.asarray(feat)[:, 0].astype(int)
        if not is_training:
            return self.scores[self.clock[0], number].copy()
        step = min(self.clock[0], len(self.losses) - 1)
        return np.full((len(number), CLASSES), self.losses[step])

    def backward(self, dprev: np.ndarray) -> np.ndarray:
        gradient = np.mean(dprev) * self.pattern
        self.grads = {W: gradient, B: gradient[:BIASES]}
        return dprev


class ScriptedModel:
    """The parts of a network that `train_net` uses: `net`, forward and backward.

    Attributes:
        of_first_epoch: the first features of the examples in the first epoch's steps.
    """

    def __init__(self, lib: Any, layer: ScriptedLayer) -> None:
        self.layer = layer
        self.net = lib.layer_utils.sequential(layer)
        self.of_first_epoch: set[float] = set()

    def forward(self, feat: np.ndarray, is_training: bool = True, seed: int | None = None) -> Any:
        if is_training and self.layer.clock[0] < STEPS:
            self.of_first_epoch.update(np.asarray(feat, dtype=float)[:, 0].tolist())
        output = self.layer.forward(feat, is_training)
        self.net.gather_params()
        return output

    def backward(self, dprev: np.ndarray) -> np.ndarray:
        dfeat = self.layer.backward(dprev)
        self.net.gather_grads()
        return dfeat


class ScriptedLoss:
    """A loss that is the same for any part of a batch, and a gradient that follows from it."""

    def __init__(self, rate: float) -> None:
        self.rate = rate

    def forward(self, feat: np.ndarray, label: np.ndarray) -> float:
        self.feat = feat
        return float(np.mean(feat))

    def backward(self) -> np.ndarray:
        return self.rate * self.feat


class ScriptedOptimizer:
    """Changes the parameters in place, as optimizers do, and advances the script by one step."""

    def __init__(self, net: Any, clock: list[int]) -> None:
        self.net, self.lr, self.clock = net, 0.1, clock

    def step(self) -> None:
        for layer in self.net.layers:
            self.update(layer)
        self.clock[0] += 1

    def update(self, layer: Any) -> None:
        for name, parameter in layer.params.items():
            parameter -= self.lr * layer.grads[name]


@given(_script)
def train_tiny_net_loop(lib, labels, scores, losses, rate, pattern, start, lr_decay):
    number = np.arange(len(labels), dtype=float)
    examples = np.stack([number, number], axis=1)
    ends = np.cumsum(list(SIZES.values()))
    data = {
        name: (examples[end - size : end], labels[end - size : end])
        for (name, size), end in zip(SIZES.items(), ends, strict=True)
    }
    equal = scores.copy()  # the validation accuracy is that of the first epoch in every epoch
    validated = slice(SIZES["data_train"], SIZES["data_train"] + SIZES["data_val"])
    equal[:, validated] = scores[STEPS, validated]
    runs = dict(plain=(1.0, scores), decayed=(lr_decay, scores), equal=(1.0, equal))
    for run, (decay, scored) in runs.items():
        clock = [0]
        layer = ScriptedLayer(clock, scored, losses, dict(pattern=pattern, start=start.copy()))
        model = ScriptedModel(lib, layer)
        optimizer = ScriptedOptimizer(model.net, clock)
        found = lib.train.train_net(
            data, model, ScriptedLoss(rate), optimizer, BATCH, EPOCHS, decay, 2
        )
        best, loss_hist, train_acc_hist, val_acc_hist = found
        yield {
            f"{run}_loss_hist": loss_hist,
            f"{run}_last": layer.params[W],
            f"{run}_examples": len(model.of_first_epoch),
            f"{run}_train_acc_hist": train_acc_hist,
            f"{run}_val_acc_hist": val_acc_hist,
            f"{run}_best": best.get(W) if isinstance(best, dict) else best,
        }
        layer.params[W] += 1.0  # as further training would do
        if isinstance(best, dict):
            yield {f"{run}_best_later": best.get(W)}
            if run == "plain":
                yield dict(best_biases=best.get(B))


def _tiny(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Weights for up to 4,096 hidden units. The weights of the first layer have rank one."""
    return dict(
        x=rng.normal(size=(5, 32, 32, 3)),
        inputs=rng.normal(size=3072) / 50,
        hidden=rng.normal(size=4096),
        b1=rng.normal(size=4096),
        w2=rng.normal(size=(4096, 10)) / 20,
        b2=rng.normal(size=10),
    )


@given(_tiny, training=True)  # drawing its initial weights takes as long as ten other probes
def train_tiny_net_network(lib, x, inputs, hidden, b1, w2, b2):
    model = lib.fully_conn.TinyNet()
    shapes = {name: np.shape(p) for name, p in parameters(model.net, 2).items()}
    yield shapes
    units = shapes["w1"][-1]
    kinds = [layer for layer in model.net.layers if isinstance(layer, lib.layer_utils.leaky_relu)]
    yield dict(slope=kinds[0].negative_slope) if kinds else {}
    load(model.net, np.outer(inputs, hidden[:units]), b1[:units], w2[:units], b2)
    yield dict(out=model.forward(x))


@given(cell=CELL)
def train_tiny_net_hyperparameters(lib, cells):
    yield hyperparameters(cells)
