"""nbgrader's gradebook: creates it from the assignment's sources, and writes Grades into it.

Every grade cell in the gradebook gets a score, whatever cells a submission has. Whatever a person
entered (points, extra credit, comments) is never changed.
"""

from __future__ import annotations

import json
import tempfile
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from nbgrader.api import BaseCell, Gradebook, GradeCell, Notebook, SubmittedAssignment, TaskCell
from nbgrader.preprocessors import AssignLatePenalties
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SAWarning

from autograder.assignment import Assignment
from autograder.atomic import whole
from autograder.grading.result import Grade
from autograder.hand_in.people import Person
from autograder.nbgrader_plugins import patches
from autograder.nbgrader_plugins.graded_notebook import Source

patches.find_schema_faster()

NO_RESPONSE = "No response."
"""nbgrader's own comment on an answer that is still the stub."""


def url(path: Path) -> str:
    return f"sqlite:///{path.resolve()}"


@contextmanager
def opened(assignment: Assignment, address: str) -> Iterator[Gradebook]:
    """A gradebook, closed at the end. Only one process at a time may write."""
    with Gradebook(address, course_id=assignment.course) as book:
        yield book


@contextmanager
def one_transaction(book: Gradebook) -> Iterator[None]:
    """Write at `flush`, and commit at the end.

    nbgrader commits at every step and then reads everything again. Rows of many students that are
    written together take a fraction of the time.
    """
    book.db.commit = lambda: None
    try:
        with book.db.no_autoflush:
            yield
    finally:
        del book.db.commit
    book.db.commit()


def _notebook(assignment: Assignment) -> str:
    """nbgrader's name for the notebook."""
    return Path(assignment.notebook).stem


def create(assignment: Assignment, path: Path) -> None:
    """Create a gradebook with the assignment, or update an existing one; marks stay.

    Raises:
        StripError, BuildError: the assignment's sources are broken.
    """
    from autograder.release.build import generate

    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".gradebook-", dir=path.parent) as folder:
        if path.exists():
            generate(assignment, Path(folder), url(path))
            return
        new = Path(folder) / path.name
        with _without_waiting_for_the_disk():
            generate(assignment, Path(folder), url(new))
        with whole(path) as file:
            file.write(new.read_bytes())


@contextmanager
def _without_waiting_for_the_disk() -> Iterator[None]:
    """For a gradebook that counts only when it is whole: nbgrader commits it in 30 steps."""

    def quick(connection: Any, _: object) -> None:
        connection.execute("pragma synchronous = off")

    event.listen(Engine, "connect", quick)
    try:
        yield
    finally:
        event.remove(Engine, "connect", quick)


def sources(
    assignment: Assignment, address: str, known_as: str | None = None
) -> tuple[Source, ...]:
    """Every cell of the notebook that nbgrader manages, in the order of the release.

    Args:
        assignment: whose cells.
        address: the gradebook's URL.
        known_as: the assignment's name in the gradebook; its id by default.
    """
    with opened(assignment, address) as book:
        notebook = book.find_notebook(_notebook(assignment), known_as or assignment.id)
        points = {c.name: c.max_score for c in [*notebook.grade_cells, *notebook.task_cells]}
        grades = {cell.name for cell in notebook.grade_cells}
        solutions = {cell.name for cell in notebook.solution_cells}
        tasks = {cell.name for cell in notebook.task_cells}
        cells = [
            (cell.name, cell.source, cell.locked, cell.cell_type, cell.checksum)
            for cell in notebook.source_cells
        ]
    found = []
    for name, text, locked, cell_type, checksum in cells:
        nbgrader = {
            "schema_version": 3,
            "grade_id": name,
            "grade": name in grades,
            "solution": name in solutions,
            "task": name in tasks,
            "locked": locked,
            "cell_type": cell_type,
            "checksum": checksum,
        }
        if name in points:
            nbgrader["points"] = points[name]
        found.append(Source(name, text, locked, nbgrader))
    order = _order(assignment)
    return tuple(
        sorted(found, key=lambda source: (order.get(source.name, len(order)), source.name))
    )


@cache
def _order(assignment: Assignment) -> Mapping[str, int]:
    """The position of each cell in the notebook."""
    cells = json.loads(assignment.source.read_text("utf-8"))["cells"]
    ids = [cell["metadata"].get("nbgrader", {}).get("grade_id") for cell in cells]
    return {name: number for number, name in enumerate(ids)}


def set_due(assignment: Assignment, address: str, due: str) -> None:
    """Set the assignment's deadline, a time in the format of `times.utc`."""
    with opened(assignment, address) as book:
        book.update_or_create_assignment(assignment.id, duedate=due)


def reset(
    assignment: Assignment, book: Gradebook, student: str, known_as: str | None = None
) -> None:
    """Clear the scores of an earlier hand-in; until the new one is graded, a person must look."""
    called = known_as or assignment.id
    notebook = book.find_submission_notebook(_notebook(assignment), called, student)
    for mark in notebook.grades:
        mark.auto_score = None
        mark.needs_manual_grade = True
    book.db.commit()


def record(
    assignment: Assignment,
    book: Gradebook,
    student: str,
    grade: Grade,
    unanswered: Collection[str],
    known_as: str | None = None,
) -> tuple[str, ...]:
    """Write a Grade into the gradebook in one commit. This is idempotent.

    Returns the ids of the cells that wait for a person: questions without points, and sections that
    the Grade leaves to a person. Sections that were not judged are not among them.

    Args:
        assignment: what was graded.
        book: a gradebook that has a submission of the student, see `submit`.
        student: the id.
        grade: what to write. A person has to mark sections that were not judged.
        unanswered: ids of cells that were left as released or are missing; questions among them
            earn 0.
        known_as: the assignment's name in the gradebook; its id by default.
    """
    sections = {section.id: section for section in grade.sections}
    called = known_as or assignment.id
    notebook = book.find_submission_notebook(_notebook(assignment), called, student)
    cells = _cells(notebook.notebook)  # `mark.cell` and `mark.name` would cost one query each
    waiting = []
    for mark in notebook.grades:
        name = cells[mark.cell_id].name
        section = sections.get(name)
        if section is not None:
            score = section.score
        else:
            silent = name in unanswered and isinstance(cells[mark.cell_id], GradeCell)
            score = 0.0 if silent else None
        overruled = mark.manual_score is not None
        if score is None or (section is not None and section.awaits_a_person):
            mark.needs_manual_grade = mark.needs_manual_grade if overruled else True
        else:  # a person's points stay, but a changed score may need another look
            mark.needs_manual_grade = overruled and (
                mark.needs_manual_grade or mark.auto_score != score
            )
        mark.auto_score = score
        left = name in assignment.questions or (section is not None and section.awaits_a_person)
        if left and mark.needs_manual_grade:
            waiting.append(name)
    for comment in notebook.comments:
        cell = cells[comment.cell_id]
        silent = cell.name in unanswered and not isinstance(cell, TaskCell)
        comment.auto_comment = NO_RESPONSE if silent else None
    book.db.commit()
    return tuple(waiting)


def _cells(notebook: Notebook) -> dict[str, BaseCell]:
    """The cells with points or answers, by their id in the gradebook."""
    found = [*notebook.grade_cells, *notebook.solution_cells, *notebook.task_cells]
    return {cell.id: cell for cell in found}


def points(assignment: Assignment, address: str) -> tuple[dict[str, float], set[str]]:
    """The points of every student with a submission, and who waits for points by hand.

    These include points given by hand and extra credit, less the penalty for late work.
    """
    found, waiting = {}, set()
    with opened(assignment, address) as book:
        for submission in book.assignment_submissions(assignment.id):
            student = submission.student_id
            penalty = submission.late_submission_penalty or 0.0
            found[student] = max(0.0, submission.score - penalty)
            if submission.needs_manual_grade:
                waiting.add(student)
    return found, waiting


def submit(
    assignment: Assignment, book: Gradebook, hand_ins: Sequence[tuple[Person, str | None]]
) -> list[SubmittedAssignment]:
    """Add submissions to the gradebook, or update them, with what is known about the students.

    Args:
        assignment: what was handed in.
        book: the gradebook, in `one_transaction`.
        hand_ins: each student, and the submission's timestamp (None for none).
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)  # nbgrader's own use of SQLAlchemy
        students = [book.update_or_create_student(one.id, **_known(one)) for one, _ in hand_ins]
        book.db.flush()  # so that nbgrader finds them
        submissions = [
            book.update_or_create_submission(assignment.id, student.id, timestamp=timestamp)
            for student, (_, timestamp) in zip(students, hand_ins, strict=True)
        ]
        book.db.flush()
    return submissions


def _known(person: Person) -> dict[str, str]:
    """What a roster or platform knows about a student, in the gradebook's words."""
    last, comma, first = person.name.partition(",")
    if not comma:
        first, _, last = person.name.rpartition(" ")
    known = {
        "first_name": first.strip(),
        "last_name": last.strip(),
        "email": person.email,
        "lms_user_id": person.ids.get("canvas") or person.ids.get("login", ""),
    }
    return {name: value for name, value in known.items() if value}


def late_penalties(config: Any) -> AssignLatePenalties:
    """nbgrader's own step, with the plugin that its configuration names."""
    step = AssignLatePenalties(config=config)
    step.init_plugin()
    return step


def assign_late_penalty(
    submission: SubmittedAssignment, book: Gradebook, step: AssignLatePenalties
) -> None:
    """Do what nbgrader's step does, without opening the gradebook once more."""
    late_s = submission.total_seconds_late
    for notebook in submission.notebooks:
        notebook.late_submission_penalty = None
        if late_s > 0:
            book.db.flush()
            book.db.refresh(notebook, ["score"])  # the database sums it up
            penalty = step.plugin_inst.late_submission_penalty(
                submission.student_id, notebook.score, late_s
            )
            if penalty is not None:
                notebook.late_submission_penalty = step._check_late_penalty(notebook, penalty)
    book.db.commit()
