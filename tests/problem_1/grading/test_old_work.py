"""Work written years ago against the same API: another skeleton, float64, loops, no cell ids.

An option declares work to be older. Without the option, a submission that lacks the same cells
loses their points; see `test_missing_cells.py`.
"""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.grading.grade import grade, regrade
from autograder.hand_in.older_work import remark, with_stand_ins
from autograder.hand_in.submission import read
from autograder.observation.observe import Observations
from autograder.problem_1 import ASSIGNMENT as P1

OLD_WORK = Path(__file__).parent / "old_work"
NETWORKS = "lib/mlp/fully_conn.py"


@pytest.fixture(scope="module")
def found(graded):
    return graded(read(P1, OLD_WORK), older_work=True)


def points(grade):
    return {section.id: section.score for section in grade.sections}


def test_an_old_library_earns_all_points_except_for_the_functions_in_the_notebook(found):
    failed = {s.id for s in found.sections for t in s.tests if not t.passed}
    assert failed == {"activations"}
    assert (found.score, found.max_score) == (26, 29)


def test_the_grade_of_older_work_says_so(found, graded):
    assert found.errors[-1] == remark(P1)
    assert remark(P1) not in graded(read(P1, OLD_WORK)).errors


def test_older_work_has_no_checks_that_its_notebook_did_not_have(found, right, graded):
    known = {t.name for s in graded(right).sections for t in s.tests}
    judged = {t.name for s in found.sections for t in s.tests}
    assert known - judged == {
        "cascade_names",
        "small_network_names",
        "cross_entropy_loss_of_logits_far_apart",
    }


def test_the_remaining_checks_of_a_section_share_its_points(change, graded):
    """In the cascade, output and gradients have equal weights, and the names half of that."""
    wrong = change(
        NETWORKS,
        "class TestFCReLU(Module):",
        "class TestFCReLU(Module):\n"
        "    def backward(self, dprev):\n        return 1.7 * super().backward(dprev)\n",
    )
    assert points(graded(wrong))["cascade"] == 1.2
    assert points(graded(wrong, older_work=True))["cascade"] == 1


def test_cells_of_older_work_are_ignored_even_if_present(right, graded):
    work = replace(right, cells={**right.cells, "cascade_names": "param_name_w = 'nothing'"})
    assert graded(work).score == 28.6
    assert graded(work, older_work=True).score == 29


def test_hyperparameters_default_to_those_of_the_published_run(right):
    cell = "train_tiny_net_hyperparameters"
    assert with_stand_ins(P1, right).cells[cell] == right.cells[cell]
    stated: dict = {}
    exec(with_stand_ins(P1, read(P1, OLD_WORK)).cells[cell], stated)
    names = ("batch_size", "epochs", "lr_decay", "lr_decay_every")
    assert [stated[name] for name in names] == [100, 30, 0.99, 50]


@pytest.mark.parametrize("older_work", [True, False])
def test_kept_observations_are_regraded_as_work_of_the_same_year(sandbox, tmp_path, older_work):
    kept, work = [], read(P1, OLD_WORK)
    first = grade(P1, work, 3, sandbox, keep=kept.append, older_work=older_work)
    kept[0].save(tmp_path / "old.npz")
    again = regrade(P1, work.name, Observations.load(tmp_path / "old.npz"), sandbox)
    assert replace(again, elapsed_s=0) == replace(first, elapsed_s=0)


def test_a_notebook_without_our_cell_ids_leaves_the_library_graded(tmp_path, graded):
    notebook = json.loads(P1.source.read_text("utf-8"))
    for cell in notebook["cells"]:
        cell["metadata"] = {}
    shutil.copytree(OLD_WORK / "lib", tmp_path / "lib")
    (tmp_path / "hw1.ipynb").write_text(json.dumps(notebook))
    found = graded(read(P1, tmp_path), older_work=True)
    assert found.score == 26
    assert any("has none of the assignment's graded cells" in error for error in found.errors)
