"""Writes students' feedback pages, and the notebooks for graders.

This runs in a worker process, so it does not import nbgrader, which takes a second.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from autograder.assignment import Assignment
from autograder.atomic import write_whole
from autograder.cohort.state import NOTEBOOK, STATES, load_state
from autograder.report.feedback import feedback

AUTOGRADED, FEEDBACK = "autograded", "feedback"


@dataclass(frozen=True)
class Page:
    """Whose feedback is to be written.

    Attributes:
        student: the id.
        state: the id under which the state is kept: that of the first member of a group.
        late_s: as in `Row`.
    """

    student: str
    state: str
    late_s: float | None


def write_pages(pages: Iterable[Page], class_: tuple[Assignment, Path]) -> None:
    """Write the feedback of some students, and their notebooks for graders. Runs in a worker."""
    assignment, out = class_
    for page in pages:
        folder = out / STATES / page.state
        state = load_state(folder)
        assert state is not None
        name = Path(page.student, assignment.id, assignment.notebook)
        replace_file(out / AUTOGRADED / name, (folder / NOTEBOOK).read_text("utf-8"))
        text = feedback(assignment, state.grade, state.curve, page.late_s or 0.0)
        replace_file((out / FEEDBACK / name).with_suffix(".html"), text)


def replace_file(path: Path, text: str) -> None:
    """Write a file that could be generated again, so it need not survive a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, text, durable=False)
