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
    """As _dropout; also the fraction kept, and whether rows or columns are dropped as a whole."""
    found, _ = _dropout(values, given)
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


SPECIAL: Mapping[str, Special] = {
    "dropout_forward": _dropout_of_many,
    "dropout_forward_test_time": _dropout,
    "dropout_forward_without": _dropout,
    "dropout_forward_seed": _dropout,
    "dropout_backward": _dropout,
    "dropout_backward_seed": _dropout,
    "dropout_backward_test_time": _dropout,
    "dropout_backward_without": _dropout,
    "small_network_start": _initial_weights,
    "train_tiny_net_hyperparameters": _signs,
}
