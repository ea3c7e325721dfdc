"""The edits of docs/adapting.md work: a copy of the checkout with these edits is released and
verified, and grades single submissions, and the demo's class with two more students."""

from __future__ import annotations

import csv
import filecmp
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from autograder import checkout

sys.path += [str(Path(__file__).parent), str(Path(__file__).parents[1])]

from checkout_copy import copied
from page_edits import edits

PAGE = (checkout.ROOT / "docs" / "adapting.md").read_text("utf-8")
COPIED = (
    *("autograder", "benchmarks", "lib_solution", "release", "source", "tests/hidden"),
    checkout.NBGRADER_CONFIG.name,
)
BY_HAND = ("autograder/problem_1", "lib_solution", "source", "tests/hidden", "tests/problem_1")
MOST_FILES = 10
"""How many files may change if a section is left out. Generated files do not count."""

HAND_IN = """
import sys
from pathlib import Path
from autograder.assignment.variant import Variant
from autograder.diagnosis.variants import applied, named
from autograder.hand_in.submission import write
from autograder.problem_1 import ASSIGNMENT as P1, demo_class
folder = Path(sys.argv[1])
(folder / "class").mkdir()
demo_class.make(folder / "class")
for student, mistakes in {
    "bob": ("fc_backward_averages_the_bias_gradient", "adam_counts_after_use"),
    "eve": ("fc_forward_forgets_the_biases",),
}.items():
    work = folder / "class" / student / P1.id
    write(P1, applied(P1, (named(P1, name) for name in mistakes)), work)
if "batch_norm" in P1.by_id:
    first = '            fc(3072, 512, 2.5e-2, name="fullo_1"),\\n'
    normed = first + '            batch_norm(512, name="normed"),\\n'
    own = Variant("train_tiny_net_has_a_batch_norm", "lib/mlp/fully_conn.py", first, normed)
    write(P1, applied(P1, [own]), folder / "trained")
else:
    write(P1, applied(P1, ()), folder / "trained")
"""


@dataclass(frozen=True)
class Adaptation:
    """An adaptation that the page describes, and the results to expect.

    Attributes:
        edits: names of its edits on the page.
        changed: sections whose misconceptions are diagnosed again.
        points: the score of the solution, and the maximum, without training.
        imperfect: the score of bob, who averages a bias gradient and counts too late in Adam.
        with_training: the score of the solution, or of a TinyNet with the new layer, after a short
            training. None if it need not be tested.
    """

    edits: tuple[str, ...]
    changed: tuple[str, ...]
    points: float
    imperfect: float
    with_training: float | None = None


ADAPTATIONS = {
    "points": Adaptation(("points",), ("adam",), 30, 26.33),
    "without RMSProp": Adaptation(("without RMSProp",), ("adam",), 27, 24.22),
    "batch norm": Adaptation(("batch norm",), ("batch_norm",), 31, 28.22, with_training=39),
    "other numbers": Adaptation(
        ("threshold", "images", "network"), (), 29, 26.22, with_training=37
    ),
}


@pytest.fixture
def copy(tmp_path):
    """A copy of the parts of the checkout that an instructor changes and runs."""
    return copied(COPIED, tmp_path / "copy")


def python(root: Path, *arguments: object, **environment: object) -> str:
    """Run Python on the copy, and return what it printed."""
    ran = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root)} | {k: str(v) for k, v in environment.items()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-4000:] + ran.stderr[-4000:]
    return ran.stdout


def scores(out: Path) -> dict[str, float]:
    lines = csv.DictReader((out / "report" / "grades.csv").read_text("utf-8").splitlines())
    return {line["student"]: float(line["score"]) for line in lines if line["score"]}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """As many images as a short training uses."""
    folder = tmp_path_factory.mktemp("data")
    sizes = "--train", 6000, "--test", 100
    python(checkout.ROOT, "-m", "autograder", "data", "--synthetic", "--dir", folder, *sizes)
    return folder


def trained(copy: Path, folder: Path, data: Path) -> float:
    """The score of the work in a folder after a short training."""
    asked = "--training", "short", "--seed", 3, "--json", folder / "trained.json"
    python(copy, "-m", "autograder", "grade", folder / "trained", *asked, SVHN_DIR=data)
    return json.loads((folder / "trained.json").read_text("utf-8"))[0]["score"]


@pytest.mark.proof
@pytest.mark.parametrize("name", ADAPTATIONS)
def test_an_adapted_copy_is_released_and_grades(copy, tmp_path, data, name):
    adapted = ADAPTATIONS[name]
    for adaptation in adapted.edits:
        for edit in edits(PAGE, adaptation):
            edit.apply(copy)
    if adapted.changed:
        python(copy, "-m", "autograder.diagnosis", *adapted.changed)
    assert "Verified" in python(copy, "-m", "autograder", "release")

    python(copy, "-c", HAND_IN, tmp_path)
    works = [tmp_path / "class" / student / "problem_1" for student in ("ada", "bob")]
    graded = tmp_path / "grades.json"
    python(copy, "-m", "autograder", "grade", *works, "--json", graded, "--seed", 3)
    ada, bob = json.loads(graded.read_text("utf-8"))
    assert (ada["score"], ada["max_score"]) == (adapted.points, adapted.points)
    assert (bob["score"], bob["max_score"]) == (adapted.imperfect, adapted.points)
    hints = {hint["misconception"] for section in bob["sections"] for hint in section["hints"]}
    assert hints == {"fc_backward_averages_the_bias_gradient", "adam_counts_after_use"}
    if adapted.with_training:
        assert trained(copy, tmp_path, data) == adapted.with_training

    out = tmp_path / "graded"
    python(copy, "-m", "autograder", "cohort", tmp_path / "class", "--out", out, "--seed", 3)
    found = scores(out)
    assert {"ada", "bob", "eve"} < found.keys()
    assert (found["ada"], found["bob"]) == (adapted.points, adapted.imperfect)
    assert found["noether"] == adapted.points, "counts steps in Adam in another correct way"
    assert found["riemann"] < adapted.points


def changed_files(copy: Path) -> set[str]:
    """The files of the copy that differ from the checkout."""
    found = set()
    for path in copy.rglob("*"):
        name = path.relative_to(copy)
        compiled = "__pycache__" in path.parts
        if path.is_file() and not compiled and not filecmp.cmp(path, checkout.ROOT / name, False):
            found.add(name.as_posix())
    return found


def test_to_leave_a_section_out_few_files_change(copy):
    for edit in edits(PAGE, "without RMSProp"):
        edit.apply(copy)
    changed = changed_files(copy) | {"autograder/problem_1/misconceptions/TABLE.md"}
    assert len(changed) <= MOST_FILES
    assert all(name.startswith(BY_HAND) for name in changed), changed


LOOK = """
from autograder import checkout
from autograder.release import left_behind
for finding in left_behind.find(checkout.assignment()):
    print(finding)
"""


@pytest.mark.proof
@pytest.mark.parametrize(
    "forgotten",
    [
        "autograder/problem_1/rubric.py",
        "lib_solution/lib/optim.py",
        "autograder/problem_1/probes/optimizers.py",
        "autograder/problem_1/probes/compare.py",
        "tests/hidden/test_optimizers.py",
        "tests/hidden/test_compare.py",
        "autograder/problem_1/misconceptions/optimizers.py",
        "autograder/problem_1/demo_class.py",
        "source/problem_1/Problem_1.ipynb",
    ],
)
def test_a_file_that_was_forgotten_is_named(copy, forgotten):
    those = edits(PAGE, "without RMSProp")
    assert forgotten in {edit.path for edit in those}
    for edit in those:
        if edit.path != forgotten:
            edit.apply(copy)
    found = python(copy, "-c", LOOK)
    assert re.search(rf"^{re.escape(forgotten)}:\d+: \[left behind\] ", found, re.MULTILINE), found
