"""Right work has all points, whatever it looks like, and nobody is told of a mistake in it."""

import textwrap
from pathlib import Path
from runpy import run_path

import pytest

from autograder import costs
from autograder.grade import compiled, grade
from autograder.mark import mark
from autograder.sandbox.selftest import choose

ALTERNATIVES = run_path(str(Path(__file__).with_name("alternatives.py")))["ALTERNATIVES"]
SEEDS = (11, 12)
IN_A_SANDBOX = (
    "loops",
    "float32 throughout",
    "scipy",
    "chatty, with comments in other languages",
    "names looked up in the network",
    "a sequential and a Module of its own",
)


@pytest.fixture(params=ALTERNATIVES, ids=lambda alternative: alternative.name)
def work(request, rewritten):
    return made(request.param, rewritten)


def made(alternative, rewritten):
    cells = {name: textwrap.dedent(text) for name, text in alternative.cells.items()}
    return rewritten(alternative.blocks, alternative.patches, cells)


def all_points(grade):
    failed = [f"{t.name}: {t.message}" for s in grade.sections for t in s.tests if not t.passed]
    assert failed == []
    assert grade.score == grade.max_score == 29
    assert [hint for section in grade.sections for hint in section.hints] == []


@pytest.mark.parametrize("seed", SEEDS)
def test_right_work_has_all_points_and_no_hint(seed, work):
    student = costs.observed(work, seed)
    verdicts = mark(student, costs.reference(seed))
    all_points(compiled(work, student, verdicts, None, None, 0.0))


@pytest.mark.parametrize("name", IN_A_SANDBOX)
def test_right_work_has_all_points_in_the_sandbox(name, rewritten):
    (alternative,) = (a for a in ALTERNATIVES if a.name == name)
    all_points(grade(made(alternative, rewritten), 13, choose()))


def test_there_are_as_many_as_were_promised():
    assert len(ALTERNATIVES) >= 25
