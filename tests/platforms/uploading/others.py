"""What Blackboard and Brightspace do with a table of grades (FORMATS.md 4)."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence

from people import Person
from rosters import BLACKBOARD_COLUMN
from uploading.cells import decoded, split
from uploading.taken import Column, Refused, Taken, number

STUDENT_COLUMNS = {
    *("Last Name", "First Name", "Username", "Student ID", "Last Access", "Availability"),
}
OTHER_COLUMNS = {"12344"}


def blackboard_grades(
    data: bytes,
    people: Sequence[Person],
    *,
    column: str = BLACKBOARD_COLUMN,
    before: bytes | None = None,
) -> Taken:
    """What Blackboard takes for the column with that number: rows are found by `Username`.

    Tab-separated UTF-16 with a BOM, or UTF-8 CSV.
    """
    header, *rows = _blackboard_rows(data)
    if "Username" not in header:
        raise Refused("no column Username")
    found = Column()
    wanted = -1
    for at, cell in enumerate(header):
        ends = re.search(r"\[Total Pts: .*\] \|(\d+)$", cell)
        if ends and ends[1] == column:
            wanted = at
        elif cell not in STUDENT_COLUMNS and not (ends and ends[1] in OTHER_COLUMNS):
            found.report(f"a new column would be made of {cell!r}")
    if wanted < 0:
        found.report(f"no column {column}")
        return found.taken()
    known = {person.login: person.key for person in people}
    for row in rows:
        login = row[header.index("Username")]
        if login not in known:
            found.report(f"no user {login!r}: the row is dropped")
        elif row[wanted].strip():
            found.take(known[login], row[wanted], number(row[wanted].strip()))
    if before is not None:
        found.before = dict(blackboard_grades(before, people, column=column).points)
    return found.taken()


def _blackboard_rows(data: bytes) -> list[list[str]]:
    utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = decoded(data, "utf-16" if utf16 else "utf-8-sig")
    if "\0" in text:
        raise Refused("UTF-16 without a BOM")
    tabs = "\t" in text.partition("\n")[0]
    rows = split(text, "\t" if tabs else ",").strict()
    if not rows or any(len(row) != len(rows[0]) for row in rows):
        raise Refused("the number of cells varies")
    return rows


INDICATOR = "End-of-Line Indicator"


def brightspace_grades(
    data: bytes, people: Sequence[Person], *, title: str = "Problem 1", before: bytes | None = None
) -> Taken:
    """What Brightspace takes for the grade item of that title. Rows are found by `OrgDefinedId`
    or `Username`, with or without `#` in front."""
    rows = split(decoded(data), ",").strict()
    if not rows or not {"OrgDefinedId", "Username"} & set(rows[0]):
        raise Refused("no column OrgDefinedId or Username")
    header = rows[0]
    if header[-1] != INDICATOR:
        raise Refused(f"the last column is {header[-1]!r}, not {INDICATOR}")
    found = Column()
    items = {
        at: grade[1]
        for at, cell in enumerate(header)
        if (grade := re.fullmatch(r"(.+) Points Grade(?: <.*>)?", cell))
    }
    found.reported += [f"no grade item {item!r}" for item in items.values() if item != title]
    columns = [at for at, item in items.items() if item == title]
    if len(columns) != 1:
        raise Refused(f"{len(columns)} columns of the grade item {title!r}")
    for row in rows[1:]:
        person = _brightspace_person(dict(zip(header, row, strict=False)), people, found)
        if len(row) != len(header) or row[-1] != "#":
            found.report(f"the row {row[:2]} does not end with #")
        elif person is not None and row[columns[0]].strip():
            cell = row[columns[0]].strip()
            found.take(person.key, cell, number(cell))
    if before is not None:
        found.before = dict(brightspace_grades(before, people, title=title).points)
    return found.taken()


def _brightspace_person(
    cells: dict[str, str], people: Sequence[Person], found: Column
) -> Person | None:
    fits = []
    for name, attribute in (("OrgDefinedId", "sis"), ("Username", "login")):
        value = cells.get(name, "").removeprefix("#")
        if value:
            fits.append(next((p for p in people if getattr(p, attribute) == value), None))
    if not fits or None in fits or len({person.key for person in fits if person}) > 1:
        who = [cells.get("OrgDefinedId"), cells.get("Username")]
        found.report(f"no user, or two, for {who}: the row is dropped")
        return None
    return fits[0]
