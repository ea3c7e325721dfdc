"""The files that students run: visible checks, the collecting of a submission, and others."""

import ast
import copy
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile

import pytest

from autograder.hand_in import cell_syntax, chosen_notebook, notebook, students
from autograder.hand_in.library import LARGEST_FILE
from autograder.hand_in.submission import read
from autograder.hand_in.zips import SKIPPED_FOLDERS
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.problem_1.practice_data import draw
from autograder.problem_1.rubric import SECTIONS
from autograder.release.contents import files
from autograder.release.proofs import answer


def run(folder, *arguments, **environment):
    """Runs Python in a student's folder, without settings of the process that runs the tests."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "SVHN"))}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=inherited | {"PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "120"} | environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def pytest_in(folder, *arguments, **environment):
    return run(folder, "-m", "pytest", "-p", "no:cacheprovider", *arguments, **environment)


def load(name, path):
    """A module of the students' files, by its path."""
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def solved(release):
    answer(P1, release)
    return release


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


# The visible checks


@pytest.fixture(scope="module")
def visible_checks(collecting):
    sys.modules["cell_syntax"] = cell_syntax  # in the release, a copy lies beside it
    return load("visible_checks", P1.handout / "tests" / "visible_checks.py")


@pytest.fixture(scope="module")
def checks(visible_checks, built):
    found = visible_checks.read_checks(built / P1.notebook)
    return {check.id: check for check in found}


def names(check):
    return [re.search(r"cell (\w+)", cell.name)[1] for cell in check.cells]


def test_every_section_is_a_check_with_its_points(checks):
    assert {i: c.points for i, c in checks.items()} == {s.id: s.auto for s in SECTIONS}
    assert {i for i, c in checks.items() if c.training} == {s.id for s in SECTIONS if s.training}
    assert checks["fc_backward"].title == "FC Backward"


def test_a_check_runs_the_cells_it_needs_and_no_others(checks):
    assert names(checks["adam"]) == ["imports", "adam"]
    assert names(checks["cascade"]) == ["imports", "cascade_names", "cascade"]
    assert names(checks["activations"]) == ["imports", "activations_definitions", "activations"]
    assert names(checks["train_tiny_net"]) == [
        "imports",
        "data_load",
        "train_tiny_net_data",
        "train_tiny_net_hyperparameters",
        "train_tiny_net_run",
        "train_tiny_net",
    ]
    assert names(checks["compare_optimizers"]) == [
        "imports",
        "data_load",
        "compare_sgd_momentum_run",
        "compare_sgd_momentum_plot",
        "compare_optimizers_run",
        "compare_optimizers",
    ]


# Name of the case: (sources by cell, names of the cells that the last one needs with itself).
NOTEBOOKS = {
    "the nearest definition": ({"a": "x = 1", "b": "x = 2", "c": "print(x)"}, "b c"),
    "a definition inside a loop": ({"a": "for x in [1]:\n    y = x", "b": "print(y)"}, "a b"),
    "defined before it is used": ({"a": "x = 1", "b": "x = 2\nprint(x)"}, "b"),
    "used in its own definition": ({"a": "x = 1", "b": "x = x + 1", "c": "print(x)"}, "a b c"),
    "added to": ({"a": "x = 1", "b": "x += 1", "c": "print(x)"}, "a b c"),
    "an item set": ({"a": "h = {}", "b": "h['a'] = 1", "c": "print(h)"}, "a b c"),
    "an attribute set": ({"a": "import m", "b": "m.a.b = 1", "c": "print(m)"}, "a b c"),
    "a loop's own variable": ({"a": "x = 1", "b": "print([x for x in [1]])"}, "b"),
    "a parameter": ({"a": "x = 1", "b": "def f(x):\n    return x\nf(1)"}, "b"),
    "used in a function": ({"a": "x = 1", "b": "def f():\n    return x", "c": "f()"}, "a b c"),
    "used in a lambda": ({"a": "x = 1", "b": "f = lambda y: x + y", "c": "f(1)"}, "a b c"),
    "a star import": ({"a": "from m import *", "b": "print(1)"}, "a b"),
    "after a magic": ({"a": "%load_ext x\nx = 1", "b": "!ls\nprint(x)"}, "a b"),
    "a cell magic": ({"a": "%%time\nx = 1", "b": "print(1)"}, "b"),
    "in a with": ({"a": "with open('f') as f:\n    x = f", "b": "print(x)"}, "a b"),
    "in a try": (
        {"a": "try:\n    x = 1\nexcept OSError:\n    x = 2", "b": "print(x)"},
        "a b",
    ),
    "unpacked": ({"a": "x, *y = 1, 2", "b": "print(y)"}, "a b"),
    "in a cell that is not Python": ({"a": "x = = 1", "b": "y = (", "c": "print(y)"}, "b c"),
}


@pytest.mark.parametrize("case", NOTEBOOKS)
def test_the_cells_that_a_cell_needs_are_found(visible_checks, case):
    sources, expected = NOTEBOOKS[case]
    cells = [visible_checks._cell(f"cell {n}", text, False) for n, text in sources.items()]
    needed = visible_checks._needed(cells, 0)
    assert [cell.name.removeprefix("cell ") for cell in needed] == expected.split()


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("epochs = 2 if small else 30", "uses small, which another cell defines"),
        ("small = False\nepochs = 2 if small else 30", None),
        ("epochs = int(np.sqrt(4))", None),
    ],
)
def test_an_answer_that_uses_another_cells_names_fails(visible_checks, answer, message):
    sources = {"imports": "from math import *\nimport numpy as np", "own": "small = True"}
    cells = [visible_checks._cell(name, text, False) for name, text in sources.items()]
    cells.append(visible_checks._cell("answer", answer, True))
    cells.append(visible_checks._cell("graded", "assert epochs > 1", False))
    check = visible_checks.Check("id", "", 1, visible_checks._needed(cells, 0), False)
    if message is None:
        check.run()
    else:
        with pytest.raises(AssertionError, match=message):
            check.run()


def test_the_solution_passes_in_the_terminal_and_training_is_offered(solved):
    ran = pytest_in(solved)
    assert ran.returncode == 0, ran.stdout
    assert len(re.findall(r"^passed   \w+ +\d pt$", ran.stdout, re.MULTILINE)) == 14
    assert len(re.findall(r"^not run  \w+ +\d pt$", ran.stdout, re.MULTILINE)) == 3
    assert "`pytest --training`" in ran.stdout


def test_one_section_can_be_run_alone(solved):
    ran = pytest_in(solved, "-k", "adam")
    assert ran.returncode == 0
    assert re.findall(r"^(?:passed|not run) +(\w+)", ran.stdout, re.MULTILINE) == ["adam"]


@pytest.mark.parametrize("arguments", [["--quick"], ["--training"], ["-m", "training"]])
def test_training_is_selected_when_asked_for(release, arguments):
    ran = pytest_in(release, *arguments, "--collect-only", "-k", "train_tiny_net")
    assert "::test_check[train_tiny_net]" in ran.stdout


def test_training_runs_when_asked_for(solved, tmp_path):
    draw(tmp_path / "data")
    edit(solved / P1.notebook, "epochs = 20", "epochs = 1")
    environment = {"SVHN_DIR": str(tmp_path / "data"), "SVHN_MAX_TRAINING": "200"}
    ran = pytest_in(solved, "--quick", "-k", "train_tiny_net", **environment)
    assert re.findall(r"^passed +(\w+)", ran.stdout, re.MULTILINE) == ["train_tiny_net"], ran.stdout


def test_training_without_data_says_how_to_get_it(solved):
    ran = pytest_in(solved, "--quick", "-k", "train_tiny_net")
    assert "python get_datasets.py" in ran.stdout


def test_a_failure_shows_the_message_and_the_students_lines_only(solved):
    edit(solved / "lib/mlp/layer_utils.py", "dprev.sum(axis=0)", "dprev.mean(axis=0)")
    ran = pytest_in(solved, "-k", "fc_backward")
    assert ran.returncode == 1
    assert "FC Backward (2 points)" in ran.stdout
    assert "the gradient of the biases is off: every example adds to it" in ran.stdout
    assert "cell fc_backward of Problem_1.ipynb, line" in ran.stdout
    assert "visible_checks" not in ran.stdout
    assert "db Error:" in ran.stdout  # printed by the cell


def test_an_error_shows_where_in_lib_it_happened(solved):
    edit(solved / "lib/optim.py", "param += self.velocity[name]", "param += self.speed[name]")
    ran = pytest_in(solved, "-k", "sgd_momentum and not compare")
    assert re.search(r"lib/optim.py, line \d+\n    param \+= self.speed\[name\]", ran.stdout)
    assert "AttributeError: 'SGDM' object has no attribute 'speed'" in ran.stdout


def test_a_syntax_error_in_the_library_fails_every_check_with_its_file(solved):
    edit(solved / "lib/optim.py", "class SGDM(Optimizer):", "class SGDM(Optimizer)")
    ran = pytest_in(solved, "-k", "fc_forward or adam")
    assert ran.returncode == 1
    assert ran.stdout.count("SyntaxError: expected ':'") >= 2
    assert "lib/optim.py" in ran.stdout


def test_a_broken_notebook_is_reported(solved):
    (solved / P1.notebook).write_text("{")
    ran = pytest_in(solved)
    assert ran.returncode != 0
    assert "Problem_1.ipynb is not a valid notebook" in ran.stdout


def cells_of(folder, grade_id):
    cells = json.loads((folder / P1.notebook).read_text("utf-8"))["cells"]
    return [c for c in cells if c["metadata"].get("nbgrader", {}).get("grade_id") == grade_id]


def change(path, grade_id, **fields):
    """Sets fields of a cell of the notebook."""
    content = json.loads(path.read_text("utf-8"))
    for cell in content["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == grade_id:
            cell |= fields
    path.write_text(json.dumps(content), "utf-8")


@pytest.mark.parametrize(
    "spoil", ["%%time\n{}", "%matplotlib inline\n{}", "!ls\n{}", "x = !ls\n{}", "indented"]
)
def test_a_cell_that_the_grader_reads_passes_the_students_own_check_too(solved, spoil):
    text = "".join(cells_of(solved, "activations_definitions")[0]["source"])
    if spoil == "indented":
        changed = "".join(f"    {line}" for line in text.splitlines(keepends=True))
    else:
        changed = spoil.format(text)
    change(solved / P1.notebook, "activations_definitions", source=changed)
    ran = pytest_in(solved, "-k", "activations")
    assert ran.returncode == 0, ran.stdout
    assert read(P1, solved).errors == ()


def split(cell):
    first, second = copy.deepcopy(cell), copy.deepcopy(cell)
    lines = "".join(cell["source"]).splitlines(keepends=True)
    middle = next(i for i, line in enumerate(lines) if line.startswith("elu"))
    first["source"], second["source"] = "".join(lines[:middle]), "".join(lines[middle:])
    return [first, second]


def beside_its_stub(cell):
    stub = 'raise NotImplementedError("activations: write your solution here")'
    return [cell, cell | {"source": stub}]


def turned_into_text(cell):
    return [cell | {"cell_type": "markdown"}]


@pytest.mark.parametrize("spoil", [split, beside_its_stub, turned_into_text])
def test_an_answer_of_several_cells_or_of_text_is_read_by_the_check_as_in_grading(solved, spoil):
    before = read(P1, solved)
    content = json.loads((solved / P1.notebook).read_text("utf-8"))
    (own,) = cells_of(solved, "activations_definitions")
    place = content["cells"].index(own)
    content["cells"][place : place + 1] = spoil(own)
    (solved / P1.notebook).write_text(json.dumps(content), "utf-8")
    graded, expected = read(P1, solved).cells, before.cells["activations_definitions"]
    assert graded["activations_definitions"].split() == expected.split()
    ran = pytest_in(solved, "-k", "activations")
    assert ran.returncode == 0, ran.stdout
    assert re.findall(r"^passed +(\w+)", ran.stdout, re.MULTILINE) == ["activations"]


def test_a_notebook_that_lost_its_metadata_is_explained_by_the_check_and_the_grade(solved):
    content = json.loads((solved / P1.notebook).read_text("utf-8"))
    for cell in content["cells"]:
        cell["metadata"] = {}
    (solved / P1.notebook).write_text(json.dumps(content), "utf-8")
    ran = pytest_in(solved)
    assert ran.returncode != 0
    assert "none of the assignment's graded cells" in ran.stdout
    assert "INTERNALERROR" not in ran.stdout + ran.stderr
    assert any("none of the assignment's graded cells" in e for e in read(P1, solved).errors)


def test_a_notebook_with_a_byte_order_mark_is_read_by_all(solved):
    path = solved / P1.notebook
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert pytest_in(solved, "-k", "activations").returncode == 0
    assert collect(solved).returncode == 0
    assert read(P1, solved).errors == ()


# The versions


@pytest.fixture(scope="module")
def graded_with():
    return load("graded_with", P1.handout / "tests" / "graded_with.py")


def test_the_handout_names_the_same_versions_everywhere(graded_with):
    python, numpy = ".".join(map(str, graded_with.PYTHON)), str(graded_with.NUMPY)
    assert P1.graded_with == {"Python": python, "numpy": numpy}
    readme = files(P1)["README.md"].decode()
    assert f"Your work is graded with Python {python} and numpy {numpy}." in readme
    assert "You need Python {}.{} or newer".format(*graded_with.OLDEST) in readme


@pytest.mark.parametrize(
    ("numpy", "python", "said"),
    [
        ("2.4.6", (3, 11), []),
        ("2.0", (3, 13), ["Your Python is 3.13, and your work is graded with Python 3.11"]),
        ("2.0", (3, 10), ["which lacks some old modules"]),
        ("1.26.4", (3, 11), ["Your numpy is 1.26.4", "np.Inf"]),
        ("3.0.0", (3, 11), ["do not use names that are newer"]),
    ],
)
def test_versions_are_named_where_they_matter(graded_with, numpy, python, said):
    sentences = graded_with.differences(numpy, python)
    assert bool(sentences) == bool(said)
    for part in said:
        assert any(part in sentence for sentence in sentences)


def test_a_python_that_is_too_old_is_named(graded_with):
    assert graded_with.too_old((3, 11)) is None
    assert "This is Python 3.9, but the assignment needs 3.11" in graded_with.too_old((3, 9))


def test_pytest_says_that_python_is_too_old_in_one_sentence(solved):
    edit(solved / "tests/graded_with.py", "OLDEST = 3, 11", "OLDEST = 3, 99")
    ran = pytest_in(solved)
    assert ran.returncode == 1
    assert "but the assignment needs 3.99 or newer" in ran.stderr
    assert "Traceback" not in ran.stdout + ran.stderr


def test_pytest_says_what_other_versions_grade(solved):
    edit(solved / "tests/graded_with.py", "(3, 11), 2", "(3, 10), 2")
    assert "and your work is graded with Python 3.10" in pytest_in(solved).stdout


# Collecting


@pytest.fixture(scope="module")
def collecting():
    return load("collect_submission", P1.handout / "collect_submission.py")


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


# Every file


@pytest.mark.parametrize("name", sorted(n for n in files(P1) if n.endswith(".py")))
def test_python_files_parse_in_the_oldest_python_that_the_readme_allows(name):
    oldest = re.search(r"Python 3\.(\d+) or newer", files(P1)["README.md"].decode())[1]
    ast.parse(files(P1)[name].decode(), feature_version=(3, int(oldest)))


def test_files_and_sections_named_in_the_readme_exist(built):
    text = (built / "README.md").read_text(encoding="utf-8")
    for name in re.findall(r"`(?:python )?([\w/]+\.(?:py|ipynb|sh))", text):
        assert (built / name).exists(), name
    selected = re.search(r"pytest -k (\w+)", text)[1]
    assert selected in P1.by_id


def test_get_datasets_explains_its_options(built):
    ran = run(built, "get_datasets.py", "--help")
    assert ran.returncode == 0, ran.stderr
    assert "--synthetic" in ran.stdout


def test_get_datasets_draws_the_twin(release):
    ran = run(release, "get_datasets.py", "--synthetic", "--train", "30", "--test", "10")
    assert (release / "data/train_32x32.mat").exists(), ran.stderr


@pytest.mark.skipif(os.name == "nt", reason="a shell script")
def test_the_shell_script_works_from_any_folder(built, tmp_path):
    ran = subprocess.run(
        ["sh", str(built / "get_datasets.sh"), "--help"],
        cwd=tmp_path,
        env=os.environ | {"PYTHON": sys.executable, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "--synthetic" in ran.stdout, ran.stderr


@pytest.mark.skipif(os.name == "nt", reason="a shell script")
def test_the_shell_script_works_with_windows_line_ends(release):
    for path in (release / "get_datasets.sh", release / "get_datasets.py"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    ran = subprocess.run(
        ["sh", str(release / "get_datasets.sh"), "--help"],
        env=os.environ | {"PYTHON": sys.executable, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "--synthetic" in ran.stdout, ran.stderr


@pytest.mark.skipif(os.name == "nt", reason="a mode of Unix")
def test_the_shell_script_in_the_release_can_be_run():
    assert os.access(P1.release / "get_datasets.sh", os.X_OK)


def test_the_requirements_list_every_imported_package():
    text = files(P1)["requirements.txt"].decode()
    required = set(re.findall(r"^([a-z]+)", text, re.MULTILINE)) | {"PIL", "pip"}
    own = {
        "lib",
        "svhn",
        "visible_checks",
        "cell_syntax",
        "collect_submission",
        "graded_with",
    } | sys.stdlib_module_names
    for name, content in files(P1).items():
        if not name.endswith(".py"):
            continue
        for node in ast.walk(ast.parse(content)):
            found = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                found = [node.module]
            for module in found:
                assert module.split(".")[0] in required | own, f"{name} imports {module}"


def test_the_submission_can_be_read_back_as_a_notebook(solved):
    assert collect(solved).returncode == 0
    with zipfile.ZipFile(solved / "ada_problem_1.zip") as archive:
        assert json.loads(archive.read(P1.notebook))["nbformat"] == 4
