"""Ways in which a copy is made to look different: each takes a block's code and returns other code
that does the same.

They were written before the comparison, from what students do, and know nothing about it. Code that
does not parse stays as it is.
"""

from __future__ import annotations

import ast
import copy
import random
from collections.abc import Callable, Collection, Iterator

WORDS = (
    *("value", "vals", "arr", "buf", "item", "thing", "temp", "res", "calc", "mat", "vec", "part"),
    *("piece", "block", "data2", "helper", "inner", "aux", "work", "store", "mid", "total", "row"),
    *("col", "left", "right", "upper", "lower", "first", "second", "final", "raw", "base", "extra"),
)
SAID_IN = {
    "English": (
        "compute the result",
        "first the shape",
        "this is the gradient",
        "see the lecture",
        "careful with the sign here",
        "now put it together",
    ),
    "German": (
        "Ergebnis berechnen",
        "zuerst die Form",
        "das ist der Gradient",
        "siehe Vorlesung",
        "Vorsicht mit dem Vorzeichen",
        "jetzt alles zusammensetzen",
    ),
}
"""The same comments in two languages."""


def renamed(code: str, given: Collection[str], rng: random.Random) -> str:
    """Other names for the student's own variables, functions and parameters."""
    tree = parsed(code)
    if tree is None:
        return code
    own = [name for name in dict.fromkeys(_bound(tree)) if name not in given]
    fresh = rng.sample(WORDS, k=min(len(WORDS), len(own)))
    numbers = range(len(own) - len(fresh))
    new = dict(zip(own, [*fresh, *(f"name{n}" for n in numbers)], strict=True))
    return ast.unparse(_Rename(new).visit(tree))


def reordered(code: str, given: Collection[str], rng: random.Random) -> str:
    """Neighbouring statements exchanged where neither needs the other."""
    tree = parsed(code)
    if tree is None:
        return code
    for body in _bodies(tree):
        for index in range(len(body) - 1):
            one, two = body[index : index + 2]
            if _independent(one, two):
                body[index : index + 2] = two, one
    return ast.unparse(tree)


def in_loops(code: str, given: Collection[str], rng: random.Random) -> str:
    """Loops over the rows where there was one expression for the whole batch."""
    tree = parsed(code)
    if tree is None:
        return code
    tree.body = [new for statement in tree.body for new in _by_rows(statement)]
    return ast.unparse(ast.fix_missing_locations(_Rows().visit(tree)))


def split_up(code: str, given: Collection[str], rng: random.Random) -> str:
    """Parts of expressions computed beforehand, under names of their own."""
    tree = parsed(code)
    if tree is None:
        return code
    numbers = iter(range(1, 1000))
    for body in _bodies(tree):
        body[:] = [new for statement in body for new in _split(statement, numbers)]
    return ast.unparse(ast.fix_missing_locations(tree))


def joined(code: str, given: Collection[str], rng: random.Random) -> str:
    """Variables that are used once replaced by what they stand for."""
    tree = parsed(code)
    if tree is None:
        return code
    for body in _bodies(tree):
        index = 0
        while index < len(body) - 1:
            target, value = _simple(body[index])
            uses = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id == target]
            here = [n for n in ast.walk(body[index + 1]) if n in uses and _is_load(n)]
            if target and target not in given and len(uses) == 2 and len(here) == 1:
                inline = _Substitute({target: value})
                body[index : index + 2] = [inline.visit(body[index + 1])]
                index = max(index - 1, 0)
            else:
                index += 1
    return ast.unparse(ast.fix_missing_locations(tree))


def padded(code: str, given: Collection[str], rng: random.Random) -> str:
    """Statements that change nothing, between the others."""
    tree = parsed(code)
    if tree is None:
        return code
    dead = (
        "unused = 0",
        "if False:\n    print('never')",
        "debug = []\ndebug.append(1)",
        "for _ in range(0):\n    pass",
        "check = 3 * 14\ncheck = check - 1",
    )
    body: list[ast.stmt] = []
    for statement in tree.body:
        if rng.random() < 0.7:
            body += ast.parse(rng.choice(dead)).body
        body.append(statement)
    tree.body = body
    return ast.unparse(tree)


def commented(code: str, language: str, rng: random.Random) -> str:
    """With comments above some of its lines; the same for the same `rng` in each language."""
    lines: list[str] = []
    open_brackets = 0
    for line in code.split("\n"):
        indent = line[: len(line) - len(line.lstrip())]
        number = rng.randrange(3 * len(SAID_IN[language]))
        starts = not open_brackets and not line.lstrip().startswith(("el", "except", "#"))
        if starts and line.strip() and number < len(SAID_IN[language]):
            lines.append(f"{indent}# {SAID_IN[language][number]}")
        open_brackets += sum(map(line.count, "([{")) - sum(map(line.count, ")]}"))
        lines.append(line)
    return "\n".join(lines)


def moved(
    code: str, given: Collection[str], known: Collection[str], name: str
) -> tuple[str, str] | None:
    """The block as a call, and the function that it calls, for another file or cell.

    Args:
        known: names that mean the same everywhere: modules, builtins, the library's functions.
        name: of the function.

    None where the code assigns nothing that is given, or ends the function itself.
    """
    tree = parsed(code)
    if tree is None or any(isinstance(node, ast.Return | ast.Import) for node in ast.walk(tree)):
        return None
    bound = dict.fromkeys(_bound(tree))
    results = [each for each in bound if each in given]
    loaded = dict.fromkeys(n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and _is_load(n))
    needed = [each for each in loaded if each not in known and (each not in bound)]
    if any(_is_read_first(tree, each) for each in results):
        needed += [each for each in results if _is_read_first(tree, each)]
    call = f"{name}({', '.join(needed)})"
    block = f"{', '.join(results)} = {call}" if results else call
    lines = [f"def {name}({', '.join(needed)}):"]
    lines += [f"    {line}" for line in ast.unparse(tree).split("\n")]
    if results:
        lines.append(f"    return {', '.join(results)}")
    return block, "\n".join(lines) + "\n"


DISGUISES: dict[str, Callable[[str, Collection[str], random.Random], str]] = {
    "renamed": renamed,
    "reordered": reordered,
    "loops": in_loops,
    "split": split_up,
    "joined": joined,
    "dead code": padded,
}


def parsed(code: str) -> ast.Module | None:
    try:
        return ast.parse(code)
    except SyntaxError:
        return None


def _bound(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.FunctionDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg


def _bodies(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    for node in ast.walk(tree):
        for field in ("body", "orelse", "finalbody"):
            body = getattr(node, field, None)
            if isinstance(body, list) and body and isinstance(body[0], ast.stmt):
                yield body


class _Rename(ast.NodeTransformer):
    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self.names.get(node.id, node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.arg = self.names.get(node.arg, node.arg)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.name = self.names.get(node.name, node.name)
        return self.generic_visit(node)


class _Substitute(ast.NodeTransformer):
    def __init__(self, values: dict[str, ast.expr]) -> None:
        self.values = values

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if _is_load(node) and node.id in self.values:
            return copy.deepcopy(self.values[node.id])
        return node


class _Rows(ast.NodeTransformer):
    """`A @ B` and `A.dot(B)` row by row, `np.sum(A, axis=0)` as a sum of rows."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.MatMult):
            return _expression("np.array([line @ B for line in A])", A=node.left, B=node.right)
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        called = ast.unparse(node.func)
        if called == "np.dot" and len(node.args) == 2:
            left, right = node.args
            return _expression("np.array([line.dot(B) for line in A])", A=left, B=right)
        axis = [ast.unparse(keyword.value) for keyword in node.keywords if keyword.arg == "axis"]
        if called == "np.sum" and axis == ["0"] and len(node.keywords) == 1:
            return _expression("sum(line for line in A)", A=node.args[0])
        return node


ELEMENTWISE = ("feat", "dprev")


def _by_rows(statement: ast.stmt) -> list[ast.stmt]:
    """`name = (an elementwise expression of feat)` as a loop over its rows."""
    target, value = _simple(statement)
    if not target or not _is_elementwise(value):
        return [statement]
    over = next(n.id for n in ast.walk(value) if isinstance(n, ast.Name) and n.id in ELEMENTWISE)
    rows = {name: ast.parse(f"{name}[row]", mode="eval").body for name in ELEMENTWISE}
    filled = ast.unparse(_Substitute(rows).visit(copy.deepcopy(value)))
    return ast.parse(
        f"{target} = np.zeros({over}.shape)\n"
        f"for row in range({over}.shape[0]):\n    {target}[row] = {filled}"
    ).body


def _is_elementwise(value: ast.expr) -> bool:
    names = {node.id for node in ast.walk(value) if isinstance(node, ast.Name)}
    calls = {ast.unparse(n.func) for n in ast.walk(value) if isinstance(n, ast.Call)}
    shapes = any(isinstance(n, ast.Subscript | ast.MatMult | ast.Lambda) for n in ast.walk(value))
    used = names & set(ELEMENTWISE)
    attributes = {n.attr for n in ast.walk(value) if isinstance(n, ast.Attribute)}
    return (
        bool(used)
        and not shapes
        and names <= {*ELEMENTWISE, "self", "np"}
        and calls <= {"np.where", "np.maximum", "np.minimum", "np.exp", "np.log"}
        and not attributes & {"shape", "T", "params", "grads"}
    )


def _split(statement: ast.stmt, numbers: Iterator[int]) -> list[ast.stmt]:
    """The operands of the outermost operation, each in a statement before."""
    value = getattr(statement, "value", None)
    if not isinstance(statement, ast.Assign | ast.AugAssign) or not isinstance(value, ast.BinOp):
        return [statement]
    before: list[ast.stmt] = []
    for side in ("left", "right"):
        operand = getattr(value, side)
        if isinstance(operand, ast.BinOp | ast.Call):
            name = f"part_{next(numbers)}"
            before.append(ast.Assign([ast.Name(name, ast.Store())], operand, lineno=0))
            setattr(value, side, ast.Name(name, ast.Load()))
    return [*before, statement]


def _simple(statement: ast.stmt) -> tuple[str, ast.expr]:
    """The name and the value of `name = value`; an empty name for anything else."""
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        (target,) = statement.targets
        if isinstance(target, ast.Name):
            return target.id, statement.value
    return "", ast.Constant(None)


def _independent(one: ast.stmt, two: ast.stmt) -> bool:
    if not all(isinstance(s, ast.Assign) for s in (one, two)):
        return False
    written, read = zip(*map(_touched, (one, two)), strict=True)
    return not (written[0] & (read[1] | written[1]) or written[1] & read[0])


def _touched(statement: ast.stmt) -> tuple[set[str], set[str]]:
    """What a statement writes and reads: names, and attributes as if they were names.

    A call might write anything that it reaches, so it counts as reading and writing "()".
    """
    written: set[str] = set()
    read: set[str] = set()
    for target in getattr(statement, "targets", ()):
        for node in ast.walk(target):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                written.add(node.id)
            elif isinstance(node, ast.Subscript | ast.Attribute):
                written.add(ast.unparse(node))
    for node in ast.walk(statement):
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript) and _is_load(node):
            read.add(ast.unparse(node))
        if isinstance(node, ast.Call) and "rng" in ast.unparse(node.func):
            written.add("random numbers")
    return written, read


def _is_read_first(tree: ast.Module, name: str) -> bool:
    """Whether a name is read in the first statement that mentions it."""
    for statement in tree.body:
        found = [n for n in ast.walk(statement) if isinstance(n, ast.Name) and n.id == name]
        if found:
            return isinstance(statement, ast.AugAssign | ast.If | ast.For) or any(
                map(_is_load, found)
            )
    return False


def _is_load(node: ast.AST) -> bool:
    return isinstance(getattr(node, "ctx", None), ast.Load)


def _expression(template: str, **parts: ast.expr) -> ast.expr:
    return _Substitute(parts).visit(ast.parse(template, mode="eval").body)
