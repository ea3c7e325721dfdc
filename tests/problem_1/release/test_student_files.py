"""The files that students run: the visible checks, the dataset tools and what the README says."""

import ast
import copy
import json
import os
import re
import subprocess
import sys

import pytest
from student_folder import cells_of, change, edit, load, pytest_in, run

from autograder.hand_in import cell_syntax
from autograder.hand_in.submission import read
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.problem_1.practice_data import draw
from autograder.problem_1.rubric import SECTIONS
from autograder.release.contents import files

RELEASED = files(P1)


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
    ran = pytest_in(solved, PYTEST_DISABLE_PLUGIN_AUTOLOAD="")  # with plugins, as some have them
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
    assert run(solved, "collect_submission.py", "ada").returncode == 0
    assert read(P1, solved).errors == ()


@pytest.mark.parametrize("name", sorted(n for n in RELEASED if n.endswith(".py")))
def test_python_files_parse_in_the_oldest_python_that_the_readme_allows(name):
    oldest = re.search(r"Python 3\.(\d+) or newer", RELEASED["README.md"].decode())[1]
    ast.parse(RELEASED[name].decode(), feature_version=(3, int(oldest)))


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
    text = RELEASED["requirements.txt"].decode()
    required = set(re.findall(r"^([a-z]+)", text, re.MULTILINE)) | {"PIL", "IPython", "pip"}
    own = {
        "lib",
        "svhn",
        "visible_checks",
        "cell_syntax",
        "collect_submission",
        "graded_with",
    } | sys.stdlib_module_names
    for name, content in RELEASED.items():
        if not name.endswith(".py"):
            continue
        for node in ast.walk(ast.parse(content)):
            found = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                found = [node.module]
            for module in found:
                assert module.split(".")[0] in required | own, f"{name} imports {module}"
