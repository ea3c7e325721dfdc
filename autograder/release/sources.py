"""Reads the assignment's sources, with the file and line of everything in them."""

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
    """A cell of the source notebook, which contains the solutions.

    Attributes:
        id: its grade id.
        code: whether it is a code cell.
        graded: whether it has points.
        solution: whether students fill it in.
        text: its source.
        raw: the text of the whole notebook file.
    """

    id: str
    code: bool
    graded: bool
    solution: bool
    text: str
    raw: str

    def line(self, number: int) -> int:
        """The file's line with line `number` of the cell, or with the cell's id for 0."""
        found = max(0, self.raw.find(f'"grade_id": "{self.id}"'))
        if number > 0:
            line = json.dumps(self.text.split("\n")[number - 1], ensure_ascii=False)[1:-1]
            found = max(found, self.raw.find(line, found))
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
    """The strings of a Python file, except docstrings, each with its line."""
    tree = ast.parse(path.read_text("utf-8"))
    prose = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in prose:
            yield node.value, node.lineno


def place_of(files: Iterable[Path], string: str) -> tuple[Path | None, int]:
    """The first file and line in which exactly this string occurs, outside of docstrings."""
    for path in files:
        for value, line in strings(path):
            if value == string:
                return path, line
    return None, 1


def left_behind(assignment: Assignment, path: Path | None, line: int, message: str) -> Finding:
    """A finding in a source, with its path relative to the checkout."""
    path = path or assignment.folder / "__init__.py"
    name = path.relative_to(assignment.root) if path.is_relative_to(assignment.root) else path
    return Finding("left behind", name.as_posix(), line, message)
