"""States -> gradebook, feedback pages, notebooks for graders, and the class report.

One process writes them, student by student in the order of their ids. Each file is renamed into
place, and doing it again changes nothing.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
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
from autograder.cohort.work import NOTEBOOK, State, loaded
from autograder.hand_in.students import HandIn, is_id
from autograder.nbgrader_plugins import gradebook
from autograder.report import changes
from autograder.report.changes import Change
from autograder.report.class_report import Class, Row, csv_of, page_of
from autograder.report.feedback import feedback
from autograder.report.terminal import near

AUTOGRADED, FEEDBACK, REPORT = "autograded", "feedback", "report"
CHANGES = "changes.csv"
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
    """A class, graded.

    Attributes:
        rows: every student who has a Grade.
        set_aside: names of submissions without one, and why.
        again: how many were graded again, after a correction of the suites.
        changes: whose points the last correction changed.
    """

    rows: tuple[Row, ...]
    set_aside: tuple[tuple[str, str], ...]
    again: int = 0
    changes: tuple[Change, ...] = ()


def write(
    assignment: Assignment, hand_ins: Iterable[HandIn], failed: Mapping[HandIn, str], out: Path
) -> Summary:
    """Make everything that follows from the states."""
    address = gradebook.url(out / "gradebook.db")
    config = PyFileConfigLoader(str(checkout.NBGRADER_CONFIG)).load_config()
    rows, set_aside = [], []
    corrections: list[list[list[Change]]] = []
    # once: a new one would compile every query again
    with gradebook.opened(assignment, address) as book:
        for one in hand_ins:
            if one in failed:
                set_aside.append((one.student, failed[one]))
                _forget(assignment, one, book, out)
                continue
            state = loaded(out / "observations" / one.student)
            assert state is not None  # what did not fail has one
            late_s = _recorded(assignment, one, state, book, config)
            _write_pages(assignment, one, state, late_s, out)
            rows.append(Row.of(one.student, state.grade, state.curve, late_s))
            if state.earlier:
                history = pairwise((*state.earlier, state.grade))
                corrections.append([list(changes.of(one.student, *pair)) for pair in history])
    last = tuple(change for one in corrections for change in one[-1])
    summary = Summary(tuple(rows), tuple(set_aside), len(corrections), last)
    _write_changes([c for one in corrections for those in one for c in those], summary, out)
    class_ = Class(summary.rows, summary.set_aside, summary.again > 0)
    _replace(out / REPORT / "index.html", page_of(assignment, class_))
    _replace(out / REPORT / "grades.csv", csv_of(class_))
    config_file = checkout.NBGRADER_CONFIG
    words = str(config_file), str(out), assignment.package
    _replace(out / config_file.name, CONFIG.format(*words))
    return summary


def _write_changes(every: list[Change], summary: Summary, out: Path) -> None:
    """Those of every correction; no table where nothing was graded again."""
    path = out / REPORT / CHANGES
    if summary.again:
        _replace(path, changes.csv_of(every))
    else:
        path.unlink(missing_ok=True)


def _recorded(
    assignment: Assignment, one: HandIn, state: State, book: Gradebook, config: object
) -> float | None:
    """Bring the gradebook up to date; returns the seconds by which the submission was late.

    None where it was due and nobody knows when it was handed in: nbgrader counts that as on time.
    """
    gradebook.submit(assignment, book, one.student, one.timestamp)
    gradebook.record(assignment, book, one.student, state.grade, state.unanswered)
    submission = book.find_submission(assignment.id, one.student)
    late_s: float = max(0.0, submission.total_seconds_late)
    time_unknown = submission.duedate is not None and submission.timestamp is None
    penalty = submission.late_submission_penalty
    book.db.rollback()  # nothing is open while nbgrader's own step writes
    if late_s or penalty:
        gradebook.assign_late_penalty(assignment, str(book.engine.url), one.student, config)
    return None if time_unknown else late_s


def _write_pages(
    assignment: Assignment, one: HandIn, state: State, late_s: float | None, out: Path
) -> None:
    notebook = out / "observations" / one.student / NOTEBOOK
    name = Path(one.student, assignment.id, assignment.notebook)
    _replace(out / AUTOGRADED / name, notebook.read_text("utf-8"))
    page = feedback(assignment, state.grade, state.curve, late_s or 0.0)
    _replace((out / FEEDBACK / name).with_suffix(".html"), page)


def _forget(assignment: Assignment, one: HandIn, book: Gradebook, out: Path) -> None:
    """What an earlier hand-in earned must not stand for one that could not be graded."""
    if not is_id(one.student):  # nothing was ever called so, and perhaps no file can be
        return
    for folder in (AUTOGRADED, FEEDBACK):
        place = out / folder / one.student
        if place.parent == out / folder and place.is_dir():
            shutil.rmtree(place)
    with contextlib.suppress(MissingEntry):
        gradebook.reset(assignment, book, one.student)


def _replace(path: Path, text: str) -> None:
    """Write a file that can be made again."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, text, durable=False)


def table(assignment: Assignment, summary: Summary, out: Path) -> RenderableType:
    """The class at a glance, for the terminal."""
    rows = summary.rows
    listing = Table(box=None, pad_edge=False, header_style="bold")
    listing.add_column("Student", overflow="ellipsis", no_wrap=True, max_width=28)
    listing.add_column("Points", justify="right")
    listing.add_column("Lost in", overflow="fold")
    for row in sorted(rows, key=lambda row: (-row.score, row.student)):
        late = " (late)" if row.late_s else " (time unknown)" if row.late_s is None else ""
        listing.add_row(
            Text(row.student + late), f"{row.score:g} / {row.max_score:g}", Text(_lost(row))
        )
    for student, reason in summary.set_aside:
        listing.add_row(Text(student), Text("set aside", "yellow"), Text(reason))
    mean = sum(row.score for row in rows) / len(rows) if rows else 0.0
    of = rows[0].max_score if rows else assignment.auto_total
    counts = f"{len(rows)} graded, {len(summary.set_aside)} set aside"
    if unknown := sum(row.late_s is None for row in rows):
        counts += f", {unknown} with unknown time"
    total = Text(f"{counts}, mean {mean:.1f} of {of:g}", style="bold")
    page = Path(assignment.id, assignment.notebook).with_suffix(".html")
    names = (
        ("gradebook", "gradebook.db"),
        ("feedback", f"feedback/<student>/{page}"),
        ("report", "report/index.html"),
        ("table", "report/grades.csv"),
        *((("changes", f"{REPORT}/{CHANGES}"),) if summary.again else ()),
    )
    places = Text("\n".join(f"  {name:10} {near(out) / path}" for name, path in names))
    if summary.again:
        corrected = changes.shown(summary.changes, summary.again)
        return Group(listing, Text(), corrected, Text(), total, places)
    return Group(listing, Text(), total, places)


def _lost(row: Row) -> str:
    judged = row.sections.items()
    lost = [name for name, (score, most) in judged if score is not None and score < most]
    if row.errors and not row.score:
        return row.errors[0]
    return ", ".join(lost[:4]) + (f" and {len(lost) - 4} more" if len(lost) > 4 else "")
