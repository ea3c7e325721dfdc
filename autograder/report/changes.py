"""Compares the Grades of the same work before and after a correction: what changed, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from autograder.grading.result import Grade, SectionGrade, Test
from autograder.report.tables import table

MOST_SHOWN = 20
"""Most rows in the terminal; the table in the file has all of them."""
NO_SUCH_CHECK = "no such check"


@dataclass(frozen=True)
class Change:
    """A section whose points changed, and one reason for it, usually a check.

    Attributes:
        student: the student's id.
        section: the section's id.
        before, after: score and maximum; None if the section did not exist.
        check: the check's name; empty if the reason is not a check.
        was, now: the check's verdicts in words; empty if the reason is not a check.
        why: the check's message, or what else changed.
        suites: the suite hashes of both Grades.
    """

    student: str
    section: str
    before: tuple[float, float] | None
    after: tuple[float, float] | None
    check: str
    was: str
    now: str
    why: str
    suites: tuple[str, str]


def of(student: str, old: Grade, new: Grade) -> Iterator[Change]:
    """Every section whose points changed, one item per check that changed.

    Sections that one of the Grades did not judge are left out.
    """
    before, after = ({section.id: section for section in each.sections} for each in (old, new))
    for name in dict.fromkeys([*after, *before]):
        was, now = before.get(name), after.get(name)
        old_points, new_points = _points(was), _points(now)
        unjudged = any(s is not None and s.score is None for s in (was, now))
        if unjudged or old_points == new_points:
            continue
        for reason in _reasons(was, now):
            yield Change(student, name, old_points, new_points, *reason, (old.suite, new.suite))


def _points(section: SectionGrade | None) -> tuple[float, float] | None:
    if section is None or section.score is None:
        return None
    return section.score, section.max_score


def _reasons(
    was: SectionGrade | None, now: SectionGrade | None
) -> Iterator[tuple[str, str, str, str]]:
    """The checks whose verdict changed, as (name, old verdict, new verdict, message)."""
    if was is None or now is None:
        yield "", "", "", "a new section" if was is None else "the section was removed"
        return
    before, after = ({test.name: test for test in each.tests} for each in (was, now))
    any_changed = False
    for name in dict.fromkeys([*after, *before]):
        verdicts = _verdict(before.get(name)), _verdict(after.get(name))
        if verdicts[0] != verdicts[1]:
            any_changed = True
            messages = [tests[name].reason for tests in (after, before) if name in tests]
            yield name, *verdicts, next((message for message in messages if message), "")
    if was.max_score != now.max_score:
        yield "", "", "", f"worth {now.max_score:g} points instead of {was.max_score:g}"
    elif not any_changed:
        yield "", "", "", "its points are computed differently now"


def _verdict(test: Test | None) -> str:
    if test is None:
        return NO_SUCH_CHECK
    return "passed" if test.passed else "failed"


def csv_of(changes: Iterable[Change]) -> str:
    """A CSV table with one line per change."""
    names = (
        *("student", "section", "old_score", "old_max_score", "new_score", "new_max_score"),
        *("check", "old_verdict", "new_verdict", "why", "old_suite", "new_suite"),
    )
    lines: list[Sequence[object]] = [names]
    for change in changes:
        old, new = change.before or (None, None), change.after or (None, None)
        reason = change.check, change.was, change.now, change.why
        lines.append([change.student, change.section, *old, *new, *reason, *change.suites])
    return table(lines)


def shown(changes: Sequence[Change], regraded: int) -> RenderableType:
    """The changes of one correction as a table for the terminal, one row per student and section.

    Args:
        changes: the results of `of`, student by student.
        regraded: how many students were graded again.
    """
    changed = len({change.student for change in changes})
    title = Text(
        f"Graded again: points changed for {changed or 'none'} of {regraded} students", "bold"
    )
    if not changes:
        return title
    listing = Table(box=None, pad_edge=False, header_style="bold")
    listing.add_column("Student", overflow="ellipsis", no_wrap=True, max_width=28)
    listing.add_column("Section", overflow="fold")
    listing.add_column("Points", justify="right", no_wrap=True)
    listing.add_column("Why", overflow="fold")
    rows = [(key, list(group)) for key, group in groupby(changes, _student_and_section)]
    for (student, section), group in rows[:MOST_SHOWN]:
        why = "; ".join(_in_words(change) for change in group)
        points = f"{_points_text(group[0].before)} → {_points_text(group[0].after)}"
        listing.add_row(Text(student), Text(section), points, Text(why))
    left = len(rows) - MOST_SHOWN
    more = [Text(f"and {left} more, see the table of changes")] if left > 0 else []
    return Group(title, listing, *more)


def _student_and_section(change: Change) -> tuple[str, str]:
    return change.student, change.section


def _points_text(points: tuple[float, float] | None) -> str:
    return "–" if points is None else f"{points[0]:g} / {points[1]:g}"


def _in_words(change: Change) -> str:
    if not change.check:
        return change.why
    name = change.check.removeprefix(change.section).strip("_").replace("_", " ") or "result"
    return f"{name}: {change.was}, now {change.now}"
