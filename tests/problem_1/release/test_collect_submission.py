"""The zip that students make, and what may cost points in it."""

import json
import os
import re
import shutil
import zipfile

import pytest
from student_folder import change, edit, pytest_in, run

from autograder.hand_in import chosen_notebook, notebook, students
from autograder.hand_in.library import LARGEST_FILE
from autograder.hand_in.submission import read
from autograder.hand_in.zips import SKIPPED_FOLDERS
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.problem_1.rubric import SECTIONS
from autograder.release.contents import files


def collect(folder, *arguments):
    return run(folder, "collect_submission.py", "ada", *arguments)


def test_finished_work_is_collected_without_a_question(solved):
    for name in ("data/train_32x32.mat", "lib/best.npz", "lib/.ipynb_checkpoints/optim.py"):
        (solved / name).parent.mkdir(exist_ok=True)
        (solved / name).write_text("x")
    (solved / "lib/__pycache__").mkdir()
    (solved / "lib/__pycache__/optim.py").write_text("x")
    (solved / "lib/mlp/mine.py").write_text("X = 1\n")
    ran = collect(solved)
    assert ran.returncode == 0, ran.stderr
    with zipfile.ZipFile(solved / "ada_problem_1.zip") as archive:
        library = {name for name in files(P1) if name.startswith("lib/")}
        assert set(archive.namelist()) == library | {"lib/mlp/mine.py", P1.notebook}
        assert archive.read("lib/optim.py") == (solved / "lib/optim.py").read_bytes()


def test_unfinished_parts_are_listed_and_collected_only_on_request(release):
    ran = collect(release)
    assert ran.returncode == 1
    assert not list(release.glob("*.zip"))
    for place in ("flatten.forward", "train_net, TODO 2 of 3", "Adam.update"):
        assert re.search(rf"lib/\S+, {place}$", ran.stdout, re.MULTILINE)
    for section in SECTIONS:
        for cell in section.answers:
            assert f"Problem_1.ipynb, {cell}" in ran.stdout
    assert "compare_optimizers_question: a question to answer" in ran.stdout
    assert ran.stdout.count("\n") == 1 + 20 + 4 + 2
    assert collect(release, "--partial").returncode == 0
    assert (release / "ada_problem_1.zip").exists()


def newer_copy(folder):
    (folder / "Problem_1-Copy1.ipynb").write_bytes((folder / P1.notebook).read_bytes())
    os.utime(folder / P1.notebook, (0, 0))


def doubled(folder):
    content = json.loads((folder / P1.notebook).read_text("utf-8"))
    content["cells"] += [c for c in content["cells"] if "cascade_names" in str(c["metadata"])]
    (folder / P1.notebook).write_text(json.dumps(content), "utf-8")


def as_text(folder):
    change(folder / P1.notebook, "cascade_names", cell_type="markdown")


def answered_copy(folder):
    shutil.copy2(folder / P1.notebook, folder / "Copy of Problem_1.ipynb")
    change(folder / P1.notebook, "cascade_names", source=cells_of_release("cascade_names"))
    os.utime(folder / "Copy of Problem_1.ipynb", (0, 0))


def cells_of_release(name):
    return f'raise NotImplementedError("{name}: write your solution here")'


def in_an_environment(folder):
    (folder / "lib/env").mkdir()
    (folder / "lib/env/mine.py").write_text("X = 1\n")


def with_a_large_file(folder):
    (folder / "lib/table.py").write_text("#" * (LARGEST_FILE + 1))


DOUBTFUL = {
    "a newer copy": (newer_copy, "Problem_1-Copy1.ipynb is newer than Problem_1.ipynb"),
    "an answered copy": (answered_copy, "Copy of Problem_1.ipynb has more answers than Problem_1"),
    "a cell twice": (doubled, "Problem_1.ipynb has 2 cells 'cascade_names'"),
    "a cell turned into text": (as_text, "Problem_1.ipynb, cascade_names, was turned into text"),
    "no outputs": (lambda folder: None, "Problem_1.ipynb was never run"),
    "an ignored folder": (
        in_an_environment,
        "lib/env/mine.py is not graded: rename",
    ),
    "a large file": (with_a_large_file, "lib/table.py is larger than 4 MiB: it is not graded"),
}


@pytest.mark.parametrize("what", DOUBTFUL)
def test_what_may_cost_points_is_said_and_collected_all_the_same(solved, what):
    spoil, sentence = DOUBTFUL[what]
    spoil(solved)
    ran = collect(solved, "--partial")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert sentence in ran.stdout


def test_pytest_says_it_too_after_a_run_of_all_checks_only(solved):
    newer_copy(solved)
    sentence = DOUBTFUL["a newer copy"][1]
    assert sentence in pytest_in(solved).stdout
    assert sentence not in pytest_in(solved, "-k", "adam").stdout


def test_a_copy_with_the_same_work_is_no_cause_for_doubt(solved):
    shutil.copy2(solved / P1.notebook, solved / "Problem_1-Copy1.ipynb")
    (solved / "notes.ipynb").write_text("no notebook")
    os.utime(solved / "notes.ipynb", (0, 0))
    assert "is it your work?" not in collect(solved).stdout


def test_the_collector_knows_what_the_grader_does_not_read(collecting):
    assert collecting.LARGEST_FILE == LARGEST_FILE
    assert SKIPPED_FOLDERS - {"__pycache__"} == collecting.IGNORED_FOLDERS
    assert collecting.NBFORMAT == notebook.VERSION


def test_nothing_is_said_of_a_notebook_that_was_run(solved):
    content = json.loads((solved / P1.notebook).read_text("utf-8"))
    for cell in content["cells"]:
        if cell["cell_type"] == "code":
            cell["execution_count"] = 1
    (solved / P1.notebook).write_text(json.dumps(content), "utf-8")
    assert "before you hand in" not in collect(solved).stdout


MISSING = {
    "a file": (lambda f: (f / "lib/optim.py").unlink(), "lib/optim.py is missing"),
    "the notebook": (lambda f: (f / P1.notebook).unlink(), "Problem_1.ipynb is missing"),
    "half of the notebook": (
        lambda f: (f / P1.notebook).write_text('{"cells": ['),
        "not a valid notebook",
    ),
    "another kind of file": (lambda f: (f / P1.notebook).write_text("[]"), "not a valid"),
    "another version": (
        lambda f: (f / P1.notebook).write_text('{"nbformat": 3, "cells": []}'),
        "its format is 3, expected 4",
    ),
    "a cell": (
        lambda f: edit(f / P1.notebook, '"cascade_names"', '"other"'),
        "lost its cell 'cascade_names'",
    ),
}


@pytest.mark.parametrize("what", MISSING)
def test_incomplete_work_is_refused_with_a_message(solved, what):
    spoil, sentence = MISSING[what]
    spoil(solved)
    ran = collect(solved, "--partial")
    assert ran.returncode == 1
    assert sentence in ran.stderr
    assert "Traceback" not in ran.stderr
    assert not list(solved.glob("*.zip"))


def test_a_file_with_a_syntax_error_is_mentioned(solved):
    edit(solved / "lib/optim.py", "class SGDM(Optimizer):", "class SGDM(Optimizer)")
    ran = collect(solved)
    assert ran.returncode == 1
    assert "lib/optim.py, line 44, is not valid Python" in ran.stdout


def test_a_file_with_a_byte_order_mark_or_another_encoding_is_judged_as_python_does(solved):
    path = solved / "lib/optim.py"
    text = path.read_bytes()
    path.write_bytes(b"\xef\xbb\xbf" + text)
    assert collect(solved).returncode == 0
    assert read(P1, solved).errors == ()
    path.write_bytes(text + b"# caf\xe9\n")
    assert "lib/optim.py, line" in collect(solved).stdout
    assert any("lib/optim.py is not in UTF-8" in error for error in read(P1, solved).errors)


def test_a_name_that_is_not_a_valid_file_name_is_refused(solved):
    for name in ("../x", "a b", "", "-x", ".x", "x.", "x" * 61):
        assert run(solved, "collect_submission.py", name).returncode == 2


def test_every_name_that_is_accepted_is_a_student_id(collecting, solved):
    for name in ("a", "ada", "Ada.Lovelace-1_", "x" * 60):
        assert run(solved, "collect_submission.py", name).returncode == 0
        assert students.is_id(name)


def test_a_notebook_that_the_grader_would_not_read_is_not_collected(collecting, solved):
    assert collecting.LARGEST_NOTEBOOK == chosen_notebook.LARGEST_NOTEBOOK
    with open(solved / P1.notebook, "a") as file:
        file.write(" " * chosen_notebook.LARGEST_NOTEBOOK)
    ran = collect(solved, "--partial")
    assert ran.returncode == 1
    assert "larger than 16 MiB and would not be read" in ran.stderr


def test_the_collector_requires_exactly_the_released_files_and_cells(collecting):
    library = [name for name in files(P1) if name.startswith("lib/")]
    assert sorted(collecting.REQUIRED) == sorted([P1.notebook, *library])
    cells = [name for section in SECTIONS for name in section.answers]
    questions = [n for s in SECTIONS for n, _ in s.by_hand if n.endswith("_question")]
    assert sorted(collecting.CELLS) == sorted(cells + questions)


def test_the_submission_can_be_read_back_as_a_notebook(solved):
    assert collect(solved).returncode == 0
    with zipfile.ZipFile(solved / "ada_problem_1.zip") as archive:
        assert json.loads(archive.read(P1.notebook))["nbformat"] == 4
