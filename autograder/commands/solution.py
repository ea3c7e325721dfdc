"""The command `release --solution`: writes the solution for students, and verifies it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from autograder.assignment import Assignment
from autograder.grading.grade import grade
from autograder.hand_in.submission import read
from autograder.release.finding import Finding
from autograder.release.solution import SolutionError, write
from autograder.report.terminal import near, steps_bar
from autograder.sandbox.selftest import choose
from autograder.seeds import new_seed


def run(assignment: Assignment, folder: Path, console: Console) -> bool:
    """Write the solution into a folder, show the progress, and return whether it is right.

    Raises:
        SolutionError, StripError, ChangelogError, BuildError: it cannot be written.
        SandboxError, SuiteBroken: it cannot be graded.
    """
    with steps_bar(console) as bar:
        task = bar.add_task("building", doing="")

        def show(cell: int, cells: int, name: str) -> None:
            bar.update(task, description="running", completed=cell, total=cells, doing=name)

        findings = write(assignment, folder.resolve(), _data(assignment), show)
        if not findings:
            bar.update(task, description="grading", doing="")
            findings = list(_points_lost(assignment, folder))
    for finding in findings:
        console.print(str(finding), highlight=False, markup=False, soft_wrap=True)
    if not findings:
        console.print(
            f"[green]Verified:[/] {near(folder.resolve())} is the solution, without markers; every "
            "cell has run, and it earns all points that need no training.",
            highlight=False,
        )
    return not findings


def _data(assignment: Assignment) -> Path | None:
    """The folder of the images that the notebook trains on; None if it trains on none."""
    if (source := assignment.data_module) is None:
        return None
    folder = assignment.data_folder()
    if not (found := source.identify(folder)).trainable:
        raise SolutionError(f"{folder}: {found.text}. Run `autograder data` first")
    return folder


def _points_lost(assignment: Assignment, folder: Path) -> Iterator[Finding]:
    """The checks that the written folder fails, graded like a hand-in."""
    sandbox = choose(None, assignment.probes_folder)
    graded = grade(assignment, read(assignment, folder), new_seed(), sandbox)
    for error in graded.errors:
        yield Finding("points", assignment.notebook, 1, error)
    for section in graded.sections:
        for test in section.tests:
            if not test.passed:
                yield Finding("points", assignment.notebook, 1, f"{test.name}: {test.message}")
