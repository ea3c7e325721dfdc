"""Brightspace's grades: `OrgDefinedId,Username,...,Problem 1 Points Grade,End-of-Line Indicator`.

Newer exports put a `#` before ids, so that spreadsheets keep them as text, and write the maximum
into the column's name (`Problem 1 Points Grade <Numeric MaxPoints:40 Weight:10>`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from autograder.export.filling import fill_in, maxima
from autograder.export.grades import Filled, Graded, Missing
from autograder.export.kinds import require
from autograder.export.numbers import decimal_comma, number
from autograder.export.sheet import Candidate, Sheet, chosen, id_column
from autograder.export.table import Table
from autograder.export.words import words

KIND = "a Brightspace grades file"
FROM = "In Brightspace: Grades, Enter Grades, Export, with Points grade and both keys"
COLUMN = re.compile(r"(?P<title>.*?)\s*Points Grade(?P<details>\s*<.*>)?", re.DOTALL)
MOST = re.compile(r"MaxPoints:\s*(\d[\d.,]*)")
IDS = (("sis", "orgdefinedid"), ("login", "username"), ("email", "email"))
COMPUTED = re.compile(r"\s*(?:Adjusted|Calculated) Final Grade|Subtotal", re.IGNORECASE)


def fill(
    template: bytes,
    class_: Sequence[Graded],
    title: str,
    column: str | None = None,
    missing: Missing = "blank",
) -> Filled:
    """Fill the assignment's column of Brightspace's grades; see `targets.Fill`.

    Raises:
        TableError: it is not a Brightspace grades file, or it is unclear which column to fill.
    """
    table = Table.read(template)
    require(table, KIND, FROM)
    header = words(table.header)
    found = {
        i: one
        for i, name in enumerate(table.header)
        if (one := COLUMN.fullmatch(name.strip())) and not COMPUTED.match(name)
    }
    candidates = [Candidate(i, table.header[i].strip(), one["title"]) for i, one in found.items()]
    forbidden = {
        i: "its name does not end with Points Grade"
        for i in range(len(table.header))
        if i not in found
    }
    index, notes = chosen(table, candidates, forbidden, title, column)
    keys = [header.index(name) for key, name in IDS if name in header]
    rows = [
        row for row in range(len(table.rows)) if any(table.cell(row, i).strip("# ") for i in keys)
    ]
    names = {row: _name(table, header, row) for row in rows}
    most = MOST.search(found[index]["details"] or "")
    written = [table.cell(row, i) for row in rows for i in (index, *found)]
    sheet = Sheet(
        platform="Brightspace",
        table=table,
        column=index,
        names=names,
        ids=tuple(
            id_column(table, rows, key, header.index(name)) for key, name in IDS if name in header
        ),
        maxima=maxima(names, number(most[1]) if most else None),
        decimal_comma=decimal_comma(written, table.separator),
        notes=notes,
    )
    return fill_in(sheet, class_, missing)


def _name(table: Table, header: Sequence[str], row: int) -> str:
    parts = [
        table.cell(row, header.index(name))
        for name in ("last name", "first name")
        if name in header
    ]
    return ", ".join(part for part in parts if part.strip())
