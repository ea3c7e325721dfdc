"""When two libraries did the same in a probe.

Numbers are compared by their size, so that float32 and another order of sums do not matter. Where
a library may draw as it likes, the arrays of two right ones differ; then what is compared is read
off them: by what dropout multiplied, whether two masks are one, how many activations were kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np

from autograder.observation.observe import Observation
from autograder.observation.shapes import fits

Special = Callable[
    [Mapping[str, np.ndarray], Mapping[str, Any]],
    tuple[dict[str, np.ndarray], dict[str, float]],
]
"""Reads off the values of a probe and its inputs what is compared, and tolerances by name."""

SAME = 1e-4
"""Relative to the largest value: float32 is off by 2e-6 at most, the mildest mistake by 1e-3."""

KEPT = 0.03
"""In the fraction that is kept: two of 30,000 draws differ so much by seven standard deviations."""

NAMED = re.compile(r"'[^']*'|\[[^]]*\]|\b\w+_[wb]\b")
"""What students name themselves, in messages of the given code."""

SPREAD = 0.1
"""Of a standard deviation that was measured on 2,400 draws: seven of its own."""


@dataclass(frozen=True)
class Reading:
    """What is compared of an observation.

    Attributes:
        ending: how the probe ended; of an exception its type and message, without names.
        refused: the names of values that were no numbers.
        values: arrays by name.
        tolerances: of those that are compared more coarsely than SAME.
    """

    ending: tuple[str, ...]
    refused: frozenset[str]
    values: Mapping[str, np.ndarray]
    tolerances: Mapping[str, float] = field(default_factory=dict)


def read(observation: Observation, given: Mapping[str, Any], like: Observation) -> Reading:
    """The reading of what a probe saw, whose inputs were `given`.

    `like` is what it saw of the solution. Whatever has another name is left out, and of what has
    another shape nothing is read off: it is compared as it is, with others of that shape.
    """
    named = {n: v for n, v in observation.values.items() if n in like and not isinstance(v, str)}
    values = {n: v for n, v in named.items() if fits(v, like[n])}
    odd = {f"{n}, of another shape": v for n, v in named.items() if n not in values}
    tolerances: Mapping[str, float] = {}
    special = SPECIAL.get(observation.probe)
    if special is not None:
        values, tolerances = special(values, given)
    ending: tuple[str, ...] = (observation.ending.how,)
    if (raised := observation.ending.raised) is not None:
        ending += (raised.type, NAMED.sub("", raised.message))
    refused = frozenset(name for name in observation.refused if name in like)
    return Reading(ending, refused, {**values, **odd}, tolerances)


ENDING = "how it ended"


def alike(one: Reading, other: Reading) -> bool:
    """Whether two libraries did the same, as far as the probe tells."""
    return next(_different(one, other), None) is None


def differences(one: Reading, other: Reading) -> frozenset[str]:
    """The names in which two readings differ, and ENDING."""
    return frozenset(_different(one, other))


def _different(one: Reading, other: Reading) -> Iterator[str]:
    if one.ending != other.ending:
        yield ENDING
    yield from one.refused ^ other.refused
    yield from one.values.keys() ^ other.values.keys()
    for name in one.values.keys() & other.values.keys():
        if not _close(one.values[name], other.values[name], other.tolerances.get(name, SAME)):
            yield name


def tells_something(reading: Reading) -> bool:
    """Whether the probe went to its end and saw finite numbers: enough to be given points for."""
    finite = all(np.isfinite(v.astype(float, copy=False)).all() for v in reading.values.values())
    return reading.ending == ("finished",) and not reading.refused and finite


def _close(one: np.ndarray, other: np.ndarray, tolerance: float) -> bool:
    if one.size == other.size == 1:
        one, other = one.reshape(()), other.reshape(())
    if one.shape != other.shape:  # before anything is made of them: theirs may be huge
        return False
    one, other = one.astype(float, copy=False), other.astype(float, copy=False)
    finite = np.isfinite(other)
    if not np.array_equal(np.where(finite, 0, one), np.where(finite, 0, other), equal_nan=True):
        return False
    size = np.max(np.abs(other[finite]), initial=0.0)
    with np.errstate(all="ignore"):
        return bool(np.all(np.abs(one[finite] - other[finite]) <= tolerance * size))


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
