"""The result of grading a submission: a Grade, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from autograder.judgement.checks import ONLY_IF_RIGHT

SCHEMA = 1
BENEATH = "beneath"
"""The kind of a symptom that only points to an earlier section."""
FOR_A_PERSON = "for_a_person"
"""The `misconception` of a hint that asks for manual review: no check can judge the work."""


@dataclass(frozen=True)
class Test:
    """One check of a section: passed, or failed with a message for the student."""

    __test__ = False  # the name must not make pytest collect it

    name: str
    passed: bool
    message: str

    @property
    def reason(self) -> str:
        """The message without the prefix ONLY_IF_RIGHT."""
        return self.message.removeprefix(ONLY_IF_RIGHT)

    def label(self, section: str) -> str:
        """The check's name as words, without the section; "result" for the section as a whole."""
        return self.name.removeprefix(section).strip("_").replace("_", " ") or "result"


@dataclass(frozen=True)
class Hint:
    """A misconception found in a section, and a hint for the student."""

    misconception: str
    text: str


@dataclass(frozen=True)
class SectionGrade:
    """The result of a section.

    Attributes:
        score: None if the section was not judged.
    """

    id: str
    title: str
    score: float | None
    max_score: float
    tests: tuple[Test, ...]
    hints: tuple[Hint, ...] = ()

    @property
    def failed(self) -> Mapping[str, tuple[str, ...]]:
        """The failed checks in words, grouped by message, since one exception fails many checks."""
        by_message: dict[str, tuple[str, ...]] = {}
        for test in self.tests:
            if not test.passed:
                by_message[test.reason] = (*by_message.get(test.reason, ()), test.label(self.id))
        return by_message

    @property
    def awaits_a_person(self) -> bool:
        """Whether the section needs a manual review; a hint says why."""
        return any(hint.misconception == FOR_A_PERSON for hint in self.hints)


@dataclass(frozen=True)
class Grade:
    """The complete result of one submission: a function of (submission, suite, seed, data).

    Attributes:
        schema: the version of this format.
        submission: the submission's name.
        score, max_score: automatic points, over the sections that were judged.
        seed: the seed of the random inputs; grading again with it gives the same Grade.
        suite: a hash of everything that affects a Grade.
        training: the training mode, such as "full", "short" or "off".
        data: a description of the training data; None without a training.
        sandbox: the backend's name.
        elapsed_s: wall-clock seconds: the only field that differs between two runs.
        errors: sentences about the submission as a whole: what is missing or could not be read,
            whether it was graded as work of an earlier year, and what has changed in the assignment
            since the version that it claims to be made from.
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
