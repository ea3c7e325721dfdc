"""What formgrader shows to a person: first the answers that a person marks, then the notebook.

Beside each answer stands its mark scheme, with the model answer folded. A task comes with the
figures of its section. Only the page changes: the notebook's file stays in the student's order, and
no other page is made this way, because students read the feedback.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from nbformat import NotebookNode, from_dict

from autograder.assignment import Assignment
from autograder.nbgrader_plugins.step import AssignmentStep
from autograder.release.markers import EXACT, MARK_SCHEME, regions

FOR_FORMGRADER = "submission_id"
"""The key of nbconvert's resources that only formgrader sets."""
SCHEME = re.compile(r"\*\*Mark scheme", re.IGNORECASE)
"""Begins the paragraph of a model answer that says what is worth how much."""

BEGIN = """\
<style>
.cell:has(.marked-by-hand) ~ .cell { margin-right: 42%; }
.cell:has(.marked-by-hand) ~ .cell:has(.mark-scheme) {
  float: right; clear: both; width: 40%; margin-right: 0;
}
.cell:has(.marked-by-hand) ~ .cell:has(.whole-notebook),
.cell:has(.whole-notebook) ~ .cell { clear: both; margin-right: 0; }
#notebook img { max-width: 100%; border: none; }
#notebook img[alt="figure"] { max-height: 60vh; }
.mark-scheme { border-left: 4px solid #337ab7; padding-left: 12px; }
.mark-scheme summary { cursor: pointer; display: list-item; }
</style>
<h2 class="marked-by-hand">Marked by a person</h2>

*Tab* goes to the next field, and *Ctrl + .* to the same field of the next submission.
"""
END = '<hr><h2 class="whole-notebook">The rest of the notebook</h2>'
NO_FIGURE = "*There is no figure in this section of the notebook.*"


@dataclass(frozen=True)
class Scheme:
    """What the author of the assignment wrote for the person who marks an answer.

    Attributes:
        marks: what is worth how much, as Markdown.
        model: the model answer, as Markdown; empty if there is none.
    """

    marks: str
    model: str


class MarkedFirst(AssignmentStep):
    """Moves the answers that a person marks to the top of formgrader's page."""

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        if FOR_FORMGRADER in resources:
            nb.cells = [from_dict(cell) for cell in reordered(self.assignment, nb.cells)]
        return nb, resources


def reordered(assignment: Assignment, cells: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The cells of a graded notebook: those marked by hand, with their schemes, then the others."""
    by_name = {_name(cell): cell for cell in cells}
    first = []
    for section in assignment.sections:
        for name, points in section.by_hand:
            if name not in by_name or name not in schemes(assignment):
                continue
            first.append(_markdown(_shown(schemes(assignment)[name], points)))
            cell = by_name[name]
            if cell["metadata"]["nbgrader"]["task"]:
                figures = list(_figures(assignment, section.id, cells))
                first += figures or [_markdown(NO_FIGURE)]
                cell = {**cell, "source": _without_scheme(cell["source"])}
            first.append(cell)
    if not first:
        return cells
    moved = {_name(cell) for cell in first} - {""}
    others = [cell for cell in cells if _name(cell) not in moved]
    shown = [_markdown(BEGIN), *first, _markdown(END), *others]
    return [{"id": f"shown-{number}", **cell} for number, cell in enumerate(shown)]


@cache
def schemes(assignment: Assignment) -> Mapping[str, Scheme]:
    """The mark schemes and model answers in the assignment's source, by grade id."""
    found = {}
    for cell in json.loads(assignment.source.read_text("utf-8"))["cells"]:
        name, text = _name(cell), "".join(cell["source"])
        if name not in assignment.questions:
            continue
        lines = text.split("\n")
        inside = [
            "\n".join(lines[region.begin : region.end - 1]).strip()
            for region in regions(text, name)
        ]
        paragraphs = "\n\n".join(inside).split("\n\n")
        otherwise = 0 if cell["metadata"]["nbgrader"].get("task") else len(paragraphs)
        begin = next((n for n, text in enumerate(paragraphs) if SCHEME.match(text)), otherwise)
        found[name] = Scheme("\n\n".join(paragraphs[begin:]), "\n\n".join(paragraphs[:begin]))
    return found


def _shown(scheme: Scheme, points: int) -> str:
    """A scheme as Markdown with HTML around it; both are the author's, not the student's."""
    marks = SCHEME.sub("", scheme.marks, count=1).removeprefix(".**").strip()
    shown = f'<div class="mark-scheme">\n\n**Mark scheme, {points} pt.** {marks}\n\n'
    if scheme.model:
        shown += f"<details><summary>Model answer</summary>\n\n{scheme.model}\n\n</details>\n\n"
    return shown + "</div>"


def _without_scheme(text: str) -> str:
    """The text of a task without its mark scheme, which is shown beside it."""
    lines = text.split("\n")
    if not any(line.strip() in EXACT for line in lines):
        return text
    for region in reversed(regions(text, MARK_SCHEME.name)):
        del lines[region.begin - 1 : region.end]
    return "\n".join(lines).strip()


def _figures(
    assignment: Assignment, section: str, cells: list[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    """A cell for each figure between the first and the last cell of a section."""
    own = [n for n, cell in enumerate(cells) if assignment.section_of(_name(cell)) == section]
    for cell in cells[own[0] : own[-1]] if own else []:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                yield {
                    "cell_type": "code",
                    "execution_count": None,
                    "metadata": {"alt": "figure", "transient": {"remove_source": True}},
                    "outputs": [output],
                    "source": "",
                }


def _markdown(text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": text}


def _name(cell: Mapping[str, Any]) -> str:
    name: str = cell["metadata"].get("nbgrader", {}).get("grade_id") or ""
    return name
