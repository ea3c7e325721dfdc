"""Correct work gets all points and no hints, in any style."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))

from right_work import ALTERNATIVES, written

from autograder.diagnosis import costs
from autograder.diagnosis.findings import findings
from autograder.grading.compiled import compiled
from autograder.grading.grade import grade
from autograder.judgement.suites import judge
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.sandbox.selftest import choose

SEEDS = (11, 12)
IN_A_SANDBOX = (
    "loops",
    "float32 throughout",
    "other expressions",
    "scipy",
    "chatty, with comments in other languages",
    "names looked up in the network",
    "a sequential and a Module of its own",
)


def all_points(grade):
    failed = [f"{t.name}: {t.message}" for s in grade.sections for t in s.tests if not t.passed]
    assert failed == []
    assert grade.score == grade.max_score == 29
    assert [hint for section in grade.sections for hint in section.hints] == []


@pytest.mark.parametrize(
    "seed", [SEEDS[0], *(pytest.param(seed, marks=pytest.mark.proof) for seed in SEEDS[1:])]
)
@pytest.mark.parametrize("alternative", ALTERNATIVES, ids=lambda alternative: alternative.name)
def test_right_work_has_all_points_and_no_hint(seed, alternative):
    work = written(alternative)
    student = costs.observed(P1, work, seed)
    verdicts = judge(P1, student, costs.reference(P1, seed))
    all_points(
        compiled(
            P1,
            work.name,
            student,
            verdicts,
            findings(P1, student, verdicts),
            0.0,
        )
    )


@pytest.mark.parametrize("name", IN_A_SANDBOX)
def test_right_work_has_all_points_in_the_sandbox(name):
    (alternative,) = (a for a in ALTERNATIVES if a.name == name)
    all_points(grade(P1, written(alternative), 13, choose()))


def test_there_are_as_many_as_were_promised():
    assert len(ALTERNATIVES) >= 25
