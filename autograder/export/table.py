"""A delimited file of which one column is filled; every other byte stays as it is.

The platform reads its file again, so the encoding, separator, quotes and line ends are left as they
are, even if they are mixed. The text is kept whole, and only rows that change are parsed again.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import islice

LARGEST = 64 * 2**20
MOST_CELLS = 3_000_000
"""A class of 10,000 with 300 columns."""
MOST_ROWS = 200_000
LONGEST_ROW = 20_000
"""Cells; rows may be longer than the header, but nobody's is by that much."""
MOST_COLUMNS = 2_000
LONGEST_NAME = 500
"""Characters of a column's name; Canvas's longest titles have 255."""
SEPARATORS = ("\t", ";", ",")
TOO_MANY = "the file has more than {:,} rows or {:,} cells"
SAMPLE = 25
"""Rows that show which separator a file has."""
LINE_END = re.compile(r"\r\n|\r|\n")
QUOTED = re.compile(r'"([^"]*+(?:""[^"]*+)*+)"')
OTHER_KINDS = (
    (b"PK\x03\x04", "an Excel workbook (.xlsx) or a zip file"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook (.xls)"),
    (b"%PDF", "a PDF file"),
)
ENCODINGS = ((BOM_UTF8, "utf-8"), (BOM_UTF16_LE, "utf-16-le"), (BOM_UTF16_BE, "utf-16-be"))


class TableError(Exception):
    """The file cannot be filled; the message says what was found, and what to do."""


@dataclass(frozen=True)
class Table:
    """A delimited file.

    Attributes:
        header: the cells of the first row.
        rows: the cells of every other row, blank ones included; a row may be shorter than the
            header. Quotes are taken off, and so is what makes Excel take a cell for text: `="012"`
            is 012.
        separator: of cells.
        encoding: a Python codec's name.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    separator: str
    encoding: str
    _text: str = field(repr=False)
    _mark: bytes = field(repr=False)
    _spans: tuple[tuple[int, int], ...] = field(repr=False)

    @classmethod
    def read(cls, content: bytes) -> Table:
        """A file's content as a table.

        Raises:
            TableError: it is too large, not text, without a header, or its quotes do not close.
        """
        text, encoding, mark = _decoded(content)
        separator = _separator_of(text)
        rows: list[tuple[str, ...]] = []
        spans: list[tuple[int, int]] = []
        cells = 0
        for row, span in _rows(text, separator):
            cells += len(row)
            if cells > MOST_CELLS or len(rows) > MOST_ROWS:
                raise TableError(TOO_MANY.format(MOST_ROWS, MOST_CELLS))
            rows.append(row)
            spans.append(span)
        if not rows or not any(cell.strip() for cell in rows[0]):
            raise TableError("the file's first row is empty; expected the names of its columns")
        header, *others = rows
        if len(header) > MOST_COLUMNS or any(len(name) > LONGEST_NAME for name in header):
            raise TableError(
                f"the file's first row has more than {MOST_COLUMNS:,} columns or a name of more "
                f"than {LONGEST_NAME} characters; expected the names of the columns"
            )
        return cls(header, tuple(others), separator, encoding, text, mark, tuple(spans[1:]))

    def cell(self, row: int, column: int) -> str:
        """What stands in a cell; nothing where the row is too short to have it."""
        cells = self.rows[row]
        return cells[column] if column < len(cells) else ""

    def filled(self, column: int, values: Mapping[int, str]) -> bytes:
        """The file with other values in some cells of a column.

        A cell that has its value already stays as it is. Otherwise it keeps its quotes if it has
        some, and gets some if it needs them.

        Args:
            column: counted from 0.
            values: by row, the one below the header is 0.

        Raises:
            TableError: the file's encoding does not have a character of a value.
            ValueError: there is no such row or column.
        """
        if not 0 <= column < len(self.header) or any(
            row not in range(len(self.rows)) for row in values
        ):
            raise ValueError("the table has no such cell")
        parts, at = [], 0
        for row in sorted(values):
            if self.cell(row, column) != values[row]:
                start, stop = self._spans[row]
                parts += [self._text[at:start], self._with(start, stop, column, values[row])]
                at = stop
        try:
            return self._mark + "".join([*parts, self._text[at:]]).encode(self.encoding)
        except UnicodeEncodeError as error:
            missing = error.object[error.start]
            raise TableError(f"the file's encoding, {self.encoding}, has no {missing!r}") from None

    def _with(self, start: int, stop: int, column: int, value: str) -> str:
        """The row between two places of the text, with another value in one cell."""
        cells = _cells(self._text, start, stop, self.separator)
        cells += [""] * (column + 1 - len(cells))
        needs_quotes = any(character in value for character in (self.separator, *'"\r\n'))
        if needs_quotes or cells[column].startswith('"'):
            value = '"' + value.replace('"', '""') + '"'
        cells[column] = value
        return self.separator.join(cells)


def _decoded(content: bytes) -> tuple[str, str, bytes]:
    """The text, its encoding, and the mark at its beginning that tells the encoding."""
    if len(content) > LARGEST:
        raise TableError(f"the file is larger than {LARGEST // 2**20} MiB")
    for signature, kind in OTHER_KINDS:
        if content.startswith(signature):
            raise TableError(f"this is {kind}; expected the CSV file that the platform gives out")
    mark, encoding = next((one for one in ENCODINGS if content.startswith(one[0])), (b"", "utf-8"))
    encodings = (encoding,) if mark else ("utf-8", "cp1252")
    for encoding in encodings:
        try:
            text = content[len(mark) :].decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:  # which UTF-16 without its mark, and whatever is no text, has
            return text, encoding, mark
    raise TableError("the file is no text in UTF-8, UTF-16 with its mark, or Windows-1252")


def _separator_of(text: str) -> str:
    """The separator that splits the header into several cells and most rows into as many."""

    def fit(separator: str) -> tuple[float, int]:
        try:
            widths = [len(row) for row, _ in islice(_rows(text, separator), SAMPLE)]
        except TableError:
            return 0.0, text[: _first_end(text)].count(separator)
        width, *others = widths or [1]
        agree = sum(other == width for other in others) / len(others) if others else 1.0
        return (agree if width > 1 else -1.0), width

    return max(reversed(SEPARATORS), key=fit)


def _first_end(text: str) -> int:
    found = LINE_END.search(text)
    return found.start() if found else len(text)


def _rows(text: str, separator: str) -> Iterator[tuple[tuple[str, ...], tuple[int, int]]]:
    """Every row's cells, and where it begins and ends without its line end."""
    at, size = 0, len(text)
    while at < size:
        end = LINE_END.search(text, at)
        stop = end.start() if end else size
        if text.count(separator, at, stop) >= MOST_CELLS:
            raise TableError(TOO_MANY.format(MOST_ROWS, MOST_CELLS))
        if text.find('"', at, stop) < 0:
            yield tuple(text[at:stop].split(separator)), (at, stop)
        else:
            cells = _cells(text, at, stop, separator)
            stop = at + sum(map(len, cells)) + len(cells) - 1
            end = LINE_END.match(text, stop)
            yield tuple([_meant(cell) if '"' in cell else cell for cell in cells]), (at, stop)
        at = end.end() if end else size


def _cells(text: str, at: int, stop: int, separator: str) -> list[str]:
    """The cells of the row that begins at `at`, as written.

    The row ends at the line end at `stop`, or later if that line end is inside quotes.
    """
    cell, and_before = _patterns(separator)
    cells: list[str] = and_before.findall(separator + text[at:stop])
    if sum(map(len, cells)) + len(cells) == stop - at + 1:
        return cells
    cells = []
    while True:
        found = cell.match(text, at)
        if found is None:
            line = len(LINE_END.findall(text, 0, at)) + 1
            raise TableError(f'line {line}: a cell begins with a quote (") that never closes')
        cells.append(found[0])
        at = found.end() + 1
        if not text.startswith(separator, found.end()):
            return cells
        if len(cells) > LONGEST_ROW:
            raise TableError(TOO_MANY.format(MOST_ROWS, MOST_CELLS))


@cache
def _patterns(separator: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """A cell, up to the next separator or line end, and one with the separator before it.

    The quantifiers are possessive (`*+`), so that an unclosed quote fails at once.
    """
    plain = rf"[^{separator}\r\n]*+"
    cell = (
        rf'"[^"]*+(?:""[^"]*+)*+"{plain}'
        rf'|="[^"\r\n]*+(?:""[^"\r\n]*+)*+"(?=[{separator}\r\n]|\Z)'
        rf'|(?!"){plain}'
    )
    return re.compile(cell), re.compile(f"{separator}({cell})")


def _meant(cell: str) -> str:
    """A cell's value, without quotes and without the `="..."` that makes Excel keep text."""
    if found := QUOTED.match(cell):
        cell = found[1].replace('""', '"') + cell[found.end() :]
    if len(cell) > 2 and cell.startswith('="') and cell.endswith('"'):
        return cell[2:-1].replace('""', '"')
    return cell
