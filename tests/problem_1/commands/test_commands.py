"""Commands that need a training, its images or work of an earlier year, in new processes."""

import json
import os
import subprocess
import sys
from pathlib import Path

from autograder.problem_1 import ASSIGNMENT as P1


def run(*words, **environment):
    return subprocess.run(
        [sys.executable, "-m", "autograder", *map(str, words)],
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "80", **environment},
        timeout=300,
    )


def test_the_checkout_grades_problem_1():
    result = run("grade", P1.library, "--json", "-")
    (grade,) = json.loads(result.stdout)
    assert (grade["assignment"], grade["max_score"]) == (P1.id, P1.without_training)


def test_older_work_is_graded_and_regraded_as_older_work(tmp_path):
    old_work = Path(__file__).parents[1] / "grading" / "old_work"
    kept = tmp_path / "kept"
    result = run("grade", old_work, "--older-work", "--json", "-", "--keep", kept)
    assert result.returncode == 0, result.stderr
    (first,) = json.loads(result.stdout)
    assert first["score"] == 26
    assert "graded as work of an earlier year" in first["errors"][-1]
    result = run("grade", "--from-observations", kept / "old_work.npz", "--json", "-")
    (again,) = json.loads(result.stdout)
    assert {**again, "elapsed_s": 0} == {**first, "elapsed_s": 0}


def test_training_without_data_says_how_to_get_it(tmp_path):
    result = run("grade", P1.library, "--training", "short", SVHN_DIR=str(tmp_path))
    assert result.returncode == 1
    assert "autograder data" in result.stderr
    assert "Traceback" not in result.stderr


def test_data_draws_a_small_twin_and_shows_it(tmp_path):
    sheet = tmp_path / "sheet.png"
    result = run(
        "data", "--synthetic", "--dir", tmp_path, "--train", 300, "--test", 50, "--preview", sheet
    )
    assert result.returncode == 0, result.stderr
    assert "synthetic twin" in result.stdout
    assert sheet.read_bytes().startswith(b"\x89PNG")
