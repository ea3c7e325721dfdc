"""The solution for students, of an assignment that has nothing to do with neural networks."""

from __future__ import annotations

import json
import shutil

import pytest

from autograder.hand_in.submission import read
from autograder.release.solution import SolutionError, problems, write
from autograder.report.as_json import to_json


def nothing(*_):
    """Shows no progress."""


@pytest.fixture(scope="module")
def solved(tmp_path_factory, tiny):
    folder = tmp_path_factory.mktemp("solved") / "solution"
    assert write(tiny, folder, None, nothing) == []
    return folder


def cells(folder, tiny):
    notebook = json.loads((folder / tiny.notebook).read_text("utf-8"))
    return {cell["metadata"]["nbgrader"]["grade_id"]: cell for cell in notebook["cells"]}


def test_the_library_has_its_solutions_and_neither_markers_nor_banners(tiny, solved):
    for file in (solved / "lib").rglob("*.py"):
        text = file.read_text("utf-8")
        assert "SOLUTION" not in text
        assert "TODO" not in text
        assert "YOUR CODE" not in text
        assert "NotImplementedError" not in text
    assert "dx = self.a * dout" in (solved / "lib/layers.py").read_text("utf-8")


def test_every_cell_has_been_run_and_the_question_has_its_model_answer(tiny, solved):
    shown = cells(solved, tiny)
    assert all(c["execution_count"] for c in shown.values() if c["cell_type"] == "code")
    question = "".join(shown["step_question"]["source"])
    assert "Each step overshoots the minimum" in question
    assert "###" not in question


def test_the_solution_earns_all_points(tiny, solved, sandbox):
    from autograder.grading.grade import grade

    found = grade(tiny, read(tiny, solved), 3, sandbox)
    assert found.score == found.max_score, to_json([found])
    assert found.errors == ()


def test_nothing_in_it_names_a_folder_of_this_machine(solved):
    for path in solved.rglob("*"):
        if path.is_file():
            assert str(solved.parent).encode() not in path.read_bytes(), path


def test_a_solution_is_replaced_and_anything_else_is_kept(tiny, solved, tmp_path):
    again = shutil.copytree(solved, tmp_path / "again")
    (again / "old.txt").write_text("of an earlier version")
    assert write(tiny, again, None, nothing) == []
    assert not (again / "old.txt").exists()

    for name, content in {"notes.txt": "mine", tiny.notebook: '{"metadata": {}}'}.items():
        other = tmp_path / name
        other.mkdir()
        (other / name).write_text(content)
        with pytest.raises(SolutionError, match="was not written by this command"):
            write(tiny, other, None, nothing)
        assert [path.name for path in other.iterdir()] == [name]


def test_a_cell_that_fails_is_reported_and_nothing_is_written(edition, tmp_path):
    broken = edition(("source/tiny/Tiny.ipynb", "np.isclose(layer.a", "not np.isclose(layer.a"))
    with pytest.raises(SolutionError, match="a cell of the solution fails"):
        write(broken, tmp_path / "solution", None, nothing)
    assert not (tmp_path / "solution").exists()


def changed(cell, **changes):
    def change(folder, tiny):
        path = folder / tiny.notebook
        notebook = json.loads(path.read_text("utf-8"))
        for each in notebook["cells"]:
            if each["metadata"]["nbgrader"]["grade_id"] == cell:
                each.update(changes)
        path.write_text(json.dumps(notebook), "utf-8")

    return change


def appended(text):
    def change(folder, tiny):
        path = folder / "lib/optim.py"
        path.write_text(path.read_text("utf-8") + text, "utf-8")

    return change


FAULTS = {
    "other code": (appended("\nMORE = 1\n"), "solution"),
    "a marker": (appended("### END SOLUTION\n"), "markers"),
    "a banner": (appended("# TODO: Take a step. #\n"), "markers"),
    "a marker in a cell": (changed("step_question", source="### BEGIN SOLUTION"), "markers"),
    "a cell that was not run": (changed("step", execution_count=None), "executed"),
    "a cell that raised": (changed("step", outputs=[{"output_type": "error"}]), "executed"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_is_not_the_executed_solution_is_found(tiny, solved, tmp_path, fault):
    change, proof = FAULTS[fault]
    folder = shutil.copytree(solved, tmp_path / "solution")
    change(folder, tiny)
    assert {finding.proof for finding in problems(tiny, folder)} == {proof}
