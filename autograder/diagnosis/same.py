"""Decides whether two libraries gave the same results in a probe.

Numbers are compared with a relative tolerance, so that float32 and the order of summation do not
matter. If a library may draw random numbers in its own way, the arrays of two correct libraries
differ. The assignment then says which derived values are compared instead.
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
"""The tolerance relative to the largest value: float32 errors are at most 2e-6, and the smallest
error of a known mistake is 1e-3."""

NAMED = re.compile(r"'[^']*'|\[[^]]*\]|\b\w+_[wb]\b")
"""Names chosen by students, in error messages of the provided code."""


@dataclass(frozen=True)
class Reading:
    """The parts of an observation that are compared.

    Attributes:
        ending: how the probe ended, with the type and message of an exception, if any; names chosen
            by students are removed from the message.
        refused: the names of values that were not numeric.
        values: arrays by name.
        tolerances: tolerances by name, for values that are compared less strictly than SAME.
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
    """The reading of an observation.

    Args:
        observation: the probe's observation.
        given: the probe's inputs.
        like: the observation of the solution. Values whose names it lacks are left out. Values of
            another shape than its own are not passed to `special`, and compared unchanged.
        special: the assignment's way of comparing this probe, if it has one.
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
    """Whether two readings are equal within tolerance."""
    return next(_different(one, other), None) is None


def differences(one: Reading, other: Reading) -> frozenset[str]:
    """The names of the values in which two readings differ, plus ENDING if the endings differ."""
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
    """Whether the probe finished with finite numbers only, which excusing a check requires."""
    finite = all(np.isfinite(v.astype(float, copy=False)).all() for v in reading.values.values())
    return reading.ending == ("finished",) and not reading.refused and finite


def _close(one: np.ndarray, other: np.ndarray, tolerance: float) -> bool:
    if one.size == other.size == 1:
        one, other = one.reshape(()), other.reshape(())
    if one.shape != other.shape:  # before any computation, since the arrays may be huge
        return False
    one, other = one.astype(float, copy=False), other.astype(float, copy=False)
    finite = np.isfinite(other)
    if not np.array_equal(np.where(finite, 0, one), np.where(finite, 0, other), equal_nan=True):
        return False
    size = np.max(np.abs(other[finite]), initial=0.0)
    with np.errstate(all="ignore"):
        return bool(np.all(np.abs(one[finite] - other[finite]) <= tolerance * size))
