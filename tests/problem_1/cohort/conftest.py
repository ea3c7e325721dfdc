"""A small class of Problem 1, and the results of a run as plain values to compare."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from class_runs import Start, results_of, starting, undisturbed_run, zipped

from autograder.diagnosis.variants import released, solution
from autograder.problem_1 import ASSIGNMENT as P1


def hand_in(folder: Path, *patches: tuple[str, str, str], stub: bool = False) -> None:
    """Writes a submission: the solution, patched, or the released stub."""
    for path, content in (released(P1) if stub else solution(P1)).files.items():
        text = content.decode()
        for patched, old, new in patches:
            if patched == path:
                assert old in text
                text = text.replace(old, new)
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    shutil.copy(P1.source, folder / "Problem_1.ipynb")


@pytest.fixture(scope="session")
def a_class(tmp_path_factory) -> Path:
    """Folders, a zip, a late submission, a hostile id, and two submissions without work."""
    root = tmp_path_factory.mktemp("class")
    hand_in(root / "ada" / "problem_1")
    shutil.copytree(root / "ada", root / "=cmd('x')")
    (root / "=cmd('x')" / "problem_1" / "timestamp.txt").write_text("2026-11-21 00:10:00 UTC")
    sign = ("lib/optim.py", "self.momentum * v -", "self.momentum * v +")
    hand_in(root / "linus" / "problem_1", sign)
    hand_in(root / "new" / "problem_1", stub=True)
    zipped(root / "linus" / "problem_1", root / "grace.zip")
    (root / "broken.zip").write_bytes(b"PK and nothing else")
    (root / "absent").mkdir()
    return root


@pytest.fixture(scope="session")
def start() -> Start:
    """`start(class, out, ...)` starts `autograder cohort` in a new process."""
    return starting([sys.executable, "-m", "autograder"])


@pytest.fixture(scope="session")
def undisturbed(a_class, start, tmp_path_factory) -> tuple[Path, str]:
    """The results of an uninterrupted run with one worker, and its output."""
    out = tmp_path_factory.mktemp("undisturbed")
    return out, undisturbed_run(start, a_class, out)


@pytest.fixture(scope="session")
def results() -> Callable[[Path], dict[str, object]]:
    """Everything in a run's folder that must not depend on how the run went."""
    return results_of
