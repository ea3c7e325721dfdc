"""Brightspace's grades: `OrgDefinedId,Username,...,Problem 1 Points Grade,End-of-Line Indicator`.

Newer exports put a `#` before ids, so that spreadsheets keep them as text, and write the maximum
into the column's name (`Problem 1 Points Grade <Numeric MaxPoints:40 Weight:10>`).
"""

from __future__ import annotations

import re

from autograder.export.filling import maxima
from autograder.export.numbers import decimal_comma, number
from autograder.export.sheet import Candidate, Sheet, chosen, id_column, name_in_parts
from autograder.export.table import Table
from autograder.hand_in.moodle_words import words

KIND = "a Brightspace grades file"
FROM = "In Brightspace: Grades, Enter Grades, Export, with Points grade and both keys"
COLUMN = re.compile(r"(?P<title>.*?)\s*Points Grade(?P<details>\s*<.*>)?", re.DOTALL)
MOST = re.compile(r"MaxPoints:\s*(\d[\d.,]*)")
IDS = (("sis", "orgdefinedid"), ("login", "username"), ("email", "email"))
COMPUTED = re.compile(r"\s*(?:Adjusted|Calculated) Final Grade|Subtotal", re.IGNORECASE)


def understood(table: Table, title: str, column: str | None) -> Sheet:
    """Brightspace's grades, understood; see `targets.Understood`."""
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
    names = {row: name_in_parts(table, header, row) for row in rows}
    most = MOST.search(found[index]["details"] or "")
    written = [table.cell(row, i) for row in rows for i in (index, *found)]
    return Sheet(
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
