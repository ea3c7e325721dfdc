"""Runs of `autograder cohort` in processes of their own, and their results as plain values."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

SEED = 31
DUE = "2026-11-20 23:59 UTC"
MARKS = """
    select student.id, cell.name, grade.auto_score, grade.manual_score, grade.needs_manual_grade
    from grade join base_cell as cell on cell.id = grade.cell_id
    join submitted_notebook on submitted_notebook.id = grade.notebook_id
    join submitted_assignment on submitted_assignment.id = submitted_notebook.assignment_id
    join student on student.id = submitted_assignment.student_id order by 1, 2
"""

Start = Callable[..., subprocess.Popen]


def starting(autograder: Sequence[object]) -> Start:
    """`start(class, out, ..., NAME=VALUE)`, which starts `cohort` of this command in a new process,
    with these environment variables."""

    def start(folder: Path, out: Path, *words: object, **environment: str) -> subprocess.Popen:
        return subprocess.Popen(
            [str(word) for word in (*autograder, "cohort", folder, "--out", out, *words)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "COLUMNS": "80", "OPENBLAS_NUM_THREADS": "1", **environment},
        )

    return start


def without_replays(data: Path, folder: Path) -> str:
    """A new folder that links to the images, for a run that shall not use replays of another."""
    folder.mkdir()
    for file in data.glob("*"):
        if file.is_file():
            (folder / file.name).symlink_to(file)
    return str(folder)


def undisturbed_run(start: Start, folder: Path, out: Path) -> str:
    """The output of an uninterrupted run with one worker."""
    process = start(folder, out, "--seed", SEED, "--workers", 1, "--due", DUE)
    said, _ = process.communicate(timeout=500)
    assert process.returncode == 0, said
    return said


def results_of(out: Path) -> dict[str, object]:
    """Everything in a run's folder that must not depend on how the run went."""
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


def zipped(folder: Path, path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for file in folder.rglob("*"):
            archive.write(file, Path("hand-in") / file.relative_to(folder))
