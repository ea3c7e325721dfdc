"""Normal forms of code and prose, in which a copy is found however it was dressed up.

A statement is compared as a syntax tree, so that spacing, quotes, comments, parentheses, type
annotations and the spelling of numbers and of `x += 1` do not matter; its value, where it holds
enough to be recognised, also with every variable renamed. What does not parse is compared as text
without anything but words and operators, and prose by runs of words.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Iterator

OPERATIONS = (
    ast.AugAssign,
    ast.BinOp,
    ast.BoolOp,
    ast.Call,
    ast.Compare,
    ast.IfExp,
    ast.Lambda,
    ast.Subscript,
    ast.UnaryOp,
    ast.comprehension,
)
RECOGNISABLE = 3
"""Operations from which on an expression is known again with other variables. Below, it is what
anybody writes: `a.b(c)`, `x / len(y)`."""


def parse(text: str) -> ast.Module | None:
    """The syntax tree of a text, or None where it is no Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd escapes in other people's strings
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def statements(tree: ast.AST) -> Iterator[ast.stmt]:
    """The units in which code is compared, in order: simple statements, and of those that hold
    others the head (`for x in y`), as a statement without its body."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.stmt):
            continue
        if hasattr(node, "body"):
            head = {f: v for f, v in ast.iter_fields(node) if f not in BODIES}
            made: Callable[..., ast.stmt] = type(node)
            yield ast.copy_location(made(**head, body=[], **_empty(node)), node)
        else:
            yield node


BODIES = {"body", "orelse", "finalbody", "handlers", "cases"}


def _empty(node: ast.stmt) -> dict[str, list[ast.stmt]]:
    return {field: [] for field in node._fields if field in BODIES - {"body"}}


def says_nothing(statement: ast.AST) -> bool:
    """Whether a statement only moves names around (`output = feat`, `return x`, `if flag:`): no
    operation, and no constant but None, True, False, 0 and 1. Nobody learns a solution from it."""
    return not any(
        isinstance(node, OPERATIONS)
        or (isinstance(node, ast.Constant) and node.value not in (None, True, False, 0, 1, ...))
        or isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom)
        for node in ast.walk(statement)
    )


def tree_form(statement: ast.AST) -> str:
    """The same for every spelling of one statement."""
    if isinstance(statement, ast.AnnAssign) and statement.value:
        statement = ast.Assign([statement.target], statement.value)
    elif isinstance(statement, ast.AugAssign):
        value = ast.BinOp(statement.target, statement.op, statement.value)
        statement = ast.Assign([statement.target], value)
    return _dump(statement)


def value_forms(statement: ast.AST) -> Iterator[str]:
    """The statement's recognisable expressions with their variables numbered instead of named:
    the value alone, whatever it is assigned to, and the body of a lambda."""
    value = getattr(statement, "value", None) or getattr(statement, "test", None)
    if isinstance(value, ast.Lambda):
        value = value.body
    if isinstance(value, ast.expr):
        yield from renamed_forms(value)


def renamed_forms(expression: ast.expr) -> Iterator[str]:
    """Its form with numbers for variables; nothing where there is too little to recognise."""
    if sum(isinstance(node, OPERATIONS) for node in ast.walk(expression)) >= RECOGNISABLE:
        numbers: dict[str, str] = {}
        yield re.sub(
            r"Name\(id='(\w+)'",
            lambda found: f"Name({numbers.setdefault(found[1], str(len(numbers)))}",
            _dump(expression),
        )


def _dump(node: ast.AST) -> str:
    return re.sub(r"ctx=(Load|Store|Del)\(\)", "", ast.dump(node))


def text_forms(statement: ast.stmt, source: str) -> set[str]:
    """The statement as squeezed text: as it was written, and as Python would write it."""
    lines = source.split("\n")[statement.lineno - 1 : statement.end_lineno]
    written = re.sub(r"#.*", "", "\n".join(lines))
    if hasattr(statement, "body"):
        written = written.split("\n")[0].rsplit(":", 1)[0]
    normal = ast.unparse(ast.fix_missing_locations(statement)).rstrip(":")
    return {squeeze(written)[0], squeeze(normal)[0]} - {""}


def squeeze(text: str) -> tuple[str, list[int]]:
    """The words and operators of a text alone, and where in it each character stood.

    Blanks, line ends, quotes, brackets of calls, commas, hashes, backslashes and backticks go: all
    that differs between code and the same code in a comment, a string or Markdown.
    """
    kept = [(c, i) for i, c in enumerate(text) if c.isalnum() or c in "_=+-*/@<>.%[]{}:&|^~!"]
    return "".join(c for c, _ in kept), [i for _, i in kept]


def find_text(form: str, text: str, squeezed: str, positions: list[int]) -> int | None:
    """Where in a text a squeezed form stands as whole words, or None."""
    start = squeezed.find(form)
    while start >= 0:
        first, last = positions[start], positions[start + len(form) - 1]
        before, after = text[:first][-1:], text[last + 1 :][:1]
        if not (_joins(before) and _joins(form[0])) and not (_joins(after) and _joins(form[-1])):
            return first
        start = squeezed.find(form, start + 1)
    return None


def _joins(character: str) -> bool:
    return character.isalnum() or character in ("_", ".")


def passages(text: str, length: int) -> Iterator[tuple[str, int]]:
    """Every run of so many words, in lower case, and where it begins."""
    words = [(found[0].lower(), found.start()) for found in re.finditer(r"\w+", text)]
    for index in range(len(words) - length + 1):
        yield " ".join(word for word, _ in words[index : index + length]), words[index][1]
