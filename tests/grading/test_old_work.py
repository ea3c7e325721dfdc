"""Work written years ago against the same API: another skeleton, float64, loops, no cell ids."""

import json
import shutil
from pathlib import Path

from autograder import course
from autograder.submission import read

OLD_WORK = Path(__file__).parent / "old_work"


def test_an_old_library_is_graded_in_full(graded):
    found = graded(read(OLD_WORK))
    failed = [t for s in found.sections for t in s.tests if not t.passed and s.id != "activations"]
    assert failed == []
    assert found.score == 26
    assert [(s.id, s.score) for s in found.sections if s.score == 0] == [("activations", 0)]


def test_a_notebook_without_our_cell_ids_leaves_the_library_graded(tmp_path, graded):
    notebook = json.loads(course.SOURCE.read_text("utf-8"))
    for cell in notebook["cells"]:
        cell["metadata"] = {}
    shutil.copytree(OLD_WORK / "lib", tmp_path / "lib")
    (tmp_path / "hw1.ipynb").write_text(json.dumps(notebook))
    found = graded(read(tmp_path))
    assert found.score == 26
    assert any("has none of the assignment's marked cells" in error for error in found.errors)
