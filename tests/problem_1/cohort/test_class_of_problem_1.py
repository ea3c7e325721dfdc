"""A class of Problem 1 whose work is older, and one that stock nbgrader goes on with."""

import csv
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.cohort.run import run
from autograder.hand_in.older_work import remark
from autograder.nbgrader_plugins import gradebook
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.report.as_json import from_json

SEED = 31


def grade_of(out, student):
    (found,) = from_json((out / "observations" / student / "grade.json").read_text("utf-8"))
    return found


@pytest.mark.proof
def test_a_class_of_older_work_is_graded_and_resumed_as_older_work(tmp_path):
    old_work = Path(__file__).parents[1] / "grading" / "old_work"
    folder, out = tmp_path / "class", tmp_path / "out"
    shutil.copytree(old_work, folder / "ada" / "problem_1")
    run(P1, folder, out, workers=1, seed=SEED)
    # without a notebook, the names earn nothing; its loss was not asked to be finite
    assert grade_of(out, "ada").score == 25.1
    run(P1, folder, out, workers=1, resume=True, older_work=True)
    found = grade_of(out, "ada")
    assert (found.score, found.errors[-1]) == (26, remark(P1))
    written = (out / "observations" / "ada" / "grade.json").stat().st_mtime_ns
    run(P1, folder, out, workers=1, resume=True)
    assert (out / "observations" / "ada" / "grade.json").stat().st_mtime_ns == written


@pytest.mark.proof
def test_stock_nbgrader_continues_from_the_runs_results(undisturbed, tmp_path):
    out = shutil.copytree(undisturbed[0], tmp_path / "out")
    settings = out / "nbgrader_config.py"
    settings.write_text(settings.read_text().replace(str(undisturbed[0]), str(out)))
    with gradebook.opened(P1, gradebook.url(out / "gradebook.db")) as book:
        cell = ("compare_optimizers_plot", "Problem_1", "problem_1", "ada")
        book.find_grade(*cell).manual_score = 1
        book.db.commit()
    for command in (["generate_feedback", "problem_1", "--student=ada"], ["export"]):
        nbgrader = Path(sys.executable).with_name("nbgrader")
        done = subprocess.run([nbgrader, *command], cwd=out, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    with (out / "grades.csv").open(encoding="utf-8") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    assert (rows["ada"]["score"], rows["ada"]["max_score"]) == ("30.0", "40.0")
    assert float(rows["linus"]["score"]) == grade_of(out, "linus").score
    page = out / "nbgrader_feedback" / "ada" / "problem_1" / "Problem_1.html"
    assert "Adam: 2 of 2 points" in page.read_text("utf-8")
    assert "At a glance" in (out / "feedback" / "ada" / "problem_1" / "Problem_1.html").read_text()
