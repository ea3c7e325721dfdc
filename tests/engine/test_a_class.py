"""Grading a class, on an assignment that has nothing to do with neural networks."""

from __future__ import annotations

import csv
import io
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from rich.console import Console

from autograder.cohort import results
from autograder.cohort import run as cohort
from autograder.cohort.pool import Failed
from autograder.cohort.results import Summary
from autograder.report.as_json import from_json
from autograder.report.class_report import Row

SEED = 11
STUDENTS = {
    "ada": (),
    "bob": ("scale_adds",),
    "eve": ("step_goes_uphill",),
    "mia": ("step_rate_is_too_large",),
}
SCORES = {"ada": 5.0, "bob": 4.0, "eve": 3.5, "mia": 4.5, "unwritten": 0.0}
SCRIPT = """
import sys
sys.path[:0] = {path!r}
from pathlib import Path
from autograder.cohort.run import run
from tiny_assignment import ASSIGNMENT

if __name__ == "__main__":
    run(ASSIGNMENT, Path({folder!r}), Path({out!r}), workers=1, seed={seed}, resume={resume})
"""


@pytest.fixture(scope="module")
def submitted(tmp_path_factory, tiny, work, stub, hand_in):
    folder = tmp_path_factory.mktemp("submitted")
    for student, mistakes in STUDENTS.items():
        hand_in(folder / student / tiny.id, work(*mistakes))
    hand_in(folder / "unwritten" / tiny.id, stub)
    (folder / "nobody").mkdir()
    return folder


@pytest.fixture(scope="module")
def graded(tmp_path_factory, tiny, submitted):
    out = tmp_path_factory.mktemp("class") / "out"
    console = Console(file=io.StringIO(), width=100)
    cohort.run(tiny, submitted, out, workers=2, seed=SEED, console=console)
    return out, console.file.getvalue()


def scores(out: Path) -> dict[str, float]:
    lines = csv.DictReader((out / "report" / "grades.csv").read_text("utf-8").splitlines())
    return {line["student"]: float(line["score"]) for line in lines if line["score"]}


def test_every_student_has_a_grade_a_page_and_a_row(tiny, graded):
    out, said = graded
    assert scores(out) == SCORES
    assert "nobody" in said
    assert "it has no folder tiny" in said
    for student in SCORES:
        assert (out / "feedback" / student / "tiny" / "Tiny.html").exists()
    report = (out / "report" / "index.html").read_text("utf-8")
    assert "../feedback/ada/tiny/Tiny.html" in report
    assert "A layer and a step" in report


def test_the_gradebook_has_the_points_and_the_question_waits_for_a_person(tiny, graded):
    out, _ = graded
    with Gradebook(f"sqlite:///{out / 'gradebook.db'}", course_id=tiny.course) as book:
        for student, score in SCORES.items():
            notebook = book.find_submission_notebook("Tiny", "tiny", student)
            assert notebook.score == score
            waiting = {g.name for g in notebook.grades if g.needs_manual_grade}
            assert waiting == {"step_question"}


def test_those_who_wait_for_a_person_are_listed_until_they_have_their_points(
    tiny, submitted, graded, tmp_path
):
    assert "5 wait for a person, in formgrader: ada; bob; eve; mia; unwritten" in graded[1]
    out = shutil.copytree(graded[0], tmp_path / "out")
    with Gradebook(f"sqlite:///{out / 'gradebook.db'}", course_id=tiny.course) as book:
        for student in ("ada", "eve", "unwritten"):
            mark = book.find_grade("step_question", "Tiny", "tiny", student)
            mark.manual_score, mark.needs_manual_grade = 1, False
        book.db.commit()
    console = Console(file=io.StringIO(), width=100)
    cohort.run(tiny, submitted, out, workers=1, resume=True, console=console)
    assert "2 wait for a person, in formgrader: bob; mia" in console.file.getvalue()


def test_of_a_very_large_class_those_with_the_fewest_points_are_listed(tiny, tmp_path):
    rows = tuple(
        Row(f"s{n:04}", n / 10, 500.0, {}, {}, {}, None, 0.0, 0.0, "off", ()) for n in range(1000)
    )
    set_aside = tuple((f"x{n:03}", "it is a link") for n in range(150))
    console = Console(file=io.StringIO(), width=100)
    console.print(results.table(tiny, Summary(rows, set_aside), tmp_path))
    said = " ".join(console.file.getvalue().split())
    assert "900 more, with at least 10 s0099 9.9 / 500" in said
    assert "s0000 0 / 500" in said
    assert "and 50 more set aside see the report" in said
    assert "1000 graded, 150 set aside" in said


def test_pages_that_no_worker_could_write_are_written_all_the_same(
    tiny, submitted, graded, tmp_path, monkeypatch
):
    out = shutil.copytree(graded[0], tmp_path / "out")
    pages = sorted(out.glob("feedback/*/tiny/*.html"))
    before = [page.read_bytes() for page in pages]
    for page in pages:
        page.unlink()

    def no_worker_writes(tasks, *_):
        return ((task, Failed("no space left")) for task in tasks)

    monkeypatch.setattr(results, "completed", no_worker_writes)
    cohort.run(tiny, submitted, out, workers=1, resume=True, console=Console(file=io.StringIO()))
    assert before
    assert [page.read_bytes() for page in pages] == before


def test_of_many_who_wait_for_a_person_the_first_are_named(tiny, tmp_path):
    waiting = {f"s{number:03}": ("step_question",) for number in range(100)}
    console = Console(file=io.StringIO(), width=100)
    console.print(results.table(tiny, Summary((), (), waiting=waiting), tmp_path))
    said = " ".join(console.file.getvalue().split())
    assert "100 wait for a person, in formgrader: s000; s001;" in said
    assert "s029; and 70 more" in said
    assert "s030" not in said


def test_a_killed_and_resumed_run_gives_the_same_results(submitted, graded, tmp_path):
    out = tmp_path / "out"
    path = [str(Path(__file__).parents[2]), str(Path(__file__).parents[1])]

    def started(resume: bool) -> subprocess.Popen[bytes]:
        script = SCRIPT.format(
            path=path, folder=str(submitted), out=str(out), seed=SEED, resume=resume
        )
        file = tmp_path / f"class_{resume}.py"
        file.write_text(script)
        return subprocess.Popen([sys.executable, file], start_new_session=True)

    first = started(resume=False)
    states = out / "observations"
    while first.poll() is None and not (states.is_dir() and any(states.glob("[a-z]*"))):
        time.sleep(0.02)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    assert started(resume=True).wait() == 0
    assert scores(out) == SCORES
    for student in SCORES:
        one, other = (
            from_json((where / "observations" / student / "grade.json").read_text("utf-8"))[0]
            for where in (out, graded[0])
        )
        assert one.sections == other.sections
