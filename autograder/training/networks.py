"""Evaluates trained parameters, outside the sandbox and without student code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

SAME_DIRECTION = 0.4
"""The smallest cosine between a student's and the solution's change of weights that counts as the
same direction (benchmarks/own_training.py). Correct work has 1.00, or 0.9 if its batches come in
another order. Closed-form solutions have 0.0, but the closest has 0.9 at the end of a training, so
single steps are compared as well."""
CHUNK = 128
"""Examples that are evaluated at a time: the widest layer's output for them takes 16 MiB."""
MOST_OUTPUTS = 2**14
"""The maximum number of outputs of a layer, since a wider layer with few parameters could produce
gigabytes of outputs."""
MOST_LAYERS = 50
MOST_PARAMETERS = 2**25
"""128 MiB of float32, which is also the most that a probe may return at once."""


def network(parameters: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Checks the parameters of a network and drops all other values.

    Args:
        parameters: untrusted values, expected in the form that `scores` takes.

    Raises:
        ValueError: they are not a valid network, or it is too large to be judged.
    """
    slopes = _numbers(parameters, "slopes", 1)
    if not 1 <= len(slopes) <= MOST_LAYERS:
        raise ValueError(f"a network has 1 to {MOST_LAYERS} layers; found {len(slopes)}")
    checked = {"slopes": slopes}
    for number in range(1, len(slopes) + 1):
        for name, dimensions in ((f"w{number}", 2), (f"b{number}", 1)):
            checked[name] = _numbers(parameters, name, dimensions)
            if checked[name].shape[-1] > MOST_OUTPUTS:
                raise ValueError(f"a layer has at most {MOST_OUTPUTS} outputs; {name} has more")
    count = sum(array.size for array in checked.values())
    if count > MOST_PARAMETERS:
        raise ValueError(f"a network has at most {MOST_PARAMETERS:,} parameters; found {count:,}")
    return checked


def _numbers(parameters: Mapping[str, Any], name: str, dimensions: int) -> np.ndarray:
    value = parameters.get(name)
    if not isinstance(value, np.ndarray) or value.ndim != dimensions:
        raise ValueError(f"{name} is not an array with {dimensions} dimensions")
    return value


def scores(parameters: Mapping[str, np.ndarray], inputs: np.ndarray) -> np.ndarray:
    """The output (N, C) of a multi-layer perceptron for inputs (N, ...).

    Args:
        parameters: w1 (D, H), b1 (H,), w2, b2, ... of the fully connected layers in order, and
            slopes (layers,): the negative slope of the Leaky ReLU after each layer, or 1 if there
            is none.

    Raises:
        ValueError: the parameters do not fit each other or the inputs.
    """
    output = inputs.reshape(len(inputs), -1)
    for number, slope in enumerate(parameters["slopes"], start=1):
        w, b = parameters[f"w{number}"], parameters[f"b{number}"]
        if w.ndim != 2 or w.shape[0] != output.shape[1] or b.shape != w.shape[1:]:
            raise ValueError(
                f"layer {number} has weights {w.shape} and biases {b.shape} "
                f"for an input of {output.shape[1]} features"
            )
        output = output @ w + b
        output = np.where(output >= 0, output, slope * output)
    return output


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    """The cosine of the angle between two changes of a matrix: 1 for the same direction.

    It is 1 if both changes are 0, and 0 if only one of them is, or the result is not finite.
    """
    if one.shape != other.shape:
        return 0.0
    one, other = np.ravel(one).astype(float), np.ravel(other).astype(float)
    if not one.any() and not other.any():
        return 1.0
    with np.errstate(all="ignore"):
        value = float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other)))
    return value if np.isfinite(value) else 0.0


def accuracy(parameters: Mapping[str, np.ndarray], inputs: np.ndarray, labels: np.ndarray) -> float:
    """The fraction of `inputs` (N, ...) whose highest score is that of their label (N,).

    Raises:
        ValueError: see `network` and `scores`.
    """
    parameters, correct = network(parameters), 0
    for start in range(0, len(inputs), CHUNK):
        part = slice(start, start + CHUNK)
        with np.errstate(all="ignore"):  # parameters of a training that diverged
            output = scores(parameters, inputs[part])
        correct += int(
            (np.isfinite(output).all(axis=1) & (output.argmax(axis=1) == labels[part])).sum()
        )
    return correct / len(inputs)


def loss(parameters: Mapping[str, np.ndarray], inputs: np.ndarray, labels: np.ndarray) -> float:
    """The mean cross-entropy of the labels (N,); infinite if it is not finite.

    Raises:
        ValueError: see `network` and `scores`.
    """
    parameters = network(parameters)
    with np.errstate(all="ignore"):
        output = scores(parameters, inputs)
        output = output - output.max(axis=1, keepdims=True)
        label_scores = output[np.arange(len(labels)), labels]
        value = float(np.mean(np.log(np.exp(output).sum(axis=1)) - label_scores))
    return value if np.isfinite(value) else float("inf")
