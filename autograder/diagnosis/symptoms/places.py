"""Statements about where a value is wrong, and what it is there."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from autograder.diagnosis.same import SAME
from autograder.diagnosis.symptoms.clause import Clause
from autograder.diagnosis.symptoms.compared import FEW, Compared, same
from autograder.diagnosis.symptoms.factors import named_factor

AT_STATE = "Look at what is carried from one step to the next"
AT_NEW_VALUES = "Look whether your code uses the new value, and whether it limits the steps"


def place_of(value: Compared) -> Clause | None:
    """In which of the value's places it is wrong, if there is a rule for it."""
    if not value.fits or value.wrong.all() or value.reference.size < 2 * FEW:
        return None
    if (clause := _steps(value)) is not None:
        return clause
    wrong = value.wrong
    holding = [
        (words, mask)
        for words, mask in _masks(value)
        if not (wrong & ~mask).any() and (~mask).sum() >= FEW and wrong.sum() >= FEW
    ]
    if not holding:
        return None
    words, mask = min(holding, key=lambda each: int(each[1].sum()))
    there = "" if (wrong != mask).any() else _there(value, mask)
    return Clause("place", f"is wrong only {words}{there}")


def _steps(value: Compared) -> Clause | None:
    if not value.has_steps or len(value.wrong) < 2:
        return None
    by_step = value.wrong.reshape(len(value.wrong), -1).any(axis=1)
    first = int(np.argmax(by_step))
    if first == 0:
        return None
    right = "the first step" if first == 1 else f"the first {first} steps"
    text, look = f"is right in {right} and wrong from step {first + 1} on", AT_STATE
    if (event := value.described.events.get(first)) is not None:
        text, look = f"{text}, where {event}", AT_NEW_VALUES
    return Clause("steps", text, look)


def _masks(value: Compared) -> Iterator[tuple[str, np.ndarray]]:
    shape = value.reference.shape
    for words, mask in value.described.places.items():
        if mask.shape == shape:
            yield words, mask
    for words, given in value.described.inputs.items():
        if given.shape == shape and given.dtype.kind == "f":
            yield f"where {words} is negative", given < 0
            yield f"where {words} is positive", given > 0
    yield "where the right value is negative", value.reference < 0
    yield "where the right value is positive", value.reference > 0
    for axis, size in enumerate(shape):
        if size < FEW or (value.has_steps and axis == 0):
            continue
        index = np.arange(size).reshape([-1 if n == axis else 1 for n in range(len(shape))])
        for words, position in (("first", 0), ("last", size - 1)):
            yield f"at the {words} of {value.axis(axis)}", np.broadcast_to(index == position, shape)
        others = tuple(n for n in range(len(shape)) if n != axis)
        right = np.flatnonzero(~value.wrong.any(axis=others))
        if right.size and np.array_equal(right, np.arange(right.size)):
            where = "at all but the first" if right.size == 1 else f"after the first {right.size}"
            yield f"{where} of {value.axis(axis)}", np.broadcast_to(index >= right.size, shape)


def _there(value: Compared, mask: np.ndarray) -> str:
    """What the value is in its wrong places."""
    ours, right = value.student[mask], value.reference[mask]
    if not np.isfinite(ours).all():
        return ""
    if not ours.any():
        return ", and is 0 there"
    if np.ptp(ours) == 0:
        return ", and is one and the same number there"
    for words, given in value.described.inputs.items():
        if given.shape == mask.shape and same(ours, given[mask].astype(float)):
            return f", and is {words} itself there"
    factor = float((ours * right).sum() / (right * right).sum()) if right.any() else 0.0
    if abs(factor) > SAME and same(ours, factor * right):
        if abs(factor + 1) <= SAME:
            return ", and has the opposite sign there"
        name = named_factor(factor, value.described.numbers)
        return f", and is {name} times the right value there" if name else _by_one(factor)
    return ""


def _by_one(factor: float) -> str:
    return (
        f", and is too {'large' if abs(factor) > 1 else 'small'} there by one and the same factor"
    )
