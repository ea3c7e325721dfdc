"""A class of Grades, reduced to what the report needs: plain data for each student."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from autograder.grading.result import BENEATH, FOR_A_PERSON, Grade, Hint

MANY, MANY_CHECKS = 10, "many checks at once"


@dataclass(frozen=True)
class Row:
    """What the report needs to know about one student.

    Attributes:
        sections: score (None if not judged) and maximum, by section id.
        failures: the message of each failed check, by name.
        hints: the hint for each misconception found, by name.
        accuracy: the best accuracy of the replayed training; None without one.
        late_s: by how many seconds the submission was late; None if there is a due date and
            the time is unknown; infinite if all that is known is a platform's mark.
        elapsed_s: how many seconds the grading took.
    """

    student: str
    score: float
    max_score: float
    sections: Mapping[str, tuple[float | None, float]]
    failures: Mapping[str, str]
    hints: Mapping[str, str]
    accuracy: float | None
    late_s: float | None
    elapsed_s: float
    training: str
    errors: tuple[str, ...]

    @classmethod
    def of(cls, student: str, grade: Grade, curve: Sequence[float], late_s: float | None) -> Row:
        tests = [test for section in grade.sections for test in section.tests]
        hints = [hint for section in grade.sections for hint in section.hints]
        return cls(
            student,
            grade.score,
            grade.max_score,
            {s.id: (s.score, s.max_score) for s in grade.sections},
            _by_cause({t.name: t.reason for t in tests if not t.passed}),
            # a mistake is named again where it shows again: the first text is the hint itself
            {h.misconception: h.text for h in reversed(hints) if _is_a_cause(h)},
            max(curve) if curve else None,
            late_s,
            grade.elapsed_s,
            grade.training,
            grade.errors,
        )


def _is_a_cause(hint: Hint) -> bool:
    kind = hint.misconception
    return kind != FOR_A_PERSON and not kind.endswith(f"_symptom_{BENEATH}")


def _by_cause(failures: Mapping[str, str]) -> Mapping[str, str]:
    """Count many failures with the same message as one, such as a library that does not import."""
    count = Counter(failures.values())
    return {
        MANY_CHECKS if count[message] >= MANY else name: message
        for name, message in failures.items()
    }


@dataclass(frozen=True)
class Class:
    """A graded class.

    Attributes:
        rows: one per Grade.
        set_aside: the name of each submission without a Grade, and the reason.
        corrected: whether the class was graded again with different suites.
    """

    rows: tuple[Row, ...]
    set_aside: tuple[tuple[str, str], ...]
    corrected: bool = False
