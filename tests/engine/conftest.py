"""Editions of the tiny assignment, and every sandbox of this machine."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from importlib import invalidate_caches
from pathlib import Path

import pytest

from autograder.assignment import Assignment, assignment_of
from autograder.sandbox.backend import Backend
from autograder.sandbox.selftest import BACKENDS, passes


@pytest.fixture(scope="session", params=BACKENDS, ids=lambda backend: backend.name)
def sandbox(request: pytest.FixtureRequest, tiny: Assignment) -> Backend:
    """Every backend that is available on this machine."""
    missing = request.param.unavailable()
    if missing is not None:
        pytest.skip(missing)
    failed = [line for line in passes(request.param, tiny.probes_folder) if not line.passed]
    assert not failed, failed
    return request.param


Edit = tuple[str, str, str]
"""(file, old, new): the file contains the old text once; it is empty for a new file."""


def edited(folder: Path, *edits: Edit) -> None:
    """Edits files in an assignment's folder."""
    for file, old, new in edits:
        path = folder / file
        text = path.read_text("utf-8") if old else ""
        assert not old or text.count(old) == 1, (file, old)
        path.write_text(text.replace(old, new) if old else new, "utf-8")


@pytest.fixture
def edition(
    tiny: Assignment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Assignment]]:
    """`edition(edit, ...)`: an edited copy of the tiny assignment, in a new package."""
    monkeypatch.syspath_prepend(tmp_path)
    made: list[str] = []

    def copied(*edits: Edit) -> Assignment:
        package = f"tiny_edition_{len(made)}"
        made.append(package)
        shutil.copytree(
            tiny.folder, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__")
        )
        edited(tmp_path / package, *edits)
        invalidate_caches()
        return assignment_of(package)

    yield copied
    for name in [name for name in sys.modules if name.partition(".")[0] in made]:
        del sys.modules[name]


@pytest.fixture(scope="session")
def edit() -> Callable[..., None]:
    """`edit(folder, ...)` is `edited`."""
    return edited
