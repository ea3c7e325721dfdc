"""When two libraries did the same in a probe.

Numbers are compared by their size, so that float32 and another order of sums do not matter. Where
a library may draw as it likes, the arrays of two right ones differ; then what is compared is read
off them, as the assignment says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograder.assignment.variant import Special
from autograder.observation.observe import Observation
from autograder.observation.shapes import fits

SAME = 1e-4
"""Relative to the largest value: float32 is off by 2e-6 at most, the mildest mistake by 1e-3."""

NAMED = re.compile(r"'[^']*'|\[[^]]*\]|\b\w+_[wb]\b")
"""What students name themselves, in messages of the given code."""


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


def read(
    observation: Observation,
    given: Mapping[str, Any],
    like: Observation,
    special: Special | None = None,
) -> Reading:
    """The reading of what a probe saw, whose inputs were `given`.

    `like` is what it saw of the solution. Whatever has another name is left out, and of what has
    another shape nothing is read off: it is compared as it is, with others of that shape. `special`
    is for a probe of which the assignment says how it is compared.
    """
    named = {n: v for n, v in observation.values.items() if n in like and not isinstance(v, str)}
    values = {n: v for n, v in named.items() if fits(v, like[n])}
    odd = {f"{n}, of another shape": v for n, v in named.items() if n not in values}
    tolerances: Mapping[str, float] = {}
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
