"""A run continues whatever is wrong with a student's files; unreadable ones are set aside."""

from __future__ import annotations

import csv
import errno
import json
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tiny_assignment import ASSIGNMENT as TINY

from autograder.cohort.plan import Plan
from autograder.cohort.pool import Failed, Processes
from autograder.cohort.run import run
from autograder.cohort.work import grade_hand_in
from autograder.hand_in import files
from autograder.hand_in.students import handed_in

ON_TINY = Path(__file__).parents[1] / "on_tiny.py"
GRADE = f"import runpy; runpy.run_path({str(ON_TINY)!r}, run_name='__main__')"
HONEST = ("ada", "zoe")


@pytest.fixture
def a_class(public_path, work, hand_in, pack) -> Iterator[Path]:
    """Honest students first and last, and between them submissions that cannot be read."""
    root = public_path / "class"
    for student in HONEST:
        hand_in(root / student / "tiny", work())
    for student in ("closed", "half-closed", "no-library", "listed"):
        shutil.copytree(root / "ada", root / student)
    (root / "closed").chmod(0)
    (root / "half-closed" / "tiny").chmod(0)
    (root / "listed" / "tiny").chmod(0o444)
    (root / "no-library" / "tiny" / "lib").chmod(0)
    pack(root / "ada" / "tiny", root / "packed.zip")
    (root / "packed.zip").chmod(0)
    (root / "loop").symlink_to("loop")
    (root / "looped").mkdir()
    (root / "looped" / "tiny").symlink_to("tiny")
    (root / ("数" * 84)).mkdir()
    os.mkdir(os.fsencode(root) + b"/\xff\xfe")
    os.mkdir(os.fsencode(root) + b"/" + "é".encode() * 54 + b"x" * 147)
    os.mkfifo(root / "pipe.zip")
    yield root
    for path in (root / "closed", *(root / s / "tiny" for s in ("half-closed", "listed"))):
        path.chmod(0o755)


@pytest.mark.proof
def test_a_class_is_graded_for_an_ordinary_user_despite_unreadable_files(a_class, as_ordinary_user):
    out = a_class.parent / "out"
    as_ordinary_user(GRADE, "cohort", a_class, "--out", out, "--seed", 1, cwd=a_class.parent)
    with (out / "report" / "grades.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    scores = {student: row["score"] for student, row in rows.items() if row["score"]}
    assert {student: scores.pop(student) for student in HONEST} == dict.fromkeys(HONEST, "5.0")
    assert scores.keys() == {"no-library"}
    assert rows["no-library"]["remarks"].startswith(
        "lib was not read: it cannot be listed: Permission denied"
    )
    denied = "set aside: {} cannot be read: Permission denied"
    aside = {student: row["remarks"] for student, row in rows.items() if not row["score"]}
    assert aside.pop("closed") == denied.format("it")
    assert aside.pop("half-closed") == aside.pop("listed") == denied.format("tiny")
    assert aside.pop("packed") == denied.format("packed.zip")
    assert aside.pop("loop") == aside.pop("looped") == "set aside: it is a link"
    assert aside.pop("pipe").endswith("pipe.zip is neither a directory nor a zip file")
    assert set(aside.values()) == {"set aside: its name is not a valid student id, rename it"}
    assert len(aside) == 3


def test_grading_continues_after_an_unreadable_submission(a_class, as_ordinary_user):
    kept = a_class.parent / "kept"
    last = [a_class / "zoe" / "tiny"]
    paths = sorted(path for path in a_class.iterdir() if path.name not in HONEST)
    said = as_ordinary_user(
        GRADE, "grade", *paths, *last, "--keep", kept, "--json", "-", cwd=a_class.parent
    )
    grades = json.loads(said)
    assert len(grades) == len(paths) + 1
    assert grades[-1]["score"] == 5
    assert all(grade["errors"] for grade in grades[:-1])
    assert {grade["submission"] for grade in grades if grade["score"]} == {
        "tiny",
        "no-library",  # its notebook
    }
    assert len(list(kept.rglob("*.npz"))) == len(grades)


@pytest.fixture
def two(tmp_path, work, stub, hand_in) -> Path:
    hand_in(tmp_path / "class" / "ada" / "tiny", work())
    hand_in(tmp_path / "class" / "bob" / "tiny", stub)
    return tmp_path / "class"


def test_a_submission_that_vanishes_or_becomes_a_link_after_listing_is_set_aside(two):
    ada, bob = handed_in(two, "tiny")
    shutil.rmtree(ada.path)
    bob.path.rename(two / "real")
    bob.path.symlink_to(two / "real")
    plan = Plan(TINY, two.parent / "states", (), 1, "off", "bubblewrap", two)
    for one, why in ((ada, "there is no directory or zip file"), (bob, "it is a link")):
        found = grade_hand_in(one, plan)
        assert isinstance(found, Failed)
        assert why in found.reason


class Here(Processes):
    """One worker, a thread of this process."""

    def executor(self, *, replace_broken=False, avoid=()):
        self._executor = self._executor or ThreadPoolExecutor(1)
        return self._executor


def test_a_disk_error_sets_one_student_aside_and_stops_nobody_else(two, tmp_path, monkeypatch):
    out, real = tmp_path / "out", files.opened_at

    def opened(path, within):
        if "ada" in path.parts:
            raise OSError(errno.EIO, "Input/output error")
        return real(path, within)

    monkeypatch.setattr("autograder.cohort.run.Processes", Here)
    run(TINY, two, out, seed=1)
    assert (out / "feedback" / "ada").exists()
    monkeypatch.setattr(files, "opened_at", opened)
    summary = run(TINY, two, out, resume=True)
    assert [(row.student, row.score) for row in summary.rows] == [("bob", 0.0)]
    assert summary.set_aside == (("ada", "timestamp.txt: it cannot be opened: Input/output error"),)
    assert not (out / "feedback" / "ada").exists()
