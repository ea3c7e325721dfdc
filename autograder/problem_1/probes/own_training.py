"""The student's network, loss, training loop and SGD, on a problem drawn for this grading.

Two questions are separate: whether the code trains (`train_tiny_net`), and which choices the
student made for the real training (`train_tiny_net_recipe`), which the grader runs itself. So here
the grader sets the initial weights, the batches and the learning rate. Only the layers are the
student's choice.

Single steps come first, each from new weights, in a loop of the grader's. The result of `train_net`
could come from anywhere, but a single step can only come from the network, the loss and SGD.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograder.assignment.probe import given

from .layers import KINDS, defined, names, quick_draws, trained

RATE, BATCH, EPOCHS = 5e-2, 25, 3
STEPS, VIEWS = 6, 8
"""The number of single steps, and the number of random projections of each row of a weight matrix's
change in a step. The whole change would be megabytes."""
CELL = "train_tiny_net_hyperparameters"
HYPERPARAMETERS = ("batch_size", "epochs", "lr_decay", "lr_decay_every")
COLUMNS = ("kinds", "inputs", "outputs", "spread", "bias_spread", "slopes", "keep_probs")
"""The attributes that are reported for each layer. Each is an array over all layers."""
MOST_LAYERS = 50


def start(seed: int, number: int, shape: tuple[int, ...]) -> np.ndarray:
    """The initial weights of the number-th fully connected layer, with variance 1 / inputs."""
    draws = np.random.default_rng([seed, number]).standard_normal(shape, dtype=np.float32)
    return draws / np.float32(np.sqrt(shape[0]))


@given(lambda rng: dict(seed=int(rng.integers(2**31))), training=True)
def train_tiny_net(lib, data, seed):
    images = {name: np.asarray(values) for name, values in data.items()}
    sets = {
        "data_train": (images["train_images"], images["train_labels"]),
        "data_val": (images["val_images"], images["val_labels"]),
        "data_test": (images["val_images"], images["val_labels"]),
    }
    yield _steps(lib, *sets["data_train"], seed)
    model = _started(lib, seed)
    np.random.seed(seed)  # the same order of batches, however many numbers were drawn before
    loss, optimizer = lib.layer_utils.cross_entropy(), lib.optim.SGD(model.net, RATE)
    best, *_ = lib.train.train_net(sets, model, loss, optimizer, BATCH, EPOCHS)
    ended = trained(lib, model.net, best)
    yield {name: np.asarray(value, dtype=np.float32) for name, value in ended.items()}


def _started(lib: Any, seed: int) -> Any:
    """The student's network, with initial weights set by the grader."""
    with quick_draws():
        model = lib.fully_conn.TinyNet()
    _set_initial_weights(model.net, seed)
    return model


def _set_initial_weights(net: Any, seed: int, times: float = 1.0) -> dict[str, str]:
    """Assigns initial weights, multiplied by `times`; returns their names by w1, w2, ..."""
    found = {}
    for number, layer in enumerate((layer for layer in net.layers if layer.params), start=1):
        w_name, b_name = names(layer)
        w = start(seed, number, np.shape(layer.params[w_name])) * np.float32(times)
        net.assign(w_name, w)
        net.assign(b_name, np.zeros(np.shape(layer.params[b_name]), np.float32))
        found[f"w{number}"] = w_name
    return found


def _steps(lib: Any, images: np.ndarray, labels: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """How single steps change each weight matrix, projected on a few random directions.

    The weights are three times as large as at the start of a training, so that the network is
    confident in its answers, both right and wrong.
    """
    model = _started(lib, seed)
    loss, optimizer = lib.layer_utils.cross_entropy(), lib.optim.SGD(model.net, RATE)
    changes: dict[str, list[np.ndarray]] = {}
    for step in range(STEPS):
        batch = slice(step * BATCH, (step + 1) * BATCH)
        held = _set_initial_weights(model.net, seed + 1 + step, times=3.0)
        before = {w: np.array(model.net.params[name]) for w, name in held.items()}
        loss.forward(model.forward(images[batch], True), labels[batch])
        model.backward(loss.backward())
        optimizer.step()
        for w, name in held.items():
            change = np.asarray(model.net.params[name] - before[w], dtype=np.float32)
            rng = np.random.default_rng([seed, step])
            views = rng.standard_normal((change.shape[1], VIEWS), dtype=np.float32)
            changes.setdefault(f"steps_{w}", []).append(change @ views)
    return {name: np.stack(each) for name, each in changes.items()}


@given(training=True, cell=CELL, free={name: {0: MOST_LAYERS} for name in COLUMNS})
def train_tiny_net_recipe(lib, cells):
    model = lib.fully_conn.TinyNet()
    rows = [_described(lib, layer) for layer in model.net.layers]
    yield {name: [row[name] for row in rows] for name in rows[0]}
    yield dict(own_forward=type(model).forward is not lib.fully_conn.Module.forward)
    yield hyperparameters(cells)


def _described(lib: Any, layer: Any) -> dict[str, float]:
    """A layer as numbers. Its kind is -1 if it is not one of the library's layers."""
    classes = [getattr(lib.layer_utils, name) for name in KINDS]
    kind = next((n for n, known in enumerate(classes) if isinstance(layer, known)), -1)
    row = dict.fromkeys(COLUMNS, 0.0) | {"kinds": kind}
    if kind == 1:
        w, b = (np.asarray(layer.params[name], dtype=float) for name in names(layer))
        row["inputs"], row["outputs"] = np.shape(w)
        row["spread"], row["bias_spread"] = np.std(w), np.std(b)
    elif kind == 2:
        row["slopes"] = layer.negative_slope
    elif kind == 3:
        row["keep_probs"] = layer.keep_prob
    return row


def hyperparameters(cells: Mapping[str, str]) -> dict[str, Any]:
    """The hyperparameters that the student's cell defines."""
    return defined(cells, CELL, HYPERPARAMETERS)
