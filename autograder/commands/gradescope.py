"""The commands for Gradescope: `gradescope build` and `export gradescope`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from autograder.assignment import Assignment
from autograder.atomic import write_whole
from autograder.cohort.state import load_state
from autograder.gradescope import archive, build, lookup
from autograder.gradescope.lookup import Result
from autograder.gradescope.results import results_of
from autograder.gradescope.settings import Settings, Visibility
from autograder.hand_in.files import printable
from autograder.hand_in.layouts.gradescope import submission_of
from autograder.hand_in.origin import Origin, Source
from autograder.report.terminal import near

LAYOUT = "gradescope"
LOOKUP = "gradescope-lookup.zip"
REPORT = "export.txt"


class GradescopeError(Exception):
    """The class cannot be given back to Gradescope; the message says what to do."""


@dataclass
class Prepared:
    """What goes into the zip, and who is not in it.

    Attributes:
        results: one for each graded submission.
        lost: graded submissions without a result, and why; a reason to fail.
        open: submissions that were set aside, and why.
    """

    results: list[Result] = field(default_factory=list)
    lost: list[tuple[str, str]] = field(default_factory=list)
    open: list[tuple[str, str]] = field(default_factory=list)


def build_grader(
    assignment: Assignment, out: Path, visibility: Visibility, console: Console
) -> None:
    """Write the autograder that grades in the container.

    Raises:
        GradescopeError: it cannot be written.
    """
    try:
        size = build.build(assignment, out, Settings(visibility))
    except OSError as error:
        raise GradescopeError(f"{error.filename or out}: {error.strerror}") from None
    console.print(f"Written: {near(out)}, {size / 1e6:.1f} MB", markup=False, highlight=False)
    console.print(
        f"Assignment settings: {assignment.without_training} points; container 0.5 CPU, 0.75 GB.",
        highlight=False,
    )


def give_back(
    assignment: Assignment,
    class_: Path,
    origin: Origin,
    points: dict[str, float],
    out: Path,
    visibility: Visibility,
    console: Console,
) -> int:
    """Write the autograder that looks results up; the exit status is 1 if a graded one is missing.

    Args:
        class_: the folder that `cohort` wrote.
        origin: where its submissions came from.
        points: the points in the gradebook by student.
        out: the zip, or the folder for it.
        visibility: when students see what they got in each section.

    Raises:
        GradescopeError: the class was not read from a download of Gradescope.
        OSError: the zip cannot be written.
    """
    if origin.layout != LAYOUT:
        raise GradescopeError(
            "results are looked up by Gradescope's submission ids, so the class must be read from "
            f"Gradescope's Export Submissions; this one was read as {origin.layout}"
        )
    prepared = _prepared(class_, origin, points, visibility)
    place = out if out.suffix.lower() == ".zip" else out / LOOKUP
    archive.write(place, lookup.entries(prepared.results))
    lines = list(_report(prepared))
    write_whole(place.parent / REPORT, "\n".join(lines) + "\n")
    for line in lines:
        console.print(line, markup=False, highlight=False)
    console.print(f"Written: {near(place)}", markup=False, highlight=False)
    console.print(
        "Upload it under Configure Autograder, then choose Regrade All Submissions.",
        highlight=False,
    )
    return 1 if prepared.lost else 0


def _prepared(
    class_: Path, origin: Origin, points: dict[str, float], visibility: Visibility
) -> Prepared:
    prepared = Prepared()
    for source in origin.sources:
        if source.reason is not None:
            prepared.open.append((_name(source), source.reason))
            continue
        result = _result(class_, source, points, visibility)
        if isinstance(result, Result):
            prepared.results.append(result)
        else:
            prepared.lost.append((_name(source), result))
    return prepared


def _name(source: Source) -> str:
    people = ", ".join(printable(person.name or person.id) for person in source.people)
    return f"submission {submission_of(source.files[0])} ({people})" if source.files else people


def _result(
    class_: Path, source: Source, points: dict[str, float], visibility: Visibility
) -> Result | str:
    """The result of a submission, or why it has none."""
    first = source.people[0]
    state = load_state(class_ / "observations" / first.id)
    if state is None:
        return "it has no grade; continue with autograder cohort --resume"
    of_members = {points.get(person.id, state.grade.score) for person in source.people}
    if len(of_members) > 1:
        return (
            "the members of the group have different points, and Gradescope gives all of them the "
            "same"
        )
    content = results_of(state.grade, visibility, of_members.pop())
    return Result(submission_of(source.files[0]), source.sha256, content)


def _report(prepared: Prepared) -> Iterator[str]:
    count = len(prepared.results)
    yield f"{count} result{'' if count == 1 else 's'}; any other submission is told: not graded yet"
    for name, reason in prepared.lost:
        yield f"  not in the zip: {name}: {reason}"
    for name, reason in prepared.open:
        yield f"  set aside: {name}: {reason}"
