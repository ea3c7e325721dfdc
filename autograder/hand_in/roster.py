"""Lists of a class, as platforms hand them out -> who is who, and under which ids.

The header of a file tells what it is. A list is read row by row; nothing in a cell is trusted.
Several lists become one, see `merged`; whose a hand-in is, `find` says.
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from autograder.hand_in import people
from autograder.hand_in.files import printable
from autograder.hand_in.garbage import not_collected
from autograder.hand_in.people import Person, RosterError, named
from autograder.hand_in.roster_columns import EXPECTED, Columns, Kind, folded, recognised
from autograder.hand_in.whose import Ambiguous, find, in_group

__all__ = ["Ambiguous", "Person", "Roster", "RosterError", "find", "in_group", "merged", "read"]

Line = tuple[int, list[str]]
"""The number of a row's first line, and its cells."""
LARGEST = 16 * 2**20
MOST_ROWS, MOST_COLUMNS = 100_000, 2_000
LONGEST_SHOWN = 40
"""Characters of a column's name in a message."""
SEPARATORS = ",;\t"
"""Ties go to the first."""
OTHER_FILES = {
    b"PK\x03\x04": "an Excel workbook or a zip file: save it as CSV",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook: save it as CSV",
    b"%PDF": "a PDF file: download the CSV",
}
"""Beginnings of what people download in place of the CSV."""
SEPARATOR_LINE = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)
"""Excel's own first line."""
AS_TEXT = re.compile(r'="(.*)"', re.DOTALL)
"""How Canvas and spreadsheets keep a cell from being computed."""
NO_STUDENT = {
    *("points possible", "manual posting", "muted"),
    *("total", "totals", "average", "mean", "median", "class average", "overall average"),
}
TEST_STUDENT = {"student, test", "test student", "teststudent"}
"""Canvas's own, who is in no institution's list."""


@dataclass(frozen=True)
class Roster:
    """A list of a class.

    Attributes:
        kind: a key of `EXPECTED`.
        name: the file's.
        people: in the file's order.
        skipped: rows that are no students: "line 2: Points Possible".
    """

    kind: Kind
    name: str
    people: tuple[Person, ...]
    skipped: tuple[str, ...] = ()

    def __str__(self) -> str:
        text = f"{self.name}: {EXPECTED[self.kind].called}, {_counted(len(self.people), 'student')}"
        if not self.skipped:
            return text
        some = "; ".join(self.skipped[:3]) + (" ..." if len(self.skipped) > 3 else "")
        return f"{text}; skipped {_counted(len(self.skipped), 'row')} of no student ({some})"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


@not_collected()
def read(path: Path) -> Roster:
    """A list of a class, whichever platform it is from.

    Raises:
        RosterError: it cannot be read, is no such list, or two people in it have one id.
    """
    name = printable(path.name)
    text, separators = _text(path, name)
    with _wide_fields():
        columns, header, body = _table(text, separators, name)
    found, skipped = [], []
    for line, cells in body:
        where = f"{name}, line {line}"
        if any(cells[len(header) :]):
            raise RosterError(
                f"{where} has {len(cells)} cells, but the header has {len(header)}: "
                "is a name with a comma not in quotes?"
            )
        one = _person(columns, cells, where)
        if isinstance(one, Person):
            found.append(one)
        else:
            skipped.append(f"line {line}: {one}")
    return Roster(columns.kind, name, named(found), tuple(skipped))


def merged(rosters: Iterable[Roster]) -> tuple[Person, ...]:
    """The people of several lists, each once; see `people.merged`. Raises RosterError."""
    return people.merged([roster.people for roster in rosters])


def _text(path: Path, name: str) -> tuple[str, str]:
    """The file's text, and what may separate its cells."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise RosterError(f"{name} cannot be read: {error.strerror}") from None
    if len(data) > LARGEST:
        raise RosterError(f"{name} has more than {LARGEST // 2**20} MiB; expected a class's list")
    for start, said in OTHER_FILES.items():
        if data.startswith(start):
            raise RosterError(f"{name} is {said}")
    text = _decoded(data, name)
    if own := SEPARATOR_LINE.match(text):
        return "\n" + text[own.end() :], own[1]  # lines keep their numbers
    return text, SEPARATORS


def _decoded(data: bytes, name: str) -> str:
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "cp1252"):
        with contextlib.suppress(UnicodeDecodeError):
            return data.decode(encoding)
    raise RosterError(
        f"{name} is not text in UTF-8, UTF-16 or Windows-1252; save it as CSV in UTF-8"
    )


@contextlib.contextmanager
def _wide_fields() -> Iterator[None]:
    """A worksheet may hold a student's text in a cell; the file's own bound is enough."""
    before = csv.field_size_limit(LARGEST)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _table(text: str, separators: str, name: str) -> tuple[Columns, list[str], list[Line]]:
    """What the columns say, the header, and the rows below it.

    The right separator is one that makes the header recognisable; of several, the one with the most
    columns.
    """
    in_columns = [one for one in separators if len(_header(text, one, name)) > 1]
    every: list[list[Line]] = []
    wrong: list[RosterError] = []
    for separator in in_columns or separators:
        try:
            every.append(_lines(text, separator, name))
        except RosterError as error:
            if recognised(_header(text, separator, name), []):
                raise
            wrong.append(error)  # perhaps only because the separator is another
    every.sort(key=lambda lines: -len(lines[0][1]))
    for (_, header), *body in every:
        columns = recognised(header, [cells for _, cells in body])
        if columns is not None:
            return columns, header, body
    header = every[0][0][1] if every else []
    if wrong and len(header) < 2:  # no separator makes columns of it
        raise wrong[0]
    raise RosterError(_unknown(name, header))


def _header(text: str, separator: str, name: str) -> list[str]:
    """The first row that holds something; one empty cell where it cannot be read."""
    with contextlib.suppress(RosterError, StopIteration):
        return next(_records(text, separator, name))[1]
    return [""]


def _lines(text: str, separator: str, name: str) -> list[Line]:
    """Rows that hold something, with the numbers of their first lines."""
    lines = list(islice(_records(text, separator, name), MOST_ROWS + 2))
    if not lines:
        raise RosterError(f"{name} is empty; expected a list with a header")
    if len(lines) > MOST_ROWS + 1:
        raise RosterError(f"{name} has more than {MOST_ROWS:,} rows; expected a class's list")
    return lines


def _records(text: str, separator: str, name: str) -> Iterator[Line]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    line = 1
    try:
        for cells in reader:
            if len(cells) > MOST_COLUMNS:
                raise RosterError(
                    f"{name}, line {line} has more than {MOST_COLUMNS:,} columns; "
                    "expected a class's list"
                )
            clean = [cell and _clean(cell) for cell in cells]
            if any(clean):
                yield line, clean
            line = reader.line_num + 1
    except csv.Error as error:
        raise RosterError(
            f"{name}, line {line} is not valid CSV: {printable(str(error))}"
        ) from None


def _clean(cell: str) -> str:
    bare = cell.strip().strip("\ufeff\0").strip()
    wrapped = bare.startswith("=") and AS_TEXT.fullmatch(bare)
    return wrapped[1].replace('""', '"').strip() if wrapped else bare


def _unknown(name: str, header: Sequence[str]) -> str:
    cells = (printable(cell[:LONGEST_SHOWN]) for cell in header[:8])
    shown = ", ".join(cells) + (" ..." if header[8:] else "")
    wanted = "; ".join(f"{one.called}: {one.columns}" for one in EXPECTED.values())
    return f"{name} has the columns {shown}. Expected one of these lists: {wanted}"


def _person(columns: Columns, cells: Sequence[str], where: str) -> Person | str:
    """The student of a row, or why the row is not a student.

    Raises:
        RosterError: it names somebody, but has no id.
    """
    name, ids = columns.name(cells), columns.ids(cells)
    label = name if not ids else "" if name or set(ids) != {"login"} else ids["login"]
    if folded(label) in NO_STUDENT:
        return printable(label)
    if columns.kind == "canvas" and folded(name) in TEST_STUDENT and "sis" not in ids:
        return printable(name)
    if not ids and not name:
        said = next((cell for cell in cells if folded(cell) in NO_STUDENT), "no name and no id")
        return printable(said)
    if not ids:
        raise RosterError(
            f"{where} names {printable(name)}, but has no id. "
            f"Expected one in {printable(columns.id_columns)}; add it, or delete the line"
        )
    return Person(
        id="",  # see `named`: it depends on the others
        name=name,
        email=ids.get("email", ""),
        ids=ids,
        given=ids.get("login", "") if columns.kind == "plain" else "",
        group=columns.cell(cells, "group"),
        lines=(where,),
    )
