"""Statements about values of a wrong shape, or of the right numbers in another order of axes."""

from __future__ import annotations

import numpy as np

from autograder.diagnosis.symptoms.clause import Clause
from autograder.diagnosis.symptoms.compared import FEW, Compared, same


def transposed(value: Compared) -> Clause | None:
    ours, right = value.student, value.reference
    if ours.ndim != 2 or not same(ours.T, right) or same(ours, right):
        return None
    return Clause(
        "transposed",
        "has the right numbers, but is transposed",
        "Look at the order of the factors of a product and at each .T",
    )


def reshaped(value: Compared) -> Clause | None:
    ours, right = value.student, value.reference
    if value.fits or ours.size != right.size or not same(ours.reshape(right.shape), right):
        return None
    return Clause(
        "reshaped",
        f"has the right numbers in the shape {ours.shape}, which should be {right.shape}",
        "Look at keepdims, reshape and indexing with None",
    )


def not_summed(value: Compared) -> Clause | None:
    """An axis of the result is still there, or has been kept instead of summed."""
    ours, right = value.student, value.reference
    if ours.ndim != right.ndim + 1 or ours.size in (0, right.size):
        return None
    for axis in range(ours.ndim):
        for how, reduced in (("summed", ours.sum(axis)), ("averaged", ours.mean(axis))):
            if same(reduced, right):
                return Clause(
                    "not_summed",
                    f"still has an axis, number {axis}, over which it should have been {how}",
                )
    return None


def summed(value: Compared) -> Clause | None:
    """The result was reduced over an axis that should be left."""
    ours, right = value.student, value.reference
    if right.size < FEW or ours.size == right.size:
        return None
    if ours.size == 1:
        for how, number in (("summed", right.sum()), ("averaged", right.mean())):
            if same(ours.reshape(()), np.asarray(number), 1e-6):
                return Clause("summed", f"is {how} over everything: one number is left of it")
    for axis in range(right.ndim):
        for how, reduced in (("summed", right.sum(axis)), ("averaged", right.mean(axis))):
            if ours.size >= FEW and same(ours.reshape(-1), reduced.reshape(-1)):
                return Clause("summed", f"is {how} over {value.axis(axis)}, which should be left")
    return None


def other_shape(value: Compared) -> Clause | None:
    if value.fits:
        return None
    return Clause(
        "shape",
        f"has the shape {value.student.shape}, which should be {value.reference.shape}",
        "Write down the shape of every intermediate result",
    )
