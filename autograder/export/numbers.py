"""Numbers as a platform's file writes them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

NUMBER = re.compile(r"-?\d[\d.,\u00a0\u202f' ]{0,20}%?")
GROUPED = re.compile(r"-?\d{1,3}([.,])\d{3}(?:\1\d{3})*")
DECIMALS = re.compile(r"\d([.,])(?!\d{3}$)\d+$")
"""A decimal separator, not one of thousands: 37.5, 1.000,25."""
LARGEST = 1_000_000.0


def points_text(points: float, decimal_comma: bool) -> str:
    """At most two decimals, and no zeros at their end: `37.5`, or `37,5`."""
    cents = Decimal(str(points)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    text = f"{cents:f}".rstrip("0").rstrip(".")
    text = "0" if text in ("-0", "") else text
    return text.replace(".", ",") if decimal_comma else text


def unfit(points: float, maximum: float | None) -> str | None:
    """Why a platform would refuse points, if it would."""
    if not math.isfinite(points):
        return "the points are no number"
    if points < 0:
        return "the points are negative"
    if points > LARGEST:
        return "the points are out of range"
    if maximum is not None and Decimal(points_text(points, False)) > Decimal(str(maximum)):
        return f"the file's maximum is {points_text(maximum, False)}"
    return None


def number(text: str) -> float | None:
    """A number as a file writes it, with a decimal point or a decimal comma."""
    text = text.strip()
    if not NUMBER.fullmatch(text):
        return None
    text = re.sub(r"[\u00a0\u202f' %]", "", text)
    if GROUPED.fullmatch(text):
        return float(re.sub("[.,]", "", text))
    whole, _, decimals = text.replace(",", ".").rpartition(".")
    if not whole:
        return float(decimals)
    return float(f"{whole.replace('.', '')}.{decimals or 0}")


def decimal_comma(cells: Iterable[str], separator: str) -> bool:
    """Whether a file writes numbers with a decimal comma.

    Cells with decimals decide. If there are none, a semicolon-separated file is taken to use
    decimal commas.
    """
    marks = [
        found[1]
        for cell in set(cells)
        if NUMBER.fullmatch(cell.strip()) and (found := DECIMALS.search(cell.strip()))
    ]
    if not marks:
        return separator == ";"
    return marks.count(",") > marks.count(".")
