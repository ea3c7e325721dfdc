"""A submission -> its parts: what the student wrote, by block.

Between the banners everything is the student's. Elsewhere, what is in the release is given, and the
rest is the student's, too: a changed line of given code, a function of their own, another file or
cell. It belongs to the block of the function around it, if there is one.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from autograder.assignment.stub import UNANSWERED
from autograder.hand_in.cell_syntax import LINE_END, without_magics
from autograder.hand_in.notebook import NoNotebook, grade_id_of, parsed, source_of
from autograder.hand_in.submission import Submission
from autograder.similar.released import (
    DEFINITION,
    LARGEST_TEXT,
    Place,
    Released,
    bare,
    functions_of,
    is_end,
    is_rule,
    is_stub,
    shape_of,
)

ELSEWHERE = ""
"""The place of what belongs to no block."""
MOST_PARTS = 500
LARGEST_WORK = 1_000_000
"""Characters of a submission; what follows is not compared. The release has a tenth of it."""
MOST_CELLS = 300
DEEPEST_BRACKETS, DEEPEST_TREE = 60, 120


@dataclass(frozen=True)
class Part:
    """A piece of a student's text.

    Attributes:
        place: the name of the block; ELSEWHERE if it belongs to none.
        source: where it is from: a file, or a cell of the notebook.
        text: as the student wrote it, without common indentation.
        body: its statements; None if it does not parse.
    """

    place: str
    source: str
    text: str
    body: Sequence[ast.stmt] | None


def parts_of(submission: Submission, release: Released) -> list[Part]:
    """What the student wrote, the blocks before everything else."""
    found: list[Part] = []
    room = LARGEST_WORK
    for source, text in _texts(submission, release):
        text = text[: min(LARGEST_TEXT, room)]
        room -= len(text)
        found += islice(_of_text(source, text, release), MOST_PARTS - len(found))
    return sorted(found, key=lambda part: part.place == ELSEWHERE)


def answers_of(submission: Submission, release: Released) -> Iterator[tuple[str, str]]:
    """The questions that were answered in words, and the answers."""
    for cell in _cells(submission):
        name, text = grade_id_of(cell), source_of(cell) or ""
        if name in release.questions:
            given = {*release.questions[name].split("\n"), UNANSWERED}
            own = [line for line in text[:LARGEST_TEXT].split("\n") if line not in given]
            yield name, "\n".join(line for line in own if line.strip())


def _texts(submission: Submission, release: Released) -> Iterator[tuple[str, str]]:
    for path, content in submission.files.items():
        if path.endswith(".py"):
            yield path, "\n".join(LINE_END.split(content.decode("utf-8-sig", "replace")))
    yield from submission.cells.items()
    for number, cell in enumerate(_cells(submission)[:MOST_CELLS], 1):
        text = source_of(cell) or ""
        is_answer = grade_id_of(cell) in submission.cells
        if cell.get("cell_type") == "code" and not is_answer and text not in release.cells:
            yield f"cell {number}", without_magics(text[:LARGEST_TEXT])


def _cells(submission: Submission) -> Sequence[Mapping[str, object]]:
    try:
        return parsed(submission.notebook) if submission.notebook else []
    except NoNotebook:
        return []


def _of_text(source: str, text: str, release: Released) -> Iterator[Part]:
    given = release.texts.get(source, "")
    if text == given:
        return
    places = [place for place in release.places if place.file == source]
    lines = text.split("\n")
    banners = {bare(line): number for number, line in reversed(list(enumerate(lines)))}
    written: list[str] = []
    for place in places:
        span = _span(lines, banners.get(place.banner[-1]))
        if span is None:
            continue
        begin, end = span
        code = dedented("\n".join(lines[begin:end])).strip("\n")
        lines[begin:end] = [""] * (end - begin)  # so that it is found only once
        if any(line.strip() and not is_stub(line) for line in code.split("\n")):
            written.append(place.name)
            yield Part(place.name, source, code, statements(code))
    yield from _outside(source, lines, places, written, release)


def _span(lines: list[str], banner: int | None) -> tuple[int, int] | None:
    """The lines between a block's banners; None if one of the banners is missing.

    Args:
        banner: the number of the last line that says what to do.
    """
    if banner is None:
        return None
    begin = banner + 1
    while begin < len(lines) and is_rule(lines[begin]):
        begin += 1
    end = next((n for n in range(begin, len(lines)) if is_end(lines[n])), None)
    if end is None:
        return None
    while end > begin and is_rule(lines[end - 1]):
        end -= 1
    return begin, end


def _outside(
    source: str, lines: list[str], places: list[Place], written: list[str], release: Released
) -> Iterator[Part]:
    """What is not between banners and not in the release."""
    if all(_is_given(line, release) for line in lines):
        return
    whole = statements("\n".join(_filled(lines)))
    if whole is None:
        own = "\n".join(line for line in lines if not _is_given(line, release))
        yield Part(_only_place(places), source, dedented(own), None)
        return
    by_function: dict[str, list[Place]] = {}
    for place in places:
        by_function.setdefault(place.function, []).append(place)
    functions = list(functions_of(whole))
    for statement in _own(whole, release):
        around = _around(statement, functions)
        candidates = by_function.get(around, [])
        missing = [place for place in candidates if place.name not in written]
        name = next((place.name for place in [*missing, *candidates]), ELSEWHERE)
        text = "\n".join(lines[statement.lineno - 1 : statement.end_lineno])
        yield Part(name, source, dedented(text), statements(dedented(text)))


def _only_place(places: list[Place]) -> str:
    return places[0].name if len(places) == 1 else ELSEWHERE


def _is_given(line: str, release: Released) -> bool:
    stripped = line.strip()
    return not stripped or stripped.startswith("#") or stripped in release.lines


def _filled(lines: list[str]) -> Iterator[str]:
    """The lines with a `pass` where a block was, so that the function around it parses."""
    for before, line in zip(["", *lines], lines, strict=False):
        indent = before[: len(before) - len(before.lstrip())]
        is_opened = is_rule(before) and not line.strip()
        yield f"{indent}pass" if is_opened else line


def _own(body: Sequence[ast.stmt], release: Released) -> Iterator[ast.stmt]:
    """The statements that are not in the release, as large as possible."""
    for statement in body:
        if isinstance(statement, ast.Pass) or _is_docstring(statement):
            continue
        if shape_of(statement) in release.statements:
            continue
        nested = list(_bodies(statement))
        if isinstance(statement, DEFINITION):
            is_changed = statement.name in release.definitions
        else:
            is_changed = any(_has_given(node, release) for inner in nested for node in inner)
        if is_changed:
            for inner in nested:
                yield from _own(inner, release)
        else:
            yield statement


def _has_given(statement: ast.stmt, release: Released) -> bool:
    """Whether the statement or one inside it is in the release."""
    if not isinstance(statement, ast.Pass) and shape_of(statement) in release.statements:
        return True
    return any(_has_given(node, release) for inner in _bodies(statement) for node in inner)


def _bodies(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    for field in ("body", "orelse", "finalbody"):
        body = getattr(statement, field, None)
        if body:
            yield body
    for handler in getattr(statement, "handlers", ()):
        yield handler.body


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _around(statement: ast.stmt, functions: list[tuple[str, ast.FunctionDef]]) -> str:
    line = statement.lineno
    return next((n for n, node in functions if node.lineno < line <= (node.end_lineno or 0)), "")


def dedented(text: str) -> str:
    """The text without the indentation of its first statement. Comments may have less."""
    lines = text.split("\n")
    code = (line for line in lines if line.strip() and not line.lstrip().startswith("#"))
    first = next(code, "")
    indent = first[: len(first) - len(first.lstrip())]
    return "\n".join(
        line.removeprefix(indent) if line.startswith(indent) else line.lstrip() for line in lines
    )


def statements(text: str) -> list[ast.stmt] | None:
    """The statements of a student's text; None if it does not parse.

    Deep nesting can crash the parser, so it is refused beforehand.
    """
    if len(text) > LARGEST_TEXT or _is_deep(text):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about the student's code
            body = ast.parse(text).body
        return None if _is_deep_tree(body) else body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None


def _is_deep_tree(body: Sequence[ast.AST]) -> bool:
    """Whether following it would need a deep stack, as a chain of ten thousand `.T` does."""
    layer: Sequence[ast.AST] = body
    for _ in range(DEEPEST_TREE):
        layer = [child for node in layer for child in ast.iter_child_nodes(node)]
        if not layer:
            return False
    return True


def _is_deep(text: str) -> bool:
    depth = 0
    for character in text:
        if character in "([{":
            depth += 1
            if depth > DEEPEST_BRACKETS:
                return True
        elif character in ")]}":
            depth = max(0, depth - 1)
    return False
