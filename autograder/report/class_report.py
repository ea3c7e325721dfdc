"""Turns the Grades of a class into the instructor's page and a table for spreadsheets."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import StatisticsError, correlation, mean, median

from markupsafe import Markup

from autograder.assignment import Assignment
from autograder.report.charts import histogram
from autograder.report.graded_class import Class, Row
from autograder.report.pages import page
from autograder.report.students import CAUSE, CHECK, SECTION, students
from autograder.report.tables import table

MOST_FAILURES, MOST_SET_ASIDE, SLOWEST = 15, 30, 5
"""How many the page names; the table of students has all."""
PART = 50
"""Lines that a browser lays out together: with 50 of 10,000, it sorts and searches fastest."""
UNKNOWN = "unknown"
"""In place of the seconds by which work was late: it may not pass for on time."""
LATE = "late"
"""In place of the seconds where a platform's mark is all that is known."""


@dataclass(frozen=True)
class SectionFigures:
    """Statistics of a section.

    Attributes:
        share: the mean score, as a share of the maximum.
        failing: the share of students without full points.
        discrimination: correlation of the section's points with the points of all other sections;
            None if it is undefined.
    """

    id: str
    max_score: float
    share: float
    failing: float
    discrimination: float | None


@dataclass(frozen=True)
class Failure:
    """A failed check or a misconception: how many students have it, and one example message."""

    name: str
    students: int
    share: float
    example: str


def page_of(assignment: Assignment, class_: Class) -> str:
    """One self-contained HTML page."""
    rows = class_.rows
    scores = [row.score for row in rows]
    most = max((row.max_score for row in rows), default=0.0)
    accuracies = [row.accuracy for row in rows if row.accuracy is not None]
    modes = assignment.training.modes if assignment.training else {}
    target = modes[rows[0].training].target if rows and rows[0].training in modes else None
    return page(
        "class.html",
        script="students.js",
        title=assignment.title,
        rows=rows,
        students=students(assignment, class_),
        PART=PART,
        filters={"section": SECTION, "cause": CAUSE, "check": CHECK},
        set_aside=class_.set_aside,
        most_set_aside=MOST_SET_ASIDE,
        corrected=class_.corrected,
        most=most,
        mean=mean(scores) if scores else 0.0,
        median=median(scores) if scores else 0.0,
        distribution=_distribution(scores, most),
        sections=section_figures(rows),
        failures=most_common(rows, lambda row: row.failures),
        hints=most_common(rows, lambda row: row.hints),
        accuracies=accuracies,
        target=target,
        training=_accuracies(accuracies, target),
        slowest=sorted(rows, key=lambda row: (-row.elapsed_s, row.student))[:SLOWEST],
        late=[row for row in rows if row.late_s],
        time_unknown=[row for row in rows if row.late_s is None],
        section_of=assignment.section_of,
    )


def _distribution(scores: Sequence[float], most: float) -> Markup | None:
    if not scores or not most:
        return None
    width = 2 if most <= 40 else 5
    edges = [*range(0, int(most), width), int(most)]
    return histogram(scores, edges, "Points", "points", None)


def _accuracies(accuracies: Sequence[float], target: float | None) -> Markup | None:
    if not accuracies or target is None:
        return None
    edges = [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100]
    percent = [100 * accuracy for accuracy in accuracies]
    return histogram(percent, edges, "Accuracies", "validation accuracy, %", 100 * target)


def section_figures(rows: Sequence[Row]) -> list[SectionFigures]:
    """The statistics of every section that was judged."""
    by_section: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    for row in rows:
        for name, (score, most) in row.sections.items():
            if score is not None:
                by_section[name].append((score, most, row.score - score))
    return [
        SectionFigures(
            name,
            found[0][1],
            mean(score / most for score, most, _ in found),
            mean(score < most for score, most, _ in found),
            _correlation([score for score, _, _ in found], [rest for _, _, rest in found]),
        )
        for name, found in by_section.items()
    ]


def _correlation(scores: Sequence[float], others: Sequence[float]) -> float | None:
    try:
        return correlation(scores, others)
    except StatisticsError:  # fewer than two values, or all equal
        return None


def most_common(rows: Sequence[Row], of: Callable[[Row], Mapping[str, str]]) -> list[Failure]:
    """The most common failures or hints, the most common first."""
    students: dict[str, int] = defaultdict(int)
    example: dict[str, str] = {}
    for row in rows:
        for name, message in of(row).items():
            students[name] += 1
            example.setdefault(name, message)
    ordered = sorted(students, key=lambda name: (-students[name], name))
    return [
        Failure(name, students[name], students[name] / len(rows), example[name])
        for name in ordered[:MOST_FAILURES]
    ]


def _seconds_late(late_s: float | None) -> str | int:
    if late_s is None:
        return UNKNOWN
    return LATE if math.isinf(late_s) else int(late_s)


def csv_of(class_: Class) -> str:
    """A CSV table with one line per student."""
    sections = list(class_.rows[0].sections) if class_.rows else []
    names = ["student", "score", "max_score", *sections, "accuracy", "seconds_late", "remarks"]
    lines: list[Sequence[object]] = [names]
    for row in class_.rows:
        scores = [row.sections[name][0] for name in sections]
        late = _seconds_late(row.late_s)
        remarks = " / ".join(row.errors)
        lines.append([row.student, row.score, row.max_score, *scores, row.accuracy, late, remarks])
    blanks = [None] * (len(sections) + 4)
    lines += [[student, *blanks, f"set aside: {why}"] for student, why in class_.set_aside]
    return table(lines)
