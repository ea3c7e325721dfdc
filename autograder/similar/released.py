"""What every student was given: it is no student's work, and does not count."""

from __future__ import annotations

import ast
import io
import json
import re
import tokenize
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from autograder.assignment import Assignment
from autograder.assignment.stub import UNANSWERED, UNWRITTEN
from autograder.diagnosis import variants
from autograder.hand_in.cell_syntax import without_magics
from autograder.hand_in.notebook import grade_id_of, source_of
from autograder.release.strip import END_BANNER, RULE, find_blocks
from autograder.similar.values import hashed

DEFINITION = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
WORD = re.compile(r"\w+")
LARGEST_TEXT = 200_000
"""Characters of a file or cell; what follows is not compared."""


@dataclass(frozen=True)
class Place:
    """A block that students write.

    Attributes:
        name: "fc.forward", or the grade id of a cell.
        file: the path of its file, or the grade id of its cell.
        function: the qualified name of the function around it; empty in a cell.
        banner: the lines of its TODO, without hashes and blanks.
        results: names in the function around it. All else that a block assigns is its own, even
            if another function has a variable of that name. Of a cell, names in the notebook.
    """

    name: str
    file: str
    function: str
    banner: tuple[str, ...]
    results: frozenset[str]


@dataclass(frozen=True)
class Released:
    """The release, in the forms that students' texts are compared with.

    Attributes:
        texts: released files by path, and cells by grade id.
        cells: the other code cells of the notebook, with IPython's syntax.
        places: in the order of their files.
        questions: the released text of each question that is answered in words.
        words: all words of the code.
        lines: its lines, without blanks at both ends.
        statements: its statements, see `shape_of`.
        definitions: names of its functions and classes.
        comments: its comments, see `comments_in`.
    """

    texts: Mapping[str, str]
    cells: frozenset[str]
    places: tuple[Place, ...]
    questions: Mapping[str, str]
    words: frozenset[str]
    lines: frozenset[str]
    statements: frozenset[int]
    definitions: frozenset[str]
    comments: frozenset[str]


@cache
def release_of(assignment: Assignment) -> Released:
    """What students of the assignment receive."""
    stubbed, solved = variants.released(assignment), variants.solution(assignment)
    texts = {path: content.decode() for path, content in stubbed.files.items()}
    texts |= stubbed.cells
    cells = json.loads(assignment.source.read_text("utf-8"))["cells"]
    given = [
        source_of(cell) or ""
        for cell in cells
        if cell["cell_type"] == "code" and grade_id_of(cell) not in stubbed.cells
    ]
    every = [*texts.values(), *map(without_magics, given)]
    words = frozenset(word for text in every for word in WORD.findall(text))
    places = [
        _place(block.place, file, texts[file], words)
        for file, text in _solved_texts(solved.files, solved.cells)
        for block in find_blocks(text, file, file)
    ]
    statements = [node for text in every for node in _statements(text)]
    return Released(
        texts,
        frozenset(given),
        tuple(places),
        {
            grade_id_of(cell): (source_of(cell) or "").partition(UNANSWERED)[0]
            for cell in cells
            if grade_id_of(cell) in assignment.questions
        },
        words,
        frozenset(line.strip() for text in every for line in text.split("\n")),
        frozenset(shape_of(node) for node in statements),
        frozenset(node.name for node in statements if isinstance(node, DEFINITION)),
        frozenset(comment for text in every for comment, _ in comments_in(text)),
    )


def _solved_texts(
    files: Mapping[str, bytes], cells: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    yield from ((path, content.decode()) for path, content in files.items())
    yield from cells.items()


def _place(name: str, file: str, text: str, words: frozenset[str]) -> Place:
    lines = text.split("\n")
    stub = next(n for n, line in enumerate(lines) if f'"{name}: ' in line and is_stub(line))
    first = stub - 1
    while first > 0 and lines[first - 1].strip().startswith("#"):
        first -= 1
    banner = tuple(bare(line) for line in lines[first:stub] if bare(line))
    for function, node in functions_of(ast.parse(text).body):
        if node.lineno <= stub + 1 <= (node.end_lineno or node.lineno):
            return Place(name, file, function, banner, frozenset(_names_in(node)))
    return Place(name, file, "", banner, words)


def _names_in(function: ast.FunctionDef) -> Iterator[str]:
    for node in ast.walk(function):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg


def functions_of(body: list[ast.stmt], inside: str = "") -> Iterator[tuple[str, ast.FunctionDef]]:
    """The functions of a text with their qualified names."""
    for node in body:
        if isinstance(node, ast.FunctionDef):
            yield f"{inside}{node.name}", node
        elif isinstance(node, ast.ClassDef):
            yield from functions_of(node.body, f"{inside}{node.name}.")


def is_stub(line: str) -> bool:
    return UNWRITTEN.search(line) is not None


def is_rule(line: str) -> bool:
    """Whether it is the edge of a banner."""
    return RULE.fullmatch(line.rstrip()) is not None


def is_end(line: str) -> bool:
    return END_BANNER.fullmatch(line.rstrip()) is not None


def bare(line: str) -> str:
    """A line of a banner without hashes and with single blanks, however it is indented."""
    return " ".join(line.replace("#", " ").split())


def shape_of(node: ast.AST) -> int:
    """A hash of a statement without its layout and comments.

    It is kept with the node, so that nested statements cost no more than flat ones.
    """
    known: int | None = getattr(node, "shape", None)
    if known is None:
        fields = (_shape_of_field(field) for _, field in ast.iter_fields(node))
        known = hashed(type(node).__name__, *fields)
        setattr(node, "shape", known)  # noqa: B010  (the class does not declare it)
    return known


def _shape_of_field(field: object) -> str | int:
    if isinstance(field, ast.AST):
        return shape_of(field)
    if isinstance(field, list):
        return hashed("list", *map(_shape_of_field, field))
    return repr(field)


def _statements(text: str) -> Iterator[ast.stmt]:
    try:
        tree = ast.parse(text)
    except SyntaxError:  # a given cell whose IPython syntax could not be removed
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt):
            yield node


def comments_in(text: str) -> Iterator[tuple[str, int]]:
    """The comments of a text in small letters and their lines; rules and single words left out."""
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                words = WORD.findall(token.string.lower())
                if len(words) > 1:
                    yield " ".join(words), token.start[0]
    except (tokenize.TokenError, SyntaxError):  # the comments so far
        return
