"""The student's own network, hyperparameters, training loop, loss and optimizer, on the images.

Parameters come back after each epoch, so that the grader can stop once they are good enough, and
at the end those that `train_net` returned. They are all that counts: everything else is told for
the report.
"""

from __future__ import annotations

import io
import queue
import re
import sys
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from . import given
from .layers import defined, names

CELL = "train_tiny_net_hyperparameters"
HYPERPARAMETERS = ("batch_size", "epochs", "lr_decay", "lr_decay_every")

ROOM = 256 * 2**20
"""Bytes that the snapshots of one training may come to; larger networks send fewer."""


def trained(lib: Any, net: Any, values: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The parameters of a network as w1, b1, w2, ... and the slope after each of its FC layers.

    With `values`, those that stand there under the parameters' names.
    """
    found: dict[str, Any] = {}
    slopes: list[float] = []
    for layer in net.layers:
        if layer.params:
            w_name, b_name = names(layer)
            held = layer.params if values is None else values
            slopes.append(1.0)
            found[f"w{len(slopes)}"] = np.array(held[w_name])
            found[f"b{len(slopes)}"] = np.array(held[b_name])
        elif isinstance(layer, lib.layer_utils.leaky_relu) and slopes:
            slopes[-1] = float(layer.negative_slope)
    return found | {"slopes": np.array(slopes)}


def hyperparameters(cells: Mapping[str, str]) -> dict[str, Any]:
    """What the student's cell says."""
    return defined(cells, CELL, HYPERPARAMETERS)


@given(training=True, cell=CELL)
def train_tiny_net(lib, cells, data):
    chosen = hyperparameters(cells)
    images = {name: np.asarray(values) for name, values in data.items()}
    sets = {
        "data_train": (images["train_images"], images["train_labels"]),
        "data_val": (images["val_images"], images["val_labels"]),
        "data_test": (images["val_images"], images["val_labels"]),
    }
    np.random.seed(123)
    model = lib.fully_conn.TinyNet()
    loss, optimizer = lib.layer_utils.cross_entropy(), lib.optim.SGD(model.net, 1e-2)

    def train() -> Any:
        return lib.train.train_net(
            sets,
            model,
            loss,
            optimizer,
            chosen["batch_size"],
            chosen["epochs"],
            chosen["lr_decay"],
            chosen["lr_decay_every"],
            show_every=10000,
            verbose=True,
        )

    steps = max(1, len(sets["data_train"][0]) // chosen["batch_size"])
    weight = sum(np.size(p) for p in model.net.params.values()) * 4
    every = max(1, -(-chosen["epochs"] * weight // ROOM))
    running = Running(train, lambda: trained(lib, model.net), optimizer, steps * every)
    for number, snapshot in enumerate(running, start=1):
        yield {**_narrow(snapshot), "epoch": number * every, **running.printed()}
    best, _losses, _train_accuracy, val_accuracy = running.result
    yield {
        **_narrow(trained(lib, model.net, best)),
        "epoch": len(val_accuracy),
        "told_accuracy": max(val_accuracy),
    }
    model.net.load(best)
    yield {"own_labels": _labels(model, images["judged_images"])}


def _narrow(parameters: dict[str, Any]) -> dict[str, Any]:
    """As float32, in which images are: half of what would travel."""
    return {name: np.asarray(value, dtype=np.float32) for name, value in parameters.items()}


def _labels(model: Any, images: np.ndarray) -> np.ndarray:
    """What the student's own forward pass makes of the judged images."""
    parts = [model.forward(images[i : i + 100], False) for i in range(0, len(images), 100)]
    return np.concatenate([part.argmax(axis=1) for part in parts])


class Running:
    """A training in a thread, handing out a snapshot of the parameters every so many steps.

    A snapshot is taken when the step after it begins: what the epoch prints has been printed then.
    The training waits while its snapshot is looked at.
    """

    def __init__(self, train: Any, look: Any, optimizer: Any, every: int) -> None:
        self.result: Any = None
        self._failure: BaseException | None = None
        self._queue: queue.Queue = queue.Queue(maxsize=1)
        self._printed = Printed(sys.stdout)
        self._train = train
        self._watch(optimizer, look, every)

    def _watch(self, optimizer: Any, look: Any, every: int) -> None:
        step, count = optimizer.step, 0

        def watched(*args: Any, **kwargs: Any) -> Any:
            nonlocal count
            if count and count % every == 0:
                self._queue.put(look())
            count += 1
            return step(*args, **kwargs)

        optimizer.step = watched

    def __iter__(self) -> Iterator[dict[str, Any]]:
        threading.Thread(target=self._run, daemon=True).start()
        while (snapshot := self._queue.get()) is not None:
            yield snapshot
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        sys.stdout = self._printed
        try:
            self.result = self._train()
        except BaseException as failure:  # also sys.exit: the probe reports it like any other
            self._failure = failure
        finally:
            self._queue.put(None)

    def printed(self) -> dict[str, float]:
        """The validation accuracy that the training printed last."""
        return {} if self._printed.accuracy is None else {"told_accuracy": self._printed.accuracy}


class Printed(io.TextIOBase):
    """Passes on what is printed, and remembers the last validation accuracy in it."""

    PATTERN = re.compile(r"Validation Accuracy: *([0-9]*\.?[0-9]+)")

    def __init__(self, out: Any) -> None:
        self._out = out
        self.accuracy: float | None = None

    def write(self, text: str) -> int:
        for found in self.PATTERN.findall(text):
            self.accuracy = float(found)
        return self._out.write(text)

    def flush(self) -> None:
        self._out.flush()
