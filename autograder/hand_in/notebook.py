"""The cells of a notebook that probes run: Python text by grade id.

A notebook is data of a stranger: it may be anything that is called .ipynb.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

PRINTED = re.compile(r"Validation Accuracy: *([0-9]{0,3}\.?[0-9]{1,20})")

VERSION = 4
LARGEST_CELL = 200_000

LINE_END = re.compile(r"\r\n|\r|\n")
"""Of Python; `splitlines` cuts at others, too, such as U+2028 and form feeds in strings."""

# possessive (`*+`, `++`): a line that almost fits must not be tried in every other way, too, which
# would take hours for a line of blanks
MAGIC = re.compile(r"(?P<indent>\s*+)(?:%%?[A-Za-z_]|!|\?)")
HELP = re.compile(r"(?P<indent>\s*+)[\w.]++\s*+\?{1,2}+\s*+;?+\s*+")
ASSIGNED = re.compile(r"(?P<indent>\s*+)(?P<name>[\w,][\w, ]*+)\s*+=\s*+(?:!|%[A-Za-z_])")
OTHER_LANGUAGE = re.compile(
    r"\s*+%%(?:!|bash|cmd|file|html|javascript|js|latex|markdown|perl|pypy|python2|ruby|script|sh|svg"
    r"|system|sx|writefile)\b"
)
# a backslash escapes outside of quotes, too: so a quote is left open at most once in a line
QUOTED = re.compile(r"'(?:[^'\\\n]|\\.)*+'|\"(?:[^\"\\\n]|\\.)*+\"|\\.|#[^\n]*")


class NoNotebook(Exception):  # noqa: N818 - a fact about a submission, not a fault of ours
    """What should be a notebook is none; the message says what it is."""


def cells_of(content: bytes, wanted: Collection[str], say: Callable[[str], None]) -> dict[str, str]:
    """The text of the notebook's code cells of these grade ids, without IPython's magics.

    Of cells with the same id the last counts: it is the one that stands after running from top to
    bottom, and the one that nbgrader keeps. Jupyter copies ids with cells, so this is common; and
    since it is the student's code either way, nothing is to be gained by it. Tags mean nothing.

    Raises:
        NoNotebook: it is no JSON, or no notebook.
    """
    cells: dict[str, str] = {}
    for cell in parsed(content):
        grade_id, source = grade_id_of(cell), cell.get("source")
        if grade_id not in wanted or cell.get("cell_type") != "code":
            continue
        if isinstance(source, list) and all(isinstance(line, str) for line in source):
            source = "".join(source)
        if not isinstance(source, str) or len(source) > LARGEST_CELL:
            say(f"the notebook's cell {grade_id} was not read: it holds no text, or too much")
            continue
        if grade_id in cells:
            say(f"the notebook has several cells {grade_id}; the last one counts")
        cells[grade_id] = without_magics(source)
    return cells


def printed_accuracy(content: bytes, training_cell: str) -> float | None:
    """The best validation accuracy that the training cell's output shows: a claim, for people."""
    try:
        cells = parsed(content)
    except NoNotebook:
        return None
    outputs = [c.get("outputs") for c in cells if grade_id_of(c) == training_cell]
    texts = [
        output.get("text")
        for those in outputs
        if isinstance(those, list)
        for output in those
        if isinstance(output, dict)
    ]
    lines = [line for text in texts for line in (text if isinstance(text, list) else [text])]
    found = [m for line in lines if isinstance(line, str) for m in PRINTED.findall(line)]
    return max((accuracy for accuracy in map(float, found) if accuracy <= 1), default=None)


def ids_in(content: bytes) -> set[str]:
    """The grade ids of a notebook's cells: none where it cannot be read."""
    try:
        return {grade_id_of(cell) for cell in parsed(content)}
    except NoNotebook:
        return set()


def parsed(content: bytes) -> list[dict[str, Any]]:
    """The cells of a notebook, each a dictionary of whatever a stranger wrote.

    Raises:
        NoNotebook: it is no JSON, or no notebook.
    """
    cells = opened(content).get("cells")
    if not isinstance(cells, list):
        raise NoNotebook("it has no list of cells")
    return [cell for cell in cells if isinstance(cell, dict)]


def opened(content: bytes) -> dict[str, Any]:
    """A notebook as the dictionary that its JSON is, of whatever a stranger wrote.

    Raises:
        NoNotebook: it is no JSON, or no notebook.
    """
    try:
        notebook = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise NoNotebook("it is no UTF-8 text") from None
    except RecursionError:
        raise NoNotebook("it is nested too deeply for a notebook") from None
    except ValueError:
        raise NoNotebook("it is no JSON; save it in Jupyter again") from None
    if not isinstance(notebook, dict):
        raise NoNotebook("it is JSON, but no notebook")
    if notebook.get("nbformat") != VERSION:
        found = notebook.get("nbformat")
        said = f"version {found}" if found in range(1, VERSION) else "no version that we know"
        raise NoNotebook(f"it has {said}, expected {VERSION}: open and save it in Jupyter")
    return notebook


def grade_id_of(cell: Mapping[str, Any]) -> str:
    """The grade id that a cell says it has; empty for none, and for what nobody could print."""
    metadata = cell.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
    return grade_id if isinstance(grade_id, str) and grade_id.isprintable() else ""


def without_magics(text: str) -> str:
    """The cell as Python: lines of IPython's own become `pass`, so that line numbers stay.

    Works on text alone: compiling what a stranger wrote can crash the interpreter.
    """
    if OTHER_LANGUAGE.match(text):
        return ""
    return "\n".join(_without_magics(LINE_END.split(text.removesuffix("\n"))))


def _without_magics(lines: list[str]) -> Iterator[str]:
    depth = 0  # of brackets: inside of them % is an operator and not a magic
    for line in lines:
        if depth <= 0:
            line = _as_python(line)
        depth += _bracket_depth(line)
        yield line


def _as_python(line: str) -> str:
    if assigned := ASSIGNED.match(line):
        return f"{assigned['indent']}{assigned['name'].rstrip()} = None"
    found = MAGIC.match(line) or HELP.fullmatch(line)
    return f"{found['indent']}pass" if found else line


def _bracket_depth(line: str) -> int:
    code = QUOTED.sub("", line)
    return sum(code.count(c) for c in "([{") - sum(code.count(c) for c in ")]}")
