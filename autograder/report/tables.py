"""Tables for spreadsheets, in which no text is a formula and none begins a new cell.

A spreadsheet splits a line where it is set to, at a semicolon in half of Europe, and quotes protect
only what they begin. So a text holds no separator, and wherever something in it could be the
beginning of a cell that is computed, an apostrophe stands before it, by which a spreadsheet takes a
cell for text.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable

FORMULA = re.escape("=+-@＝﹦⁼₌＋﹢⁺₊－﹣⁻₋−＠﹫")
"""With which a spreadsheet takes a cell for something to compute, in all their widths."""
BEGINS = re.compile(rf"(?<![\w'{FORMULA}])(?=[{FORMULA}])")
"""After a letter or a digit there is no cell to begin, whatever the separator."""
SEPARATORS = {";": ","}
"""By which lines are split. A comma may stand in quotes: the other's lines have it everywhere."""


def table(rows: Iterable[Iterable[object]]) -> str:
    """Rows of texts and numbers as comma-separated values, every text in quotes."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    writer.writerows([safe(cell) for cell in row] for row in rows)
    return text.getvalue()


def safe(cell: object) -> object:
    """A number as it is; anything else as text that is nothing but text."""
    if isinstance(cell, int | float):
        return cell
    text = "" if cell is None else str(cell)
    return BEGINS.sub("'", "".join(map(_plain, text)))


def _plain(character: str) -> str:
    """What ends a line or a cell, or cannot be seen or written, is something else."""
    if unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp"):
        return " "
    return SEPARATORS.get(character, character)
