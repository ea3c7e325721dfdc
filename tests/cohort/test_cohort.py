"""A class from its folder to its gradebook: complete, interrupted, resumed and resubmitted."""

import csv
import json
import re
import shutil
import signal
import sqlite3
import time

import pool_tasks
import pytest
from tiny_assignment import ASSIGNMENT as TINY

from autograder.cohort import run as cohort
from autograder.cohort.run import CohortError, run
from autograder.commands.grade import run_again
from autograder.grading.grade import grade
from autograder.hand_in.submission import read
from autograder.report.as_json import from_json
from autograder.sandbox.selftest import choose

SEED = 31
GRADED = ("=cmd('x')", "ada", "broken", "grace", "linus", "new")


def grade_of(out, student):
    (found,) = from_json((out / "observations" / student / "grade.json").read_text("utf-8"))
    return found


def test_a_run_writes_every_file(undisturbed):
    out, _ = undisturbed
    for student in GRADED:
        assert (out / "feedback" / student / "tiny" / "Tiny.html").is_file()
        assert (out / "observations" / student / "observations.npz").is_file()
    assert (out / "gradebook.db").is_file()
    assert (out / "report" / "index.html").is_file()
    assert not (out / "feedback" / "absent").exists()


def test_the_grades_equal_those_of_autograder_grade(a_class, undisturbed):
    out, _ = undisturbed
    linus = read(TINY, a_class / "linus" / "tiny", "linus")
    alone, together = (
        grade(TINY, linus, SEED, choose(None, TINY.probes_folder)),
        grade_of(out, "linus"),
    )
    assert (alone.score, alone.sections) == (together.score, together.sections)
    assert 0 < alone.score < alone.max_score
    assert grade_of(out, "grace").sections == alone.sections  # the same work, in a zip


def test_the_gradebook_has_every_cell_of_every_student(undisturbed, results):
    marks = results(undisturbed[0])["gradebook"]
    by_student = {}
    for student, cell, auto, _, look in marks:
        by_student.setdefault(student, {})[cell] = (auto, look)
    assert set(by_student) == set(GRADED)
    for student, cells in by_student.items():
        sections = {s.id: s.score for s in grade_of(undisturbed[0], student).sections}
        assert {name: cells[name][0] for name in sections} == sections
        assert set(cells) == {"scale", "step", "step_question"}
    assert by_student["broken"]["step_question"] == (0, 0)
    assert by_student["ada"]["step_question"] == (None, 1)


def test_the_table_is_complete_and_has_no_formulas(undisturbed):
    with (undisturbed[0] / "report" / "grades.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    assert set(rows) == {*GRADED, "absent"} - {"=cmd('x')"} | {"'=cmd('x')"}
    assert rows["ada"]["score"] == "5.0"
    assert rows["'=cmd('x')"]["seconds_late"] == "660"
    assert rows["ada"]["seconds_late"] == "unknown"  # no file says when it was handed in
    assert rows["absent"]["seconds_late"] == ""
    assert rows["absent"]["remarks"] == "set aside: it has no folder tiny"
    assert rows["broken"]["remarks"].startswith("it is not a zip file")


def test_a_run_ends_with_a_summary(undisturbed):
    _, said = undisturbed
    assert "6 graded, 1 set aside, 5 with unknown time, mean" in said
    assert "5 / 5" in said
    assert re.search(r"absent +set aside +it has no folder tiny", said)
    assert "(late)" in said
    assert said.count("(time unknown)") == 5


def test_a_page_mentions_no_other_student(undisturbed):
    out, _ = undisturbed
    for student in GRADED:
        page = (out / "feedback" / student / "tiny" / "Tiny.html").read_text("utf-8")
        others = set(GRADED) - {
            student,
            "new",
            "broken",
        }  # words that a page may contain
        assert not [other for other in others if re.search(rf"\b{re.escape(other)}\b", page)]


@pytest.mark.proof
def test_a_run_killed_twice_and_resumed_gives_the_same_results(
    a_class, undisturbed, start, results, tmp_path
):
    """The run is killed once while it grades and once while it writes."""
    out, seed = tmp_path / "out", ("--seed", SEED, "--due", "2026-11-20 23:59 UTC")
    first = start(a_class, out, *seed, "--workers", 2)
    _until(lambda: len(list(out.glob("observations/*/grade.json"))) >= 2, first)
    first.send_signal(signal.SIGKILL)
    first.wait()
    second = start(a_class, out, "--resume", "--workers", 2)
    _until(lambda: (out / "feedback" / "ada").exists(), second)
    second.send_signal(signal.SIGKILL)
    second.wait()
    kept = {path: path.stat().st_mtime_ns for path in out.glob("observations/*/grade.json")}
    assert len(kept) == len(GRADED)
    last = start(a_class, out, "--resume")
    said, _ = last.communicate(timeout=500)
    assert last.returncode == 0, said
    assert results(out) == results(undisturbed[0])
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    left = [path for path in out.rglob("*") if path.name.startswith((".state-", ".gradebook-"))]
    assert left == []


@pytest.fixture
def finished(undisturbed, a_class, tmp_path):
    """A copy of a class and of its results, which a test may change."""
    folder, out = tmp_path / "class", tmp_path / "out"
    shutil.copytree(a_class, folder)
    shutil.copytree(undisturbed[0], out)
    return folder, out


def test_a_resubmission_is_regraded_and_manual_marks_stay(finished, undisturbed, results):
    folder, out = finished
    book = sqlite3.connect(out / "gradebook.db")
    with book:
        book.execute("update grade set manual_score = 0.5, needs_manual_grade = 0")
        book.execute("update comment set manual_comment = 'Well argued.'")
    linus = folder / "linus" / "tiny" / "lib" / "optim.py"
    linus.write_text(linus.read_text().replace("self.layer.a +=", "self.layer.a -="))
    shutil.rmtree(folder / "new" / "tiny")
    late = "select timestamp from submitted_assignment where student_id = '=cmd(''x'')'"
    assert book.execute(late).fetchall() == [("2026-11-21 00:10:00.000000",)]
    (folder / "=cmd('x')" / "tiny" / "timestamp.txt").unlink()
    (out / "observations" / "ada" / "grade.json").write_text("[{")  # as left by a full disk
    run(TINY, folder, out, resume=True, workers=1)
    assert grade_of(out, "linus").score == 5
    assert grade_of(out, "ada").sections == grade_of(undisturbed[0], "ada").sections
    marks = {(s, cell): rest for s, cell, *rest in results(out)["gradebook"]}
    before = {(s, cell): rest for s, cell, *rest in results(undisturbed[0])["gradebook"]}
    assert marks["linus", "step"] == [2.0, 0.5, 1]  # it changed: look again
    assert marks["ada", "step"] == [2.0, 0.5, 0]
    assert {key: m[0] for key, m in marks.items() if key[0] in ("ada", "grace")} == {
        key: m[0] for key, m in before.items() if key[0] in ("ada", "grace")
    }
    assert {m[0] for key, m in marks.items() if key[0] == "new"} == {None}
    assert book.execute(late).fetchall() == [(None,)]
    assert not (out / "feedback" / "new").exists()
    comments = book.execute("select distinct manual_comment from comment").fetchall()
    assert comments == [("Well argued.",)]


@pytest.mark.proof
def test_a_resubmission_is_graded_with_another_seed(a_class, tmp_path):
    """So earlier results say nothing about the inputs. The seed is the same at every resume, even
    if a submission in between could not be read."""
    folder, out = tmp_path / "class", tmp_path / "out"
    for student in ("ada", "linus"):
        shutil.copytree(a_class / "linus", folder / student)
    optimizers = folder / "ada" / "tiny" / "lib" / "optim.py"
    first = optimizers.read_text("utf-8")

    def graded(content):
        optimizers.write_text(content, "utf-8")
        run(TINY, folder, out, resume=True, seed=SEED, workers=1)
        return grade_of(out, "ada").seed

    assert graded(first) == SEED
    second = graded(first + "# another try")
    third = graded(first + "# yet another")
    assert len({SEED, second, third}) == 3
    assert graded(first) == SEED
    assert graded(first + "# another try") == second
    assert grade_of(out, "linus").seed == SEED
    work = folder / "ada" / "tiny"
    work.rename(folder / "ada" / "elsewhere")
    run(TINY, folder, out, resume=True, workers=1)
    (folder / "ada" / "elsewhere").rename(work)
    shutil.rmtree(out / "observations")
    assert graded(first + "# yet another") == third
    observed = [out / "observations" / s / "observations.npz" for s in ("ada", "linus")]
    run_again(TINY, observed, json=tmp_path / "again.json", training=None, sandbox=None)
    again = from_json((tmp_path / "again.json").read_text("utf-8"))
    assert [one.seed for one in again] == [third, SEED]
    assert [one.sections for one in again] == [
        grade_of(out, student).sections for student in ("ada", "linus")
    ]


def test_results_are_not_overwritten_without_resume(finished):
    folder, out = finished
    with pytest.raises(CohortError, match="Add --resume"):
        run(TINY, folder, out)


class WouldStart(Exception):  # noqa: N818
    """Stops a run before it starts its workers; the message is their number."""


@pytest.mark.parametrize(
    ("processors", "workers", "started"), [(2, None, 2), (99, None, 4), (1, 3, 3), (1, 99, 4)]
)
def test_there_is_a_worker_for_each_processor_unless_set_and_at_most_one_per_submission(
    tmp_path, monkeypatch, processors, workers, started
):
    def start(count):
        raise WouldStart(count)

    for student in ("ada", "grace", "linus", "new"):
        (tmp_path / "class" / student / TINY.id).mkdir(parents=True)
    monkeypatch.setattr(cohort, "processors", lambda: processors)
    monkeypatch.setattr(cohort, "Processes", start)
    with pytest.raises(WouldStart, match=f"^{started}$"):
        run(TINY, tmp_path / "class", tmp_path / "out", workers=workers)


def test_the_seed_is_kept_for_resuming(finished):
    out = finished[1]
    assert json.loads((out / "class.json").read_text())["seed"] == SEED


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda folder: None, "does not exist"),
        (lambda folder: folder.mkdir(), "is empty"),
    ],
)
def test_wrong_use_gives_an_error_message(tmp_path, make, words):
    make(tmp_path / "class")
    with pytest.raises(CohortError, match=words):
        run(TINY, tmp_path / "class", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_worker_that_dies_on_the_solution_gives_an_error_message(tmp_path, monkeypatch):
    (tmp_path / "class" / "ada" / "tiny").mkdir(parents=True)
    monkeypatch.setattr(cohort, "try_worker", pool_tasks.dying)
    with pytest.raises(CohortError, match="out of memory"):
        run(TINY, tmp_path / "class", tmp_path / "out")


def test_two_runs_cannot_write_into_one_folder(finished):
    import fcntl

    folder, out = finished
    with (out / ".lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(CohortError, match="another run"):
            run(TINY, folder, out, resume=True)


def _until(happened, process, seconds=300):
    deadline = time.monotonic() + seconds
    while not happened():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)
