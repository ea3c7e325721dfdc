"""How points are rounded: a section's once; totals add what was rounded."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

HUNDREDTHS = 2
"""Decimals of a section's score."""


def rounded(points: Fraction) -> float:
    """A section's score."""
    return float(round(points, HUNDREDTHS))


def total(scores: Iterable[float]) -> float:
    """The score of several sections."""
    return round(sum(scores), HUNDREDTHS)
