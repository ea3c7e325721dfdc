"""Turns states into the gradebook, feedback pages, notebooks for graders, and the class report.

One process writes the gradebook and the report, in the order of student ids; the workers write the
pages. Each file is renamed into place, and writing is idempotent.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

from nbgrader.api import Gradebook, MissingEntry, SubmittedAssignment
from nbgrader.preprocessors import AssignLatePenalties
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from traitlets.config.loader import PyFileConfigLoader

from autograder import checkout
from autograder.assignment import Assignment
from autograder.cohort.pages import AUTOGRADED, FEEDBACK, Page, replace_file, write_pages
from autograder.cohort.pool import Failed, Pool, completed
from autograder.cohort.state import STATES, State, load_state
from autograder.hand_in.students import HandIn, is_id
from autograder.hand_in.whole_class import WholeClass
from autograder.nbgrader_plugins import gradebook
from autograder.report import changes
from autograder.report.changes import Change
from autograder.report.class_report import csv_of, page_of
from autograder.report.graded_class import Class, Row
from autograder.report.terminal import near

REPORT = "report"
CHANGES = "changes.csv"
BATCH = 100
"""Students in a transaction of the gradebook, which takes about a second, and in a task."""
T = TypeVar("T")
MOST_LISTED = 100
"""How many are listed in the terminal, those with the fewest points; the report has all."""
MOST_NAMED = 30
"""How many of those who wait for a person are named in the terminal; formgrader has all."""
CONFIG = """\
# For `nbgrader formgrader`, `export` and `generate_feedback` in this folder.
load_subconfig({!r})
c = get_config()
c.CourseDirectory.root = {!r}
c.AssignmentStep.package = {!r}
c.CourseDirectory.feedback_directory = "nbgrader_feedback"  # beside the pages in feedback/
"""


@dataclass(frozen=True)
class Summary:
    """The results of a class.

    Attributes:
        rows: one for each student who has a Grade.
        set_aside: the name of each submission without a Grade, and the reason.
        regraded: how many students have been graded again after a correction of the suites.
        changes: what each student's latest correction changed.
        waiting: the ids of the cells that still wait for a person, by student.
    """

    rows: tuple[Row, ...]
    set_aside: tuple[tuple[str, str], ...]
    regraded: int = 0
    changes: tuple[Change, ...] = ()
    waiting: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def write(
    assignment: Assignment, class_: WholeClass, failed: Mapping[HandIn, str], out: Path, pool: Pool
) -> Summary:
    """Write everything that is made from the states."""
    people = {person.id: person for one in class_.received for person in one.people}
    students = [(one.hand_in, name) for one in class_.received for name in one.hand_in.students]
    config = PyFileConfigLoader(str(checkout.NBGRADER_CONFIG)).load_config()
    penalties = gradebook.late_penalties(config)
    rows, set_aside = [], []
    pages: list[Page] = []
    waiting: dict[str, tuple[str, ...]] = {}
    corrections: list[list[list[Change]]] = []
    # one for the whole class: each new gradebook compiles every query again
    with gradebook.opened(assignment, gradebook.url(out / "gradebook.db")) as book:
        for batch in _batches(students):
            known = [(people[name], one.timestamp) for one, name in batch if one not in failed]
            with gradebook.one_transaction(book):
                submitted = gradebook.submit(assignment, book, known)
                submissions = {one.student_id: one for one in submitted}
                for hand_in, student in batch:
                    if hand_in in failed:
                        set_aside.append((student, failed[hand_in]))
                        _remove_results(assignment, student, book, out)
                        continue
                    state = load_state(out / STATES / hand_in.student)
                    assert state is not None  # every hand-in that did not fail has one
                    late_s, waits = _record(
                        assignment, hand_in, submissions[student], state, book, penalties
                    )
                    if waits:
                        waiting[student] = waits
                    pages.append(Page(student, hand_in.student, late_s))
                    rows.append(Row.of(student, state.grade, state.curve, late_s))
                    if state.earlier:
                        history = pairwise((*state.earlier, state.grade))
                        corrections.append([list(changes.of(student, *pair)) for pair in history])
    _write_pages(assignment, pages, out, pool)
    last = tuple(change for by_correction in corrections for change in by_correction[-1])
    summary = Summary(tuple(rows), tuple(set_aside), len(corrections), last, waiting)
    every = [c for by_correction in corrections for changed in by_correction for c in changed]
    _write_changes(every, summary, out)
    graded = Class(summary.rows, summary.set_aside, summary.regraded > 0)
    replace_file(out / REPORT / "index.html", page_of(assignment, graded))
    replace_file(out / REPORT / "grades.csv", csv_of(graded))
    config_file = checkout.NBGRADER_CONFIG
    words = str(config_file), str(out), assignment.package
    replace_file(out / config_file.name, CONFIG.format(*words))
    return summary


def _write_changes(every: list[Change], summary: Summary, out: Path) -> None:
    """Write the changes of every correction; without a regrading, there is no such table."""
    path = out / REPORT / CHANGES
    if summary.regraded:
        replace_file(path, changes.csv_of(every))
    else:
        path.unlink(missing_ok=True)


def _record(
    assignment: Assignment,
    hand_in: HandIn,
    submission: SubmittedAssignment,
    state: State,
    book: Gradebook,
    penalties: AssignLatePenalties,
) -> tuple[float | None, tuple[str, ...]]:
    """Bring the gradebook up to date.

    Returns the seconds by which the submission was late, and the ids of the cells that wait for a
    person. The seconds are None if there is a due date and the time of the hand-in is unknown,
    which nbgrader treats as on time.
    """
    student = submission.student_id
    waiting = gradebook.record(assignment, book, student, state.grade, state.unanswered)
    late_s: float = max(0.0, submission.total_seconds_late)
    time_unknown = submission.duedate is not None and submission.timestamp is None
    penalty = submission.late_submission_penalty
    if late_s or penalty:
        gradebook.assign_late_penalty(submission, book, penalties)
    if hand_in.late_by_mark_s is not None:
        return hand_in.late_by_mark_s, waiting
    return None if time_unknown else late_s, waiting


def _write_pages(assignment: Assignment, pages: Sequence[Page], out: Path, pool: Pool) -> None:
    """Let the workers write the pages. What none of them could write is written here, or raises."""
    batches = map(tuple, _batches(pages))
    for batch, outcome in completed(batches, write_pages, (assignment, out), pool):
        if isinstance(outcome, Failed):
            write_pages(batch, (assignment, out))


def _batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[start : start + BATCH] for start in range(0, len(items), BATCH))


def _remove_results(assignment: Assignment, student: str, book: Gradebook, out: Path) -> None:
    """Remove the results of an earlier hand-in, now that the new one could not be graded."""
    if not is_id(student):  # it never had results, and may not be a valid file name
        return
    for name in (AUTOGRADED, FEEDBACK):
        folder = out / name / student
        if folder.parent == out / name and folder.is_dir():
            shutil.rmtree(folder)
    with contextlib.suppress(MissingEntry):
        gradebook.reset(assignment, book, student)


def table(assignment: Assignment, summary: Summary, out: Path) -> RenderableType:
    """The class at a glance, for the terminal."""
    rows = summary.rows
    listing = Table(box=None, pad_edge=False, header_style="bold")
    listing.add_column("Student", overflow="ellipsis", no_wrap=True, max_width=28)
    listing.add_column("Points", justify="right")
    listing.add_column("Points lost in", overflow="fold")
    ordered = sorted(rows, key=lambda row: (-row.score, row.student))
    if (more := len(ordered) - MOST_LISTED) > 0:
        listing.add_row(Text(f"{more} more, with at least"), f"{ordered[more - 1].score:g}", "")
    for row in ordered[-MOST_LISTED:]:
        late = " (late)" if row.late_s else " (time unknown)" if row.late_s is None else ""
        listing.add_row(
            Text(row.student + late), f"{row.score:g} / {row.max_score:g}", Text(_lost(row))
        )
    for student, reason in summary.set_aside[:MOST_LISTED]:
        listing.add_row(Text(student), Text("set aside", "yellow"), Text(reason))
    if (more := len(summary.set_aside) - MOST_LISTED) > 0:
        listing.add_row(Text(f"and {more} more"), Text("set aside", "yellow"), "see the report")
    mean = sum(row.score for row in rows) / len(rows) if rows else 0.0
    most = rows[0].max_score if rows else assignment.auto_total
    counts = f"{len(rows)} graded, {len(summary.set_aside)} set aside"
    if unknown := sum(row.late_s is None for row in rows):
        counts += f", {unknown} with unknown time"
    total = Text(f"{counts}, mean {mean:.1f} of {most:g}", style="bold")
    page = Path(assignment.id, assignment.notebook).with_suffix(".html")
    names = (
        ("gradebook", "gradebook.db"),
        ("feedback", f"feedback/<student>/{page}"),
        ("report", "report/index.html"),
        ("table", "report/grades.csv"),
        *((("changes", f"{REPORT}/{CHANGES}"),) if summary.regraded else ()),
    )
    paths = Text("\n".join(f"  {name:10} {near(out) / path}" for name, path in names))
    parts: list[RenderableType] = [listing, Text()]
    if summary.regraded:
        parts += [changes.shown(summary.changes, summary.regraded), Text()]
    parts += [total, paths]
    if summary.waiting:
        parts += [Text(), Text(_waiting(assignment, summary))]
    if len(rows) > 1:
        parts += [Text(), Text(f"Whose work is alike? autograder similar {near(out)}")]
    return Group(*parts)


def _waiting(assignment: Assignment, summary: Summary) -> str:
    """Who waits for a person; in brackets for which cells, if it is not for all questions."""

    def named(student: str, cells: tuple[str, ...]) -> str:
        return student if set(cells) == assignment.questions else f"{student} ({', '.join(cells)})"

    names = [named(*each) for each in sorted(summary.waiting.items())]
    if (more := len(names) - MOST_NAMED) > 0:
        names[MOST_NAMED:] = [f"and {more} more"]
    return f"{len(summary.waiting)} wait for a person, in formgrader: {'; '.join(names)}"


def _lost(row: Row) -> str:
    judged = row.sections.items()
    lost = [name for name, (score, most) in judged if score is not None and score < most]
    if row.errors and not row.score:
        return row.errors[0]
    return ", ".join(lost[:4]) + (f" and {len(lost) - 4} more" if len(lost) > 4 else "")
