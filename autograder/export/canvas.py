"""Canvas's gradebook: `Student,ID,SIS User ID,SIS Login ID,Section,Problem 1 (9876),...`.

Canvas finds a student by ID, then SIS User ID, then SIS Login ID, and an assignment by the number
behind its title. It offers a column that it does not know as a new assignment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from autograder.export.filling import maxima
from autograder.export.numbers import decimal_comma, number
from autograder.export.sheet import Candidate, IdColumn, Sheet, chosen, id_column
from autograder.export.table import Table

KIND = "a Canvas gradebook"
FROM = "In Canvas: Grades, Export, Export Entire Gradebook"
IDS = (("canvas", "ID"), ("sis", "SIS User ID"), ("login", "SIS Login ID"))
TITLE_AND_ID = re.compile(r"(?P<title>.*\S)\s*\((?P<id>\d+)\)")
TOTALS = re.compile(
    r"(?:Current|Final) (?:Score|Points|Grade)|Override (?:Score|Grade|Status)", re.ASCII
)
POINTS_POSSIBLE = "Points Possible"
NO_STUDENT = re.compile(r"(?:Muted|Manual Posting.*)?", re.IGNORECASE | re.DOTALL)
TEST_STUDENT = "Student, Test"


def understood(table: Table, title: str, column: str | None) -> Sheet:
    """A Canvas gradebook, understood; see `targets.Understood`."""
    possible = [row for row, cells in enumerate(table.rows) if _is_points_possible(cells)]
    forbidden = dict(_forbidden(table, possible))
    candidates = _candidates(table, forbidden)
    index, notes = chosen(table, candidates, forbidden, title, column)
    names = dict(_names(table))
    ids = _ids(table, names)
    most = number(table.cell(possible[0], index)) if possible else None
    columns = [index, *(one.index for one in candidates), *_totals(table)]
    written = [row[i] for row in table.rows for i in columns if i < len(row)]
    return Sheet(
        platform="Canvas",
        table=table,
        column=index,
        names=names,
        ids=ids,
        maxima=maxima(names, most),
        decimal_comma=decimal_comma(written, table.separator),
        notes=notes,
    )


def _is_points_possible(cells: Sequence[str]) -> bool:
    return bool(cells) and POINTS_POSSIBLE in cells[0]


def _names(table: Table) -> Iterator[tuple[int, str]]:
    """The rows of students with their names; Canvas's importer skips the same other rows."""
    first_name = 1 if table.header[1].strip() == "FirstName" else None
    others = [i for i, name in enumerate(table.header) if name.strip().startswith("SIS ")]
    for row, cells in enumerate(table.rows):
        if all(NO_STUDENT.fullmatch(cell.strip()) for cell in cells) or _is_points_possible(cells):
            continue
        name = cells[0] if first_name is None else f"{cells[0]}, {table.cell(row, first_name)}"
        is_known = not others or any(table.cell(row, i).strip() for i in others)
        if name.strip() != TEST_STUDENT or is_known:
            yield row, name


def _ids(table: Table, rows: Mapping[int, str]) -> tuple[IdColumn, ...]:
    """At many institutions the login is an e-mail address, so that column is searched for both."""
    header = [name.strip() for name in table.header]
    found = [id_column(table, rows, key, header.index(name)) for key, name in IDS if name in header]
    if "SIS Login ID" in header:
        found.append(id_column(table, rows, "email", header.index("SIS Login ID"), False))
    return tuple(found)


def _forbidden(table: Table, possible: Sequence[int]) -> Iterator[tuple[int, str]]:
    last = max(i for i, name in enumerate(table.header) if name.strip() == "Section")
    for index, name in enumerate(table.header):
        if index <= last:
            yield index, "it says who the student is"
        elif TOTALS.search(name) or any(
            "read only" in table.cell(row, index).lower() for row in possible
        ):
            yield index, "Canvas computes it"


def _totals(table: Table) -> list[int]:
    return [index for index, name in enumerate(table.header) if TOTALS.search(name)]


def _candidates(table: Table, forbidden: Mapping[int, str]) -> list[Candidate]:
    """Columns with an assignment number; if there are none, all that may be filled."""
    names = [(i, name.strip()) for i, name in enumerate(table.header) if i not in forbidden]
    numbered = [
        Candidate(index, name, found["title"], found["id"])
        for index, name in names
        if (found := TITLE_AND_ID.fullmatch(name))
    ]
    return numbered or [Candidate(index, name, name) for index, name in names if name]
