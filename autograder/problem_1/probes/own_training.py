"""The student's own network, loss, training loop and SGD, on a problem drawn for this grading.

Two questions are kept apart: whether the code trains (`train_tiny_net`), and what was chosen for
the real training (`train_tiny_net_recipe`), which the grader does by itself. So here the initial
weights, the batches and the learning rate are ours; of the student's choices, the layers count.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from . import given
from .layers import defined, names, quick_draws, trained

RATE, BATCH, EPOCHS = 5e-2, 25, 3
CELL = "train_tiny_net_hyperparameters"
HYPERPARAMETERS = ("batch_size", "epochs", "lr_decay", "lr_decay_every")
COLUMNS = ("kinds", "inputs", "outputs", "spread", "bias_spread", "slopes", "keep_probs")
"""What is told of each layer of the student's chain; a value of all layers each."""
MOST_LAYERS = 50


def start(seed: int, number: int, shape: tuple[int, ...]) -> np.ndarray:
    """The initial weights of the fully connected layer of that number, of variance 1 / inputs."""
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
    with quick_draws():
        model = lib.fully_conn.TinyNet()
    connected = [layer for layer in model.net.layers if layer.params]
    for number, layer in enumerate(connected, start=1):
        w_name, b_name = names(layer)
        model.net.assign(w_name, start(seed, number, np.shape(layer.params[w_name])))
        model.net.assign(b_name, np.zeros(np.shape(layer.params[b_name]), np.float32))
    np.random.seed(seed)  # whatever was drawn until now, batches come in one order
    loss, optimizer = lib.layer_utils.cross_entropy(), lib.optim.SGD(model.net, RATE)
    best, *_ = lib.train.train_net(sets, model, loss, optimizer, BATCH, EPOCHS)
    ended = trained(lib, model.net, best)
    yield {name: np.asarray(value, dtype=np.float32) for name, value in ended.items()}


@given(training=True, cell=CELL, free={name: {0: MOST_LAYERS} for name in COLUMNS})
def train_tiny_net_recipe(lib, cells):
    model = lib.fully_conn.TinyNet()
    rows = [_described(lib, layer) for layer in model.net.layers]
    yield {name: [row[name] for row in rows] for name in rows[0]}
    yield dict(own_forward=type(model).forward is not lib.fully_conn.Module.forward)
    yield hyperparameters(cells)


def _described(lib: Any, layer: Any) -> dict[str, float]:
    """A layer as numbers; its kind is -1 where it is none of those that are given."""
    layers = lib.layer_utils
    kinds = (layers.flatten, layers.fc, layers.leaky_relu, layers.dropout)
    kind = next((n for n, known in enumerate(kinds) if isinstance(layer, known)), -1)
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
    """What the student's cell says."""
    return defined(cells, CELL, HYPERPARAMETERS)
