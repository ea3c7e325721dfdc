"""The command `export`: points and feedback of a graded class, in the files that platforms take."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from autograder.assignment import Assignment
from autograder.atomic import write_whole
from autograder.commands import gradescope
from autograder.export import feedback, minimal, report
from autograder.export.feedback import Returned
from autograder.export.grades import Filled, Graded, Missing
from autograder.export.table import TableError
from autograder.export.targets import fill
from autograder.gradescope.settings import Visibility
from autograder.hand_in import origin
from autograder.hand_in.layouts.upload import Member
from autograder.hand_in.origin import NAME, Origin, OriginError, Source
from autograder.hand_in.people import Person
from autograder.report.terminal import near

REPORT = "export.txt"


@dataclass(frozen=True)
class Job:
    """What is exported where: the class's folder, its origin and the folder for the files."""

    assignment: Assignment
    target: str
    class_: Path
    origin: Origin
    out: Path
    console: Console


class ExportError(Exception):
    """The class cannot be exported as asked; the message says what to do."""


def run(
    assignment: Assignment,
    target: str,
    template: Path | None,
    class_: Path,
    out: Path,
    *,
    column: str | None = None,
    missing: Missing = "blank",
    with_feedback: bool = False,
    visibility: Visibility | None = None,
    console: Console | None = None,
) -> int:
    """Write what a platform takes back; the exit status is 1 if a graded student has no row.

    Gradescope takes no file with points back, but an autograder that looks the results up.

    Args:
        assignment: what was graded.
        target: the platform, see `targets.TARGETS`, or Gradescope.
        template: the file that the instructor downloaded; its one column is filled. Without it
            and without feedback, the smallest file that the platform takes is made.
        class_: the folder that `cohort` wrote.
        out: the folder for the files; for Gradescope, it may be the zip itself.
        column: the header of the column; found by the assignment's title by default.
        missing: what students get who are in the file but handed in nothing.
        with_feedback: also write the zip of feedback pages.
        visibility: on Gradescope, when students see what they got in each section.
        console: for the report.

    Raises:
        ExportError: the class, the template or the target does not allow it.
    """
    console = console or Console()
    on_gradescope = target == gradescope.LAYOUT
    if on_gradescope and (template or column or missing != "blank" or with_feedback):
        raise ExportError(
            "gradescope takes back no file that could be filled, and shows the feedback itself: "
            "give only --class, --out and --visibility"
        )
    if visibility and not on_gradescope:
        raise ExportError(f"--visibility is for gradescope; {target} decides that itself")
    try:
        found = origin.read(class_ / NAME)
        if on_gradescope:
            return _look_up(assignment, class_, found, out, visibility or "visible", console)
        out.mkdir(parents=True, exist_ok=True)
        job = Job(assignment, target, class_, found, out, console)
        status = 0
        if template is not None or not with_feedback:
            status = _fill(job, template, column, missing)
        if with_feedback:
            _feedback(job)
        return status
    except (OriginError, TableError, gradescope.GradescopeError) as error:
        raise ExportError(str(error)) from None
    except OSError as error:
        raise ExportError(f"{error.filename or out}: {error.strerror}") from None


def _look_up(
    assignment: Assignment,
    class_: Path,
    found: Origin,
    out: Path,
    visibility: Visibility,
    console: Console,
) -> int:
    points, awaiting = _points(assignment, class_)
    status = gradescope.give_back(assignment, class_, found, points, out, visibility, console)
    _name_waiting(awaiting, console)
    return status


def _fill(job: Job, template: Path | None, column: str | None, missing: Missing) -> int:
    points, awaiting = _points(job.assignment, job.class_)
    students, title = list(_graded(job.origin, points)), job.assignment.title
    if template is None:
        filled = _filled_minimal(job.target, students, title, column, missing)
    else:
        filled = fill(job.target, template.read_bytes(), students, title, column, missing)
    place = job.out / (template.name if template else f"{job.target}.csv")
    if template is not None and place.resolve() == template.resolve():
        raise ExportError(
            "the filled copy would overwrite the file that you downloaded: choose another --out"
        )
    place.write_bytes(filled.content)
    write_whole(job.out / REPORT, report.whole(filled))
    job.console.print(report.for_terminal(filled, REPORT), markup=False, highlight=False)
    _name_waiting(awaiting, job.console)
    job.console.print(f"Written: {near(place)}", markup=False, highlight=False)
    return report.exit_code(filled)


def _name_waiting(awaiting: set[str], console: Console) -> None:
    if awaiting:
        console.print(
            f"{len(awaiting)} students still have answers to grade by hand in formgrader; "
            "export again afterwards.",
            highlight=False,
        )


def _filled_minimal(
    target: str, students: list[Graded], title: str, column: str | None, missing: Missing
) -> Filled:
    header = column or minimal.header_of(target, title)
    content = minimal.template(target, students, header, missing)
    filled = fill(target, content, students, title, header, missing)
    return filled if column else replace(filled, notes=(*filled.notes, minimal.note_of(target)))


def _points(assignment: Assignment, class_: Path) -> tuple[dict[str, float], set[str]]:
    """The points in the gradebook by student, and who waits for points by hand."""
    from autograder.nbgrader_plugins import gradebook

    book = class_ / "gradebook.db"
    if not book.exists():
        raise ExportError(f"{book} is missing; grade the class with autograder cohort")
    return gradebook.points(assignment, gradebook.url(book))


def _graded(origin: Origin, points: dict[str, float]) -> Iterator[Graded]:
    for source in origin.sources:
        for person in source.people:
            score = points.get(person.id) if source.reason is None else None
            yield Graded(person.id, person.name, _ids(person), score)
    for person in origin.absent:
        yield Graded(person.id, person.name, _ids(person), handed_in=False)


def _ids(person: Person) -> dict[str, str]:
    return {**({"email": person.email} if person.email else {}), **person.ids}


def _feedback(job: Job) -> None:
    target, layout = job.target, job.origin.layout
    if target not in feedback.PLACES:
        raise ExportError(f"{target} takes no feedback files in bulk")
    if layout != target:
        raise ExportError(
            f"feedback files for {target} need a class that was read from a {target} download; "
            f"this one was read as {layout}"
        )
    place = job.out / f"{target}-feedback.zip"
    pages = [_returned(job, source) for source in job.origin.sources if not source.reason]
    with place.open("wb") as file:
        written = feedback.write(target, pages, file)
    job.console.print(f"Written: {near(place)}, {len(written.written)} pages", highlight=False)
    for student, reason in written.left_out:
        job.console.print(f"  left out: {student}: {reason}", markup=False, highlight=False)
    for note in written.notes:
        job.console.print(note, markup=False, highlight=False)


def _returned(job: Job, source: Source) -> Returned:
    first, *_ = source.people
    notebook = Path("feedback", first.id, job.assignment.id, job.assignment.notebook)
    members = tuple(Member(person.name, _ids(person)) for person in source.people)
    return Returned(
        first.id,
        source.files,
        job.class_ / notebook.with_suffix(".html"),
        first.name,
        _ids(first),
        members if len(members) > 1 else (),
    )
