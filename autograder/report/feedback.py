"""Turns a Grade into the student's feedback page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from autograder.assignment import Assignment
from autograder.grading.result import Grade, SectionGrade
from autograder.report.charts import curve
from autograder.report.pages import page


@dataclass(frozen=True)
class Shown:
    """A section as the page shows it.

    Attributes:
        grade: the section's part of the Grade.
        state: "right", "part", "wrong" or "unjudged"; it decides the colour and the symbol.
        words: the text beside the points in the overview.
        failed: each message, and the names of the checks that failed with it.
        passed: the names of the checks that passed.
        excused: the names of the checks that fail because of an earlier mistake and cost no points.
        by_hand: the points that a person gives.
    """

    grade: SectionGrade
    state: str
    words: str
    failed: tuple[tuple[str, str], ...]
    passed: tuple[str, ...]
    excused: tuple[str, ...]
    by_hand: int


def feedback(
    assignment: Assignment, grade: Grade, accuracies: Sequence[float] = (), late_s: float = 0.0
) -> str:
    """One self-contained HTML page.

    Args:
        assignment: what was graded.
        grade: the result.
        accuracies: the accuracy after each epoch of the training, if there was one.
        late_s: by how many seconds the work was late; infinite if a platform's mark is all that is
            known.
    """
    sections = [_shown(assignment, section) for section in grade.sections]
    plan = assignment.training
    mode = None if plan is None else plan.modes.get(grade.training)
    target = None if mode is None else mode.target
    return page(
        "feedback.html",
        title=assignment.title,
        grade=grade,
        sections=sections,
        by_hand=sum(section.by_hand for section in sections),
        total=assignment.total,
        unjudged=sum(s.grade.max_score for s in sections if s.grade.score is None),
        curve=curve(accuracies, target) if len(accuracies) > 1 and target else None,
        trained=None if plan is None else plan.section,
        target=target,
        late=_late(late_s) if late_s else None,
    )


def _shown(assignment: Assignment, section: SectionGrade) -> Shown:
    failed = section.failed
    earned = [test for test in section.tests if test.passed]
    passed, excused = (
        tuple(test.label(section.id) for test in earned if bool(test.message) == excused)
        for excused in (False, True)
    )
    rubric = assignment.by_id.get(section.id)
    by_hand = rubric.points - rubric.auto if rubric else 0
    state, words = _state(section, sum(map(len, failed.values())))
    return Shown(
        section,
        state,
        words,
        tuple((message, ", ".join(names)) for message, names in failed.items()),
        passed,
        excused,
        by_hand,
    )


def _state(section: SectionGrade, failed: int) -> tuple[str, str]:
    if section.score is None:
        return "unjudged", "not judged yet"
    checks = f"{failed} of {len(section.tests)} checks failed"
    if section.score == section.max_score:
        return "right", "all points" if not failed else checks
    return ("part" if section.score else "wrong"), checks


def _late(seconds: float) -> str:
    if math.isinf(seconds):
        return "according to the learning platform"
    return f"by {duration(seconds)}"


def duration(seconds: float) -> str:
    """How long, in words."""
    for name, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= length:
            count = round(seconds / length)
            return f"{count} {name}{'s' if count > 1 else ''}"
    return "less than a minute"
