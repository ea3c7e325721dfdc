"""The assignment's sources as they are read here: what stands where, by file and line."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.assignment import Assignment
from autograder.release.finding import Finding


@dataclass(frozen=True)
class Cell:
    """A cell of the notebook with its solutions.

    Attributes:
        id: its grade id.
        code: whether it is code.
        graded: whether it carries points.
        solution: whether it is the student's to fill in.
        text: its source.
        raw: the text of the notebook's file.
    """

    id: str
    code: bool
    graded: bool
    solution: bool
    text: str
    raw: str

    def line(self, number: int) -> int:
        """The line of the notebook's file in which a line of the cell stands; its id's for 0."""
        found = max(0, self.raw.find(f'"grade_id": "{self.id}"'))
        if number > 0:
            said = json.dumps(self.text.split("\n")[number - 1], ensure_ascii=False)[1:-1]
            found = max(found, self.raw.find(said, found))
        return self.raw.count("\n", 0, found) + 1


def cells(assignment: Assignment) -> list[Cell]:
    """The cells of the source notebook."""
    raw = assignment.source.read_text("utf-8")
    found = []
    for cell in json.loads(raw)["cells"]:
        meta = cell["metadata"].get("nbgrader", {})
        code, text = cell["cell_type"] == "code", "".join(cell["source"])
        graded = bool(meta.get("grade") or meta.get("task"))
        found.append(
            Cell(meta.get("grade_id", ""), code, graded, bool(meta.get("solution")), text, raw)
        )
    return found


def strings(path: Path) -> Iterator[tuple[str, int]]:
    """The strings of a Python file that are data, each with its line; docstrings are not."""
    tree = ast.parse(path.read_text("utf-8"))
    prose = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in prose:
            yield node.value, node.lineno


def place_of(files: Iterable[Path], string: str) -> tuple[Path | None, int]:
    """The first file and line in which this very string is data."""
    for path in files:
        for value, line in strings(path):
            if value == string:
                return path, line
    return None, 1


def left_behind(assignment: Assignment, path: Path | None, line: int, message: str) -> Finding:
    """A finding in a source; its path is told from the checkout."""
    path = path or assignment.folder / "__init__.py"
    name = path.relative_to(assignment.root) if path.is_relative_to(assignment.root) else path
    return Finding("left behind", name.as_posix(), line, message)
