"""Stock nbgrader's commands, on an assignment that has nothing to do with neural networks."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from nbgrader_course import marks, nbgrader, new_course

from autograder.grading.grade import grade
from autograder.hand_in.submission import read
from autograder.sandbox.selftest import choose

SEED = 21
SETTINGS = f"""\
c.GradeSubmission.seed = {SEED}
c.LateSubmissionPlugin.penalty_method = "zero"
"""
STUDENTS = {
    "ada": (),
    "bob": ("scale_adds",),
    "eve": ("step_goes_uphill",),
    "late": (),
}
ACTIVE = "<script>alert(1)</script><img src=x onerror=alert(2)>"


def run(root: Path, *words: str) -> None:
    ran = nbgrader(root, *words)
    assert ran.returncode == 0, ran.stderr


@pytest.fixture(scope="module")
def course(tmp_path_factory, tiny, work, hand_in):
    """A course after all four commands."""
    root = new_course(tmp_path_factory.mktemp("course"), SETTINGS)
    for student, mistakes in STUDENTS.items():
        hand_in(root / "submitted" / student / tiny.id, work(*mistakes))
    (root / "submitted" / "late" / tiny.id / "timestamp.txt").write_text("2026-11-21 00:10:00 UTC")
    hostile = hand_in(root / "submitted" / "max" / tiny.id, work())
    spoil(hostile / tiny.notebook)
    damaged = hand_in(root / "submitted" / "zoe" / tiny.id, work())
    (damaged / tiny.notebook).write_bytes(b'{"cells": [')
    run(root, "generate_assignment", tiny.id)
    run(root, "db", "assignment", "add", tiny.id, "--duedate=2026-11-20 23:59 UTC")
    run(root, "autograde", tiny.id)
    run(root, "generate_feedback", tiny.id)
    run(root, "export")
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
    assert {name: marks(course, student)[name] for name in expected} == expected


def test_the_question_awaits_a_person(course, tiny):
    assert marks(course, "ada")["step_question"] is None


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
