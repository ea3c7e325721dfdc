"""A Grade as Gradescope's results.json: a test for each section, with its number and its hints."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from autograder.gradescope.container.results_file import STAFF_ONLY, text
from autograder.gradescope.settings import Visibility
from autograder.grading.result import Grade, SectionGrade

NOT_JUDGED = "This section was not judged here, so its points are not in the total."


def results_of(
    grade: Grade, visibility: Visibility = "visible", points: float | None = None
) -> dict[str, Any]:
    """The content of results.json.

    Args:
        grade: the Grade.
        visibility: when students see the sections. Until then they do not see their total either.
        points: all points in the gradebook, if they are known; they include points given by hand
            and the penalty for late work.
    """
    tests = [_test(number, section) for number, section in enumerate(grade.sections, 1)]
    total = grade.score if points is None else points
    if total != grade.score:
        tests.append(
            {
                "name": "Points given by hand, extra credit and lateness",
                "score": round(total - grade.score, 6),
            }
        )
    return {
        "score": total,
        "output": text("\n".join(_summary(grade))),
        "output_format": "text",
        "stdout_visibility": STAFF_ONLY,
        "visibility": visibility,
        "execution_time": round(grade.elapsed_s, 1),
        "tests": tests,
        "extra_data": {
            "judged": True,
            "suite": grade.suite,
            "training": grade.training,
            "sandbox": grade.sandbox,
            "versions": dict(grade.versions),
        },
    }


def _summary(grade: Grade) -> Iterator[str]:
    """What holds for the whole submission; it has no points, because students always see it."""
    yield from grade.errors
    open_sections = [section.title for section in grade.sections if section.score is None]
    if open_sections:
        yield f"Not judged here: {', '.join(open_sections)}."


def _test(number: int, section: SectionGrade) -> dict[str, Any]:
    lines = [hint.text for hint in section.hints]
    lines += [f"{', '.join(checks)}: {reason}" for reason, checks in section.failed.items()]
    test = {"name": section.title, "number": str(number)}
    if section.score is None:
        return {**test, "output": text("\n".join([NOT_JUDGED, *lines]))}
    return {
        **test,
        "score": section.score,
        "max_score": section.max_score,
        "status": "passed" if section.score == section.max_score else "failed",
        "output": text("\n".join(lines)),
        "extra_data": {"section": section.id},
    }
