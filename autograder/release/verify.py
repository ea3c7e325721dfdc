"""Proves that a release is complete and leaks nothing. Each failed proof names its place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat

from autograder.assignment import Assignment
from autograder.assignment.rubric import Section
from autograder.release import leaks, left_behind, texts
from autograder.release.build import Progress, differences
from autograder.release.finding import Finding
from autograder.release.proofs import line_of, run_proofs


def verify(
    assignment: Assignment, folder: Path | None = None, progress: Progress = lambda _: None
) -> list[Finding]:
    """Everything that is wrong with a release; an empty list is the proof.

    The release is first inspected, and run only if the inspection found nothing.

    Args:
        assignment: whose release.
        folder: the release; by default that of the checkout.
        progress: called with a description of each step.
    """
    folder = folder or assignment.release
    if not folder.is_dir():
        return [Finding("files", ".", 1, f"{folder} does not exist; run `autograder release`")]
    progress("comparing names, points and thresholds with the rubric")
    findings = left_behind.find(assignment)
    progress("looking for solutions, model answers and hidden checks")
    findings += inspect(assignment, folder)
    progress("comparing with a fresh build")
    findings += differences(assignment, folder)
    if not findings:
        progress("running the checks on the stub and on the solution")
        findings += run_proofs(assignment, folder)
    return findings


def inspect(
    assignment: Assignment, folder: Path, secrets: leaks.Secrets | None = None
) -> list[Finding]:
    """Findings that need no run and no build; pass `secrets` to avoid reading them again."""
    content, findings = texts.read(folder)
    findings += leaks.find(content, secrets or leaks.read_secrets(assignment))
    for path in sorted(folder.rglob("*.ipynb")):
        if not path.is_symlink():
            findings += _notebook(path, path.relative_to(folder).as_posix())
    findings += _points(assignment, folder)
    return findings


def _notebook(path: Path, name: str) -> Iterator[Finding]:
    """Problems of a released notebook: it must be valid nbformat, and have no outputs."""
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        nbformat.validate(nbformat.from_dict(notebook))
    except (ValueError, nbformat.ValidationError) as problem:
        yield Finding("notebook", name, 1, f"not a valid notebook: {str(problem).splitlines()[0]}")
        return
    for number, cell in enumerate(notebook["cells"], 1):
        left = [key for key in ("outputs", "execution_count", "attachments") if cell.get(key)]
        if left:
            grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
            line = line_of(path, grade_id)
            yield Finding("notebook", name, line, f"cell {grade_id or number} has {left}")


def _points(assignment: Assignment, folder: Path) -> Iterator[Finding]:
    """Cells whose points or kind contradict the rubric."""
    notebook = assignment.notebook
    path = folder / notebook
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        graded = [cell["metadata"]["nbgrader"] for cell in cells if "nbgrader" in cell["metadata"]]
    except (OSError, ValueError, LookupError, TypeError) as problem:
        yield Finding("points", notebook, 1, f"cannot be read: {problem}")
        return
    names = [cell.get("grade_id") for cell in graded]
    for name in sorted({name for name in names if names.count(name) > 1}, key=str):
        yield Finding("points", notebook, line_of(path, name), f"two cells called {name}")
    by_id = {cell.get("grade_id"): cell for cell in graded}
    for section in assignment.sections:
        for name, wrong in _section_problems(section, by_id):
            yield Finding("points", notebook, line_of(path, name), f"{name}: {wrong}")
    total = sum(cell.get("points", 0) for cell in graded)
    if total != assignment.total:
        wrong = f"{total} points in total; the rubric says {assignment.total}"
        yield Finding("points", notebook, 1, wrong)


def _section_problems(
    section: Section, by_id: dict[str, dict[str, Any]]
) -> Iterator[tuple[str, str]]:
    """Cells of a section that are missing, or whose points or kind contradict the rubric."""
    check = by_id.get(section.id, {})
    if not (check.get("grade") and check.get("locked") and not check.get("solution")):
        yield section.id, "expected a locked check cell with this name"
    elif check["points"] != section.auto:
        yield section.id, f"{check['points']} points; the rubric says {section.auto}"
    for name in section.answers:
        if not by_id.get(name, {}).get("solution"):
            yield name, "expected a cell with this name for the student's code"
    for name, points in section.by_hand:
        cell = by_id.get(name, {})
        if not (cell.get("grade") or cell.get("task")):
            yield name, "expected a cell with this name that a person marks"
        elif cell["points"] != points:
            yield name, f"{cell['points']} points; the rubric says {points}"
