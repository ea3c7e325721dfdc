"""The words that hidden suites are written in: `check`, `close`, `unchanged`, `require`.

    @check("fc_backward", weight=2, announced="The gradients of ... the weights and the biases")
    def test_fc_backward_weight_gradient(fc_backward):
        close(fc_backward.student.dw, fc_backward.reference.dw, "the gradient of the weights")

A fixture stands for the probe of its name: what it was given, and what the student's library and
the reference's did with it. A failure says what came back, and by what order of magnitude it is
off: never what was expected, nor so much of it that the two together would say it.
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
"""Relative to the largest value. Correct work in float32 was seen to be off by at most 2.4e-7 on
single layers, and by 2e-6 on sums of 3,072 products; the mildest mistake we know by 1e-3."""

DEVIATIONS = 7.0
"""How many standard deviations chance may have: one in 10^11 gradings for each number."""


TRACE_LINES = 3
"""How many of the student's own lines an exception is told with, the innermost first."""

ONLY_IF_RIGHT = "counts only once the answer is right: "


class Failure(AssertionError):  # noqa: N818 - not an error of ours
    """A check that did not pass; the message is for the student."""


class ReferenceBroken(Exception):  # noqa: N818
    """The reference itself has no answer: the suite or the solution is wrong, not the student."""


class Refused:
    """A value that no check may look at: whatever is done with it fails, and says why.

    Not before it is used: the check knows better what to call it.
    """

    def __init__(self, name: str, reason: str) -> None:
        self._name, self._reason = name, reason

    def fail(self, what: str | None = None) -> NoReturn:
        joined = " " if self._reason.startswith(("has ", "is ")) else ": "
        raise Failure(f"{what or _readable(self._name)}{joined}{self._reason}")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # numpy asks for some that need not be there
            raise AttributeError(name)
        self.fail()


for _use in (
    *("array", "bool", "float", "int", "len", "iter", "getitem"),
    *("eq", "ne", "lt", "le", "gt", "ge"),
):
    setattr(Refused, f"__{_use}__", lambda self, *_, **__: self.fail())


class Claim:
    """What the student's library did in one probe, by name: what has the shape of the reference's.

    Asking for what is not there fails.
    """

    def __init__(self, probe: Probe, student: Observation, reference: Observation) -> None:
        self._probe, self._student, self._reference = probe, student, reference

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in self._reference:
            raise ReferenceBroken(_why_there_is_no(name, self._reference))
        if name in self._student.refused:
            return Refused(name, self._student.refused[name])
        if name not in self._student:
            raise Failure(_why_there_is_no(name, self._student))
        try:
            return fitted(self._student[name], self._reference[name], self._probe.free.get(name))
        except ValueError as complaint:
            return Refused(name, str(complaint))


class Answer:
    """What the solution did in one probe, by name."""

    def __init__(self, observation: Observation) -> None:
        self._observation = observation

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in self._observation:
            raise ReferenceBroken(_why_there_is_no(name, self._observation))
        return self._observation[name]


def _why_there_is_no(name: str, seen: Observation) -> str:
    if name in seen.refused:
        return f"{_readable(name)}: {seen.refused[name]}"
    if seen.ending.how == "finished":
        return f"{_readable(name)}: there is none"
    return how_it_ended(seen)


class Evidence:
    """A probe as a check sees it.

    Attributes:
        given: its inputs, drawn afresh on this side of the border.
        student: what the student's library answered (a claim).
        reference: what the solution answered.
    """

    def __init__(
        self, probe: Probe, seed: int, student: Observation, reference: Observation
    ) -> None:
        self._probe, self._seed, self._right = probe, seed, reference
        self.student = Claim(probe, student, reference)
        self.reference = Answer(reference)

    @property
    def given(self) -> SimpleNamespace:
        return _given(self._probe, self._seed)

    def of_reference(self) -> Evidence:
        """As it is where the reference itself is judged."""
        return Evidence(self._probe, self._seed, self._right, self._right)


@lru_cache(maxsize=256)
def _given(probe: Probe, seed: int) -> SimpleNamespace:
    """The same for a whole class, so no check may change it."""
    inputs = probe.inputs(key_of(seed))
    for value in inputs.values():
        if isinstance(value, np.ndarray):
            value.setflags(write=False)
    return SimpleNamespace(**inputs)


Check = Callable[..., None]


def check(
    section: str, *, weight: int = 1, announced: str, counts_with: tuple[str, ...] = ()
) -> Callable[[Check], Check]:
    """Makes a test a graded check.

    Args:
        section: the id of the section whose points it shares in ...
        weight: ... in proportion to this.
        announced: a phrase of the section's text in the notebook that says what is looked at.
        counts_with: names of other checks; when it passes, it counts by what those earn.

    The arguments are read from the source, too (`mark.manifest`): write them as literals.
    """
    import pytest

    mark: Callable[[Check], Check] = getattr(pytest.mark, section)
    return mark


def require(condition: Any, message: str) -> None:
    """Fails with the message unless the condition holds."""
    if not condition:
        raise Failure(message)


def close(actual: Any, expected: Any, what: str, tolerance: float = FLOAT32) -> None:
    """max |actual - expected| <= tolerance * max |expected|, for finite arrays of one shape."""
    expected = np.asarray(expected, dtype=float)
    actual = numbers(actual, what, expected.shape)
    _require_finite(actual, what)
    size = np.max(np.abs(expected), initial=0.0) or 1.0
    with np.errstate(invalid="ignore"):  # a misconception that it is compared with may overflow
        error = np.abs(actual - expected) / size
    off = ~(error <= tolerance)  # what cannot be compared is off
    if off.any():
        raise Failure(
            f"{what} is off by {_magnitude(error.max())} of the largest value "
            f"(tolerance {tolerance:.0e}){_where(off, actual)}"
        )


def unchanged(after: Any, before: Any, what: str) -> None:
    """Exactly the array that was given."""
    before = np.asarray(before, dtype=float)
    after = numbers(after, f"{what} was changed: it now", before.shape)
    changed = ~(after == before)
    if changed.any():
        raise Failure(f"{what} was changed in place" + _where(changed, after))


def numbers(value: Any, what: str, shape: tuple[int, ...] | None = None) -> np.ndarray:
    """The value as floats, once it is known to have that shape, if any is asked for."""
    if isinstance(value, Refused):
        value.fail(what)
    if isinstance(value, str):
        raise Failure(f"{what} is no array of numbers")
    value = np.asarray(value)
    if shape is not None:
        try:
            value = fitted(value, np.broadcast_to(0.0, shape))
        except ValueError as complaint:
            raise Failure(f"{what} {complaint}") from None
    floats: np.ndarray = value.astype(float, copy=False)
    return floats


def differ(one: Any, other: Any, message: str) -> None:
    """Fails with the message when two arrays are the same."""
    require(not np.array_equal(one, other), message)


def provided(*attempts: Callable[[], None]) -> None:
    """Makes a property count only where the answer itself is right.

    Otherwise doing nothing would be worth something: it keeps every input as it was.
    """
    for attempt in attempts:
        try:
            attempt()
        except Failure as complaint:
            said = str(complaint).removeprefix(ONLY_IF_RIGHT)
            raise Failure(ONLY_IF_RIGHT + said) from None


def either(*attempts: Callable[[], None]) -> None:
    """Passes when one of several right answers fits; the first one's complaint otherwise."""
    complaints = []
    for attempt in attempts:
        try:
            return attempt()
        except Failure as complaint:
            complaints.append(complaint)
    raise complaints[0]


def _require_finite(actual: np.ndarray, what: str) -> None:
    strange = ~np.isfinite(actual)
    if strange.any():
        kind = "NaN" if np.isnan(actual).any() else "infinite"
        raise Failure(f"{what} is {kind}" + _where(strange))


def _magnitude(error: float) -> str:
    """A relative error to the power of ten below it: its digits and a value that the student chose
    would give the expected value. Powers alone leave it ten times as wide as it was known before.
    """
    if not np.isfinite(error):
        return "more than can be told"
    return f"more than {10.0 ** math.floor(math.log10(error)):.0e}"


def _where(off: np.ndarray, actual: np.ndarray | None = None) -> str:
    """About how many places are off, where the first is, and what stands there."""
    if off.ndim == 0:
        return "" if actual is None else f"; yours is {actual:.6g}"
    first = tuple(int(i) for i in np.argwhere(off)[0])
    place = f", in {_how_many(int(np.count_nonzero(off)), off.size)} places, first at {list(first)}"
    return place if actual is None else f"{place}, where yours is {actual[first]:.6g}"


def _how_many(count: int, size: int) -> str:
    """In words: a number would say of an array of guesses how many of them are right."""
    if count == size:
        return f"all {size}"
    if count == 1:
        return f"one of {size}"
    return f"most of {size}" if 2 * count > size else f"some of {size}"


def how_it_ended(observation: Observation) -> str:
    """A sentence on why a probe has no (further) answer."""
    ending = observation.ending
    if ending.raised is not None:
        return _what_was_raised(ending.raised)
    if ending.how == "timed out":
        return f"timed out: {ending.text} (an endless loop, or Python loops over every element?)"
    return ending.text or "the code ended before it came to this"


def _what_was_raised(raised: Raised) -> str:
    said = f": {raised.message}" if raised.message else ""
    lines = [_line(line) for line in raised.trace[: -TRACE_LINES - 1 : -1]]
    where = f" ({'; called from '.join(lines)})" if lines else ""
    if raised.importing:
        return f"{raised.importing} could not be imported: {raised.type}{said}{where}"
    return f"raised {raised.type}{said}{where}"


def _line(trace: TraceLine) -> str:
    inside = f", in {trace.function}" if trace.function not in ("", "<module>") else ""
    source = f": {trace.source}" if trace.source else ""
    return f"{trace.file}, line {trace.line}{inside}{source}"


def _readable(name: str) -> str:
    return name.replace("_", " ")
