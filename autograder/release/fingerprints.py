"""Normal forms of code and prose, which reveal a copy even if it is disguised.

A statement is compared as a syntax tree. So spacing, quotes, comments, parentheses, type
annotations and the spelling of numbers and of `x += 1` do not matter. If its value is complex
enough to be recognised, the value is also compared with every variable renamed. Text that does not
parse is reduced to its words and operators. Prose is compared by runs of words.
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
"""Fewest operations that make an expression recognisable when its variables are renamed. Anybody
writes shorter ones, such as `a.b(c)` or `x / len(y)`."""


def parse(text: str) -> ast.Module | None:
    """The syntax tree of a text, or None if it is not valid Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # invalid escapes in strings of other people's code
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def statements(tree: ast.AST) -> Iterator[ast.stmt]:
    """The statements in which code is compared, in order.

    A compound statement is reduced to its head (`for x in y`), without its body.
    """
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
    """Whether a statement reveals nothing of a solution (`output = feat`, `return x`, `if flag:`).

    It has no operation, and no constant other than None, True, False, 0, 1 and `...`.
    """
    return not any(
        isinstance(node, OPERATIONS)
        or (isinstance(node, ast.Constant) and node.value not in (None, True, False, 0, 1, ...))
        or isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom)
        for node in ast.walk(statement)
    )


def tree_form(statement: ast.AST) -> str:
    """A form that is the same for every spelling of a statement."""
    if isinstance(statement, ast.AnnAssign) and statement.value:
        statement = ast.Assign([statement.target], statement.value)
    elif isinstance(statement, ast.AugAssign):
        value = ast.BinOp(statement.target, statement.op, statement.value)
        statement = ast.Assign([statement.target], value)
    return _dump(statement)


def value_forms(statement: ast.AST) -> Iterator[str]:
    """The form of a statement's value with numbered variables, if the value is recognisable.

    The value is taken without its assignment target, and a lambda is reduced to its body.
    """
    value = getattr(statement, "value", None) or getattr(statement, "test", None)
    if isinstance(value, ast.Lambda):
        value = value.body
    if isinstance(value, ast.expr):
        yield from renamed_forms(value)


def renamed_forms(expression: ast.expr) -> Iterator[str]:
    """The form of an expression with numbered variables, if the expression is recognisable."""
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
    """The statement as squeezed text: as written, and as Python would format it."""
    lines = source.split("\n")[statement.lineno - 1 : statement.end_lineno]
    written = re.sub(r"#.*", "", "\n".join(lines))
    if hasattr(statement, "body"):
        written = written.split("\n")[0].rsplit(":", 1)[0]
    normal = ast.unparse(ast.fix_missing_locations(statement)).rstrip(":")
    return {squeeze(written)[0], squeeze(normal)[0]} - {""}


def squeeze(text: str) -> tuple[str, list[int]]:
    """Only the words and operators of a text, and the position of each character in the text.

    This drops spaces, line ends, quotes, parentheses, commas, hashes, backslashes and backticks:
    everything in which code differs from its copy in a comment, a string or Markdown.
    """
    kept = [(c, i) for i, c in enumerate(text) if c.isalnum() or c in "_=+-*/@<>.%[]{}:&|^~!"]
    return "".join(c for c, _ in kept), [i for _, i in kept]


def find_text(form: str, text: str, squeezed: str, positions: list[int]) -> int | None:
    """The position of a squeezed form, as whole words, in a text; None if it does not occur."""
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
    """Every run of `length` words, in lower case, and its position in the text."""
    words = [(found[0].lower(), found.start()) for found in re.finditer(r"\w+", text)]
    for index in range(len(words) - length + 1):
        yield " ".join(word for word, _ in words[index : index + length]), words[index][1]
