"""The tiny assignment, its works, and every sandbox of this machine."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.assignment import Assignment
from autograder.diagnosis.variants import applied, named, solution
from autograder.hand_in.submission import Submission
from autograder.release.strip import strip
from autograder.sandbox.backend import Backend
from autograder.sandbox.selftest import BACKENDS, passes

sys.path.append(str(Path(__file__).parents[1]))  # also for processes that are started from here

from tiny_assignment import ASSIGNMENT


@pytest.fixture(scope="session")
def tiny() -> Assignment:
    return ASSIGNMENT


@pytest.fixture(scope="session", params=BACKENDS, ids=lambda backend: backend.name)
def sandbox(request: pytest.FixtureRequest, tiny: Assignment) -> Backend:
    """Every backend that this machine can offer."""
    missing = request.param.unavailable()
    if missing is not None:
        pytest.skip(missing)
    failed = [line for line in passes(request.param, tiny.probes_folder) if not line.passed]
    assert not failed, failed
    return request.param


Works = Callable[..., Submission]


@pytest.fixture(scope="session")
def work(tiny: Assignment) -> Works:
    """`work("scale_adds", ...)`: the solution with these mistakes in it."""

    def made(*mistakes: str) -> Submission:
        return applied(tiny, (named(tiny, name) for name in mistakes))

    return made


@pytest.fixture(scope="session")
def stub(tiny: Assignment) -> Submission:
    """What students receive."""
    right = solution(tiny)
    files = {path: strip(text.decode(), path).encode() for path, text in right.files.items()}
    cells = {name: strip(text, tiny.notebook, name) for name, text in right.cells.items()}
    return Submission("stub", files, cells)


@pytest.fixture(scope="session")
def hand_in(tiny: Assignment) -> Callable[[Path, Submission], Path]:
    """`hand_in(folder, submission)` writes it as a student hands it in; returns the folder."""

    def written(folder: Path, submission: Submission) -> Path:
        for path, content in submission.files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        notebook = json.loads(tiny.source.read_text("utf-8"))
        for cell in notebook["cells"]:
            name = cell["metadata"]["nbgrader"]["grade_id"]
            cell["source"] = submission.cells.get(name, cell["source"])
        (folder / tiny.notebook).write_text(json.dumps(notebook), "utf-8")
        return folder

    return written
