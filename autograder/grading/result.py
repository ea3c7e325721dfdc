"""What becomes of a submission: a Grade, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from autograder.judgement.checks import ONLY_IF_RIGHT

SCHEMA = 1
FOR_A_PERSON = "for_a_person"
"""The name of a hint that is not about a misconception: no check can judge what was done here."""


@dataclass(frozen=True)
class Test:
    """One check of a section: passed, or failed with a message for the student."""

    __test__ = False  # a result, whatever its name makes pytest think

    name: str
    passed: bool
    message: str

    @property
    def said(self) -> str:
        """The message, without what every property of a wrong answer begins with."""
        return self.message.removeprefix(ONLY_IF_RIGHT)

    def words(self, section: str) -> str:
        """What it looks at, in words; "result" for the section as a whole."""
        return self.name.removeprefix(section).strip("_").replace("_", " ") or "result"


@dataclass(frozen=True)
class Hint:
    """A misconception that a section shows, and what to look at."""

    misconception: str
    text: str


@dataclass(frozen=True)
class SectionGrade:
    """What became of a section.

    Attributes:
        score: None when it was not judged.
    """

    id: str
    title: str
    score: float | None
    max_score: float
    tests: tuple[Test, ...]
    hints: tuple[Hint, ...] = ()

    @property
    def failed(self) -> Mapping[str, tuple[str, ...]]:
        """By what was said, the checks that failed, in words: one exception fails many of them."""
        found: dict[str, tuple[str, ...]] = {}
        for test in self.tests:
            if not test.passed:
                found[test.said] = (*found.get(test.said, ()), test.words(self.id))
        return found

    @property
    def awaits_a_person(self) -> bool:
        """Whether somebody should look at it, and may give points by hand; a hint says why."""
        return any(hint.misconception == FOR_A_PERSON for hint in self.hints)


@dataclass(frozen=True)
class Grade:
    """All that is to be said of one submission. A function of (submission, suite, seed, data).

    Attributes:
        schema: version of this format.
        submission: its name.
        score, max_score: of the automatic points, over the sections that were judged.
        seed: of the random inputs; grading again with it gives the same Grade.
        suite: hash of all that decides a verdict.
        training: "full", "short" or "off".
        data: what was trained on; None when nothing was.
        sandbox: the backend's name.
        elapsed_s: seconds of wall time: the only field that differs between two runs.
        errors: what is to be said of the submission as a whole, in sentences: what is missing or
            could not be read, that it was graded as work of another year, and what has changed in
            the assignment since the version that it says it was made from.
    """

    schema: int
    submission: str
    assignment: str
    score: float
    max_score: float
    seed: int
    suite: str
    training: str
    data: str | None
    versions: Mapping[str, str]
    sandbox: str
    elapsed_s: float
    sections: tuple[SectionGrade, ...]
    errors: tuple[str, ...]
