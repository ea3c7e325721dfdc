"""The notebook cells that probes run: Python source by grade id.

A notebook is untrusted input: any file may be named .ipynb.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from autograder.assignment.stub import stubs_in
from autograder.hand_in.cell_syntax import without_magics

PRINTED_ACCURACY = re.compile(r"Validation Accuracy: *([0-9]{0,3}\.?[0-9]{1,20})")

VERSION = 4
LARGEST_CELL = 200_000


class NoNotebook(Exception):  # noqa: N818 - a fact about a submission, not a grader error
    """The file is not a valid notebook; the message says why."""


def cells_of(
    cells: Iterable[Mapping[str, Any]], wanted: Collection[str], report: Callable[[str], None]
) -> dict[str, str]:
    """The source of a notebook's cells with these grade ids, as Python without IPython syntax.

    If several cells have one id (Jupyter copies it when a cell is copied or split), they run in
    order, except those still as released. This gives no advantage, since all of it is the student's
    own code. Cell tags are ignored.
    """
    parts: dict[str, list[str]] = {}
    for cell in cells:
        grade_id, source = grade_id_of(cell), source_of(cell)
        if grade_id not in wanted:
            continue
        if source is None or len(source) > LARGEST_CELL:
            report(f"the notebook's cell {grade_id} was not read: it is not text, or is too long")
            continue
        if cell.get("cell_type") != "code":
            report(f"the notebook's cell {grade_id} is not a code cell; it was read as code")
        parts.setdefault(grade_id, []).append(source)
    return {grade_id: _joined(grade_id, sources, report) for grade_id, sources in parts.items()}


def _joined(grade_id: str, sources: Sequence[str], report: Callable[[str], None]) -> str:
    answered = [source for source in sources if not stubs_in(source)] or [sources[-1]]
    if len(sources) > 1:
        report(
            f"the notebook has {len(sources)} cells {grade_id}; "
            f"{len(answered)} of them, in their order, were graded"
        )
    return "\n".join(without_magics(source) for source in answered)[:LARGEST_CELL]


def source_of(cell: Mapping[str, Any]) -> str | None:
    """The text of a cell; None if it has none."""
    source = cell.get("source")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    return source if isinstance(source, str) else None


def printed_accuracy(content: bytes, training_cell: str) -> float | None:
    """The best validation accuracy in the training cell's output, for people to read.

    The output is untrusted, so no points depend on it.
    """
    try:
        cells = parsed(content)
    except NoNotebook:
        return None
    outputs = [c.get("outputs") for c in cells if grade_id_of(c) == training_cell]
    texts = [
        output.get("text")
        for cell_outputs in outputs
        if isinstance(cell_outputs, list)
        for output in cell_outputs
        if isinstance(output, dict)
    ]
    lines = [line for text in texts for line in (text if isinstance(text, list) else [text])]
    matches = [m for line in lines if isinstance(line, str) for m in PRINTED_ACCURACY.findall(line)]
    return max((accuracy for accuracy in map(float, matches) if accuracy <= 1), default=None)


def parsed(content: bytes) -> list[dict[str, Any]]:
    """The cells of a notebook: dictionaries with untrusted contents.

    Raises:
        NoNotebook: the content is not a valid notebook.
    """
    cells = opened(content).get("cells")
    if not isinstance(cells, list):
        raise NoNotebook("it has no list of cells")
    return [cell for cell in cells if isinstance(cell, dict)]


def opened(content: bytes) -> dict[str, Any]:
    """A notebook's JSON object, whose contents are untrusted.

    Raises:
        NoNotebook: the content is not a valid notebook.
    """
    try:
        notebook = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise NoNotebook("it is not UTF-8 text") from None
    except RecursionError:
        raise NoNotebook("it is nested too deeply for a notebook") from None
    except ValueError:
        raise NoNotebook("it is not valid JSON; save it in Jupyter again") from None
    if not isinstance(notebook, dict):
        raise NoNotebook("it is JSON, but not a notebook")
    if notebook.get("nbformat") != VERSION:
        nbformat = notebook.get("nbformat")
        version = f"version {nbformat}" if nbformat in range(1, VERSION) else "an unknown version"
        raise NoNotebook(f"it has {version}, expected {VERSION}: open and save it in Jupyter")
    return notebook


def grade_id_of(cell: Mapping[str, Any]) -> str:
    """The grade id in a cell's metadata; empty if there is none or it is not printable."""
    metadata = cell.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
    return grade_id if isinstance(grade_id, str) and grade_id.isprintable() else ""
