"""A code block of the solution as a syntax tree, and what its names mean to students."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from autograder.assignment import Assignment
from autograder.assignment.variant import Variant
from autograder.diagnosis.variants import applied, solution, text_of
from autograder.release.strip import Block, find_blocks


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


Change = tuple[str, Edit]
"""A change in words, after "your numbers are those of the right formula", and what it replaces."""


class Source:
    """A code block of the solution, and what its names mean."""

    def __init__(
        self, assignment: Assignment, file: str, block: Block, text: str | None = None
    ) -> None:
        """`text` is that of the file; by default that of the solution."""
        self.assignment, self.file, self.block = assignment, file, block
        self.text = text_of(solution(assignment), file) if text is None else text
        self.starts = [0]
        for line in self.text.split("\n"):
            self.starts.append(self.starts[-1] + len(line) + 1)
        tree = ast.parse(self.text)
        self.numbers, self.given, self.arrays = _signature(tree, block)
        self.functions = {n.name for n in tree.body if isinstance(n, ast.FunctionDef)}
        self.looped = dict(_locals(block.body, ast.For))
        self.locals = {**dict(_locals(block.body, ast.Assign)), **self.looped}

    @property
    def gives_names(self) -> bool:
        """Whether the block is part of the library, where its place has a name."""
        return self.file in solution(self.assignment).files

    def changed(self, form: Variant) -> Source:
        """The same block of the solution with a variant."""
        text = text_of(applied(self.assignment, (form,)), self.file)
        [block] = (b for b in find_blocks(text, self.file) if b.place == self.block.place)
        return Source(self.assignment, self.file, block, text)

    def edited(self, edits: Iterable[Edit]) -> str:
        """The text of the block after some edits within it."""
        begin = self.text.index(self.block.source)
        return edited(self.text, begin, begin + len(self.block.source), edits)

    def whole(self, new: str) -> Edit:
        """The replacement of the whole block."""
        begin = self.text.index(self.block.source)
        return Edit(self.file, begin, begin + len(self.block.source), new)

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

    def similar_names(self, name: str) -> Iterator[str]:
        """Names that students take for this one: other arrays, or names with a word in common."""
        if name in self.given:
            for other in sorted(self.given - {name}):
                if {name, other} <= self.arrays or {*name.split("_")} & {*other.split("_")}:
                    yield other

    def is_computed(self, node: ast.AST) -> bool:
        """Whether an expression is a local variable that is more than another name for an array."""
        value = self.locals.get(node.id) if isinstance(node, ast.Name) else None
        return isinstance(value, ast.BinOp | ast.UnaryOp | ast.Call)

    def sizes(self) -> Iterator[tuple[str, str]]:
        """Numbers by which students multiply or divide too often, in words and as code."""
        for name in sorted(self.arrays):
            yield f"the length of {name}", f"len({name})"
            yield f"the last dimension of {name}", f"np.shape({name})[-1]"
            yield f"the root of the last dimension of {name}", f"np.sqrt(np.shape({name})[-1])"
        yield from ((name, f"self.{name}") for name in self.numbers)

    def states(self) -> Mapping[str, str]:
        """What a loop of the block reads and keeps: an expression by what students call it."""
        found: dict[str, str] = {}
        for loop in (each for each in self.block.body if isinstance(each, ast.For)):
            for node in ast.walk(loop):
                if isinstance(node, ast.Subscript) and (name := self.words(node)):
                    found.setdefault(name, self.source(node))
        return found

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
            if node.id in self.given:
                yield node.id
            elif node.id in self.locals and depth:
                yield from self._names(self.locals[node.id], depth - 1)
            return
        if isinstance(node, ast.Subscript):
            key = getattr(node.slice, "attr", "")
            of = f" of {self.assignment.called[key]}" if key in self.assignment.called else ""
            yield from (f"{name}{of}" for name in self._names(node.value, depth))
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
            if not self.gives_names:
                return target.id  # in a cell, students choose no names
            return self.words(self.looped[target.id]) if target.id in self.looped else ""
        return self.words(target)


def edited(text: str, begin: int, end: int, edits: Iterable[Edit]) -> str:
    """The text from `begin` to `end` after some edits within it."""
    pieces, at = [], begin
    for edit in sorted(edits, key=lambda edit: edit.begin):
        pieces += [text[at : edit.begin], edit.new]
        at = edit.end
    return "".join([*pieces, text[at:end]])


Operator = Callable[[Source, ast.AST], Iterator[Change]]
"""The changes of one kind that are possible at a node."""


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


def _signature(
    tree: ast.Module, block: Block
) -> tuple[Mapping[str, float | None], frozenset[str], frozenset[str]]:
    """What the class and the function around a block give to students.

    The numbers that the class is constructed with, and their defaults; the names that the function
    has outside of the block; and those of them that are arrays.
    """
    given, arrays = frozenset[str](), frozenset[str]()
    numbers: dict[str, float | None] = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.ClassDef):
            continue
        if not node.lineno <= block.region.begin <= (node.end_lineno or 0):
            continue
        if isinstance(node, ast.FunctionDef):
            arguments = {a.arg: a.annotation for a in node.args.args if a.arg != "self"}
            local = frozenset(_given(node, block))
            given = local | arguments.keys()
            arrays = frozenset(n for n, kind in arguments.items() if _is_array(kind))
            if arrays == arguments.keys():  # then what is taken from them is an array too
                arrays |= local
            continue
        for method in node.body:
            if isinstance(method, ast.FunctionDef) and method.name == "__init__":
                numbers = _numbers(method)
    return numbers, given, arrays


def _is_array(annotation: ast.expr | None) -> bool:
    return isinstance(annotation, ast.Attribute) and annotation.attr == "ndarray"


def _given(function: ast.FunctionDef, block: Block) -> Iterator[str]:
    """The names that a function sets to something outside of a block."""
    for node in ast.walk(function):
        if not isinstance(node, ast.Assign) or not _is_outside(node, block):
            continue
        for target in (name for each in node.targets for name in ast.walk(each)):
            if (
                isinstance(target, ast.Name)
                and isinstance(target.ctx, ast.Store)
                and not _is_none(node.value)
            ):
                yield target.id


def _is_outside(node: ast.stmt, block: Block) -> bool:
    return not block.region.begin <= node.lineno <= block.region.end


def _is_none(value: ast.expr) -> bool:
    """Whether a value stands for what the block is to compute."""
    values = value.elts if isinstance(value, ast.Tuple) else [value]
    return all(isinstance(each, ast.Constant) and each.value is None for each in values)


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
