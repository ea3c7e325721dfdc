"""Compares the sections, points and thresholds in the students' texts with the rubric.

These texts are the notebook, the handout and the library's comments.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from autograder.assignment import Assignment
from autograder.release.finding import Finding
from autograder.release.sources import Cell, left_behind

HEADING = re.compile(r"#+ .*\[(\d+) ?pt\]")
WORTH = re.compile(r"\[(\d+) ?pt\]")
GRADED = re.compile(r"\*\*Graded\*\* \((\d+) points?\)")
POINTS = re.compile(r"\b(\d+) points\b(?! to\b)")
SELECTED = re.compile(r"pytest -k (\w+)")
PERCENT = re.compile(r"(?<![.\d])(\d+)%")
"""Does not match a format specifier such as {:.2%}."""
IMAGES = re.compile(r"\bthe ([\d,]+) training images")
FEWEST_IMAGES = 1000
"""In a check's comparisons, a number from here on is a number of images; below 1, an accuracy."""


def find(assignment: Assignment, cells: Sequence[Cell]) -> Iterator[Finding]:
    """Findings where these texts contradict the rubric."""
    for cell, number, message in (
        *_headings(assignment, cells),
        *_cells_of_no_section(assignment, cells),
        *_totals(assignment, cells),
        *_thresholds(assignment, cells),
    ):
        yield left_behind(assignment, assignment.source, cell.line(number), message)
    yield from _files(assignment)


Problem = tuple[Cell, int, str]
"""A cell, the number of a line in it (0: its id), and what is wrong there."""


def _headings(assignment: Assignment, cells: Sequence[Cell]) -> Iterator[Problem]:
    """Headings whose points are not those of the section that is checked below them."""
    heading: tuple[Cell, int, int] | None = None
    by_hand = {name: points for s in assignment.sections for name, points in s.by_hand}
    for cell in cells:
        for number, line in enumerate(cell.text.split("\n"), 1):
            if found := HEADING.match(line):
                if heading is not None:
                    yield *heading[:2], "no section has its check under this heading"
                heading = cell, number, int(found[1])
            elif (found := WORTH.search(line)) and not cell.code:
                points = by_hand.get(cell.id)
                if points is not None and points != int(found[1]):
                    yield cell, number, f"{found[1]} points; the rubric says {points}"
        if (section := assignment.by_id.get(cell.id)) and heading is not None:
            if heading[2] != section.points:
                what = f"{heading[2]} points; the rubric says {section.points} of {section.id}"
                yield *heading[:2], what
            heading = None
    if heading is not None:
        yield *heading[:2], "no section has its check under this heading"


def _cells_of_no_section(assignment: Assignment, cells: Sequence[Cell]) -> Iterator[Problem]:
    named = {*assignment.by_id, *assignment.answers}
    named |= {name for section in assignment.sections for name, _ in section.by_hand}
    for cell in cells:
        if (cell.graded or cell.solution) and cell.id not in named:
            yield cell, 0, f"no section of the rubric has the cell {cell.id}"


def _totals(assignment: Assignment, cells: Sequence[Cell]) -> Iterator[Problem]:
    """Wrong totals before the first section, and wrong points of a section after **Graded**."""
    before_sections = True
    graded: tuple[Cell, int, int] | None = None
    for cell in cells:
        is_section = cell.id in assignment.by_id or HEADING.search(cell.text) is not None
        before_sections = before_sections and not is_section
        for number, line in enumerate(cell.text.split("\n"), 1):
            if before_sections and not cell.code:
                for wrong in _wrong_totals(assignment, line):
                    yield cell, number, wrong
            if found := GRADED.match(line):
                graded = cell, number, int(found[1])
        if (section := assignment.by_id.get(cell.id)) and graded is not None:
            if graded[2] != section.auto:
                what = f"{graded[2]} points; the rubric says {section.auto} of {section.id}"
                yield *graded[:2], what
            graded = None


def _wrong_totals(assignment: Assignment, line: str) -> Iterator[str]:
    totals = assignment.total, assignment.auto_total, assignment.without_training
    for found in POINTS.finditer(line):
        if int(found[1]) not in totals:
            yield f"{found[1]} points; the rubric comes to {assignment.total}"


def _thresholds(assignment: Assignment, cells: Sequence[Cell]) -> Iterator[Problem]:
    """Wrong target accuracies and numbers of training images in the notebook."""
    plan = assignment.training
    if plan is None:
        return
    asked = next(mode for mode in plan.modes.values() if not mode.standardised)
    target, images = asked.target, asked.training
    trained = {section.id for section in assignment.sections if section.training}
    for cell in cells:
        for number, line in enumerate(cell.text.split("\n"), 1):
            if cell.id.startswith(plan.section) or "validation" in line:
                for found in PERCENT.finditer(line):
                    if int(found[1]) != round(100 * target):
                        yield cell, number, f"{found[0]}; the rubric asks for {target:.0%}"
            for found in IMAGES.finditer(line):
                if int(found[1].replace(",", "")) != images:
                    yield cell, number, f"{found[0]}; the training uses {images:,}"
        if cell.id in trained:
            for number, value in _compared_with(cell.text):
                if 0 < value < 1 and value != target:
                    yield cell, number, f"{value}; the rubric asks for {target}"
                elif value >= FEWEST_IMAGES and value != images:
                    yield cell, number, f"{value} images; the training uses {images}"


def _compared_with(code: str) -> Iterator[tuple[int, float]]:
    """The numbers in a check's comparisons, each with its line."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Compare):
            for other in node.comparators:
                if isinstance(other, ast.Constant) and isinstance(other.value, int | float):
                    yield other.lineno, other.value


def _files(assignment: Assignment) -> Iterator[Finding]:
    """Unknown sections and wrong points in the handout and the library."""
    for folder in (assignment.handout, assignment.library / "lib"):
        for path in sorted(folder.rglob("*")):
            if path.suffix in (".md", ".txt", ".py", ".ini"):
                for number, message in _problems_in(assignment, path):
                    yield left_behind(assignment, path, number, message)


def _problems_in(assignment: Assignment, path: Path) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(path.read_text("utf-8").split("\n"), 1):
        for found in SELECTED.finditer(line):
            if not any(found[1].lower() in section for section in assignment.by_id):
                yield number, f"`{found[0]}` runs no section"
        for wrong in _wrong_totals(assignment, line):
            yield number, wrong
