"""Removes the solutions from Python text, or refuses.

Each solution is replaced by a NotImplementedError that names its place. Everything else stays:
docstrings, given code (also after a raise), and the banners with the instructions. Anything
doubtful is an error, because a leak cannot be undone.
"""

from __future__ import annotations

import ast
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

from autograder.assignment.stub import stub
from autograder.release.markers import EXACT, SOLUTION, Region, StripError, regions

RULE = re.compile(r" *#{20,}")
BANNER_LINE = re.compile(r" *#(?!#).*")
TODO = re.compile(r" *# +TODO: \S.*")
END_BANNER = re.compile(r" *# +END OF YOUR CODE +#")


@dataclass(frozen=True)
class Block:
    """A solution between its markers.

    Attributes:
        place: a name by which a student finds it: "fc.forward", "train_net, TODO 2 of 3".
        region: its markers.
        body: its statements, with their line numbers in the whole text.
        source: its text, without the markers.
    """

    place: str
    region: Region
    body: tuple[ast.stmt, ...]
    source: str


def strip(text: str, path: str, place: str | None = None) -> str:
    """The text without its solutions.

    Args:
        text: Python code.
        path: the name of the file in errors.
        place: the place of blocks outside of functions; the file's stem by default.

    Raises:
        StripError: this cannot be done safely; the message names file and line.
    """
    numbered = list(enumerate(text.split("\n"), 1))
    for block in reversed(find_blocks(text, path, place)):
        region = block.region
        replacement = region.begin, region.indent + stub(block.place)
        numbered[region.begin - 1 : region.end] = [replacement]
    stripped = "\n".join(line for _, line in numbered)
    problem = "without its solutions, the file is not valid Python"
    _parse(stripped, path, problem, [number for number, _ in numbered])
    return stripped


def without_banners(text: str, path: str) -> str:
    """The text with its solutions, and without their markers and banners.

    Raises:
        StripError: as in `strip`.
    """
    lines = text.split("\n")
    dropped: set[int] = set()
    for block in find_blocks(text, path):
        begin, end = block.region.begin, block.region.end
        todo, end_of_banner = _banner(lines, block.region, path)
        dropped.update(range(todo - 1, begin + 1), range(end, end_of_banner + 2))
    return "\n".join(line for number, line in enumerate(lines, 1) if number not in dropped)


def find_blocks(text: str, path: str, place: str | None = None) -> list[Block]:
    """Every solution in a text, in order. Arguments and errors are those of `strip`."""
    lines = text.split("\n")
    found = regions(text, path)
    for region in found:
        if region.kind is not SOLUTION:
            raise StripError(path, region.begin, f"{region.kind.name} is not allowed in code")
    _check_comments(lines, path)
    # a given cell may contain magics, so it is not parsed
    tree = _parse(text, path, "not Python") if found else ast.Module([], [])
    bodies = [_whole_statements(tree, lines, region, path) for region in found]
    banners = {number for region in found for number in _banner(lines, region, path)}
    _check_that_banners_have_blocks(lines, banners, path)

    places = [_place(tree, region) or place or Path(path).stem for region in found]
    return [
        Block(
            _numbered(places, index),
            region,
            body,
            "\n".join(lines[region.begin : region.end - 1]),
        )
        for index, (region, body) in enumerate(zip(found, bodies, strict=True))
    ]


def _parse(text: str, path: str, problem: str, numbers: list[int] | None = None) -> ast.Module:
    """The syntax tree; `numbers` are the original line numbers, for errors in changed text."""
    try:
        compile(text, path, "exec", dont_inherit=True)  # finds more errors than the parser
        return ast.parse(text)
    except SyntaxError as error:
        line = error.lineno or 1
        line = numbers[min(line, len(numbers)) - 1] if numbers else line
        raise StripError(path, line, f"{problem}: {error.msg}") from error


def _check_comments(lines: list[str], path: str) -> None:
    """Refuse a comment of two to five hashes that is not a marker: it was meant to be one."""
    for number, line in enumerate(lines, 1):
        if re.match(r"\s*#{2,5}(?!#)", line) and line.lstrip(" ") not in EXACT:
            raise StripError(
                path,
                number,
                f"{line.strip()!r} is not a marker; write `### BEGIN SOLUTION` or "
                f"`### END SOLUTION`, or begin the comment with a single hash",
            )


def _whole_statements(
    tree: ast.Module, lines: list[str], region: Region, path: str
) -> tuple[ast.stmt, ...]:
    """The statements of a block, which must be complete and do something."""
    inside: list[ast.stmt] = []
    for node in ast.walk(tree):
        for field in ("body", "orelse", "finalbody"):
            body = getattr(node, field, None)
            if not isinstance(body, list) or inside:
                continue
            inside = [s for s in body if region.begin < _first_line(s) <= s.end_lineno < region.end]

    effective = [
        s
        for s in inside
        if not isinstance(s, ast.Pass)
        and not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))
    ]
    between = lines[region.begin : region.end - 1]
    if not any(line.strip() for line in between):
        raise StripError(path, region.begin, "the solution is empty")
    if not effective:
        raise StripError(path, region.begin, "the solution has no statement that does anything")

    dedented = textwrap.dedent("\n".join(between))
    try:  # inside a function, so that `return` is allowed
        block = ast.parse("def block():\n" + textwrap.indent(dedented, " ")).body[0]
    except SyntaxError:
        block = ast.Pass()
    own = block.body if isinstance(block, ast.FunctionDef) else []
    if [ast.dump(s) for s in own] != [ast.dump(s) for s in inside]:
        raise StripError(
            path, region.begin, "the solution is not a series of whole statements: move its markers"
        )
    if inside[0].col_offset != len(region.indent):
        raise StripError(
            path, region.begin, "the markers are not indented like the statements between them"
        )
    return tuple(inside)


def _first_line(statement: ast.stmt) -> int:
    """The first line of a statement, including its decorators."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(d.lineno for d in decorators)])


def _banner(lines: list[str], region: Region, path: str) -> tuple[int, int]:
    """The lines with TODO right above a block, and with END OF YOUR CODE right below it.

    Code between a banner and its marker would be released, although it belongs to the solution.
    """
    above = region.begin - 3  # the last line inside the banner, counted from 0
    while above >= 0 and BANNER_LINE.fullmatch(lines[above]) and not TODO.fullmatch(lines[above]):
        above -= 1
    if not (above > 0 and _is_banner(lines[above - 1], lines[above], lines[region.begin - 2])):
        raise StripError(
            path,
            region.begin,
            "no banner right above: expected a line of #, `# TODO: ... #` and a line of #; "
            "any statement in between would be released",
        )
    below = lines[region.end : region.end + 3]
    if not (len(below) == 3 and _is_banner(*below, text=END_BANNER)):
        raise StripError(
            path,
            region.end,
            "no banner right below: expected a line of #, `# END OF YOUR CODE #` and a line of #; "
            "any statement in between would be released",
        )
    return above + 1, region.end + 2


def _is_banner(rule: str, line: str, other: str, *, text: re.Pattern[str] = TODO) -> bool:
    return bool(RULE.fullmatch(rule) and text.fullmatch(line) and RULE.fullmatch(other))


def _check_that_banners_have_blocks(lines: list[str], known: set[int], path: str) -> None:
    """Refuse a banner whose block has no markers: its whole solution would be released."""
    for number, line in enumerate(lines, 1):
        if number not in known and re.match(r"\s*#\s*(TODO|END OF YOUR CODE)\b", line, re.I):
            raise StripError(path, number, f"{line.strip(' #')!r} without solution markers")


def _place(tree: ast.AST, region: Region) -> str:
    """The class and function around a block, such as `fc.forward`; empty if there is none."""
    around = [
        node
        for node in ast.walk(tree)  # breadth first: from the outside in
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.lineno < region.begin < (node.end_lineno or node.lineno)
    ]
    return ".".join(node.name for node in around)


def _numbered(places: list[str], index: int) -> str:
    """The place; if it has several TODOs, also the number of this one."""
    place = places[index]
    if places.count(place) == 1:
        return place
    return f"{place}, TODO {places[: index + 1].count(place)} of {places.count(place)}"
