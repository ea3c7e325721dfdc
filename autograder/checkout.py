"""The paths of the course that is graded, and its assignment.

The course is the checkout in which this package lies. An installed package has no checkout: it
carries a copy of the course, and writes data and releases into the working directory.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autograder.assignment import Assignment

PACKAGE = Path(__file__).resolve().parent
CARRIED = PACKAGE / "course"
"""The copy of the course in an installed package, see pyproject.toml. A checkout has none."""

INSTALLED = CARRIED.is_dir()
ROOT = CARRIED if INSTALLED else PACKAGE.parent
"""The folder of the notebook, the solution and the hidden suites."""

NBGRADER_CONFIG = ROOT / "nbgrader_config.py"

OUTPUT = Path.cwd() if INSTALLED else ROOT
"""The folder for the data and the release."""


def assignment() -> Assignment:
    """The assignment of this course. Nothing else in the engine names it."""
    from autograder.assignment import assignment_of  # imports numpy, too slow for --help

    return assignment_of("autograder.problem_1")
