"""What Moodle does with a grading worksheet (FORMATS.md 3.2) and a zip of feedback (3.3)."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Collection, Mapping
from decimal import Decimal

from rosters import COLUMNS, LANGUAGES
from uploading.cells import decoded, split
from uploading.taken import Column, Files, Refused, Taken, number

PLUGINS = {
    ("assignsubmission", "file"),
    ("assignsubmission", "onlinetext"),
    ("assignfeedback", "file"),
    ("assignfeedback", "comments"),
}


def moodle_worksheet(
    before: bytes,
    after: bytes,
    *,
    language: str = "en",
    separator: str = ",",
    out_of: str = "40",
    graded_later: Collection[str] = (),
) -> Taken:
    """What Moodle takes of a worksheet, by participant number.

    `before` is the worksheet that the instructor downloaded: what stands on the server. Whoever is
    in `graded_later` has been graded on the server since, so their rows are stale. `separator` is
    what the instructor picks in the form.
    """
    old = _worksheet(before, language, separator)
    column = Column()
    for participant, row in old.items():
        points = _grade(row["grade"], language)[0]
        if points is not None:
            column.before[participant] = points
    for participant, row in _worksheet(after, language, separator).items():
        if participant not in old:
            column.report(f"{row['id']!r} is no participant: the row is skipped")
            continue
        stale = participant in graded_later
        _take(participant, row, old[participant], column, language, Decimal(out_of), stale)
        if not stale and row.get("feedback", "") != old[participant].get("feedback", ""):
            what = "changed" if row["feedback"] else "erased"
            column.report(f"{participant}: the feedback comment is {what}")
    return column.taken()


def _worksheet(data: bytes, language: str, separator: str) -> dict[str, dict[str, str]]:
    """Rows by participant; cells by the names in `COLUMNS`. Columns are found by their words."""
    rows = split(decoded(data), separator).strict()
    if not rows or len(rows[0]) < 2:
        raise Refused("the file has too few columns: is it another separator?")
    if any(len(row) != len(rows[0]) for row in rows):
        raise Refused("the number of columns varies")
    words = LANGUAGES[language]
    names = dict(zip(words.header, COLUMNS, strict=True))
    header = [names.get(cell.strip(), cell) for cell in rows[0]]
    if missing := {"id", "grade", "graded"} - set(header):
        raise Refused(f"no column for {', '.join(sorted(missing))} in the language of the site")
    found = {}
    for row in rows[1:]:
        cells = dict(zip(header, row, strict=True))
        found[cells["id"][len(words.participant) :]] = cells
    return found


def _grade(cell: str, language: str) -> tuple[Decimal | None, bool]:
    """The grade as PHP makes a number of it, and whether that is what stands there.

    What follows a number is dropped, and what is no number is 0.
    """
    cell = cell.strip()
    if not cell:
        return None, True
    if LANGUAGES[language].decimal_comma:
        cell = cell.replace(",", ".")
    begins = re.match(r"[+-]?(\d+\.?\d*|\.\d+)", cell)
    points = number(begins[0]) if begins else Decimal(0)
    return points, begins is not None and begins[0] == cell


def _take(
    participant: str,
    row: dict[str, str],
    old: dict[str, str],
    column: Column,
    language: str,
    out_of: Decimal,
    stale: bool,
) -> None:
    points, exact = _grade(row["grade"], language)
    if not exact:
        column.report(f"{participant}: {row['grade']!r} is read as {points}")
    if points is None:
        if participant in column.before:
            column.report(f"{participant}: an empty grade is skipped, and the old one stays")
    elif points == column.before.get(participant):
        return
    elif points < 0 or points > out_of:
        column.report(f"{participant}: {points} is out of range")
    elif stale:
        column.report(f"{participant}: the grade on the server is newer than the worksheet")
    elif old.get("changeable") == LANGUAGES[language].no:
        column.report(f"{participant}: the grade is locked")
    else:
        column.take(participant, row["grade"], points)


def moodle_feedback(
    data: bytes,
    participants: Collection[str],
    submitted: Mapping[str, Mapping[str, bytes]] | None = None,
) -> Files:
    """Which feedback files each participant gets. `submitted` is what they handed in, by path:
    a file that is the same is ignored."""
    files: dict[str, list[str]] = {}
    reported = []
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            if name.endswith("/"):
                continue
            participant, path = _of_feedback(name, participants)
            same = (submitted or {}).get(participant, {}).get(path)
            if not participant:
                reported.append(f"{name!r} is ignored: it names no participant")
            elif same is not None and same == archive.read(name):
                reported.append(f"{name!r} is ignored: it is what was handed in")
            else:
                files.setdefault(participant, []).append(path)
    return Files({key: tuple(listed) for key, listed in files.items()}, tuple(reported))


def _of_feedback(name: str, participants: Collection[str]) -> tuple[str, str]:
    """Whose, and the file's path; both empty where Moodle ignores it."""
    parts = name.split("/")
    if parts[-1].startswith((".", "~")) or ".." in parts:
        return "", ""
    while parts:
        info = parts.pop(0).split("_", 4)
        if len(info) < 4 or not info[1].isdecimal() or str(int(info[1])) not in participants:
            continue
        if (info[2], info[3]) in PLUGINS:
            rest = info[4] if len(info) == 5 else ""
            return str(int(info[1])), "/".join([rest, *parts]).lstrip("/")
    return "", ""
