"""Finds the notebook among a submission's files, and reads its answer cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from autograder.assignment import Assignment
from autograder.assignment.stub import stubs_in
from autograder.hand_in.files import Entry, Unreadable, printable
from autograder.hand_in.library import DEEPEST
from autograder.hand_in.notebook import NoNotebook, cells_of, grade_id_of, parsed, source_of

LARGEST_NOTEBOOK = 16 * 2**20
MOST_NOTEBOOKS = 10
ENDINGS = (".ipynb", ".ipynb.txt", ".ipynb.json")
"""Some browsers and mail programs save a notebook as text."""


@dataclass(frozen=True)
class Candidate:
    """One of the notebooks.

    Attributes:
        path: in the submission.
        content: the file.
        cells: its cells; empty if it is not a valid notebook.
        fault: why it is not a valid notebook; None if it is one.
        answers: how many cells hold an answer of the student.
        known: how many cells are the assignment's.
        rank: for choosing among equals; the smallest is chosen.
    """

    path: str
    content: bytes
    cells: list[dict[str, Any]]
    fault: str | None
    answers: int
    known: int
    rank: tuple[bool, int, str]

    @property
    def name(self) -> str:
        return printable(PurePosixPath(self.path).name)


def notebooks_in(entries: Sequence[Entry]) -> list[Entry]:
    """The notebooks that are not too deep in folders."""
    return [
        entry
        for entry in entries
        if entry.path.lower().endswith(ENDINGS) and entry.path.count("/") <= DEEPEST
    ]


def notebook(
    assignment: Assignment, entries: Sequence[Entry], errors: list[str]
) -> tuple[dict[str, str], bytes]:
    """The answer cells and the bytes of the notebook.

    Of several, the one with the most answers counts, then the one with the most cells of the
    assignment, then the one with the assignment's file name.
    """
    found = notebooks_in(entries)
    if not found:
        errors.append("there is no notebook, so its answer cells count as missing")
        return {}, b""
    best: Candidate | None = None
    tied = False
    for entry in found[:MOST_NOTEBOOKS]:  # one at a time, since each may be large
        try:
            candidate = _candidate(assignment, entry)
        except Unreadable as unreadable:
            errors.append(f"{printable(entry.path)} was not read: {unreadable}")
            continue
        if best is None or _order(candidate) < _order(best):
            tied = best is not None and best.answers == candidate.answers
            best = candidate
        else:
            tied = tied or best.answers == candidate.answers
    if best is None:
        return {}, b""
    if len(found) > 1:
        reason = "it fits best" if tied else "it has the most answers"
        errors.append(
            f"there are {len(found)} notebooks; {printable(best.path)} was graded, because {reason}"
        )
    return _read(assignment, best, errors)


def _order(one: Candidate) -> tuple[int, int, tuple[bool, int, str]]:
    return -one.answers, -one.known, one.rank


def _candidate(assignment: Assignment, entry: Entry) -> Candidate:
    content = entry.read(LARGEST_NOTEBOOK)
    cells, fault = [], None
    try:
        cells = parsed(content)
    except NoNotebook as reason:
        fault = str(reason)
    own = assignment.answers | assignment.questions
    answers = sum(
        1
        for cell in cells
        if grade_id_of(cell) in own and (text := source_of(cell)) and not stubs_in(text)
    )
    known = len({grade_id_of(cell) for cell in cells} & assignment.marked_cells)
    name = PurePosixPath(entry.path).name
    rank = name != assignment.notebook, entry.path.count("/"), entry.path
    return Candidate(entry.path, content, cells, fault, answers, known, rank)


def _read(
    assignment: Assignment, chosen: Candidate, errors: list[str]
) -> tuple[dict[str, str], bytes]:
    if chosen.fault is not None:
        errors.append(f"{chosen.name} could not be read: {chosen.fault}")
        return {}, b""
    cells = cells_of(chosen.cells, assignment.answers, errors.append)
    if not chosen.known:
        errors.append(
            f"{chosen.name} has none of the assignment's graded cells, so its answer cells count "
            "as missing: they were lost when it was saved by a program that drops cell metadata. "
            "Copy the answers into the original notebook"
        )
    else:
        errors += [
            f"the notebook has no cell {cell}" for cell in sorted(assignment.answers - set(cells))
        ]
    return cells, chosen.content
