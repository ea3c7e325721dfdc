"""Moodle's offline grading worksheet: `Identifier,Full name,...,Grade,Maximum grade,...`.

Its header is written in its user's language. These are recognised by structure: the first column
(`Participant 1001`), the maximum right of the grade, the column of e-mail addresses, and the one
that says yes or no to "Grade can be changed". The others are recognised by words.

Moodle passes over rows in silence: locked ones, grades out of range, and rows that somebody graded
on the server after the worksheet was downloaded. Comments that are emptied are erased, so nothing
but the grade is touched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from autograder.export.numbers import decimal_comma, number
from autograder.export.sheet import EMPTY, Candidate, IdColumn, Sheet, chosen, id_column, listed
from autograder.export.table import Table, TableError
from autograder.hand_in.files import printable
from autograder.hand_in.moodle_words import (
    GRADE,
    ID_NUMBER,
    NO,
    STATUS,
    USER_NAME,
    YES,
    participant,
    words,
)

KIND = "a Moodle grading worksheet"
FROM = "In Moodle: the assignment, Submissions, Download grading worksheet"
NAME = 1
"""The column of full names. In blind marking there is none, and Status stands here."""
NO_LOCKS = "No column says which rows are locked; Moodle passes over those in silence."


def understood(table: Table, title: str, column: str | None) -> Sheet:
    """A Moodle worksheet, understood; see `targets.Understood`."""
    index = _grade_column(table, column)
    rows = [row for row in range(len(table.rows)) if table.cell(row, 0).strip()]
    most = {row: number(table.cell(row, index + 1)) for row in rows}
    _require_points(table, rows, most, index)
    can_be_changed = _yes_or_no(table, rows, index)
    locked = {
        row: "locked in Moodle"
        for row in rows
        if can_be_changed and words([table.cell(row, can_be_changed)])[0] in NO
    }
    numbers = [table.cell(row, i) for row in rows for i in (index, index + 1)]
    return Sheet(
        platform="Moodle",
        table=table,
        column=index,
        names=_names(table, rows),
        ids=_ids(table, rows),
        maxima=most,
        locked=locked,
        decimal_comma=decimal_comma(numbers, table.separator),
        notes=() if can_be_changed else (NO_LOCKS,),
    )


def _grade_column(table: Table, column: str | None) -> int:
    header = words(table.header)
    every = [Candidate(i, table.header[i], table.header[i]) for i in range(1, len(header))]
    graded = [one for one in every if header[one.index] in GRADE]
    if column is None and not graded:
        names = listed(table.header[1:])
        raise TableError(
            f"which column has the grades is not known in this language; name one with --column "
            f"({names})"
        )
    title = table.header[graded[0].index] if len(graded) == 1 else ""
    forbidden = {0: "it says who the student is"}
    return chosen(table, graded or every, forbidden, title, column)[0]


def _names(table: Table, rows: Sequence[int]) -> Mapping[int, str]:
    is_blind = words(table.header)[NAME] in STATUS
    return {row: table.cell(row, 0 if is_blind else NAME) for row in rows}


def _require_points(
    table: Table, rows: Sequence[int], most: Mapping[int, float | None], index: int
) -> None:
    """Right of the grade is the maximum, or the scale whose words are the grades."""
    beside = [row for row in rows if table.cell(row, index + 1).strip() not in EMPTY]
    if beside and all(most[row] is None for row in beside):
        raise TableError(
            f"beside the column {printable(table.header[index])!r} there is no maximum: either the "
            "assignment is graded by a scale, which takes no points, or the grades are in another "
            "column, which --column names"
        )


def _yes_or_no(table: Table, rows: Sequence[int], index: int) -> int | None:
    """The first column behind the grade in which there is nothing but yes and no."""
    for column in range(index + 1, len(table.header)):
        cells = set(words(table.cell(row, column) for row in rows)) - EMPTY
        if cells and cells <= YES | NO:
            return column
    return None


def _ids(table: Table, rows: Sequence[int]) -> tuple[IdColumn, ...]:
    """Moodle itself matches by the participant number alone."""
    participants = id_column(table, rows, "moodle", 0)
    numbers = {
        row: number for row, cell in participants.cells.items() if (number := participant(cell))
    }
    found = [IdColumn("moodle", participants.header, numbers)]
    header = words(table.header)
    for key, names in (("sis", ID_NUMBER), ("login", USER_NAME)):
        found += [
            id_column(table, rows, key, i) for i in range(1, len(header)) if header[i] in names
        ][:1]
    found += [id_column(table, rows, "email", i) for i in _of_addresses(table, rows)[:1]]
    return tuple(found)


def _of_addresses(table: Table, rows: Sequence[int]) -> list[int]:
    def holds_addresses(column: int) -> bool:
        cells = [cell for row in rows if (cell := table.cell(row, column).strip()) not in EMPTY]
        return bool(cells) and all(cell.count("@") == 1 and " " not in cell for cell in cells)

    return [column for column in range(1, len(table.header)) if holds_addresses(column)]
