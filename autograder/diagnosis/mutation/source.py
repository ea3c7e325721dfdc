"""A code block of the solution as a syntax tree, and what its names mean to students."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from autograder.assignment import Assignment
from autograder.assignment.variant import Variant
from autograder.diagnosis.variants import solution
from autograder.release.strip import Block


@dataclass(frozen=True)
class Edit:
    """Replaces the text from `begin` to `end` of a file of the solution, or of a cell."""

    file: str
    begin: int
    end: int
    new: str


@dataclass(frozen=True)
class Mutant:
    """One change of the solution.

    Attributes:
        text: the change, after "your numbers are those of the right formula, but".
        edits: what is replaced; the edits do not overlap.
        as_part: whether it says something if it explains only a part of the wrong values.
        variant: the known variant that makes this change, if there is one; it has its own hint.
    """

    text: str
    edits: tuple[Edit, ...]
    variant: Variant | None = None
    as_part: bool = True

    def compatible(self, other: Mutant) -> bool:
        """Whether both changes can be made, because they touch different text."""
        return not any(
            one.file == two.file and one.begin < two.end and two.begin < one.end
            for one in self.edits
            for two in other.edits
        )


class Source:
    """A code block of the solution, and what its names mean."""

    def __init__(self, assignment: Assignment, file: str, block: Block) -> None:
        right = solution(assignment)
        self.assignment, self.file, self.block = assignment, file, block
        self.text = right.files[file].decode() if file in right.files else right.cells[file]
        self.starts = [0]
        for line in self.text.split("\n"):
            self.starts.append(self.starts[-1] + len(line) + 1)
        tree = ast.parse(self.text)
        self.arguments, self.numbers = _signature(tree, block)
        self.looped = dict(_locals(block.body, ast.For))
        self.locals = {**dict(_locals(block.body, ast.Assign)), **self.looped}

    def at(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        """The offsets of a node's text."""
        return (
            self.starts[node.lineno - 1] + node.col_offset,
            self.starts[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0),
        )

    def source(self, node: ast.expr | ast.stmt) -> str:
        begin, end = self.at(node)
        return self.text[begin:end]

    def replace(self, node: ast.expr | ast.stmt, new: str) -> Edit:
        return Edit(self.file, *self.at(node), new)

    def hyperparameters(self, tree: ast.AST) -> Iterator[ast.Attribute]:
        """The places where a number that the object was constructed with is read."""
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Attribute)
                and isinstance(node.ctx, ast.Load)
                and isinstance(node.value, ast.Name)
                and node.value.id == "self"
                and node.attr in self.numbers
            ):
                yield node

    def words(self, node: ast.AST) -> str:
        """What an expression is about, in names that students know; empty if there are none."""
        if (
            isinstance(node, ast.BinOp)
            and isinstance(node.op, ast.Sub)
            and isinstance(node.left, ast.Constant)
        ):
            right = self.words(node.right)
            return f"{ast.unparse(node.left)} - {right}" if right else ""
        names = dict.fromkeys(self._names(node, 2))
        return " and ".join(names) if len(names) <= 2 else ""

    def _names(self, node: ast.AST, depth: int) -> Iterator[str]:
        if isinstance(node, ast.Attribute):
            if node.attr in self.assignment.called:
                yield self.assignment.called[node.attr]
            elif isinstance(node.value, ast.Name) and node.value.id == "self":
                yield node.attr
            else:
                yield from self._names(node.value, depth)
            return
        if isinstance(node, ast.Name):
            if node.id in self.arguments:
                yield node.id
            elif node.id in self.locals and depth:
                yield from self._names(self.locals[node.id], depth - 1)
            return
        if isinstance(node, ast.Subscript):
            yield from self._names(node.value, depth)
            return
        for child in ast.iter_child_nodes(node):
            yield from self._names(child, depth)

    def stores(self, statement: ast.stmt) -> str:
        """What a statement sets, in names that students know."""
        if isinstance(statement, ast.AugAssign):
            target: ast.expr = statement.target
        elif isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target = statement.targets[0]
        else:
            return ""
        if isinstance(target, ast.Name):
            if self.file not in solution(self.assignment).files:
                return target.id  # in a cell, students choose no names
            return self.words(self.looped[target.id]) if target.id in self.looped else ""
        return self.words(target)


def _locals(
    body: Iterable[ast.stmt], kind: type[ast.Assign] | type[ast.For]
) -> Iterator[tuple[str, ast.expr]]:
    """Local variables, and the expressions that they are set to or loop over."""
    for node in (node for statement in body for node in ast.walk(statement)):
        if not isinstance(node, kind):
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        value = node.value if isinstance(node, ast.Assign) else node.iter
        for target in (name for each in targets for name in ast.walk(each)):
            if isinstance(target, ast.Name) and isinstance(target.ctx, ast.Store):
                yield target.id, value


def _signature(tree: ast.Module, block: Block) -> tuple[frozenset[str], Mapping[str, float | None]]:
    """The arguments of the function around a block.

    Also the numbers that its class is constructed with, and their defaults.
    """
    arguments: frozenset[str] = frozenset()
    numbers: dict[str, float | None] = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.ClassDef):
            continue
        if not node.lineno <= block.region.begin <= (node.end_lineno or 0):
            continue
        if isinstance(node, ast.FunctionDef):
            arguments = frozenset(a.arg for a in node.args.args if a.arg != "self")
            continue
        for method in node.body:
            if isinstance(method, ast.FunctionDef) and method.name == "__init__":
                numbers = _numbers(method)
    return arguments, numbers


def _numbers(method: ast.FunctionDef) -> dict[str, float | None]:
    """The arguments that are annotated as float, with their defaults."""
    arguments, defaults = method.args.args, method.args.defaults
    given = [default.value if isinstance(default, ast.Constant) else None for default in defaults]
    known = [*[None] * (len(arguments) - len(given)), *given]
    return {
        argument.arg: float(default) if isinstance(default, int | float) else None
        for argument, default in zip(arguments, known, strict=True)
        if isinstance(argument.annotation, ast.Name) and argument.annotation.id == "float"
    }
