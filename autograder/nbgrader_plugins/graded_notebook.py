"""A student's notebook, made safe to open: plain cells in their released form, with results.

Nothing is left that a browser would run: outputs are text and PNG, and Markdown is tame, see
`markdown.py`. Marked cells are as they were released, whatever the student did to them.

Notebooks here are dictionaries, as parsed from JSON (nbformat 4.5). Every worker of a class imports
this module, and importing nbformat would take longer than grading two submissions.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.grading.result import Grade, SectionGrade
from autograder.hand_in.notebook import NoNotebook, grade_id_of, parsed
from autograder.nbgrader_plugins.markdown import tame

Notebook = dict[str, Any]
Cell = dict[str, Any]

MOST_CELLS = 500
LONGEST_SOURCE = 200_000
LONGEST_TEXT, LONGEST_MARKDOWN = 20_000, 10_000
"""mistune takes seconds for the worst text of that length, and its time grows quadratically."""
LARGEST_IMAGE = 2 * 2**20
ALL_IMAGES = 12 * 2**20
MOST_PIXELS = 2**25
"""About four pages at 300 dots per inch. A browser needs four bytes per pixel, and a file of a few
bytes can declare billions of pixels."""
ALL_PIXELS = 2**28
FIGURES = frozenset(f"image/{kind}" for kind in ("png", "jpeg", "gif", "webp", "svg+xml"))
PNG = struct.Struct(">8s4x4sII")
PNG_SIGNATURE = (b"\x89PNG\r\n\x1a\n", b"IHDR")

KERNEL = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
MISSING = "*The submitted notebook does not contain this answer.*"
UNSHOWN = "[a figure of type {} is not shown here: see the submitted notebook]\n"
UNREADABLE = "**The submitted notebook cannot be shown:** {}."

TERMINAL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True)
class Source:
    """A cell as it was released.

    Attributes:
        name: its grade id.
        text: its source; a task includes its mark scheme, because graders need it.
        locked: whether students may not change it.
        nbgrader: all of its nbgrader metadata.
    """

    name: str
    text: str
    locked: bool
    nbgrader: Mapping[str, Any]

    @property
    def cell_type(self) -> str:
        kind: str = self.nbgrader["cell_type"]
        return kind

    @property
    def is_marked(self) -> bool:
        """Whether it has points, given automatically or by a person."""
        return bool(self.nbgrader["grade"] or self.nbgrader["task"])


@dataclass
class ImageBudget:
    """What is left for the images of a notebook.

    Attributes:
        size: bytes of the files.
        pixels: pixels after a browser has decoded them.
    """

    size: int = ALL_IMAGES
    pixels: int = ALL_PIXELS

    def takes(self, image: bytes) -> bool:
        """Whether the image is a PNG that fits; if so, it uses up its part of the budget."""
        if not PNG.size <= len(image) <= min(LARGEST_IMAGE, self.size):
            return False
        *signature, width, height = PNG.unpack_from(image)
        pixels = width * height
        if tuple(signature) != PNG_SIGNATURE or pixels > min(MOST_PIXELS, self.pixels):
            return False
        self.size -= len(image)
        self.pixels -= pixels
        return True


def plain_notebook(content: bytes) -> Notebook:
    """The plain cells of a submitted notebook; an invalid one is replaced by a note."""
    try:
        cells = parsed(content)
    except NoNotebook as reason:
        return note(str(reason))
    budget = ImageBudget()
    plain = [made for cell in cells[:MOST_CELLS] if (made := _plain_cell(cell, budget)) is not None]
    for number, cell in enumerate(plain, 1):
        cell["id"] = f"cell-{number}"
    return _notebook(plain)


def note(reason: str) -> Notebook:
    """A notebook that says why the submitted one cannot be shown."""
    return _notebook([_cell("markdown", UNREADABLE.format(reason))])


def _notebook(cells: list[Cell], metadata: Mapping[str, Any] | None = None) -> Notebook:
    return {"cells": cells, "metadata": dict(metadata or {}), "nbformat": 4, "nbformat_minor": 5}


def restored(notebook: Notebook, sources: Sequence[Source]) -> Notebook:
    """The notebook with every marked cell once, as released; answers stay where students put them.

    Among cells with the same id, the last one of the right type counts, as in grading.
    """
    by_name = {source.name: source for source in sources}
    last = {
        _name(cell): number for number, cell in enumerate(notebook["cells"]) if _fits(cell, by_name)
    }
    cells = [
        _as_released(cell, by_name, number in last.values())
        for number, cell in enumerate(notebook["cells"])
    ]
    cells += [_put_back(source) for source in sources if _is_missing(source, last)]
    for number, cell in enumerate(cells, 1):  # not random: one submission gives one file
        cell["id"] = _name(cell) or f"cell-{number}"
    return _notebook(cells, KERNEL)


def _is_missing(source: Source, present: Mapping[str, int]) -> bool:
    return source.name not in present and (source.is_marked or source.nbgrader["solution"])


def unanswered(notebook: Notebook, sources: Sequence[Source]) -> frozenset[str]:
    """The ids of the answer cells that are empty or were left as released.

    Args:
        notebook: a notebook made by `restored`.
    """
    texts = {_name(cell): cell["source"] for cell in notebook["cells"]}
    return frozenset(
        source.name
        for source in sources
        if source.nbgrader["solution"]
        and texts.get(source.name, "").strip()
        in ("", MISSING, source.text.strip(), tame(source.text).strip())
    )


def with_results(notebook: Notebook, grade: Grade) -> Notebook:
    """The notebook with each section's result as the only output of its cell."""
    sections = {section.id: section for section in grade.sections}
    for cell in notebook["cells"]:
        section = sections.get(_name(cell))
        if section is not None and cell["cell_type"] == "code":
            cell["outputs"] = [_printed(result_text(section))]
    return notebook


def result_text(section: SectionGrade) -> str:
    """A section's result as text."""
    if section.score is None:
        head = f"not judged in this grading ({section.max_score:g} points)"
    else:
        head = f"{section.score:g} of {section.max_score:g} points"
    lines = [f"{section.title}: {head}"]
    lines += [f"  hint    {hint.text}" for hint in section.hints]
    for test in section.tests:
        mark = "passed" if test.passed else "FAILED"
        message = f": {test.reason}" if test.reason else ""
        lines.append(f"  {mark}  {test.label(section.id)}{message}")
    return "\n".join(lines) + "\n"


def _name(cell: Cell) -> str:
    """The grade id, or an empty string."""
    return cell["metadata"].get("nbgrader", {}).get("grade_id") or ""


def _fits(cell: Cell, by_name: Mapping[str, Source]) -> bool:
    source = by_name.get(_name(cell))
    return source is not None and source.cell_type == cell["cell_type"]


def _as_released(cell: Cell, by_name: Mapping[str, Source], counts: bool) -> Cell:
    if not counts:
        return cell | {"metadata": {}}
    source = by_name[_name(cell)]
    text = source.text if source.locked else cell["source"]
    return cell | {"metadata": _metadata(source), "source": text}


def _put_back(source: Source) -> Cell:
    text = MISSING if source.cell_type == "markdown" and not source.locked else source.text
    return _cell(source.cell_type, text) | {"metadata": _metadata(source)}


def _metadata(source: Source) -> dict[str, Any]:
    return {"nbgrader": dict(source.nbgrader)}


def _plain_cell(cell: Mapping[str, Any], budget: ImageBudget) -> Cell | None:
    """A new cell with the safe content of this one; None for a cell type that shows nothing."""
    kind = cell.get("cell_type")
    if kind == "markdown":
        made = _cell("markdown", tame(_text(cell.get("source"), LONGEST_MARKDOWN)))
    elif kind == "code":
        made = _cell("code", _text(cell.get("source"), LONGEST_SOURCE))
        outputs = cell.get("outputs")
        made["outputs"] = list(_plain_outputs(outputs, budget)) if isinstance(outputs, list) else []
    else:
        return None
    if grade_id := grade_id_of(cell):
        made["metadata"] = {"nbgrader": {"grade_id": grade_id}}
    return made


def _cell(kind: str, text: str) -> Cell:
    code: Cell = {"execution_count": None, "outputs": []} if kind == "code" else {}
    return {"id": "cell", "cell_type": kind, "metadata": {}, "source": text} | code


def _plain_outputs(outputs: list[Any], budget: ImageBudget) -> Iterator[dict[str, Any]]:
    for output in outputs[:MOST_CELLS]:
        if not isinstance(output, dict):
            continue
        kind = output.get("output_type")
        if kind == "stream":
            yield _printed(_text(output.get("text"), LONGEST_TEXT))
        elif kind == "error":
            traceback = output.get("traceback")
            lines = traceback if isinstance(traceback, list) else []
            text = "\n".join(line for line in lines if isinstance(line, str))
            yield _printed(_text(text, LONGEST_TEXT))
        elif kind in ("display_data", "execute_result") and isinstance(output.get("data"), dict):
            yield from _shown(output["data"], budget)


def _printed(text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": text}


def _shown(data: Mapping[str, Any], budget: ImageBudget) -> Iterator[dict[str, Any]]:
    """The image of an output, or else its text."""
    encoded = _joined(data.get("image/png"))
    if encoded and len(encoded) <= 2 * LARGEST_IMAGE:
        try:
            image = base64.b64decode(encoded)
        except (binascii.Error, ValueError):
            image = b""
        if budget.takes(image):
            kept = base64.b64encode(image).decode()
            shown = {"data": {"image/png": kept}, "metadata": {}}
            yield {"output_type": "display_data"} | shown
            return
    notes = [UNSHOWN.format(kind) for kind in sorted(FIGURES & set(data))]
    if text := "".join(notes) + _text(data.get("text/plain"), LONGEST_TEXT):
        yield _printed(text)


def _joined(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "".join(value)
    return value if isinstance(value, str) else ""


def _text(value: Any, longest: int) -> str:
    """Text of limited length, without terminal control sequences."""
    text = TERMINAL.sub("", _joined(value)[:longest])
    return CONTROL.sub("", text).encode("utf-8", "replace").decode()


def as_json(notebook: Notebook) -> str:
    """The content of the notebook's file; equal notebooks give equal bytes."""
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
