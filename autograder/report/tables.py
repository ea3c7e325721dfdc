"""CSV tables that are safe in spreadsheets: no text becomes a formula or begins a new cell.

The separator of a spreadsheet depends on its settings; in half of Europe it is a semicolon. With
another separator than ours, a cell can begin inside a text, and quotes do not protect it there. So
no text contains a separator. Wherever a part of a text could be read as a formula, an apostrophe
precedes it, which makes a spreadsheet treat the cell as text.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable

FORMULA = re.escape("=+-@＝﹦⁼₌＋﹢⁺₊－﹣⁻₋−＠﹫")
"""The characters that can begin a formula in a spreadsheet, in all their Unicode variants."""
FORMULA_START = re.compile(rf"(?<![\w'{FORMULA}])(?=[{FORMULA}])")
"""No separator is a letter or a digit, so no cell begins right after one."""
SEPARATORS = {";": ","}
"""Separators, and what replaces them in texts. Commas stay, because the quotes protect them."""


def table(rows: Iterable[Iterable[object]]) -> str:
    """The rows as comma-separated values, with every text in quotes."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    writer.writerows([safe(cell) for cell in row] for row in rows)
    return text.getvalue()


def safe(cell: object) -> object:
    """A number unchanged; anything else as text that a spreadsheet does not interpret."""
    if isinstance(cell, int | float):
        return cell
    text = "" if cell is None else str(cell)
    return FORMULA_START.sub("'", "".join(map(_without_controls, text)))


def _without_controls(character: str) -> str:
    """Replace a character that ends a line or a cell, is a control, or cannot be encoded."""
    if unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp"):
        return " "
    return SEPARATORS.get(character, character)
