"""A class and its references -> works with their fingerprints.

References are what students may have copied from: earlier years, public solutions, the course's
own. They are compared with the students, but not with each other.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.assignment import Assignment
from autograder.cohort.pool import Failed, Pool, completed
from autograder.cohort.state import load_state
from autograder.grading.result import Grade
from autograder.hand_in import origin
from autograder.hand_in.files import Inaccessible, printable
from autograder.hand_in.origin import Origin, OriginError
from autograder.hand_in.students import HandIn
from autograder.hand_in.submission import Submission, read
from autograder.hand_in.whole_class import ClassError, ReadAs, class_in
from autograder.similar.fingerprints import Prints, Traced, prints_of, traced_in

DETECTED = ReadAs()
UNREADABLE = "its files could not be compared"


class SimilarError(Exception):
    """The works cannot be compared; the message says what to do."""


@dataclass(frozen=True)
class Work:
    """A hand-in that is compared.

    Attributes:
        name: the student's id; of a reference, with the folder that it is from.
        hand_in: where it is.
        is_reference: whether it is no work of this class.
    """

    name: str
    hand_in: HandIn
    is_reference: bool = False


@dataclass(frozen=True)
class WorksOfClass:
    """The works of a class.

    Attributes:
        works: those that can be read.
        set_aside: the names of all others, with the reasons.
        grades: by student, if `cohort` has graded the class.
    """

    works: tuple[Work, ...]
    set_aside: tuple[tuple[str, str], ...]
    grades: Mapping[str, Grade]


def works_in(assignment: Assignment, folder: Path, read_as: ReadAs = DETECTED) -> WorksOfClass:
    """The works of a class.

    Args:
        assignment: what was handed in.
        folder: a class as `cohort` reads it, or the folder that `cohort` wrote.
        read_as: what is known about a class that `cohort` has not read yet.

    Raises:
        SimilarError: it is neither.
    """
    graded = folder / origin.NAME
    if not graded.exists():
        return _sorted_out(_read(assignment, folder, read_as), {})
    if read_as != DETECTED:
        raise SimilarError(
            f"{folder} says itself how cohort read the class; leave out --layout, --roster and "
            "--zone, or give the folder or zip with the hand-ins"
        )
    try:
        known = origin.read(graded)
    except OriginError as error:
        raise SimilarError(str(error)) from None
    if known.path is None or not Path(known.path).exists():
        raise SimilarError(
            f"{folder} has the results of a class, but its hand-ins are not where they were "
            f"({known.path or known.download}); give the folder or zip with the hand-ins"
        )
    hand_ins = _read(assignment, Path(known.path), ReadAs(known.layout))
    hand_ins = [_as_cohort_read(one, known) for one in hand_ins]
    return _sorted_out(hand_ins, _grades(folder, hand_ins))


def references_in(assignment: Assignment, folder: Path) -> list[Work]:
    """The works in a folder or zip: one work, a class, or a folder of works with any names.

    Raises:
        SimilarError: it cannot be read.
    """
    folder = Path(os.path.realpath(folder))
    if (folder / origin.NAME).exists():
        hand_ins = [work.hand_in for work in works_in(assignment, folder).works]
    elif _is_one_work(assignment, folder):
        alone = HandIn(folder.name, folder, folder.parent)
        return [Work(f"{printable(folder.name)}/", alone, is_reference=True)]
    else:
        hand_ins = [_as_found(one) for one in _read(assignment, folder, DETECTED)]
    return [
        Work(f"{printable(folder.name)}/{one.student}", one, True)
        for one in hand_ins
        if one.reason is None
    ]


def fingerprinted(
    assignment: Assignment, works: Sequence[Work], pool: Pool, advance: Callable[[], object]
) -> tuple[dict[Work, Prints], list[tuple[str, str]]]:
    """The fingerprints of works, and the names of those without any, with reasons."""
    found: dict[Work, Prints] = {}
    failed = []
    for work, outcome in completed(works, _prints, assignment, pool):
        advance()
        if isinstance(outcome, Prints):
            found[work] = outcome
        else:
            failed.append((work.name, _reason(outcome)))
    return {work: found[work] for work in works if work in found}, sorted(failed)


def traced(assignment: Assignment, works: Sequence[Work], pool: Pool) -> dict[Work, Traced]:
    """The texts of works, with the lines of their fingerprints."""
    outcomes = completed(works, _traced, assignment, pool)
    return {work: outcome for work, outcome in outcomes if isinstance(outcome, Traced)}


def _prints(work: Work, assignment: Assignment) -> Prints | str:
    """In a process of the pool. The text says why there are none."""
    submission = _submission(work, assignment)
    if isinstance(submission, str):
        return submission
    prints = prints_of(assignment, submission)
    if prints.by_place:
        return prints
    return "; ".join(submission.errors) or "nothing is written in it"


def _traced(work: Work, assignment: Assignment) -> Traced | str:
    submission = _submission(work, assignment)
    return submission if isinstance(submission, str) else traced_in(assignment, submission)


def _submission(work: Work, assignment: Assignment) -> Submission | str:
    one = work.hand_in
    try:
        return read(assignment, one.path, one.student, one.folder, one.files)
    except Inaccessible as reason:
        return str(reason)


def _reason(outcome: str | Failed) -> str:
    return outcome if isinstance(outcome, str) else UNREADABLE


def _read(assignment: Assignment, folder: Path, read_as: ReadAs) -> list[HandIn]:
    path = Path(os.path.realpath(folder))
    try:
        return [one.hand_in for one in class_in(assignment, path, read_as).received]
    except ClassError as error:
        raise SimilarError(str(error)) from None


def _sorted_out(hand_ins: Sequence[HandIn], grades: Mapping[str, Grade]) -> WorksOfClass:
    works = [Work(one.student, one) for one in hand_ins if one.reason is None]
    set_aside = [(one.student, one.reason) for one in hand_ins if one.reason is not None]
    return WorksOfClass(tuple(works), tuple(set_aside), grades)


def _as_cohort_read(one: HandIn, known: Origin) -> HandIn:
    """With the id under which `cohort` graded it, and the time that it read in its zone."""
    files = tuple(old for old, _ in one.files)
    for source in known.sources:
        if files and source.files == files:
            return replace(one, student=source.people[0].id, timestamp=source.time)
    return one


def _grades(folder: Path, hand_ins: Sequence[HandIn]) -> dict[str, Grade]:
    states = {one.student: load_state(folder / "observations" / one.student) for one in hand_ins}
    return {student: state.grade for student, state in states.items() if state is not None}


def _is_one_work(assignment: Assignment, folder: Path) -> bool:
    """Whether the library is in the folder itself, or the folder is a zip of one work."""
    if folder.is_file():
        return not any(_classes(assignment, folder))
    return any((folder / path).exists() for path in assignment.answered_in)


def _classes(assignment: Assignment, folder: Path) -> Iterator[HandIn]:
    try:
        yield from _read(assignment, folder, DETECTED)
    except SimilarError:
        return


def _as_found(one: HandIn) -> HandIn:
    """A folder without the assignment's folder in it is a work itself, such as a repository."""
    if one.reason is not None and one.path.is_dir() and not one.path.is_symlink():
        return replace(one, reason=None)
    return one
