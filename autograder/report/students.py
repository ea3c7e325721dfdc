"""The class report's table of students: a line for each, and what they can be filtered by."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import quote

from markupsafe import Markup

from autograder.assignment import Assignment
from autograder.report.feedback import duration
from autograder.report.graded_class import Class, Row

NONE = Markup("–")
STATE, SECTION, CAUSE, CHECK = "State", "Below full points in", "Cause", "Failed check"
FILTERS = (STATE, SECTION, CAUSE, CHECK)
TRAIT_OF_SET_ASIDE = (STATE, "set aside")


@dataclass(frozen=True)
class Column:
    """A column of figures.

    Attributes:
        width: in em.
        cell: the table cell of a student.
    """

    name: str
    width: float
    cell: Callable[[Row], Markup]


@dataclass(frozen=True)
class Choice:
    """One choice of a filter, and how many students it shows.

    Attributes:
        key: a number that the lines of these students refer to.
    """

    key: int
    name: str
    students: int


@dataclass(frozen=True)
class Line:
    """A student's line.

    Attributes:
        link: the student's page; None if the submission was set aside.
        keys: the choices that show this student.
        figures, scores: the table cells before and after the remark.
    """

    student: str
    link: str | None
    keys: str
    figures: Sequence[Markup]
    remark: str
    scores: Sequence[Markup]


@dataclass(frozen=True)
class Students:
    """The whole table, the best student first.

    Attributes:
        sections: the ids of the sections, which have a column each.
    """

    columns: tuple[Column, ...]
    sections: tuple[str, ...]
    lines: tuple[Line, ...]
    filters: Mapping[str, tuple[Choice, ...]]

    @property
    def widths(self) -> tuple[float, ...]:
        """The widths of all columns but the first, in em."""
        return (*(c.width for c in self.columns), 18, *(3.2 for _ in self.sections))

    def key(self, name: str, choice: str) -> int:
        """The key of a choice."""
        return next(one.key for one in self.filters[name] if one.name == choice)


Trait = tuple[str, str]
"""A filter's name, and the name of one of its choices."""


def students(assignment: Assignment, class_: Class) -> Students:
    """The table of a class."""
    rows = sorted(class_.rows, key=lambda row: (-row.score, row.student))
    traits = [tuple(_traits(row)) for row in rows]
    counted = Counter(trait for found in traits for trait in found)
    counted[TRAIT_OF_SET_ASIDE] += len(class_.set_aside)
    keys = {trait: number for number, (trait, _) in enumerate(counted.most_common())}
    columns = tuple(_columns(rows))
    sections = tuple(dict.fromkeys(name for row in rows for name in row.sections))
    link = _links(assignment)
    graded = (
        Line(
            row.student,
            link(row.student),
            " ".join(str(keys[trait]) for trait in found),
            [column.cell(row) for column in columns],
            "; ".join(row.errors),
            [_score(*row.sections.get(name, (None, 0.0))) for name in sections],
        )
        for row, found in zip(rows, traits, strict=True)
    )
    aside_key = str(keys[TRAIT_OF_SET_ASIDE])
    empty = [Markup("<td>")] * len(columns), [Markup("<td>")] * len(sections)
    aside = (
        Line(student, None, aside_key, empty[0], f"set aside: {why}", empty[1])
        for student, why in class_.set_aside
    )
    filters = {
        name: tuple(
            Choice(key, trait[1], counted[trait])
            for trait, key in keys.items()
            if trait[0] == name and counted[trait]
        )
        for name in FILTERS
    }
    return Students(columns, sections, (*graded, *aside), filters)


def _traits(row: Row) -> Iterator[Trait]:
    if row.late_s is None:
        yield STATE, "time unknown"
    elif row.late_s:
        yield STATE, "late"
    if row.errors:
        yield STATE, "with a remark"
    for name, (score, most) in row.sections.items():
        if score is not None and score < most:
            yield SECTION, name
    for name in row.hints:
        yield CAUSE, name
    for name in row.failures:
        yield CHECK, name


def _columns(rows: Sequence[Row]) -> Iterator[Column]:
    """The figures; those that nobody has are left out."""
    yield Column("Points", 5, lambda row: _cell(f"{row.score:g}"))
    yield Column("Of", 3.5, lambda row: _cell(f"{row.max_score:g}"))
    if any(row.accuracy is not None for row in rows):
        yield Column("Accuracy", 5.5, _accuracy)
    if any(row.late_s != 0 for row in rows):
        yield Column("Late", 7, _late)


def _cell(text: str) -> Markup:
    return Markup("<td>") + text


def _accuracy(row: Row) -> Markup:
    return _cell(NONE if row.accuracy is None else f"{row.accuracy:.1%}")


def _late(row: Row) -> Markup:
    """By how much; the page sorts by the seconds."""
    if row.late_s is None:
        return _cell("unknown")
    if not row.late_s:
        return _cell("")
    if math.isinf(row.late_s):  # all that is known is a platform's mark
        return Markup('<td data-value="Infinity">late')
    return Markup('<td data-value="{:.0f}">{}').format(row.late_s, duration(row.late_s))


@cache
def _score(score: float | None, most: float) -> Markup:
    """Points that were lost stand out."""
    if score is None:
        return _cell(NONE)
    return Markup("<td><b>{:g}</b>" if score < most else "<td>{:g}").format(score)


def _links(assignment: Assignment) -> Callable[[str], str]:
    """The link from the report to a student's page."""
    page = quote(Path(assignment.notebook).with_suffix(".html").name)
    return lambda student: f"../feedback/{quote(student, safe='')}/{assignment.id}/{page}"
