"""A platform's file, understood: which rows are students, by which ids, and which column is meant.

One module per platform makes a Sheet; matching and filling are shared.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from autograder.export.table import Table, TableError
from autograder.hand_in import people
from autograder.hand_in.files import printable

EMPTY = {"", "-", "—"}
"""Cells by which a file says that there is nothing."""


@dataclass(frozen=True)
class IdColumn:
    """A column of ids.

    Attributes:
        key: the kind of id that is looked for in it.
        header: its name.
        cells: the ids by row, as `comparable` writes them; rows without one are left out.
        is_its_own: whether the column is meant for this kind. Logins are also searched for
            e-mails; a different login there is no contradiction.
    """

    key: str
    header: str
    cells: Mapping[int, str]
    is_its_own: bool = True

    @cached_property
    def rows(self) -> Mapping[str, list[int]]:
        """The rows of each id."""
        rows: dict[str, list[int]] = defaultdict(list)
        for row, cell in self.cells.items():
            rows[cell].append(row)
        return rows


@dataclass(frozen=True)
class Sheet:
    """A platform's file.

    Attributes:
        platform: its name.
        table: the file.
        column: the one to fill.
        names: of every row that is a student's.
        ids: the columns to match by, in the order that the platform goes by.
        maxima: the most points, by row; None where the file does not say.
        locked: rows that may not be changed, and why.
        decimal_comma: whether numbers are written with one.
        notes: sentences about the whole file.
    """

    platform: str
    table: Table
    column: int
    names: Mapping[int, str]
    ids: tuple[IdColumn, ...]
    maxima: Mapping[int, float | None]
    locked: Mapping[int, str] = field(default_factory=dict)
    decimal_comma: bool = False
    notes: tuple[str, ...] = ()

    def ids_of(self, row: int) -> str:
        """A row's ids, as a person looks them up."""
        own = (one for one in self.ids if one.is_its_own and row in one.cells)
        return ", ".join(f"{printable(one.header)} {printable(one.cells[row])}" for one in own)


def comparable(key: str, text: str) -> str:
    """An id, normalised for comparison. The `#` that Brightspace writes before it is no part."""
    return people.comparable(key, text.strip().removeprefix("#"))


def id_column(
    table: Table, rows: Iterable[int], key: str, column: int, is_its_own: bool = True
) -> IdColumn:
    """A column of the table as one of ids."""
    every = {row: comparable(key, table.cell(row, column)) for row in rows}
    cells = {row: cell for row, cell in every.items() if cell not in EMPTY}
    return IdColumn(key, table.header[column].strip(), cells, is_its_own)


def name_in_parts(table: Table, header: Sequence[str], row: int) -> str:
    """A student's name from the columns of last and first names, as far as the file has them."""
    columns = [header.index(name) for name in ("last name", "first name") if name in header]
    return ", ".join(part for i in columns if (part := table.cell(row, i)).strip())


@dataclass(frozen=True)
class Candidate:
    """A column that could be the assignment's.

    Attributes:
        index: counted from 0.
        header: the whole name.
        title: what the name says beside ids and points.
        id: the platform's number of it, if there is one.
    """

    index: int
    header: str
    title: str
    id: str = ""


def chosen(
    table: Table,
    candidates: Sequence[Candidate],
    forbidden: Mapping[int, str],
    title: str,
    column: str | None,
) -> tuple[int, tuple[str, ...]]:
    """The column to fill: the one that was asked for, or that of the assignment's title, or the
    only one, which is then said.

    Raises:
        TableError: there is none or several, or it may not be filled.
    """
    if column is not None:
        return _asked_for(table, candidates, forbidden, column), ()
    if not candidates:
        raise TableError(
            "the file has no column that could be the assignment's; "
            "create the assignment on the platform and download the file again"
        )
    named = [one for one in candidates if _folded(title) in (_folded(one.title), one.id)]
    begun = [one for one in candidates if _begins(_folded(title), _folded(one.title))]
    found = named or begun or candidates
    if len(found) > 1:
        names = listed(one.header for one in found)
        raise TableError(
            f"{len(found)} columns could be the assignment's: {names}. Name one with --column"
        )
    if named or begun:
        return found[0].index, ()
    note = f"The column was taken because it is the only one; it is not called {printable(title)}."
    return found[0].index, (note,)


def _asked_for(
    table: Table, candidates: Sequence[Candidate], forbidden: Mapping[int, str], column: str
) -> int:
    wanted = _folded(column)
    whole = [index for index, header in enumerate(table.header) if _folded(header) == wanted]
    parts = [c.index for c in candidates if wanted in (_folded(c.title), c.id, f"({c.id})")]
    found = whole or parts
    if len(found) == 1:
        if found[0] in forbidden:
            header = printable(table.header[found[0]])
            raise TableError(f"the column {header!r} cannot be filled: {forbidden[found[0]]}")
        return found[0]
    names = listed(one.header for one in candidates)
    many = f"{len(found)} columns are" if found else "no column is"
    raise TableError(f"{many} called {printable(column)!r}; these could be meant: {names}")


def _begins(title: str, header: str) -> bool:
    """Whether a header is the first part of a title, as `Problem 1` is of `Problem 1: Networks`."""
    rest = title.removeprefix(header) if header and title.startswith(header) else ""
    return rest.lstrip()[:1] in set(":-–—.,(/") and rest.strip() != ""


def _folded(text: str) -> str:
    words = unicodedata.normalize("NFKC", text).replace("\ufeff", "").replace("_", " ").split()
    return " ".join(words).casefold()


def listed(headers: Iterable[str]) -> str:
    names = [repr(printable(header.strip())) for header in headers]
    return ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")
