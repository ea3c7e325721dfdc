"""How to compare libraries where correct ones may differ.

Correct libraries may draw different random numbers. Then properties of their arrays are compared:
the factor that dropout applied, whether two masks are equal, how many activations were kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np

from autograder.assignment.variant import Special

KEPT = 0.03
"""Tolerance of the fraction kept: seven standard deviations of the difference between two runs of
30,000 draws."""

KINK = 1e-5
"""How far rounding may take a derivative of Leaky ReLU out of its range."""

SPREAD = 0.1
"""Tolerance of a standard deviation measured on 2,400 draws: seven of its standard errors."""


def _dropout(
    values: Mapping[str, np.ndarray], given: Mapping[str, Any]
) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """The factors applied to the input or the gradient, and which values share a mask."""
    found: dict[str, np.ndarray] = {}
    masks: dict[str, np.ndarray] = {}
    for name, value in values.items():
        base = given["dout" if "dx" in name or "dout" in name else "x"]
        with np.errstate(all="ignore"):
            factor = np.asarray(value, dtype=float) / base
        finite = factor[np.isfinite(factor)]
        kept = finite[finite != 0]
        least, most = (kept.min(), kept.max()) if kept.size else (0.0, 0.0)
        found[name] = np.array([least, most, np.any(finite == 0), finite.size == factor.size])
        masks[name] = factor != 0
    for one, other in combinations(sorted(masks), 2):
        same = masks[one] == masks[other]
        found[f"{one} and {other}"] = np.array([same.all(), not same.any()])
    return found, {}


def _dropout_of_many(
    values: Mapping[str, np.ndarray], given: Mapping[str, Any]
) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """As _dropout; also the fraction kept, whether rows or columns are dropped as a whole, and
    whether further passes keep equally many."""
    found, _ = _dropout({n: value for n, value in values.items() if n != "further"}, given)
    if "further" in values:
        kept = np.count_nonzero(values["further"], axis=(1, 2))
        found["further"] = np.array([(kept == kept[0]).all()])
    if "out" in values:
        kept = values["out"] != 0
        whole = np.array([(kept == kept[:1]).all(), (kept == kept[:, :1]).all()])
        found["whole"] = whole
        found["fraction"] = np.array([0.0 if whole.any() else kept.mean(), 1.0])
    return found, {"fraction": KEPT}


def _initial_weights(
    values: Mapping[str, np.ndarray], given: Mapping[str, Any]
) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """The standard deviations of initial weights: the weights themselves are random."""
    found = {n: v.std() if n.startswith("w") else v for n, v in values.items()}
    return found, {name: SPREAD for name in found if name.startswith("w")}


def _signs(
    values: Mapping[str, np.ndarray], given: Mapping[str, Any]
) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """The signs of numbers that students may choose."""
    return {name: np.sign(np.asarray(value, dtype=float)) for name, value in values.items()}, {}


def _at_the_kink(
    values: Mapping[str, np.ndarray], given: Mapping[str, Any]
) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """Where a derivative of Leaky ReLU is NaN, below 0 or above 1."""
    found = {}
    for name, value in values.items():
        derivative = np.asarray(value, dtype=float)
        outside = 1.0 * (derivative > 1 + KINK) - (derivative < -KINK)
        found[name] = np.where(np.isnan(derivative), 2.0, outside)
    return found, {}


SPECIAL: Mapping[str, Special] = {
    "dropout_forward": _dropout_of_many,
    "dropout_forward_test_time": _dropout,
    "dropout_forward_without": _dropout,
    "dropout_forward_seed": _dropout,
    "dropout_backward": _dropout,
    "dropout_backward_seed": _dropout,
    "dropout_backward_test_time": _dropout,
    "dropout_backward_without": _dropout,
    "leaky_relu_backward_at_zero": _at_the_kink,
    "small_network_start": _initial_weights,
    "train_tiny_net_hyperparameters": _signs,
}
