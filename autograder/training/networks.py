"""What trained parameters are worth, computed by us: student code only ever hands over numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

SAME_WAY = 0.4
"""The least cosine between a change of a student's weights and the solution's that counts as one
way (benchmarks/own_training.py). Right work has 1.00, and 0.9 after a training whose batches come
in another order. Closed forms come to 0.0, the nearest of them to 0.9, so that more than a
training's end is asked for."""
CHUNK = 128
"""Examples at a time: their scores by the widest layer take 16 MiB."""
WIDEST = 2**14
"""Most outputs of a layer: few parameters of a wider one would make gigabytes of scores."""
DEEPEST = 50
MOST_PARAMETERS = 2**25
"""128 MiB of float32, which is also what may cross the border at once."""


def network(parameters: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """The parameters of a network, and nothing else of what was sent.

    Args:
        parameters: as `scores` takes them, or whatever a stranger sent under such names.

    Raises:
        ValueError: they are no network of numbers, or one that is too large to be judged.
    """
    slopes = _numbers(parameters, "slopes", 1)
    if not 1 <= len(slopes) <= DEEPEST:
        raise ValueError(f"a network has 1 to {DEEPEST} layers; found {len(slopes)}")
    found = {"slopes": slopes}
    for number in range(1, len(slopes) + 1):
        for name, dimensions in ((f"w{number}", 2), (f"b{number}", 1)):
            found[name] = _numbers(parameters, name, dimensions)
            if found[name].shape[-1] > WIDEST:
                raise ValueError(f"a layer has at most {WIDEST} outputs; {name} has more")
    count = sum(array.size for array in found.values())
    if count > MOST_PARAMETERS:
        raise ValueError(f"a network has at most {MOST_PARAMETERS:,} parameters; found {count:,}")
    return found


def _numbers(parameters: Mapping[str, Any], name: str, dimensions: int) -> np.ndarray:
    value = parameters.get(name)
    if not isinstance(value, np.ndarray) or value.ndim != dimensions:
        raise ValueError(f"{name} is no array of {dimensions} dimensions")
    return value


def scores(parameters: Mapping[str, np.ndarray], inputs: np.ndarray) -> np.ndarray:
    """The output (N, C) of a multi-layer perceptron for inputs (N, ...).

    Args:
        parameters: w1 (D, H), b1 (H,), w2, b2, ... of its FC layers in order, and slopes (layers,):
            the negative slope of the Leaky ReLU after each, 1 where none follows.

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
    """Of the angle between two changes of a matrix, 1 for the same way; 0 where it has none.

    Where both are none at all, they are the same.
    """
    if one.shape != other.shape:
        return 0.0
    one, other = np.ravel(one).astype(float), np.ravel(other).astype(float)
    if not one.any() and not other.any():
        return 1.0
    with np.errstate(all="ignore"):
        found = float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other)))
    return found if np.isfinite(found) else 0.0


def accuracy(parameters: Mapping[str, np.ndarray], inputs: np.ndarray, labels: np.ndarray) -> float:
    """The fraction of `inputs` (N, ...) whose highest score is that of their label (N,).

    Raises:
        ValueError: see `network` and `scores`.
    """
    parameters, correct = network(parameters), 0
    for start in range(0, len(inputs), CHUNK):
        part = slice(start, start + CHUNK)
        with np.errstate(all="ignore"):  # parameters of a training that diverged
            found = scores(parameters, inputs[part])
        correct += int(
            (np.isfinite(found).all(axis=1) & (found.argmax(axis=1) == labels[part])).sum()
        )
    return correct / len(inputs)


def loss(parameters: Mapping[str, np.ndarray], inputs: np.ndarray, labels: np.ndarray) -> float:
    """The mean cross-entropy of the labels (N,), infinite where it is no number.

    Raises:
        ValueError: see `network` and `scores`.
    """
    parameters = network(parameters)
    with np.errstate(all="ignore"):
        found = scores(parameters, inputs)
        found = found - found.max(axis=1, keepdims=True)
        right = found[np.arange(len(labels)), labels]
        value = float(np.mean(np.log(np.exp(found).sum(axis=1)) - right))
    return value if np.isfinite(value) else float("inf")
