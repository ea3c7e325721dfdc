"""A build gives the same files on every machine and by every command, or leaves nothing."""

import ast
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from nbgrader.utils import compute_checksum

from autograder import checkout
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.problem_1.rubric import SECTIONS
from autograder.release import contents
from autograder.release.build import BuildError, build, differences, generate
from autograder.release.markers import StripError
from autograder.release.strip import find_blocks


def tree(folder):
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


@pytest.fixture(scope="module")
def cells(built):
    notebook = nbformat.read(built / P1.notebook, as_version=4)
    return {cell.metadata.nbgrader.grade_id: cell for cell in notebook.cells}


@pytest.fixture
def clone(tmp_path):
    """A copy of the part of a checkout that nbgrader needs."""
    folder = tmp_path / "clone"
    for name in ("autograder", "lib_solution", "source"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(checkout.ROOT / name, folder / name, ignore=ignored)
    shutil.copy(checkout.NBGRADER_CONFIG, folder)
    return folder


def python(folder, arguments):
    """Runs Python in a folder, without an activated environment."""
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment | {"PATH": os.defpath},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_committed_release_is_what_the_sources_build():
    """If this fails: run `autograder release`, check the difference and commit it."""
    findings = [f for f in differences(P1, P1.release) if "cache" not in f.path]
    assert findings == []


COMMAND = ["-m", "nbgrader", "generate_assignment", P1.id, "--force"]
BUTTON = [
    "-c",
    "from nbgrader.apps import NbGraderAPI\n"
    "from traitlets.config import PyFileConfigLoader\n"
    "config = PyFileConfigLoader('nbgrader_config.py', path='.').load_config()\n"
    f"made = NbGraderAPI(config=config).generate_assignment({P1.id!r}, force=True)\n"
    "raise SystemExit(not made['success'])",
]


@pytest.mark.proof
@pytest.mark.parametrize("how", [COMMAND, BUTTON], ids=["the command", "formgrader's button"])
def test_stock_nbgrader_builds_the_same_bytes(built, clone, how):
    ran = python(clone, how)
    assert ran.returncode == 0, ran.stderr
    assert tree(clone / "release" / P1.id) == tree(built)


@pytest.mark.proof
def test_stock_nbgrader_strips_the_checkout_it_runs_in(clone):
    """It does not use the checkout of the installed package."""
    path = clone / "lib_solution/lib/optim.py"
    path.write_text(path.read_text() + "\nHERE = 1\n")
    assert python(clone, COMMAND).returncode == 0
    assert "HERE = 1" in (clone / "release/problem_1/lib/optim.py").read_text()


@pytest.mark.proof
@pytest.mark.parametrize("path", ["lib_solution/lib/optim.py", "source/problem_1/Problem_1.ipynb"])
def test_stock_nbgrader_writes_nothing_when_a_marker_is_misspelt(clone, path):
    text = (clone / path).read_text()
    (clone / path).write_text(text.replace("### BEGIN SOLUTION", "### BEGIN SOLUTON", 1))
    ran = python(clone, COMMAND)
    assert ran.returncode != 0
    assert "looks like '### BEGIN SOLUTION'" in ran.stderr
    assert not (clone / "release" / P1.id).exists()


def test_the_source_folder_contains_only_the_notebook():
    """`nbgrader autograde` would copy other files over the students' files."""
    found = {path.name for path in P1.source.parent.iterdir()} - {".ipynb_checkpoints"}
    assert found == {P1.notebook}


def test_a_build_leaves_nothing_in_the_checkout_but_the_release(tmp_path):
    def state():
        return {p.name for p in checkout.ROOT.iterdir()}

    before = state()
    report = build(P1, tmp_path / P1.id)
    assert state() == before
    assert [p.name for p in tmp_path.iterdir()] == [P1.id]
    assert report.files == len(contents.files(P1)) + 1
    assert report.solutions == 20


def test_a_build_that_fails_leaves_the_old_release(tmp_path):
    old = tmp_path / P1.id
    old.mkdir()
    (old / "old.txt").write_text("old")
    broken = replace(P1, root=tmp_path)
    (broken.library / "lib").mkdir(parents=True)
    (broken.library / "lib/fc.py").write_text("### BEGIN SOLUTION\nx = 1\n")
    with pytest.raises(StripError, match=r"^lib_solution/lib/fc\.py:1: .* without its END"):
        build(broken, old)
    assert [p.name for p in old.iterdir()] == ["old.txt"]


def test_the_error_contains_nbgraders_message(tmp_path, monkeypatch):
    broken = tmp_path / "nbgrader_config.py"
    monkeypatch.setattr(checkout, "NBGRADER_CONFIG", broken)
    broken.write_text("c = get_config()\nc.GenerateAssignment.preprocessors = []\n")
    source = tmp_path / "source" / P1.id
    source.mkdir(parents=True)
    (source / "a.ipynb").write_text("{}")
    with pytest.raises(
        BuildError, match=r"(?s)error processing assignment.*a\.ipynb|NotJSON|nbformat"
    ):
        generate(replace(P1, root=tmp_path), tmp_path / "release")


def test_the_notebook_does_not_depend_on_the_machine(built):
    notebook = json.loads((built / P1.notebook).read_text(encoding="utf-8"))
    assert notebook["metadata"] == {
        "autograder": {"version": P1.versions[0].number},
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert list(notebook) == sorted(notebook)
    for cell in notebook["cells"]:
        assert list(cell) == sorted(cell)
        assert cell["id"] == cell["metadata"]["nbgrader"]["grade_id"]
        assert set(cell["metadata"]) <= {"nbgrader", "deletable", "editable"}


def test_each_stub_in_the_notebook_names_its_cell(cells):
    for section in SECTIONS:
        for name in section.answers:
            stub = f'raise NotImplementedError("{name}: write your solution here")'
            assert stub in cells[name].source
            assert "# TODO: " in cells[name].source
            assert "END OF YOUR CODE" in cells[name].source


def test_questions_keep_their_text_and_lose_their_answers(cells):
    for section in SECTIONS:
        for name, _ in section.by_hand:
            assert "Model answer" not in cells[name].source
            assert "Mark scheme" not in cells[name].source
            if name.endswith("_question"):
                assert cells[name].source.startswith("**Inline question")
                assert cells[name].source.endswith("*Write your answer here.*")


def test_the_metadata_has_what_nbgrader_needs_to_grade(cells):
    graded = [cell for cell in cells.values() if "points" in cell.metadata.nbgrader]
    assert sum(cell.metadata.nbgrader.points for cell in graded) == P1.total
    for cell in cells.values():
        nbgrader = cell.metadata.nbgrader
        assert nbgrader.checksum == compute_checksum(cell)
        assert nbgrader.locked == (cell.metadata.get("editable") is False)


def test_no_path_of_this_machine_is_in_the_release(built):
    for name, content in tree(built).items():
        assert str(checkout.ROOT).encode() not in content, name
        assert str(Path.home()).encode() + b"/" not in content, name


def docstrings(source):
    kinds = ast.Module | ast.ClassDef | ast.FunctionDef
    return [ast.get_docstring(n) for n in ast.walk(ast.parse(source)) if isinstance(n, kinds)]


def test_the_library_is_stripped_of_every_solution_and_nothing_else():
    """Removed lines were between markers; the only new lines are one raise for each block."""
    blocks = 0
    for name, content in contents.files(P1).items():
        if not name.startswith("lib/"):
            continue
        source = (P1.library / name).read_text(encoding="utf-8")
        found = find_blocks(source, name)
        kept = source.split("\n")
        for block in reversed(found):
            del kept[block.region.begin - 1 : block.region.end]
        stripped = content.decode()
        raises = [line for line in stripped.split("\n") if "write your solution here" in line]
        assert len(raises) == len(found)
        assert [line for line in stripped.split("\n") if line not in raises] == kept
        assert docstrings(stripped) == docstrings(source)
        blocks += len(found)
    assert blocks == 20
