"""Plain SGD and the other optimizers, from the same initial weights for the same number of steps.

The network is small, and plain SGD trains it slowly but steadily. On the notebook's deep network,
plain SGD makes no progress at first, so a short run could not distinguish the optimizers. Every
step uses all of the data, so the order of batches does not matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograder.assignment.probe import given

from .layers import load, trained

STEPS = 100
FEATURES, HIDDEN, CLASSES, EXAMPLES = 15, 30, 10, 64


def _problem(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Clusters around ten centres, and initial weights with He scaling."""
    y = rng.integers(CLASSES, size=EXAMPLES)
    centres = rng.normal(size=(CLASSES, FEATURES))
    return dict(
        x=centres[y] + 0.7 * rng.normal(size=(EXAMPLES, FEATURES)),
        y=y,
        w1=rng.normal(size=(FEATURES, HIDDEN)) * np.sqrt(2 / FEATURES),
        w2=rng.normal(size=(HIDDEN, CLASSES)) * np.sqrt(2 / HIDDEN),
    )


def _train(lib: Any, build: Any, x: Any, y: Any, w1: Any, w2: Any) -> dict[str, Any]:
    layers = lib.layer_utils
    model = lib.fully_conn.Module()
    model.net = layers.sequential(
        layers.flatten(name="probe_flatten"),
        layers.fc(FEATURES, HIDDEN, name="probe_1"),
        layers.leaky_relu(name="probe_relu"),
        layers.fc(HIDDEN, CLASSES, name="probe_2"),
    )
    load(model.net, w1.copy(), np.zeros(HIDDEN), w2.copy(), np.zeros(CLASSES))
    loss, optimizer = layers.cross_entropy(), build(model.net)
    for _ in range(STEPS):
        loss.forward(model.forward(x), y)
        model.backward(loss.backward())
        optimizer.step()
    return trained(lib, model.net)


def _beside_sgd(lib: Any, build: Any, **problem: Any) -> Iterator[dict[str, Any]]:
    """The parameters after training, then those of plain SGD (only the reference's are used)."""
    yield _train(lib, build, **problem)
    plain = _train(lib, lambda net: lib.optim.SGD(net, 1e-2), **problem)
    yield {f"sgd_{name}": value for name, value in plain.items()}


@given(_problem, training=True)
def compare_sgd_momentum(lib, x, y, w1, w2):
    yield from _beside_sgd(lib, lambda net: lib.optim.SGDM(net, 1e-2, 0.9), x=x, y=y, w1=w1, w2=w2)


@given(_problem, training=True)
def compare_optimizers_rmsprop(lib, x, y, w1, w2):
    yield from _beside_sgd(lib, lambda net: lib.optim.RMSProp(net, 5e-3), x=x, y=y, w1=w1, w2=w2)


@given(_problem, training=True)
def compare_optimizers_adam(lib, x, y, w1, w2):
    yield from _beside_sgd(lib, lambda net: lib.optim.Adam(net, 5e-3), x=x, y=y, w1=w1, w2=w2)
