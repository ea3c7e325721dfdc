"""The most specific statement that holds about one wrong value."""

from __future__ import annotations

import numpy as np

from autograder.diagnosis.symptoms.clause import AT_FACTORS, AT_SIGNS, Clause
from autograder.diagnosis.symptoms.compared import Compared
from autograder.diagnosis.symptoms.factors import named_factor
from autograder.diagnosis.symptoms.places import place_of
from autograder.diagnosis.symptoms.relations import clause_of, general

EXACT = 1e-6
"""The relative tolerance for a single number, of which many expressions could come close."""


def said_of(value: Compared) -> Clause | None:
    """A relation of all places first, then a place, then what else can be said."""
    with np.errstate(all="ignore"):
        if value.reference.ndim == 0:
            return of_a_number(value)
        return clause_of(value) or place_of(value) or next(general(value), None)


def of_a_number(value: Compared) -> Clause:
    """What holds about a value that is a single number."""
    if not value.fits:
        return Clause("shape", f"has the shape {value.student.shape}; expected a single number")
    ours, right = float(value.student), float(value.reference)
    if not np.isfinite(ours):
        return Clause("not_finite", f"is {'NaN' if np.isnan(ours) else 'infinite'}")
    if abs(ours + right) <= EXACT * abs(right):
        return Clause("opposite_sign", "has the opposite sign", AT_SIGNS)
    name = named_factor(ours / right, value.described.numbers, EXACT) if right else None
    if name is not None:
        return Clause("scaled", f"is {name} times what it should be", AT_FACTORS)
    if ours * right < 0:
        return Clause("wrong_sign", "has the wrong sign", AT_SIGNS)
    return Clause("too_large_or_small", f"is too {'large' if ours > right else 'small'}")
