"""A course of five students on stock nbgrader, with the checkout's configuration."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from nbgrader_course import COMMAND, ENVIRONMENT

from autograder.diagnosis.variants import released, solution
from autograder.grading.result import Grade
from autograder.nbgrader_plugins import gradebook
from autograder.problem_1 import ASSIGNMENT as P1


@dataclass(frozen=True)
class Course:
    """A course's folder, and stock nbgrader in it."""

    root: Path

    @property
    def book(self) -> str:
        return gradebook.url(self.root / "gradebook.db")

    def nbgrader(self, *words: str) -> str:
        """Runs a command as an instructor does; returns its messages."""
        done = subprocess.run(
            [COMMAND, *words],
            cwd=self.root,
            capture_output=True,
            text=True,
            timeout=300,
            env=ENVIRONMENT,
        )
        assert done.returncode == 0, done.stderr
        return done.stderr

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Starts a command, and returns the running process."""
        return subprocess.Popen(
            [COMMAND, *words],
            cwd=self.root,
            stderr=subprocess.PIPE,
            text=True,
            env=ENVIRONMENT,
        )

    def work(self, student: str) -> Path:
        return self.root / "submitted" / student / P1.id

    def marks(self, student: str) -> dict[str, tuple[float | None, float | None, bool]]:
        """By cell: automatic score, manual score, and whether it needs manual grading."""
        with gradebook.opened(P1, self.book) as book:
            notebook = book.find_submission_notebook("Problem_1", P1.id, student)
            return {
                mark.name: (mark.auto_score, mark.manual_score, mark.needs_manual_grade)
                for mark in notebook.grades
            }

    def notebook(self, student: str) -> dict:
        """The notebook that graders see."""
        path = self.root / "autograded" / student / P1.id / P1.notebook
        return json.loads(path.read_text("utf-8"))


@pytest.fixture(scope="session")
def a_course() -> type[Course]:
    """`a_course(root)`."""
    return Course


@pytest.fixture(scope="session")
def source() -> Callable[[], dict]:
    """A fresh copy of the notebook with its solutions."""
    return lambda: json.loads(P1.source.read_text("utf-8"))


@pytest.fixture(scope="session")
def hand_in() -> Callable[..., None]:
    """`hand_in(folder, notebook, ...)` writes a submission: the solution, patched, or the stub."""

    def write(
        folder: Path,
        notebook: dict | bytes | None,
        *,
        stub: bool = False,
        patch: tuple[str, str, str] | None = None,
    ) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        for path, content in (released(P1) if stub else solution(P1)).files.items():
            text = content.decode()
            if patch and patch[0] == path:
                assert patch[1] in text
                text = text.replace(*patch[1:])
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, "utf-8")
        if isinstance(notebook, dict):
            notebook = json.dumps(notebook).encode()
        if notebook is not None:
            (folder / P1.notebook).write_bytes(notebook)

    return write


@pytest.fixture(scope="session")
def points() -> Callable[[Grade], dict[str, float | None]]:
    """A Grade's points by section."""
    return lambda grade: {section.id: section.score for section in grade.sections}
