"""The Grades of a class -> the instructor's page, and a table for a spreadsheet."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import StatisticsError, correlation, mean, median
from urllib.parse import quote

from markupsafe import Markup

from autograder.assignment import Assignment
from autograder.grading.result import Grade
from autograder.report.charts import histogram
from autograder.report.pages import page
from autograder.report.tables import table

MOST_FAILURES = 15
MANY, MANY_CHECKS = 10, "many checks at once"
SLOWEST = 5
UNKNOWN = "unknown"
"""In place of the seconds by which work was late: it may not pass for on time."""


@dataclass(frozen=True)
class Row:
    """What the report needs of one student.

    Attributes:
        sections: score (None when not judged) and maximum by section id.
        failures: names of the checks that failed, with what was said.
        hints: misconceptions that were named.
        accuracy: the best of the replay of what was chosen; None without one.
        late_s: seconds; None where it was due and nobody knows when it was handed in.
        elapsed_s: seconds.
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
            _by_cause({t.name: t.said for t in tests if not t.passed}),
            {hint.misconception: hint.text for hint in hints},
            max(curve) if curve else None,
            late_s,
            grade.elapsed_s,
            grade.training,
            grade.errors,
        )


def _by_cause(failures: Mapping[str, str]) -> Mapping[str, str]:
    """One failure where one message fails many checks: a library that does not import is one."""
    count = Counter(failures.values())
    return {
        MANY_CHECKS if count[message] >= MANY else name: message
        for name, message in failures.items()
    }


@dataclass(frozen=True)
class Class:
    """A graded class.

    Attributes:
        rows: one for every Grade.
        set_aside: who has none, and why.
        corrected: whether it was graded again, with other suites.
    """

    rows: tuple[Row, ...]
    set_aside: tuple[tuple[str, str], ...]
    corrected: bool = False


@dataclass(frozen=True)
class SectionFigures:
    """How a class did in a section.

    Attributes:
        share: mean of the points, of those that could be had.
        failing: share of the students without all points.
        discrimination: correlation of the section's points with those of all others; None where
            all students have the same.
    """

    id: str
    max_score: float
    share: float
    failing: float
    discrimination: float | None


@dataclass(frozen=True)
class Failure:
    """A check, or a misconception, with how many students show it and one example of the words."""

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
        title=assignment.title,
        rows=sorted(rows, key=lambda row: (-row.score, row.student)),
        set_aside=class_.set_aside,
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
        link=partial(_link, assignment),
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
    """Figures of every section that was judged."""
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
    except StatisticsError:  # fewer than two, or all the same
        return None


def most_common(rows: Sequence[Row], of: Callable[[Row], Mapping[str, str]]) -> list[Failure]:
    """What most students show, the commonest first."""
    students: dict[str, int] = defaultdict(int)
    example: dict[str, str] = {}
    for row in rows:
        for name, said in of(row).items():
            students[name] += 1
            example.setdefault(name, said)
    ordered = sorted(students, key=lambda name: (-students[name], name))
    return [
        Failure(name, students[name], students[name] / len(rows), example[name])
        for name in ordered[:MOST_FAILURES]
    ]


def _link(assignment: Assignment, student: str) -> str:
    """The student's page, as seen from the report."""
    page = Path(assignment.notebook).with_suffix(".html")
    return f"../feedback/{quote(student, safe='')}/{assignment.id}/{quote(page.name)}"


def csv_of(class_: Class) -> str:
    """A line for each student."""
    sections = list(class_.rows[0].sections) if class_.rows else []
    names = ["student", "score", "max_score", *sections, "accuracy", "seconds_late", "remarks"]
    lines: list[Sequence[object]] = [names]
    for row in class_.rows:
        scores = [row.sections[name][0] for name in sections]
        late = UNKNOWN if row.late_s is None else int(row.late_s)
        remarks = " / ".join(row.errors)
        lines.append([row.student, row.score, row.max_score, *scores, row.accuracy, late, remarks])
    blanks = [None] * (len(sections) + 4)
    lines += [[student, *blanks, f"set aside: {why}"] for student, why in class_.set_aside]
    return table(lines)
