"""Rounding of points: each section is rounded once, and totals add rounded scores."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

DECIMALS = 2
"""Decimal places of a score."""


def rounded(points: Fraction) -> float:
    """A section's rounded score."""
    return float(round(points, DECIMALS))


def total(scores: Iterable[float]) -> float:
    """The total score of several sections."""
    return round(sum(scores), DECIMALS)
