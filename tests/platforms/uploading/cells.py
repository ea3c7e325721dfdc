"""The cells of a CSV as they are written, quotes and all, so that two files can be compared byte
for byte; and a strict reading of them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from uploading.taken import Refused

QUOTED = re.compile(r'"(?:[^"]|"")*+"')


@dataclass(frozen=True)
class Table:
    """A CSV taken apart.

    Attributes:
        rows: of each row its cells, as written.
        ends: of each row what ends it; the last may end with nothing.
    """

    rows: tuple[tuple[str, ...], ...]
    ends: tuple[str, ...]

    def strict(self) -> list[list[str]]:
        """The cells' texts. Mixed line ends and stray quotes are refused, as Ruby's CSV does."""
        if len({end for end in self.ends if end}) > 1:
            raise Refused(f"mixed line ends: {sorted(set(self.ends))}")
        return [[_text(cell) for cell in row] for row in self.rows]


def decoded(data: bytes, encoding: str = "utf-8-sig") -> str:
    try:
        return data.decode(encoding)
    except UnicodeError as error:
        raise Refused(f"not {encoding}: {error}") from error


def split(text: str, separator: str) -> Table:
    """Takes a CSV apart. Joined again, the cells and ends are the text."""
    plain = re.compile(rf"[^{re.escape(separator)}\r\n]*")
    after = re.compile(rf"{re.escape(separator)}|\r\n|\n|\r|\Z")
    rows: list[tuple[str, ...]] = []
    ends: list[str] = []
    row: list[str] = []
    at = 0
    while at < len(text) or row:
        begins = at
        if text.startswith('"', at):
            found = QUOTED.match(text, at)
            if found is None:
                raise Refused(f"a quote is not closed in row {len(rows) + 1}")
            at = found.end()
        at = _end(plain, text, at)
        row.append(text[begins:at])
        begins, at = at, _end(after, text, at)
        end = text[begins:at]
        if end != separator:
            rows.append(tuple(row))
            ends.append(end)
            row = []
    return Table(tuple(rows), tuple(ends))


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    assert found is not None
    return found.end()


def _text(cell: str) -> str:
    if not cell.startswith('"'):
        if '"' in cell:
            raise Refused(f"a quote inside the unquoted cell {cell!r}")
        return cell
    if QUOTED.fullmatch(cell) is None:
        raise Refused(f"text after the closing quote of {cell!r}")
    return cell[1:-1].replace('""', '"')


def changed(
    before: bytes, after: bytes, *, separator: str = ",", encoding: str = "utf-8"
) -> set[tuple[int, int]]:
    """The rows and columns, counted from 0, whose bytes differ. Anything else that differs, such
    as a line end, a BOM or the number of cells, raises `AssertionError`."""
    old, new = (split(decoded(data, encoding), separator) for data in (before, after))
    assert old.ends == new.ends, "line ends differ"
    assert len(old.rows) == len(new.rows), f"{len(old.rows)} rows became {len(new.rows)}"
    found = set()
    for row, (was, now) in enumerate(zip(old.rows, new.rows, strict=True)):
        assert len(was) == len(now), f"row {row}: {len(was)} cells became {len(now)}"
        pairs = zip(was, now, strict=True)
        found |= {(row, column) for column, (a, b) in enumerate(pairs) if a != b}
    return found
