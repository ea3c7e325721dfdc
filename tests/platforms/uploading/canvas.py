"""What Canvas does with a gradebook CSV (FORMATS.md 2.3) and with a zip of feedback (2.2)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath

from downloading.canvas import slug
from people import TEAM_NAME, Person
from rosters import CANVAS_ASSIGNMENT, TEST_STUDENT
from uploading.cells import decoded, split
from uploading.taken import Column, Files, Refused, Taken, number

ASSIGNMENTS: Mapping[str, str] = {"9875": "Warm-up", CANVAS_ASSIGNMENT: "Problem 1"}
TOTALS = re.compile("(Current|Final|Override) (Score|Points|Grade|Status)")
LAST = ("SIS User ID", "SIS Login ID", "Integration ID", "Root Account")


def canvas_gradebook(
    data: bytes,
    people: Sequence[Person],
    *,
    before: bytes | None = None,
    assignments: Mapping[str, str] = ASSIGNMENTS,
    assignment: str = CANVAS_ASSIGNMENT,
) -> Taken:
    """What Canvas takes for one assignment. `before` is its own export: what stands there now.

    Raises `Refused` for a file that Canvas calls invalid.
    """
    rows = _rows(data)
    first = _first_assignment(rows[0])
    at = _assignment_columns(rows[0], first, assignments)
    column = Column()
    column.reported += [
        f"a new assignment would be made of the column {rows[0][where]!r}"
        for where in range(first, len(rows[0]))
        if where not in at.values() and not TOTALS.search(rows[0][where])
    ]
    if assignment not in at:
        column.report(f"no column of the assignment {assignment}")
        return column.taken()
    _read(rows[1:], rows[0], at[assignment], people, column)
    if before is not None:
        _beside(_rows(before), rows, at, assignment, people, column)
    return column.taken()


def _rows(data: bytes) -> list[list[str]]:
    text = decoded(data)
    rows = split(text, _separator(text)).strict()
    rows = [row for row in rows if "".join(row).strip(" ;,")]
    if not rows:
        raise Refused("Invalid header row")
    return rows


def _separator(text: str) -> str:
    """`;` where it splits each of the first three lines into as many cells, and more than `,`."""
    counts = {}
    for separator in ";,":
        try:
            sizes = {len(split(line, separator).rows[0]) for line in text.splitlines()[:3] if line}
        except Refused:
            sizes = set()
        counts[separator] = sizes.pop() if len(sizes) == 1 else 0
    return ";" if counts[";"] > counts[","] else ","


def _first_assignment(header: list[str]) -> int:
    """Where the student's columns end: at `Section`."""
    named = len(header) > 4 and header[:2] == ["LastName", "FirstName"] and "ID" in header[2]
    whole = len(header) > 3 and "Student" in header[0] and "ID" in header[1]
    if not named and not whole:
        raise Refused("Invalid header row")
    at = 3 if named else 2
    if re.search(r"SIS\s+User\s+ID", header[at]) and re.search(r"SIS\s+Login\s+ID", header[at + 1]):
        at += 2
        at += "Integration ID" in header[at : at + 1]
        at += "Root Account" in header[at : at + 1]
    elif re.search(r"SIS\s+Login\s+ID", header[at]):
        at += 1
    if "Section" not in "".join(header[at : at + 1]):
        raise Refused("Invalid header row")
    return at + 1


def _assignment_columns(
    header: list[str], first: int, assignments: Mapping[str, str]
) -> dict[str, int]:
    found = {}
    for at, cell in enumerate(header[first:], first):
        number_ = re.fullmatch(r"(?s).*\((\d+)\)", cell)
        titled = [key for key, title in assignments.items() if title == cell]
        if number_ and number_[1] in assignments:
            found[number_[1]] = at
        elif titled:
            found[titled[0]] = at
    return found


def is_student(row: list[str]) -> bool:
    posting = re.compile(r"\s*(Muted|Manual Posting.*)?\s*", re.IGNORECASE)
    return "Points Possible" not in row[0] and not all(posting.fullmatch(cell) for cell in row)


def _read(
    rows: list[list[str]], header: list[str], at: int, people: Sequence[Person], column: Column
) -> None:
    for row in rows:
        cell = row[at].strip() if at < len(row) else ""
        if not is_student(row):
            if "read only" in cell:
                column.report("the column is read-only: nothing of it is taken")
            continue
        person = _person(row, header, people, column)
        if person is None:
            if cell or row[1] != TEST_STUDENT:
                column.report(f"no student is found for {row[0]!r}: a new one would be made")
        elif cell.casefold() == "ex":
            column.excused.append(person.key)
        elif cell not in ("", "N/A", "-"):
            column.take(person.key, cell, number(normalised(cell)))


def normalised(cell: str) -> str:
    """Canvas's reading of points and commas: the last one is the decimal sign."""
    if not re.fullmatch(r"-?[0-9.,]+", cell):
        return cell
    *whole, last = re.split("[,.]", cell)
    return f"{''.join(whole)}.{last}" if whole else last


def _person(
    row: list[str], header: list[str], people: Sequence[Person], column: Column
) -> Person | None:
    """By ID, SIS User ID, SIS Login ID, then by the exact name: the first that fits."""
    cells = dict(zip(header, row, strict=False))
    for name, attribute in (("ID", "canvas"), ("SIS User ID", "sis"), ("SIS Login ID", "login")):
        value = cells.get(name, "")
        if name == "ID":
            value = (re.match(r"\s*(\d*)", value) or [""])[0].strip()
        found = [p for p in people if value and getattr(p, attribute) == value]
        if found:
            return found[0]
    named = [person for person in people if row[0] in (person.name, person.sortable)]
    if named:
        column.report(f"{row[0]!r} is found by name alone, which {len(named)} have")
    return named[0] if named else None


def _beside(
    old: list[list[str]],
    new: list[list[str]],
    at: Mapping[str, int],
    assignment: str,
    people: Sequence[Person],
    column: Column,
) -> None:
    """Reports what the file does beside giving points: other columns, erased cells, lost `EX`."""
    was, now = (_by_student(rows, people) for rows in (old, new))
    old_at = _assignment_columns(old[0], _first_assignment(old[0]), ASSIGNMENTS)
    for key, row in was.items():
        for number_, where in old_at.items():
            cell = row[where].strip()
            if key not in now or number_ not in at:
                continue
            after = now[key][at[number_]].strip()
            if number_ != assignment and cell != after:
                column.report(f"{key}: {cell!r} of another assignment became {after!r}")
            elif number_ == assignment:
                _of_this(key, cell, after, column)


def _of_this(key: str, cell: str, after: str, column: Column) -> None:
    if key == "Points Possible":
        if cell != after:
            column.report(f"the assignment's points would change from {cell} to {after}")
        return
    points = number(normalised(cell))
    if points is not None:
        column.before[key] = points
    if cell == after:
        return
    if cell == "N/A":
        column.report(f"{key} is not assigned the work: {after!r} is dropped")
        column.points.pop(key, None)
    elif cell.casefold() == "ex":
        column.report(f"{key}: the excuse is overwritten with {after!r}")
    elif cell and not after:
        column.report(f"{key}: {cell} is erased")
        column.before.pop(key, None)


def _by_student(rows: list[list[str]], people: Sequence[Person]) -> dict[str, list[str]]:
    found = {}
    for row in rows[1:]:
        if "Points Possible" in row[0]:
            found["Points Possible"] = row
        elif is_student(row):
            person = _person(row, rows[0], people, Column())
            if person is not None:
                found[person.key] = row
    return found


def canvas_comments(
    names: Iterable[str], people: Sequence[Person], attachments: Mapping[str, tuple[str, str]]
) -> Files:
    """Whose comments the files of a zip become, and under which names.

    `attachments` has of each attachment's id whose submission it belongs to, and the file's
    original name, under which the upload is shown.
    """
    files: dict[str, list[str]] = {}
    reported = []
    for path in names:
        name = PurePosixPath(path).name
        person, attachment = _of_comment(name, people)
        owner, original = attachments.get(attachment, ("", ""))
        if name.startswith("._") or name.endswith(("link", "link.html")):
            reported.append(f"{path!r} is ignored")
        elif person is None or owner != person.key:
            reported.append(f"{path!r} is dropped: no such attachment of such a student")
        else:
            files.setdefault(owner, []).append(original)
            if PurePosixPath(original).suffix.lower() != PurePosixPath(name).suffix.lower():
                reported.append(f"{path!r} is shown as {original!r}")
    return Files({key: tuple(listed) for key, listed in files.items()}, tuple(reported))


def _of_comment(name: str, people: Sequence[Person]) -> tuple[Person | None, str]:
    name = name.removeprefix(slug(TEAM_NAME))
    parts = [part for part in name.split("_") if part != "LATE"]
    if parts[0] == "anon" and len(parts) > 2:
        person = next((p for p in people if p.anonymous == parts[1]), None)
        return person, parts[2]
    ids = [part for part in parts if part.isdecimal() and part.isascii()][:2]
    person = next((p for p in people if ids[:1] == [p.canvas]), None)
    return person, ids[1] if len(ids) == 2 else ""
