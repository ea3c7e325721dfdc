"""The functions that hidden suites use: `check`, `close`, `unchanged`, `require` and others.

    @check("fc_backward", weight=2, announced="The gradients of ... the weights and the biases")
    def test_fc_backward_weight_gradient(fc_backward):
        close(fc_backward.student.dw, fc_backward.reference.dw, "the gradient of the weights")

A check's argument has the name of a probe. It holds the probe's inputs and what the student's and
the reference's library returned for them. A failure message shows the student's value and the order
of magnitude of its error. It never shows the expected value, and never enough to calculate it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, NoReturn

import numpy as np

from autograder.assignment.probe import Probe
from autograder.observation.observe import Observation
from autograder.observation.shapes import fitted
from autograder.sandbox.protocol import Raised, TraceLine
from autograder.seeds import key_of

FLOAT32 = 1e-5
"""The tolerance relative to the largest value. Measured errors of correct float32 work are at most
2.4e-7 on single layers and 2e-6 on sums of 3,072 products. The smallest error of a known mistake is
1e-3."""

DEVIATIONS = 7.0
"""Tolerated standard deviations of random values. Correct work exceeds them once in 10^11 gradings,
for each number."""


TRACE_LINES = 3
"""How many lines of the student's traceback a message shows, innermost first."""

ONLY_IF_RIGHT = "not counted until the answer is right: "


class Failure(AssertionError):  # noqa: N818 - not a grader error
    """A check failed; the message is for the student."""


class ReferenceBroken(Exception):  # noqa: N818
    """The reference lacks a value: the fault is in the suite or the solution, not the student's."""


class Refused:
    """A value that checks must not use: every operation on it fails with the reason.

    The failure is delayed until the value is used, because the check has a better name for it.
    """

    def __init__(self, name: str, reason: str) -> None:
        self._name, self._reason = name, reason

    def fail(self, what: str | None = None) -> NoReturn:
        joined = " " if self._reason.startswith(("has ", "is ")) else ": "
        raise Failure(f"{what or _readable(self._name)}{joined}{self._reason}")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # numpy probes for optional special attributes
            raise AttributeError(name)
        self.fail()


for _use in (
    *("array", "bool", "float", "int", "len", "iter", "getitem"),
    *("eq", "ne", "lt", "le", "gt", "ge"),
):
    setattr(Refused, f"__{_use}__", lambda self, *_, **__: self.fail())


class StudentValues:
    """The values that the student's library returned in one probe, as attributes.

    A missing value raises Failure when it is accessed. A value of a wrong shape is a `Refused`.
    """

    def __init__(self, probe: Probe, student: Observation, reference: Observation) -> None:
        self._probe, self._student, self._reference = probe, student, reference

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in self._reference:
            raise ReferenceBroken(_why_missing(name, self._reference))
        if name in self._student.refused:
            return Refused(name, self._student.refused[name])
        if name not in self._student:
            raise Failure(_why_missing(name, self._student))
        try:
            return fitted(self._student[name], self._reference[name], self._probe.free.get(name))
        except ValueError as complaint:
            return Refused(name, str(complaint))


class ReferenceValues:
    """The values that the solution returned in one probe, as attributes."""

    def __init__(self, observation: Observation) -> None:
        self._observation = observation

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in self._observation:
            raise ReferenceBroken(_why_missing(name, self._observation))
        return self._observation[name]


def _why_missing(name: str, observation: Observation) -> str:
    if name in observation.refused:
        return f"{_readable(name)}: {observation.refused[name]}"
    if observation.ending.how == "finished":
        return f"{_readable(name)} is missing"
    return how_it_ended(observation)


class Evidence:
    """A probe as a check sees it.

    Attributes:
        given: the probe's inputs, drawn again outside the sandbox.
        student: the values from the student's library, which are untrusted.
        reference: the values from the solution.
    """

    def __init__(
        self, probe: Probe, seed: int, student: Observation, reference: Observation
    ) -> None:
        self._probe, self._seed, self._observed_reference = probe, seed, reference
        self.student = StudentValues(probe, student, reference)
        self.reference = ReferenceValues(reference)

    @property
    def given(self) -> SimpleNamespace:
        return _given(self._probe, self._seed)

    def of_reference(self) -> Evidence:
        """The same evidence with the reference in the student's place."""
        reference = self._observed_reference
        return Evidence(self._probe, self._seed, reference, reference)


@lru_cache(maxsize=256)
def _given(probe: Probe, seed: int) -> SimpleNamespace:
    """The inputs of a probe. They are shared by a whole class, so arrays are read-only."""
    inputs = probe.inputs(key_of(seed))
    for value in inputs.values():
        if isinstance(value, np.ndarray):
            value.setflags(write=False)
    return SimpleNamespace(**inputs)


Check = Callable[..., None]


def check(
    section: str, *, weight: int = 1, announced: str, scaled_by: tuple[str, ...] = ()
) -> Callable[[Check], Check]:
    """Turns a test into a graded check.

    Args:
        section: the id of its section.
        weight: its share of the section's points, relative to the other checks' weights.
        announced: a phrase from the section's text in the notebook that announces this check.
        scaled_by: names of other checks. If this check passes, it earns the share of its weight
            that those checks earn of theirs.

    The arguments must be literals, because `suites.all_checks` reads them from the source.
    """
    import pytest

    mark: Callable[[Check], Check] = getattr(pytest.mark, section)
    return mark


def require(condition: Any, message: str) -> None:
    """Fails with the message unless the condition holds."""
    if not condition:
        raise Failure(message)


def close(actual: Any, expected: Any, what: str, tolerance: float = FLOAT32) -> None:
    """Requires max |actual - expected| <= tolerance * max |expected|, with equal shapes.

    All values of `actual` must be finite. If `expected` is 0 everywhere, its maximum counts as 1.
    """
    expected = np.asarray(expected, dtype=float)
    actual = numbers(actual, what, expected.shape)
    _require_finite(actual, what)
    size = np.max(np.abs(expected), initial=0.0) or 1.0
    with np.errstate(invalid="ignore"):  # the error may overflow
        error = np.abs(actual - expected) / size
    off = ~(error <= tolerance)  # NaN counts as off
    if off.any():
        raise Failure(
            f"{what} is off by {_magnitude(error.max())} of the largest value "
            f"(tolerance {tolerance:.0e}){_where(off, actual)}"
        )


def unchanged(after: Any, before: Any, what: str) -> None:
    """Requires the array to equal its value before the call exactly."""
    before = np.asarray(before, dtype=float)
    after = numbers(after, f"{what} was changed in place: now it", before.shape)
    changed = ~(after == before)
    if changed.any():
        raise Failure(f"{what} was changed in place" + _where(changed, after))


def numbers(value: Any, what: str, shape: tuple[int, ...] | None = None) -> np.ndarray:
    """The value as a float array.

    Raises:
        Failure: it is not an array of numbers, or does not have the shape, if one is given.
    """
    if isinstance(value, Refused):
        value.fail(what)
    if isinstance(value, str):
        raise Failure(f"{what} is not an array of numbers")
    value = np.asarray(value)
    if shape is not None:
        try:
            value = fitted(value, np.broadcast_to(0.0, shape))
        except ValueError as complaint:
            raise Failure(f"{what} {complaint}") from None
    floats: np.ndarray = value.astype(float, copy=False)
    return floats


def require_different(one: Any, other: Any, message: str) -> None:
    """Fails with the message if two arrays are equal."""
    require(not np.array_equal(one, other), message)


def require_first(*attempts: Callable[[], None]) -> None:
    """Requires that the answer is right before a property of it counts.

    Otherwise a function that does nothing would earn points, for example for leaving its input
    unchanged.
    """
    for attempt in attempts:
        try:
            attempt()
        except Failure as complaint:
            message = str(complaint).removeprefix(ONLY_IF_RIGHT)
            raise Failure(ONLY_IF_RIGHT + message) from None


def either(*attempts: Callable[[], None]) -> None:
    """Passes if one of the attempts passes; otherwise raises the first attempt's failure."""
    complaints = []
    for attempt in attempts:
        try:
            return attempt()
        except Failure as complaint:
            complaints.append(complaint)
    raise complaints[0]


def _require_finite(actual: np.ndarray, what: str) -> None:
    not_finite = ~np.isfinite(actual)
    if not_finite.any():
        kind = "NaN" if np.isnan(actual).any() else "infinite"
        raise Failure(f"{what} is {kind}" + _where(not_finite))


def _magnitude(error: float) -> str:
    """A relative error, rounded down to a power of ten.

    With all digits of the error, students could calculate the expected value from a value that they
    chose. A power of ten narrows it down to a range no finer than a factor of ten.
    """
    if not np.isfinite(error):
        return "an infinite multiple"
    return f"more than {10.0 ** math.floor(math.log10(error)):.0e}"


def _where(off: np.ndarray, actual: np.ndarray | None = None) -> str:
    """Roughly how many elements are off, the index of the first, and the student's value there."""
    if off.ndim == 0:
        return "" if actual is None else f"; yours is {actual:.6g}"
    first = tuple(int(i) for i in np.argwhere(off)[0])
    count = _rough_count(int(np.count_nonzero(off)), off.size)
    place = f", in {count} places, first at {list(first)}"
    return place if actual is None else f"{place}, where yours is {actual[first]:.6g}"


def _rough_count(count: int, size: int) -> str:
    """In words: an exact number would tell a student who guesses values how many are right."""
    if count == size:
        return f"all {size}"
    if count == 1:
        return f"one of {size}"
    return f"most of {size}" if 2 * count > size else f"some of {size}"


def how_it_ended(observation: Observation) -> str:
    """A message that explains why a probe returned no value, or no further ones."""
    ending = observation.ending
    if ending.raised is not None:
        return _what_was_raised(ending.raised)
    if ending.how == "timed out":
        return f"timed out: {ending.text} (an endless loop, or Python loops over every element?)"
    return ending.text or "the code ended before this step"


def _what_was_raised(raised: Raised) -> str:
    message = f": {raised.message}" if raised.message else ""
    lines = [_line(line) for line in raised.trace[: -TRACE_LINES - 1 : -1]]
    where = f" ({'; called from '.join(lines)})" if lines else ""
    if raised.importing:
        return f"{raised.importing} could not be imported: {raised.type}{message}{where}"
    return f"raised {raised.type}{message}{where}"


def _line(trace: TraceLine) -> str:
    inside = f", in {trace.function}" if trace.function not in ("", "<module>") else ""
    source = f": {trace.source}" if trace.source else ""
    return f"{trace.file}, line {trace.line}{inside}{source}"


def _readable(name: str) -> str:
    return name.replace("_", " ")
