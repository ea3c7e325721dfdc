"""Checks the shapes of a student's values against the reference before anything else uses them.

The sender of a value chooses its size. Broadcasting two arrays of a few megabytes against each
other can fill a machine's memory, and a bool array takes eight times its size as floats. So a check
never gets a value of a wrong shape, but a message instead. Large values of a wrong shape are
discarded at once; smaller ones are kept for the diagnosis alone. If students may choose a
dimension, the probe declares it with an upper bound, see `assignment.probe.given`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from autograder.assignment import Assignment
from autograder.observation.observe import Observation, Observations

LARGEST_MISFIT = 100_000
"""Values of a wrong shape are kept up to this many elements, because the diagnosis recognises some
mistakes by their wrong shapes. The largest of those is a layer at training size, (100, 512)."""

Value = np.ndarray | str
Free = Mapping[int, int]
"""The maximum size of each axis whose size students choose."""


def fitted(value: Value, expected: Value, free: Free | None = None) -> Value:
    """The value, if its shape fits. An array with one element is accepted as a scalar.

    Raises:
        ValueError: the shape does not fit. The message continues a sentence that begins with the
            value's name.
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
    """What is wrong with a shape; None if nothing is."""
    free = free or {}
    if len(shape) == len(expected) and all(
        1 <= size <= free[axis] if axis in free else size == expected_size
        for axis, (size, expected_size) in enumerate(zip(shape, expected, strict=True))
    ):
        return None
    wanted: tuple[object, ...] = expected
    if free:
        sizes = (f"1 to {free[axis]}" if axis in free else n for axis, n in enumerate(expected))
        wanted = tuple(_Unquoted(size) for size in sizes)
    hint = "; is it transposed?" if shape == expected[::-1] else ""
    return f"has shape {shape}; expected {wanted}{hint}"


class _Unquoted(str):
    """A string that a tuple's repr shows without quotes."""

    __slots__ = ()
    __repr__ = str.__str__


def fits(value: Value, expected: Value, free: Free | None = None) -> bool:
    """Whether the value has a fitting shape."""
    try:
        fitted(value, expected, free)
    except ValueError:
        return False
    return True


def without_unusable_values(
    assignment: Assignment, student: Observations, reference: Observations
) -> Observations:
    """The student's observations without values that no judge may use.

    Values whose name the reference lacks are dropped. Large values of a wrong shape are replaced by
    a message about their shape; smaller ones are kept for the diagnosis.
    """
    known = assignment.probes
    return student.replaced(
        Observations(
            student.seed,
            student.sandbox,
            {
                name: _without_unusable_values(student[name], reference[name], known[name].free)
                for name in student
                if name in reference.by_probe
            },
        )
    )


def _without_unusable_values(
    student: Observation, reference: Observation, free: Mapping[str, Free]
) -> Observation:
    values: dict[str, Value] = {}
    refused = {name: why for name, why in student.refused.items() if name in reference}
    for name, value in student.values.items():
        if name not in reference:
            continue
        try:
            fitted(value, reference[name], free.get(name))
        except ValueError as complaint:
            if np.size(value) > LARGEST_MISFIT:
                refused[name] = str(complaint)
                continue
        values[name] = value
    return Observation(student.probe, values, refused, student.ending)
