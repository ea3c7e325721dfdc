"""Access to parameters by layer, since students choose the names of the layers."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np


def names(layer: Any) -> tuple[str, str]:
    """The names of a fully connected layer's weights (the larger array) and of its biases."""
    found = sorted(layer.params, key=lambda name: -np.size(layer.params[name]))
    if len(found) != 2:
        raise ValueError(f"layer {layer.name!r} has the parameters {found}; expected two")
    return found[0], found[1]


KINDS = ("flatten", "fc", "leaky_relu", "dropout")
"""The layers that students may use, by their names in the library."""


def described(lib: Any, net: Any) -> dict[str, list[float]]:
    """The kinds of a network's layers, as indices in KINDS (-1: another), and their slopes."""
    classes = [getattr(lib.layer_utils, name) for name in KINDS]
    kinds = [
        next((n for n, known in enumerate(classes) if isinstance(layer, known)), -1)
        for layer in net.layers
    ]
    slopes = [
        layer.negative_slope if kind == KINDS.index("leaky_relu") else 0.0
        for kind, layer in zip(kinds, net.layers, strict=True)
    ]
    return {"kinds": kinds, "slopes": slopes}


def fully_connected(net: Any, count: int) -> list[Any]:
    """The `count` layers of a network that have parameters, in order."""
    found = [layer for layer in net.layers if layer.params]
    if len(found) != count:
        kinds = [type(layer).__name__ for layer in net.layers]
        raise ValueError(f"the network is {kinds}: {len(found)} with parameters, expected {count}")
    return found


@contextlib.contextmanager
def quick_draws() -> Iterator[None]:
    """Let `np.random.randn` repeat a few draws, for large layers whose weights are replaced anyway.

    Drawing 1.5 million numbers takes as long as thirty other probes.
    """
    randn = np.random.randn
    few = randn(4096)
    np.random.randn = lambda *shape: np.resize(few, shape)
    try:
        yield
    finally:
        np.random.randn = randn


def loaded_fc(lib: Any, w: np.ndarray, b: np.ndarray) -> Any:
    """A fully connected layer with these arrays (not copies) as its parameters."""
    layer = lib.layer_utils.fc(*w.shape, name="probe_fc")
    w_name, b_name = names(layer)
    layer.params[w_name], layer.params[b_name] = w, b
    return layer


def load(net: Any, *parameters: np.ndarray) -> None:
    """Assigns weights and biases, in alternation, to the layers that have parameters."""
    pairs = list(zip(parameters[::2], parameters[1::2], strict=True))
    for layer, (w, b) in zip(fully_connected(net, len(pairs)), pairs, strict=True):
        w_name, b_name = names(layer)
        net.assign(w_name, w)
        net.assign(b_name, b)


def gradients(net: Any, count: int) -> dict[str, Any]:
    """The gradients as dw1, db1, dw2, ... of the layers that have parameters, in order."""
    found = {}
    for number, layer in enumerate(fully_connected(net, count), start=1):
        w_name, b_name = names(layer)
        found[f"dw{number}"] = layer.grads[w_name]
        found[f"db{number}"] = layer.grads[b_name]
    return found


def parameters(net: Any, count: int) -> dict[str, Any]:
    """The parameters as w1, b1, w2, ... of the layers that have them, in order."""
    found = {}
    for number, layer in enumerate(fully_connected(net, count), start=1):
        w_name, b_name = names(layer)
        found[f"w{number}"] = layer.params[w_name]
        found[f"b{number}"] = layer.params[b_name]
    return found


def trained(lib: Any, net: Any, values: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The parameters of a network as w1, b1, w2, ... and the slope after each of its FC layers.

    With `values`, the parameters are taken from there, by name.
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


def defined(
    cells: Mapping[str, str], cell: str, wanted: Sequence[str], lib: Any = None
) -> dict[str, Any]:
    """The values that a notebook cell defines for these names.

    With `lib`, the cell can use the networks by name, as in the notebook.
    """
    namespace: dict[str, Any] = dict(vars(lib.fully_conn)) if lib else {}
    namespace |= {"__name__": "__main__", "np": np, "numpy": np}
    for name in wanted:  # the cell must define it, not the library
        namespace.pop(name, None)
    exec(compile(cells[cell], cell, "exec"), namespace)
    missing = [name for name in wanted if name not in namespace]
    if missing:
        raise NameError(f"the cell {cell} does not define {', '.join(missing)}")
    return {name: namespace[name] for name in wanted}
