"""Builds the autograder that grades in Gradescope's container.

The grader works from a checkout, so the zip holds the parts of one that grading a submission needs:
the package, the solution, the notebook and the hidden suites. Only the staff can see the zip, and
student code runs in a sandbox that cannot read it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from autograder import checkout
from autograder.assignment import Assignment
from autograder.gradescope import archive, settings
from autograder.gradescope.container import results_file
from autograder.gradescope.requirements import pinned
from autograder.gradescope.settings import Settings

PYTHON_VERSION = "python-version"


def build(assignment: Assignment, out: Path, chosen: Settings) -> int:
    """Write the zip and return its size in bytes.

    Raises:
        OSError: it cannot be written.
    """
    archive.write(out, entries(assignment, chosen))
    return out.stat().st_size


def entries(assignment: Assignment, chosen: Settings) -> dict[str, bytes]:
    """Everything in the zip, by its path."""
    unfinished = results_file.nothing_judged(
        "Nothing was judged",
        "The grading was stopped before it was finished. Your files were received. This is no "
        "fault of yours; the course staff can see why.",
    )
    python = ".".join(map(str, sys.version_info[:2]))
    return {
        **parts(assignment),
        **archive.scripts("grader"),
        archive.UNFINISHED: results_file.as_json(unfinished).encode(),
        settings.NAME: chosen.as_json().encode(),
        PYTHON_VERSION: f"{python}\n".encode(),
        "requirements.txt": "".join(f"{line}\n" for line in pinned()).encode(),
    }


def parts(assignment: Assignment) -> dict[str, bytes]:
    """The parts of a checkout that grading a submission needs."""
    course = [*_files(assignment.library / "lib"), *_files(assignment.suites), assignment.source]
    package = (path for path in _files(checkout.PACKAGE) if checkout.CARRIED not in path.parents)
    return {
        **{_name(path, checkout.PACKAGE.parent): path.read_bytes() for path in package},
        **{_name(path, assignment.root): path.read_bytes() for path in course},
    }


def _name(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path
