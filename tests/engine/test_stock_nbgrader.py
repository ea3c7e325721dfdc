"""Stock nbgrader's commands, on an assignment that has nothing to do with neural networks."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from autograder import checkout
from autograder.grading.grade import grade
from autograder.hand_in.submission import read
from autograder.nbgrader_plugins import gradebook
from autograder.sandbox.selftest import choose

SEED = 21
CONFIG = """\
import sys
sys.path[:0] = {path!r}
load_subconfig({config!r})
c = get_config()
c.CourseDirectory.root = {root!r}
c.AssignmentStep.package = "tiny_assignment"
c.GradeSubmission.seed = {seed}
c.LateSubmissionPlugin.penalty_method = "zero"
"""
STUDENTS = {
    "ada": (),
    "bob": ("scale_adds",),
    "eve": ("step_goes_uphill",),
    "late": (),
}
ACTIVE = "<script>alert(1)</script><img src=x onerror=alert(2)>"


def nbgrader(root: Path, *words: str) -> None:
    """Run a command as an instructor does."""
    ran = subprocess.run(
        [str(Path(sys.executable).parent / "nbgrader"), *words],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        check=False,
    )
    assert ran.returncode == 0, ran.stderr


@pytest.fixture(scope="module")
def course(tmp_path_factory, tiny, work, hand_in):
    """A course after all four commands."""
    root = tmp_path_factory.mktemp("course")
    tests = Path(__file__).parents[1]
    config = CONFIG.format(
        path=[str(tests.parent), str(tests)],
        config=str(checkout.NBGRADER_CONFIG),
        root=str(root),
        seed=SEED,
    )
    (root / "nbgrader_config.py").write_text(config, "utf-8")
    source = root / "source" / tiny.id / tiny.notebook
    source.parent.mkdir(parents=True)
    source.write_bytes(tiny.source.read_bytes())
    for student, mistakes in STUDENTS.items():
        hand_in(root / "submitted" / student / tiny.id, work(*mistakes))
    (root / "submitted" / "late" / tiny.id / "timestamp.txt").write_text("2026-11-21 00:10:00 UTC")
    hostile = hand_in(root / "submitted" / "max" / tiny.id, work())
    spoil(hostile / tiny.notebook)
    damaged = hand_in(root / "submitted" / "zoe" / tiny.id, work())
    (damaged / tiny.notebook).write_bytes(b'{"cells": [')
    nbgrader(root, "generate_assignment", tiny.id)
    nbgrader(root, "db", "assignment", "add", tiny.id, "--duedate=2026-11-20 23:59 UTC")
    nbgrader(root, "autograde", tiny.id)
    nbgrader(root, "generate_feedback", tiny.id)
    nbgrader(root, "export")
    return root


def spoil(path: Path) -> None:
    """Claims points in the metadata, and puts active content into texts and outputs."""
    content = json.loads(path.read_text("utf-8"))
    for cell in content["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if name == "scale":
            cell["metadata"]["nbgrader"] |= {"points": 1000}
            html = {"text/html": ACTIVE, "text/plain": "1000"}
            shown = {"output_type": "execute_result", "execution_count": 1, "metadata": {}}
            cell["outputs"] = [{**shown, "data": html}]
        if name == "step_question":
            cell["source"] = f"Because {ACTIVE} [click](javascript:alert(3))"
    path.write_text(json.dumps(content), "utf-8")


def marks(root: Path, tiny, student: str) -> dict[str, float | None]:
    with gradebook.opened(tiny, gradebook.url(root / "gradebook.db")) as book:
        notebook = book.find_submission_notebook("Tiny", tiny.id, student)
        return {mark.name: mark.auto_score for mark in notebook.grades}


def test_the_release_is_built(course, tiny):
    released = course / "release" / tiny.id
    assert (released / tiny.notebook).exists()
    for path in tiny.answered_in:
        assert "NotImplementedError" in (released / path).read_text("utf-8")


@pytest.mark.parametrize("student", [*STUDENTS, "max", "zoe"])
def test_the_gradebook_has_the_points_of_autograder_grade(course, tiny, student):
    submission = read(tiny, course / "submitted" / student / tiny.id, student)
    found = grade(tiny, submission, SEED, choose(None, tiny.probes_folder))
    expected = {section.id: section.score for section in found.sections}
    assert {name: marks(course, tiny, student)[name] for name in expected} == expected


def test_the_question_awaits_a_person(course, tiny):
    assert marks(course, tiny, "ada")["step_question"] is None


def test_feedback_shows_the_results_and_nothing_active(course, tiny):
    pages = {
        student: (course / "feedback" / student / tiny.id / "Tiny.html").read_text("utf-8")
        for student in (*STUDENTS, "max")
    }
    assert "A layer that scales: 2 of 3 points" in pages["bob"]
    assert "A layer that scales: 3 of 3 points" in pages["max"]
    assert ACTIVE not in pages["max"]
    assert 'href="javascript' not in pages["max"]


def test_the_export_has_everybody_and_the_penalty_for_late_work(course):
    with open(course / "grades.csv", encoding="utf-8") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    assert rows.keys() == {*STUDENTS, "max", "zoe"}
    assert float(rows["ada"]["score"]) == 5
    assert (float(rows["late"]["raw_score"]), float(rows["late"]["score"])) == (5, 0)
