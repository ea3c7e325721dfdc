"""The checks of the notebook, each with the cells it needs.

The checks are written in the notebook only. For each graded cell, this module finds the earlier
cells that define the names it uses, and runs them and the graded cell in a fresh namespace.
"""

from __future__ import annotations

import ast
import linecache
import re
import symtable
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cell_syntax import without_magics
from collect_submission import CELLS, grade_id_of, is_written, read_cells, text_of

FOLDER = Path(__file__).resolve().parent.parent
NOTEBOOK = FOLDER / "Problem_1.ipynb"
ANSWERS = {name for name in CELLS if not name.endswith("_question")}
"""The cells with answers in code."""


@dataclass(frozen=True)
class Cell:
    """A code cell.

    Attributes:
        name: its name in tracebacks.
        source: its code, without magics and shell commands.
        answer: whether the student fills it in.
        needs: names it uses before it defines them.
        defines: names it defines.
        changes: names of objects it changes in place, such as h in h["Adam"] = ...
    """

    name: str
    source: str
    answer: bool
    needs: frozenset[str]
    defines: frozenset[str]
    changes: frozenset[str]


@dataclass(frozen=True)
class Check:
    """A graded cell, and the cells that run before it.

    Attributes:
        id: its grade id, such as "fc_forward".
        title: the heading above it.
        points: the points for code in its section.
        cells: the cells to run, in order. The graded cell is the last.
        training: whether the check loads images and trains networks.
    """

    id: str
    title: str
    points: float
    cells: tuple[Cell, ...]
    training: bool

    def run(self) -> None:
        """Run the cells in a new namespace. The check fails if they raise an exception."""
        for cell in self.cells:
            if cell.answer and (names := cell.needs & self._defined_elsewhere(cell)):
                raise AssertionError(
                    f"{cell.name} uses {', '.join(sorted(names))}, which another cell defines. For "
                    "grading, a TODO cell runs alone: define in it what it needs"
                )
        namespace = {"__name__": "__main__"}
        for cell in self.cells:
            lines = [line + "\n" for line in cell.source.split("\n")]
            linecache.cache[cell.name] = len(cell.source), None, lines, cell.name
            exec(compile(cell.source, cell.name, "exec"), namespace)

    def _defined_elsewhere(self, answer: Cell) -> set[str]:
        """The names that cells other than this one and the imports define."""
        others = (cell for cell in self.cells if cell is not answer and "*" not in cell.defines)
        return {name for cell in others for name in cell.defines}

    def explain(self, error: BaseException) -> str:
        """The error, and the lines of the notebook and of lib that led to it."""
        lines = [
            f"{self.title} ({self.points:g} points), the check {self.id!r} of the notebook",
            "",
        ]
        for frame in traceback.extract_tb(error.__traceback__):
            path = Path(frame.filename)
            if frame.filename in {cell.name for cell in self.cells}:
                place = frame.filename
            elif (FOLDER / "lib") in path.parents:
                place = path.relative_to(FOLDER).as_posix()
            else:
                continue
            lines += [f"{place}, line {frame.lineno}", f"    {frame.line}"]
        lines += ["", *(line.rstrip() for line in _message(error))]
        return "\n".join(lines)


def _message(error: BaseException) -> list[str]:
    """Only the message of an assertion; the type and the place of any other error, too."""
    if isinstance(error, AssertionError) and str(error):
        return [str(error)]
    return traceback.format_exception_only(type(error), error)


def read_checks(path: Path = NOTEBOOK) -> list[Check]:
    """Every check of the notebook, in order."""
    cells: list[Cell] = []
    checks: list[Check] = []
    heading, section_start = "", 0  # the index of the first code cell of this section
    for number, (raw, text) in enumerate(_as_graded(read_cells(path)), 1):
        grading = raw["metadata"].get("nbgrader", {})
        is_answer = grade_id_of(raw) in ANSWERS
        if raw["cell_type"] == "markdown" and not is_answer:
            for line in re.findall(r"^#+ (.*)", text, re.MULTILINE):
                heading = re.sub(r"\s*\[\d+ ?pt\]", "", line)
        if text is None or not (raw["cell_type"] == "code" or is_answer):
            continue
        name = f"cell {grading.get('grade_id') or number} of {path.name}"
        cells.append(_cell(name, text, bool(grading.get("solution"))))
        if grading.get("grade"):
            chosen = _needed(cells, section_start)
            checks.append(
                Check(
                    id=grading["grade_id"],
                    title=heading,
                    points=grading["points"],
                    cells=chosen,
                    training=any("SVHN_data" in cell.needs for cell in chosen),
                )
            )
            section_start = len(cells)
    return checks


def _as_graded(cells: list[dict]) -> Iterator[tuple[dict, str | None]]:
    """Every cell with its text. Cells of one answer count as one, whatever their type.

    The first of them has the text of all that are no longer as released; the others have None.
    """
    parts: dict[str, list[str]] = {}
    for cell in cells:
        if grade_id_of(cell) in ANSWERS:
            parts.setdefault(grade_id_of(cell), []).append(text_of(cell))
    for cell in cells:
        if grade_id_of(cell) not in ANSWERS:
            yield cell, text_of(cell)
        elif texts := parts.pop(grade_id_of(cell), None):
            answered = [text for text in texts if is_written(text)] or texts[-1:]
            yield cell, "\n".join(map(without_magics, answered))
        else:
            yield cell, None


def _needed(cells: list[Cell], section_start: int) -> tuple[Cell, ...]:
    """The last cell and the cells it needs.

    These are the nearest earlier cells that define the names it uses, the cells in between that
    change these objects, and what these cells need in turn. The answers of its section and all star
    imports are always included.
    """
    names = set(cells[-1].needs)
    chosen = [cells[-1]]
    for index in range(len(cells) - 2, -1, -1):
        cell = cells[index]
        stars = "*" in cell.defines
        answers = cell.answer and index >= section_start
        if names & (cell.defines | cell.changes) or stars or answers:
            names = (names - cell.defines) | cell.needs
            chosen.insert(0, cell)
    return tuple(chosen)


def _cell(name: str, text: str, answer: bool) -> Cell:
    source = without_magics(text)
    try:
        scope = _Names()
        scope.read(ast.parse(source).body)
        needs, defines, changes = scope.needs, scope.defines, scope.changes
    except SyntaxError:  # reported when the cell runs. Until then, guess the names it defines
        needs, changes = set(), set()
        defines = set(re.findall(r"^(\w+)\s*=", source, re.MULTILINE))
    return Cell(name, source, answer, frozenset(needs), frozenset(defines), frozenset(changes))


class _Names:
    """The names that a sequence of statements needs, defines and changes."""

    def __init__(self) -> None:
        self.needs: set[str] = set()
        self.defines: set[str] = set()
        self.changes: set[str] = set()

    def read(self, body: list[ast.stmt]) -> None:
        for statement in body:
            nested = [
                part
                for field in ("body", "handlers", "orelse", "finalbody")
                for part in getattr(statement, field, [])
            ]
            blocks = (ast.For, ast.While, ast.If, ast.With, ast.Try)
            if not isinstance(statement, blocks):
                self._read_one(statement)
                continue
            for field in ("iter", "test", "target"):
                if hasattr(statement, field):
                    self._read_expression(getattr(statement, field))
            for item in getattr(statement, "items", []):
                self._read_expression(item.context_expr)
                if item.optional_vars:
                    self._read_expression(item.optional_vars)
            for part in nested:
                self.read(part.body if isinstance(part, ast.ExceptHandler) else [part])

    def _read_expression(self, expression: ast.expr) -> None:
        if isinstance(getattr(expression, "ctx", None), ast.Store):
            expression = ast.Assign([expression], ast.Constant(None))
        else:
            expression = ast.Expr(expression)
        self._read_one(ast.fix_missing_locations(expression))

    def _read_one(self, statement: ast.stmt) -> None:
        for node in ast.walk(statement):
            if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
                self.defines.add("*")
                return  # its names are unknown, so a star import is always run
            if isinstance(node, ast.AugAssign):
                self.needs |= _roots(node.target) - self.defines
            if isinstance(node, (ast.Attribute, ast.Subscript)) and isinstance(node.ctx, ast.Store):
                self.changes |= _roots(node)
        table = symtable.symtable(ast.unparse(statement), "cell", "exec")
        used, assigned = _symbols(table)
        self.needs |= used - self.defines
        self.defines |= assigned


def _roots(target: ast.expr) -> set[str]:
    """x for x, x.a and x[0].b"""
    while isinstance(target, (ast.Attribute, ast.Subscript)):
        target = target.value
    return {target.id} if isinstance(target, ast.Name) else set()


def _symbols(table: symtable.SymbolTable) -> tuple[set[str], set[str]]:
    """The module-level names that a statement uses (also inside functions) and assigns."""
    used, assigned = set(), set()
    for symbol in table.get_symbols():
        if symbol.is_referenced():
            used.add(symbol.get_name())
        if symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace():
            assigned.add(symbol.get_name())
    inner = list(table.get_children())
    while inner:
        child = inner.pop()
        inner += child.get_children()
        used |= {s.get_name() for s in child.get_symbols() if s.is_global() and s.is_referenced()}
    return used, assigned
