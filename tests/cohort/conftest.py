"""Small classes, and the results of a run as plain values to compare."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent / "importable"))  # for tasks that other processes run

ON_TINY = Path(__file__).parents[1] / "on_tiny.py"
SEED = 31
DUE = "2026-11-20 23:59 UTC"
MARKS = """
    select student.id, cell.name, grade.auto_score, grade.manual_score, grade.needs_manual_grade
    from grade join base_cell as cell on cell.id = grade.cell_id
    join submitted_notebook on submitted_notebook.id = grade.notebook_id
    join submitted_assignment on submitted_assignment.id = submitted_notebook.assignment_id
    join student on student.id = submitted_assignment.student_id order by 1, 2
"""


def zipped(folder: Path, path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for file in folder.rglob("*"):
            archive.write(file, Path("hand-in") / file.relative_to(folder))


@pytest.fixture(scope="session")
def pack() -> Callable[[Path, Path], None]:
    """`pack(folder, zip)`."""
    return zipped


@pytest.fixture(scope="session")
def a_class(tmp_path_factory, work, stub, hand_in) -> Path:
    """Folders, a zip, a late submission, a hostile id, and two submissions without work."""
    root = tmp_path_factory.mktemp("class")
    hand_in(root / "ada" / "tiny", work())
    shutil.copytree(root / "ada", root / "=cmd('x')")
    (root / "=cmd('x')" / "tiny" / "timestamp.txt").write_text("2026-11-21 00:10:00 UTC")
    hand_in(root / "linus" / "tiny", work("step_goes_uphill"))
    hand_in(root / "new" / "tiny", stub)
    zipped(root / "linus" / "tiny", root / "grace.zip")
    (root / "broken.zip").write_bytes(b"PK and nothing else")
    (root / "absent").mkdir()
    return root


@pytest.fixture(scope="session")
def start() -> Callable[..., subprocess.Popen]:
    """`start(class, out, ...)` starts `autograder cohort` in a new process."""

    def run(folder: Path, out: Path, *words: object) -> subprocess.Popen:
        command = [sys.executable, ON_TINY, "cohort", folder, "--out", out, *words]
        return subprocess.Popen(
            [str(word) for word in command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "COLUMNS": "80", "OPENBLAS_NUM_THREADS": "1"},
        )

    return run


@pytest.fixture(scope="session")
def undisturbed(a_class, start, tmp_path_factory) -> tuple[Path, str]:
    """The results of an uninterrupted run with one worker, and its output."""
    out = tmp_path_factory.mktemp("undisturbed")
    process = start(a_class, out, "--seed", SEED, "--workers", 1, "--due", DUE)
    said, _ = process.communicate(timeout=500)
    assert process.returncode == 0, said
    return out, said


@pytest.fixture(scope="session")
def results() -> Callable[[Path], dict[str, object]]:
    """Everything in a run's folder that must not depend on how the run went."""

    def collected(out: Path) -> dict[str, object]:
        files = {
            path.relative_to(out).as_posix(): path.read_text("utf-8")
            for folder in ("feedback", "autograded")
            for path in (out / folder).rglob("*")
            if path.is_file()
        }
        with sqlite3.connect(out / "gradebook.db") as book:
            marks = book.execute(MARKS).fetchall()
        table = (out / "report" / "grades.csv").read_text("utf-8")
        return files | {"gradebook": marks, "grades.csv": table}

    return collected
