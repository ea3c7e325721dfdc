"""Two Grades of the same work, before and after a correction: whose points changed, and why."""

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
"""Sections in the terminal; the table has all of them."""
NO_SUCH_CHECK = "no such check"


@dataclass(frozen=True)
class Change:
    """A section whose points changed, and one check that is a reason for it.

    Attributes:
        student, section: whose, and the section's id.
        before, after: score and maximum; None for a section that there is not.
        check: its name; empty where no check's verdict changed.
        was, now: its verdicts in words; empty where no check's verdict changed.
        why: what the check said, or what else changed.
        suites: the hashes of both, as the Grades have them.
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
    """Every section whose points changed, by check; not those that either did not judge."""
    before, after = ({section.id: section for section in each.sections} for each in (old, new))
    for name in dict.fromkeys([*after, *before]):
        was, now = before.get(name), after.get(name)
        was_worth, is_worth = _points(was), _points(now)
        unjudged = any(s is not None and s.score is None for s in (was, now))
        if unjudged or was_worth == is_worth:
            continue
        for reason in _reasons(was, now):
            yield Change(student, name, was_worth, is_worth, *reason, (old.suite, new.suite))


def _points(section: SectionGrade | None) -> tuple[float, float] | None:
    if section is None or section.score is None:
        return None
    return section.score, section.max_score


def _reasons(
    was: SectionGrade | None, now: SectionGrade | None
) -> Iterator[tuple[str, str, str, str]]:
    """Checks whose verdict changed: name, verdict before, verdict after, and why."""
    if was is None or now is None:
        yield "", "", "", "a new section" if was is None else "the section is gone"
        return
    before, after = ({test.name: test for test in each.tests} for each in (was, now))
    found = 0
    for name in dict.fromkeys([*after, *before]):
        verdicts = _verdict(before.get(name)), _verdict(after.get(name))
        if verdicts[0] != verdicts[1]:
            found += 1
            told = [tests[name].said for tests in (after, before) if name in tests]
            yield name, *verdicts, next((said for said in told if said), "")
    if was.max_score != now.max_score:
        yield "", "", "", f"worth {now.max_score:g} points in place of {was.max_score:g}"
    elif not found:
        yield "", "", "", "its checks count otherwise than before"


def _verdict(test: Test | None) -> str:
    if test is None:
        return NO_SUCH_CHECK
    return "passed" if test.passed else "failed"


def csv_of(changes: Iterable[Change]) -> str:
    """A line for each change."""
    names = (
        *("student", "section", "old_score", "old_max_score", "new_score", "new_max_score"),
        *("check", "old_verdict", "new_verdict", "why", "old_suite", "new_suite"),
    )
    lines: list[Sequence[object]] = [names]
    for one in changes:
        old, new = one.before or (None, None), one.after or (None, None)
        verdicts = one.check, one.was, one.now, one.why
        lines.append([one.student, one.section, *old, *new, *verdicts, *one.suites])
    return table(lines)


def shown(changes: Sequence[Change], again: int) -> RenderableType:
    """The changes of one correction, for the terminal, a row for each student's section.

    Args:
        changes: as `of` gives them, student by student.
        again: how many students were graded again.
    """
    concerned = len({change.student for change in changes})
    title = Text(f"Graded again: the points of {concerned or 'none'} of {again} changed", "bold")
    if not changes:
        return title
    listing = Table(box=None, pad_edge=False, header_style="bold")
    listing.add_column("Student", overflow="ellipsis", no_wrap=True, max_width=28)
    listing.add_column("Section", overflow="fold")
    listing.add_column("Points", justify="right", no_wrap=True)
    listing.add_column("Why", overflow="fold")
    rows = [(key, list(those)) for key, those in groupby(changes, _place)]
    for (student, section), those in rows[:MOST_SHOWN]:
        why = "; ".join(_in_words(change) for change in those)
        points = f"{_told(those[0].before)} → {_told(those[0].after)}"
        listing.add_row(Text(student), Text(section), points, Text(why))
    left = len(rows) - MOST_SHOWN
    more = [Text(f"and {left} more, see the table of changes")] if left > 0 else []
    return Group(title, listing, *more)


def _place(change: Change) -> tuple[str, str]:
    return change.student, change.section


def _told(points: tuple[float, float] | None) -> str:
    return "–" if points is None else f"{points[0]:g} / {points[1]:g}"


def _in_words(change: Change) -> str:
    if not change.check:
        return change.why
    name = change.check.removeprefix(change.section).strip("_").replace("_", " ") or "result"
    return f"{name}: {change.was}, now {change.now}"
