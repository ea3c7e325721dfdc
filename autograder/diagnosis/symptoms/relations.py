"""Statements about a wrong value as a whole, each true by test: "is transposed", "is 0 everywhere".

A relation looks at a student's array and the reference's and returns a clause if it holds for all
places. The clause never gives an expected value, or anything from which it follows.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from autograder.diagnosis.same import SAME
from autograder.diagnosis.symptoms.clause import AT_FACTORS, AT_SIGNS, Clause, Relation
from autograder.diagnosis.symptoms.compared import FEW, Compared, same
from autograder.diagnosis.symptoms.factors import named_factor
from autograder.diagnosis.symptoms.shapes import (
    not_summed,
    other_shape,
    reshaped,
    summed,
    transposed,
)

NEARLY = 1e-2
"""A relative error below this is a matter of rounding or of a small constant."""


def clause_of(value: Compared) -> Clause | None:
    """The most specific relation that holds; None if none does."""
    return next((clause for relation in RELATIONS if (clause := relation(value))), None)


def not_finite(value: Compared) -> Clause | None:
    if value.finite:
        return None
    what = "NaN" if np.isnan(value.student).any() else "infinite"
    look = (
        "Look for a division by 0, a root or logarithm of a number that may be 0 or negative, and "
        "an exponential of a large number"
        if what == "NaN"
        else "Look for a division by 0, or an exponential of a large number"
    )
    bad = ~np.isfinite(value.student)
    if bad.all():
        return Clause("not_finite", f"is {what} in every place", look)
    if value.fits and value.has_steps and len(bad) > 1:
        by_step = bad.reshape(len(bad), -1).any(axis=1)
        first = int(np.argmax(by_step))
        if first and by_step[first:].all():
            return Clause("not_finite", f"is {what} from step {first + 1} on", look)
    return Clause("not_finite", f"is {what} in some places", look)


def zero(value: Compared) -> Clause | None:
    if value.student.size and value.reference.any() and not value.student.any():
        return Clause("zero", "is 0 everywhere", "Look whether it is computed, stored and returned")
    return None


def unmoved(value: Compared) -> Clause | None:
    if value.start is None or not value.fits or value.changes.student.any():
        return None
    return Clause(
        "unmoved",
        "is the same after the step as before it",
        "Look whether the new value is computed, and stored where the old one was",
    )


def begins_late(value: Compared) -> Clause | None:
    """The first step changes nothing, later ones do."""
    if not value.has_steps or not value.fits or len(value.student) < 2:
        return None
    moved = np.any(value.changes.student.reshape(len(value.student), -1), axis=1)
    if moved[0] or not moved[1:].all():
        return None
    return Clause(
        "begins_late",
        "does not change in the first step, and changes in the later ones",
        "Look what happens when there is no state yet",
    )


def of_one_number(value: Compared) -> Clause | None:
    array = value.student
    if array.size < FEW or value.reference.size < FEW or np.ptp(value.reference) == 0:
        return None
    if np.ptp(array) <= SAME * np.abs(array).max():
        return Clause("constant", "is the same number in every place")
    return None


def an_input(value: Compared) -> Clause | None:
    flat = value.student.reshape(-1)
    for words, given in value.described.inputs.items():
        if given.size >= FEW and same(flat, given.reshape(-1).astype(float)):
            return Clause("an_input", f"is {words}, unchanged")
    return None


def another_value(value: Compared) -> Clause | None:
    for words, other in value.others.items():
        if other.size >= FEW and same(value.student, other) and not same(value.reference, other):
            return Clause(
                "another_value",
                f"holds what belongs in {words}",
                "Look what is stored or returned there, and when",
            )
    return None


def another_condition(value: Compared) -> Clause | None:
    """The value is what it should be under another condition, such as in an earlier call."""
    for when, other in value.elsewhere.items():
        if other.size >= FEW and same(value.student, other) and not same(value.reference, other):
            return Clause("another_condition", f"is what it should be {when}")
    return None


def scaled(value: Compared) -> Clause | None:
    """One factor explains all places. Only a factor with a name is told."""
    ours, right = value.changes.student, value.changes.reference
    if not value.fits or right.size < FEW:
        return None
    factor = float((ours * right).sum() / (right * right).sum()) if right.any() else 0.0
    if factor == 0 or not same(ours, factor * right):
        return None
    if np.any((ours == right) & (right != 0)):  # small numbers that are right are within tolerance
        return None
    moves = value.start is not None
    if abs(factor + 1) <= SAME:
        opposite = "moves the opposite way" if moves else "has the opposite sign"
        return Clause("opposite_sign", f"{opposite} in every place", AT_SIGNS)
    if (name := named_factor(factor, value.described.numbers)) is not None:
        text = (
            "changes by {} times what it should change by"
            if moves
            else "is {} times what it should be"
        )
        return Clause("scaled", f"{text.format(name)}, in every place", AT_FACTORS)
    size = ("much" if moves else "large") if abs(factor) > 1 else ("little" if moves else "small")
    verb = "changes by" if moves else "is"
    return Clause("scaled", f"{verb} too {size}, by one and the same factor everywhere", AT_FACTORS)


def factor_by_axis(value: Compared) -> Clause | None:
    """The factor is constant along all axes but one."""
    ours, right = value.changes.student, value.changes.reference
    if not value.fits or right.ndim < 2:
        return None
    for axis in range(right.ndim):
        others = tuple(n for n in range(right.ndim) if n != axis)
        if np.prod([right.shape[n] for n in others]) < FEW or right.shape[axis] < 2:
            continue
        power = (right * right).sum(others, keepdims=True)
        factors = (ours * right).sum(others, keepdims=True) / np.where(power == 0, 1, power)
        of_right = (ours == right) & (right != 0) & (np.abs(factors - 1) > SAME)
        if same(ours, factors * right) and np.abs(factors).min() > SAME and not of_right.any():
            return Clause(
                "factor_by_axis",
                f"is off by a factor that differs between {value.axis(axis)} and is the same "
                "within each",
            )
    return None


def product_of_inputs(value: Compared) -> Clause | None:
    """An input times a named number, or two inputs combined."""
    ours = value.changes.student
    given = {w: a.astype(float) for w, a in value.described.inputs.items() if a.size >= FEW}
    subject = "changes by" if value.start is not None else "is"
    for words, array in given.items():
        if array.shape != ours.shape or not array.any():
            continue
        factor = float((ours * array).sum() / (array * array).sum())
        if abs(factor) > SAME and same(ours, factor * array):
            if (name := named_factor(factor, value.described.numbers)) is not None:
                return Clause("an_input_scaled", f"{subject} {name} times {words}")
            sign = "minus " if factor < 0 else ""
            return Clause("an_input_scaled", f"{subject} {sign}a number times {words}")
    for (one, a), (other, b) in combinations(given.items(), 2):
        if a.shape != ours.shape or b.shape != ours.shape:
            continue
        results = {
            f"{one} times {other}": a * b,
            f"{one} plus {other}": a + b,
            f"{one} minus {other}": a - b,
            f"{other} minus {one}": b - a,
        }
        for text, result in results.items():
            if same(ours, result):
                return Clause("inputs_combined", f"{subject} {text}, place by place")
    return None


def function_of_the_right(value: Compared) -> Clause | None:
    """A common function, applied once too often or left out."""
    ours, right = value.student, value.reference
    if not value.fits or right.size < FEW or not value.finite:
        return None
    with np.errstate(all="ignore"):
        functions = {
            "the square of": right**2,
            "the square root of": np.sqrt(right),
            "the absolute value of": np.abs(right),
            "1 divided by": 1 / right,
            "the exponential of": np.exp(right),
            "the logarithm of": np.log(right),
            "1 minus": 1 - right,
        }
    for words, result in functions.items():
        if same(ours, result):
            return Clause("function", f"is {words} what it should be, in every place")
    return None


def offset(value: Compared) -> Clause | None:
    """The difference is an input, or the same along an axis."""
    if not value.fits or value.reference.size < FEW or not value.finite:
        return None
    ours, right = value.changes.student, value.changes.reference
    difference = ours - right
    for words, given in value.described.inputs.items():
        if given.size < FEW:
            continue
        try:
            spread = np.broadcast_to(given.astype(float), right.shape)
        except ValueError:
            continue
        if same(difference, -spread):
            return Clause("offset", f"lacks {words}")
        if same(difference, spread):
            return Clause("offset", f"has {words} added once too often")
    size = np.abs(difference).max()
    if size and np.ptp(difference) <= SAME * max(size, np.abs(right).max()):
        return Clause("offset", "is off by one and the same amount in every place")
    for axis in range(right.ndim if right.ndim > 1 else 0):
        if right.shape[axis] < FEW:
            continue
        spread = np.ptp(difference, axis=axis).max()
        if spread <= SAME * max(size, np.abs(right).max()):
            return Clause(
                "offset", f"is off by an amount that is the same for all of {value.axis(axis)}"
            )
    return None


def decayed(value: Compared) -> Clause | None:
    """Every step has an additional part that is proportional to the value before it."""
    if not value.has_steps or not value.fits or value.start is None or value.start.size < FEW:
        return None
    before = np.concatenate([value.start[np.newaxis], value.student[:-1]])
    difference = value.changes.student[0] - value.changes.reference[0]
    factor = float((difference * before[0]).sum() / (before[0] ** 2).sum())
    if factor and same(difference, factor * before[0]):
        how = "shrinks" if factor < 0 else "grows"
        return Clause(
            "decayed", f"also {how} in every step in proportion to itself, as with weight decay"
        )
    return None


def clipped(value: Compared) -> Clause | None:
    ours, right = value.student, value.reference
    if not value.fits or right.size < 2 * FEW or not value.finite:
        return None
    wrong, n = value.wrong, right.size
    least, most = ours.min(), ours.max()
    if not FEW <= wrong.sum() < n or not same(ours, np.clip(right, least, most)):
        return None
    bounds = [
        words
        for words, bound, beyond in (
            ("below", least, (right < least - SAME).any()),
            ("above", most, (right > most + SAME).any()),
        )
        if beyond and (ours == bound).sum() >= FEW
    ]
    if not bounds:
        return None
    return Clause("clipped", f"is cut off: it never goes {' or '.join(bounds)} a bound")


def rounded(value: Compared) -> Clause | None:
    ours, right = value.student, value.reference
    if not value.fits or right.size < FEW or not value.finite:
        return None
    if (ours == np.round(ours)).all() and not (right == np.round(right)).all():
        return Clause(
            "rounded",
            "consists of whole numbers",
            "Look for an array of integers, //, int() or round()",
        )
    error = np.abs(ours - right).max() / (np.abs(right).max() or 1.0)
    if error <= NEARLY and (ours == ours.astype(np.float16)).all():
        return Clause(
            "rounded",
            "is rounded to half precision",
            "Look for float16 and for rounding",
        )
    return None


def rearranged(value: Compared) -> Clause | None:
    ours, right = value.student, value.reference
    if not value.fits or right.size < 2 * FEW or not value.finite:
        return None
    for axis in range(right.ndim):
        if right.shape[axis] > 1 and same(np.flip(ours, axis), right):
            return Clause("rearranged", f"has the right numbers with {value.axis(axis)} reversed")
    if same(np.sort(ours, axis=None), np.sort(right, axis=None)):
        return Clause(
            "rearranged",
            "has the right numbers in other places",
            "Look at reshape, transposes and the order of indices",
        )
    return None


def of_right_size(value: Compared) -> Clause | None:
    ours, right = value.changes.student, value.changes.reference
    if not value.fits or right.size < FEW:
        return None
    if same(np.abs(ours), np.abs(right)):
        return Clause("sign", "has the right size everywhere and the opposite sign in some places")
    return None


def rows_alike(value: Compared) -> Clause | None:
    ours, right = value.student, value.reference
    if ours.ndim < 2 or not value.fits:
        return None
    for axis in range(ours.ndim):
        alike = np.ptp(ours, axis=axis).max() <= SAME * np.abs(ours).max()
        if ours.shape[axis] >= FEW and alike and np.ptp(right, axis=axis).max() > 0:
            return Clause("alike", f"is the same for all of {value.axis(axis)}")
    return None


def nearly(value: Compared) -> Clause | None:
    if not value.fits or not value.finite or 2 * np.count_nonzero(value.wrong) < value.wrong.size:
        return None
    error = np.abs(value.changes.student - value.changes.reference).max()
    if error <= NEARLY * (np.abs(value.changes.reference).max() or 1.0):
        return Clause(
            "nearly",
            "is nearly right: it is off by less than a hundredth",
            "Look for a small constant in the wrong place, and for lost precision",
        )
    return None


GENERAL = ("too_large_or_small", "right_sign", "wrong_sign")
"""Kinds that say little. They are left out where anything more specific can be said."""

RELATIONS: tuple[Relation, ...] = (
    not_finite,
    unmoved,
    begins_late,
    zero,
    transposed,
    reshaped,
    not_summed,
    summed,
    other_shape,
    an_input,
    another_value,
    another_condition,
    scaled,
    product_of_inputs,
    decayed,
    offset,
    function_of_the_right,
    of_one_number,
    factor_by_axis,
    rounded,
    clipped,
    rearranged,
    of_right_size,
    rows_alike,
)
"""The most specific first."""


def general(value: Compared) -> Iterator[Clause]:
    """What else can be said about a value of which nothing more specific holds."""
    if (clause := nearly(value)) is not None:
        yield clause
    if not value.fits or not value.finite or value.reference.size < FEW:
        return
    ours, right = value.changes.student, value.changes.reference
    what = "changes" if value.start is not None else "values"
    apart = np.abs(right) > SAME * np.abs(right).max()
    signs = np.array_equal(np.sign(ours[apart]), np.sign(right[apart]))
    larger = np.abs(ours[apart]) > np.abs(right[apart])
    if signs and (larger.all() or not larger.any()):
        size = "large" if larger.all() else "small"
        yield Clause("too_large_or_small", f"has {what} of the right sign that are all too {size}")
    elif signs:
        yield Clause("right_sign", f"has {what} of the right sign and the wrong size")
    elif np.array_equal(np.sign(ours[apart]), -np.sign(right[apart])):
        yield Clause("wrong_sign", f"has {what} of the wrong sign in every place")
