"""Blackboard's grades: `Last Name,First Name,Username,...,Problem 1 [Total Pts: 40 Score] |12345`.

The full download is a tab-separated file in UTF-16 that is called .xls. Blackboard finds a student
by Username and a column by the number at the end of its name; without a known number, the column
becomes a new one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from autograder.export.filling import maxima
from autograder.export.numbers import decimal_comma, number
from autograder.export.sheet import Candidate, Sheet, chosen, id_column, name_in_parts
from autograder.export.table import Table
from autograder.hand_in.moodle_words import words

KIND = "a Blackboard grades file"
FROM = "In Blackboard: Grade Center (or Gradebook), Work Offline, Download"
COLUMN = re.compile(
    r"(?P<title>.*?)\s*\[[^\]:]*:\s*(?P<up_to>up to\s+)?(?P<most>\d[\d.,]*)?[^\]]*\]"
    r"\s*\|\s*(?P<id>\d+)",
    re.IGNORECASE | re.DOTALL,
)
IDS = (("login", "username"), ("sis", "student id"))


def understood(table: Table, title: str, column: str | None) -> Sheet:
    """Blackboard's grades, understood; see `targets.Understood`."""
    header = words(table.header)
    found = {
        i: one for i, name in enumerate(table.header) if (one := COLUMN.fullmatch(name.strip()))
    }
    candidates = [
        Candidate(i, table.header[i].strip(), one["title"], one["id"])
        for i, one in found.items()
        if not one["up_to"]
    ]
    index, notes = chosen(table, candidates, _forbidden(table, found), title, column)
    user = header.index("username")
    rows = [row for row in range(len(table.rows)) if table.cell(row, user).strip()]
    names = {row: name_in_parts(table, header, row) for row in rows}
    most = number(found[index]["most"] or "") if index in found else None
    written = [table.cell(row, i) for row in rows for i in (index, *found)]
    return Sheet(
        platform="Blackboard",
        table=table,
        column=index,
        names=names,
        ids=tuple(
            id_column(table, rows, key, header.index(name)) for key, name in IDS if name in header
        ),
        maxima=maxima(names, most),
        decimal_comma=decimal_comma(written, table.separator),
        notes=notes,
    )


def _forbidden(table: Table, found: Mapping[int, re.Match[str]]) -> Mapping[int, str]:
    """Columns without Blackboard's number would become new columns; totals are computed."""
    reasons = {
        i: "it has no number of Blackboard's, so Blackboard would make a new column of it"
        for i in range(len(table.header))
        if i not in found
    }
    totals = {i: "Blackboard computes it" for i, one in found.items() if one["up_to"]}
    return {**reasons, **totals}
