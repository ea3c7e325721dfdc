"""Turns states into the gradebook, feedback pages, notebooks for graders, and the class report.

One process writes them, in the order of student ids. Each file is renamed into place, and writing
is idempotent.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from traitlets.config.loader import PyFileConfigLoader

from autograder import checkout
from autograder.assignment import Assignment
from autograder.atomic import write_whole
from autograder.cohort.work import NOTEBOOK, State, load_state
from autograder.hand_in.students import HandIn, is_id
from autograder.hand_in.whole_class import WholeClass
from autograder.nbgrader_plugins import gradebook
from autograder.report import changes
from autograder.report.changes import Change
from autograder.report.class_report import csv_of, page_of
from autograder.report.feedback import feedback
from autograder.report.graded_class import Class, Row
from autograder.report.terminal import near

AUTOGRADED, FEEDBACK, REPORT = "autograded", "feedback", "report"
CHANGES = "changes.csv"
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
    assignment: Assignment, class_: WholeClass, failed: Mapping[HandIn, str], out: Path
) -> Summary:
    """Write everything that is made from the states."""
    hand_ins = [one.hand_in for one in class_.received]
    people = {person.id: person for one in class_.received for person in one.people}
    address = gradebook.url(out / "gradebook.db")
    config = PyFileConfigLoader(str(checkout.NBGRADER_CONFIG)).load_config()
    rows, set_aside = [], []
    waiting: dict[str, tuple[str, ...]] = {}
    corrections: list[list[list[Change]]] = []
    # one for the whole class: each new gradebook compiles every query again
    with gradebook.opened(assignment, address) as book:
        for hand_in, student in ((one, name) for one in hand_ins for name in one.students):
            if hand_in in failed:
                set_aside.append((student, failed[hand_in]))
                _remove_results(assignment, student, book, out)
                continue
            state = load_state(out / "observations" / hand_in.student)
            assert state is not None  # every hand-in that did not fail has one
            gradebook.name_student(book, people[student])
            late_s, waiting[student] = _record(assignment, hand_in, student, state, book, config)
            _write_pages(assignment, hand_in, student, state, late_s, out)
            rows.append(Row.of(student, state.grade, state.curve, late_s))
            if state.earlier:
                history = pairwise((*state.earlier, state.grade))
                corrections.append([list(changes.of(student, *pair)) for pair in history])
    last = tuple(change for by_correction in corrections for change in by_correction[-1])
    waiting = {student: cells for student, cells in waiting.items() if cells}
    summary = Summary(tuple(rows), tuple(set_aside), len(corrections), last, waiting)
    every = [c for by_correction in corrections for changed in by_correction for c in changed]
    _write_changes(every, summary, out)
    graded = Class(summary.rows, summary.set_aside, summary.regraded > 0)
    _replace(out / REPORT / "index.html", page_of(assignment, graded))
    _replace(out / REPORT / "grades.csv", csv_of(graded))
    config_file = checkout.NBGRADER_CONFIG
    words = str(config_file), str(out), assignment.package
    _replace(out / config_file.name, CONFIG.format(*words))
    return summary


def _write_changes(every: list[Change], summary: Summary, out: Path) -> None:
    """Write the changes of every correction; without a regrading, there is no such table."""
    path = out / REPORT / CHANGES
    if summary.regraded:
        _replace(path, changes.csv_of(every))
    else:
        path.unlink(missing_ok=True)


def _record(
    assignment: Assignment,
    hand_in: HandIn,
    student: str,
    state: State,
    book: Gradebook,
    config: object,
) -> tuple[float | None, tuple[str, ...]]:
    """Bring the gradebook up to date.

    Returns the seconds by which the submission was late, and the ids of the cells that wait for a
    person. The seconds are None if there is a due date and the time of the hand-in is unknown,
    which nbgrader treats as on time.
    """
    gradebook.submit(assignment, book, student, hand_in.timestamp)
    waiting = gradebook.record(assignment, book, student, state.grade, state.unanswered)
    submission = book.find_submission(assignment.id, student)
    late_s: float = max(0.0, submission.total_seconds_late)
    time_unknown = submission.duedate is not None and submission.timestamp is None
    penalty = submission.late_submission_penalty
    book.db.rollback()  # end the transaction before nbgrader's own step writes
    if late_s or penalty:
        gradebook.assign_late_penalty(assignment, str(book.engine.url), student, config)
    if hand_in.late_by_mark_s is not None:
        return hand_in.late_by_mark_s, waiting
    return None if time_unknown else late_s, waiting


def _write_pages(
    assignment: Assignment,
    hand_in: HandIn,
    student: str,
    state: State,
    late_s: float | None,
    out: Path,
) -> None:
    notebook = out / "observations" / hand_in.student / NOTEBOOK
    name = Path(student, assignment.id, assignment.notebook)
    _replace(out / AUTOGRADED / name, notebook.read_text("utf-8"))
    page = feedback(assignment, state.grade, state.curve, late_s or 0.0)
    _replace((out / FEEDBACK / name).with_suffix(".html"), page)


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


def _replace(path: Path, text: str) -> None:
    """Write a file that could be generated again, so it need not survive a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, text, durable=False)


def table(assignment: Assignment, summary: Summary, out: Path) -> RenderableType:
    """The class at a glance, for the terminal."""
    rows = summary.rows
    listing = Table(box=None, pad_edge=False, header_style="bold")
    listing.add_column("Student", overflow="ellipsis", no_wrap=True, max_width=28)
    listing.add_column("Points", justify="right")
    listing.add_column("Points lost in", overflow="fold")
    for row in sorted(rows, key=lambda row: (-row.score, row.student)):
        late = " (late)" if row.late_s else " (time unknown)" if row.late_s is None else ""
        listing.add_row(
            Text(row.student + late), f"{row.score:g} / {row.max_score:g}", Text(_lost(row))
        )
    for student, reason in summary.set_aside:
        listing.add_row(Text(student), Text("set aside", "yellow"), Text(reason))
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
