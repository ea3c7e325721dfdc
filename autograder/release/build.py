"""Builds the release with nbgrader's own converter and the configuration of the checkout.

`nbgrader generate_assignment ASSIGNMENT --force` and formgrader's button write the same bytes. This
module writes nothing else, neither gradebook nor log, and keeps the old release until the new one
is complete.
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from autograder import checkout
from autograder.assignment import Assignment
from autograder.release import contents
from autograder.release.finding import Finding

Progress = Callable[[str], None]
"""A callback that receives a short description of the current step."""


class BuildError(RuntimeError):
    """nbgrader could not build the release; the message contains its log."""


@dataclass(frozen=True)
class Report:
    """A finished build.

    Attributes:
        folder: the folder of the release.
        files: the number of files in it.
        solutions: how many solutions were removed from the library.
        seconds: how long the build took.
    """

    folder: Path
    files: int
    solutions: int
    seconds: float


def build(
    assignment: Assignment, destination: Path | None = None, progress: Progress = lambda _: None
) -> Report:
    """Build the release into a folder, replacing what was there.

    Args:
        assignment: what to release.
        destination: the folder; by default that of the checkout.
        progress: called with a description of each step.

    Raises:
        StripError: the sources cannot be stripped safely.
        ChangelogError: the students' changelog cannot be read.
        BuildError: nbgrader failed.
    """
    started = time.perf_counter()
    destination = destination or assignment.release
    progress("stripping the library")
    contents.files(assignment)  # checked first: nbgrader would bury an error in a traceback
    solutions = sum(1 for _ in contents.blocks(assignment))
    destination.parent.mkdir(parents=True, exist_ok=True)
    progress("nbgrader generates the assignment")
    with TemporaryDirectory(prefix=".building-", dir=destination.parent) as temporary:
        generate(assignment, Path(temporary))
        if destination.exists():
            shutil.rmtree(destination)
        shutil.move(Path(temporary) / assignment.id, destination)
    for script in destination.rglob("*.sh"):  # nbgrader gives all files the same mode
        script.chmod(0o755)
    files = sum(path.is_file() for path in destination.rglob("*"))
    return Report(destination, files, solutions, time.perf_counter() - started)


def differences(assignment: Assignment, folder: Path) -> list[Finding]:
    """Where a release differs, byte for byte, from a fresh build."""
    with TemporaryDirectory(prefix="release-") as temporary:
        fresh = build(assignment, Path(temporary) / assignment.id).folder
        expected, found = _bytes(fresh), _bytes(folder)
    findings = []
    for path in sorted(expected.keys() | found.keys()):
        if path not in found:
            findings.append(Finding("fresh", path, 1, "missing; run `autograder release`"))
        elif path not in expected:
            findings.append(Finding("files", path, 1, "not part of the release; delete it"))
        elif expected[path] != found[path]:
            line = _first_difference(expected[path], found[path])
            message = "differs from a fresh build; run `autograder release`"
            findings.append(Finding("fresh", path, line, message))
    return findings


def generate(assignment: Assignment, release: Path, gradebook: str | None = None) -> None:
    """Have nbgrader write the assignment's folder into `release`.

    Args:
        assignment: what to release.
        release: the folder above the assignment's.
        gradebook: URL of a gradebook to add the assignment to; None for no gradebook.

    Raises:
        StripError, ChangelogError, BuildError: as in `build`.
    """
    from nbgrader.converters import GenerateAssignment
    from nbgrader.converters.base import NbGraderException
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config.loader import PyFileConfigLoader

    config = PyFileConfigLoader(str(checkout.NBGRADER_CONFIG)).load_config()
    config.AssignmentStep.package = assignment.package
    config.CourseDirectory.root = str(assignment.root)
    config.CourseDirectory.course_id = assignment.course
    config.CourseDirectory.assignment_id = assignment.id
    config.CourseDirectory.release_directory = str(release.resolve())
    if gradebook is None:
        config.GenerateAssignment.no_database = True
        config.SaveCells.enabled = False
    else:
        config.CourseDirectory.db_url = gradebook
    converter = GenerateAssignment(coursedir=CourseDirectory(config=config), config=config)

    log = _Log()
    converter.log = logging.Logger("release")
    converter.log.addHandler(log)
    try:
        converter.start()
    except (NbGraderException, SystemExit) as error:
        raise BuildError("\n".join(log.lines) or str(error)) from error


class _Log(logging.Handler):
    """Collects the errors that nbgrader logs."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def _bytes(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink()
    }


def _first_difference(expected: bytes, found: bytes) -> int:
    """The number of the first line that differs."""
    lines = expected.split(b"\n"), found.split(b"\n")
    for number, (line, other) in enumerate(zip(*lines, strict=False), 1):
        if line != other:
            return number
    return min(map(len, lines))
