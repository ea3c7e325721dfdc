"""What right libraries do differently, and what is the same in all of them.

Where a library may draw as it likes, what is compared is read off its arrays: by what dropout
multiplied, whether two masks are one, how many activations were kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np

from autograder.assignment.variant import Special

KEPT = 0.03
"""In the fraction that is kept: two of 30,000 draws differ so much by seven standard deviations."""

SPREAD = 0.1
"""Of a standard deviation that was measured on 2,400 draws: seven of its own."""


def _dropout(
    values: Mapping[str, np.ndarray], given: Mapping[str, Any]
) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """By what each value multiplied the input, or the gradient; which of them share a mask."""
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
    """And how many are kept, each on its own or by rows and columns."""
    found, _ = _dropout(values, given)
    if "out" in values:
        kept = values["out"] != 0
        whole = np.array([(kept == kept[:1]).all(), (kept == kept[:, :1]).all()])
        found["whole"] = whole
        found["fraction"] = np.array([0.0 if whole.any() else kept.mean(), 1.0])
    return found, {"fraction": KEPT}


def _start(
    values: Mapping[str, np.ndarray], given: Mapping[str, Any]
) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """Initial weights by their spread: anybody draws others."""
    found = {n: v.std() if n.startswith("w") else v for n, v in values.items()}
    return found, {name: SPREAD for name in found if name.startswith("w")}


def _signs(
    values: Mapping[str, np.ndarray], given: Mapping[str, Any]
) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """Numbers that students choose: whether they are above 0."""
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
    "small_network_start": _start,
    "train_tiny_net_hyperparameters": _signs,
}
