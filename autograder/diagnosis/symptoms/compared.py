"""One value of a student beside the reference's, with everything that a symptom may refer to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from autograder.assignment.words import Described
from autograder.diagnosis.same import SAME

FEW = 3
"""Fewer numbers than this agree by chance too easily to conclude anything from them."""


def same(one: np.ndarray, other: np.ndarray, tolerance: float = SAME) -> bool:
    """Whether two arrays are equal within a tolerance relative to the largest value of `other`."""
    if one.shape != other.shape or not (np.isfinite(one).all() and np.isfinite(other).all()):
        return False
    size = np.max(np.abs(other), initial=0.0)
    return bool(size > 0 and np.all(np.abs(one - other) <= tolerance * size))


@dataclass(frozen=True)
class Compared:
    """A value that is wrong.

    Attributes:
        name: the value's name in its probe.
        words: a noun phrase for it.
        student, reference: the arrays, as floats; their shapes may differ.
        described: the words for everything else in the probe.
        others: the reference's other values in this probe, by noun phrase.
        elsewhere: the reference's values of the same quantity, by the condition.
    """

    name: str
    words: str
    student: np.ndarray
    reference: np.ndarray
    described: Described
    others: Mapping[str, np.ndarray]
    elsewhere: Mapping[str, np.ndarray] = field(default_factory=dict)

    @property
    def start(self) -> np.ndarray | None:
        """The array before the first step, for values that steps change."""
        return self.described.starts.get(self.name)

    @cached_property
    def has_steps(self) -> bool:
        """Whether the first axis is one of steps."""
        start = self.start
        return start is not None and self.reference.ndim == start.ndim + 1

    @cached_property
    def fits(self) -> bool:
        """Whether the shapes are equal."""
        return self.student.shape == self.reference.shape

    @cached_property
    def finite(self) -> bool:
        return bool(np.isfinite(self.student).all())

    @cached_property
    def wrong(self) -> np.ndarray:
        """A mask of the places that differ. Only for equal shapes."""
        size = np.max(np.abs(self.reference), initial=0.0) or 1.0
        with np.errstate(invalid="ignore"):
            wrong: np.ndarray = ~(np.abs(self.student - self.reference) <= SAME * size)
            return wrong

    @cached_property
    def changes(self) -> Compared:
        """What the steps change instead of the values themselves; itself without a start."""
        start = self.start
        if start is None or not self.fits:
            return self
        if not self.has_steps:
            return replace(self, student=self.student - start, reference=self.reference - start)
        before = start[np.newaxis]
        return replace(
            self,
            student=np.diff(np.concatenate([before, self.student]), axis=0),
            reference=np.diff(np.concatenate([before, self.reference]), axis=0),
        )

    def axis(self, number: int) -> str:
        """A noun phrase for an axis of the reference's array."""
        if self.has_steps:
            return "the steps" if number == 0 else f"axis {number - 1}"
        if len(self.described.axes) == self.reference.ndim:
            return self.described.axes[number]
        return f"axis {number}"
