"""What of a student's values a judge may see: what has the shape of the reference's.

How large a value is, its sender chooses. Two arrays of some megabytes fill a machine's memory once
they are broadcast against each other, and one of truth values takes eight times its size as floats.
So a value is compared with the reference's of the same name first, and what does not fit is a
complaint from then on. Dimensions that are a student's choice are declared by the probe, with a
bound: see `probes.given`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from autograder.assignment import Assignment
from autograder.observation.observe import Observation, Observations

LARGEST_MISFIT = 100_000
"""Elements of a value that does not fit and is kept none the less: a diagnosis knows mistakes by
their wrong shapes, up to those of a layer at training size, (100, 512)."""

Value = np.ndarray | str
Free = Mapping[int, int]
"""The largest size of each dimension that students choose."""


def fitted(value: Value, expected: Value, free: Free | None = None) -> Value:
    """The value as a judge may see it; one number, in whatever brackets, stands for a scalar.

    Raises:
        ValueError: it does not fit; says why, in words that go on after the value's name.
    """
    if isinstance(value, str) or isinstance(expected, str):
        if type(value) is not type(expected):
            kinds = ("a text", "numbers") if isinstance(value, str) else ("numbers", "a text")
            raise ValueError(f"is {kinds[0]}; expected {kinds[1]}")
        return value
    if expected.ndim == 0 and value.size == 1:
        return value.reshape(())
    complaint = complaint_about(value.shape, expected.shape, free)
    if complaint is not None:
        raise ValueError(complaint)
    return value


def complaint_about(
    shape: tuple[int, ...], expected: tuple[int, ...], free: Free | None = None
) -> str | None:
    """What is wrong with a shape; None when it is as expected."""
    free = free or {}
    if len(shape) == len(expected) and all(
        1 <= size <= free[axis] if axis in free else size == right
        for axis, (size, right) in enumerate(zip(shape, expected, strict=True))
    ):
        return None
    wanted: tuple[object, ...] = expected
    if free:
        sizes = (f"1 to {free[axis]}" if axis in free else n for axis, n in enumerate(expected))
        wanted = tuple(_Bare(size) for size in sizes)
    turned = "; is it transposed?" if shape == expected[::-1] else ""
    return f"has shape {shape}; expected {wanted}{turned}"


class _Bare(str):
    """Stands in a tuple without quotes."""

    __slots__ = ()
    __repr__ = str.__str__


def fits(value: Value, expected: Value, free: Free | None = None) -> bool:
    """Whether a judge may see it."""
    try:
        fitted(value, expected, free)
    except ValueError:
        return False
    return True


def trimmed(assignment: Assignment, student: Observations, reference: Observations) -> Observations:
    """Without what nobody may look at: other names than the reference's, large values that do not
    fit. Of those their shape is told; smaller ones are kept for the diagnosis."""
    known = assignment.probes
    return student.replaced(
        Observations(
            student.seed,
            student.sandbox,
            {
                name: _trimmed(student[name], reference[name], known[name].free)
                for name in student
                if name in reference.by_probe
            },
        )
    )


def _trimmed(seen: Observation, right: Observation, free: Mapping[str, Free]) -> Observation:
    values: dict[str, Value] = {}
    refused = {name: why for name, why in seen.refused.items() if name in right}
    for name, value in seen.values.items():
        if name not in right:
            continue
        try:
            fitted(value, right[name], free.get(name))
        except ValueError as complaint:
            if np.size(value) > LARGEST_MISFIT:
                refused[name] = str(complaint)
                continue
        values[name] = value
    return Observation(seen.probe, values, refused, seen.ending)
