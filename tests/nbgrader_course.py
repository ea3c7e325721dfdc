"""A course folder of stock nbgrader with the tiny assignment, and its commands."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tiny_assignment import ASSIGNMENT

from autograder import checkout
from autograder.nbgrader_plugins import gradebook

CONFIG = """\
import sys
sys.path[:0] = {path!r}
load_subconfig({config!r})
c = get_config()
c.CourseDirectory.root = {root!r}
c.AssignmentStep.package = "tiny_assignment"
"""
SECONDS = 600
COMMAND = Path(sys.executable).parent / "nbgrader"
ENVIRONMENT = {
    **os.environ,
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONPATH": str(Path(__file__).parent / "absent_modules"),
}


def new_course(root: Path, settings: str = "") -> Path:
    """Writes the configuration, with further settings, and the source."""
    tests = Path(__file__).parent
    path, config = [str(tests.parent), str(tests)], str(checkout.NBGRADER_CONFIG)
    text = CONFIG.format(path=path, config=config, root=str(root)) + settings
    (root / "nbgrader_config.py").write_text(text, "utf-8")
    source = root / "source" / ASSIGNMENT.id / ASSIGNMENT.notebook
    source.parent.mkdir(parents=True)
    source.write_bytes(ASSIGNMENT.source.read_bytes())
    return root


def nbgrader(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Runs a command as an instructor does."""
    return subprocess.run(
        [COMMAND, *words],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        env=ENVIRONMENT,
        check=False,
    )


def marks(root: Path, student: str) -> dict[str, float | None]:
    """The points of each cell in the gradebook."""
    with gradebook.opened(ASSIGNMENT, gradebook.url(root / "gradebook.db")) as book:
        notebook = book.find_submission_notebook("Tiny", ASSIGNMENT.id, student)
        return {mark.name: mark.auto_score for mark in notebook.grades}
