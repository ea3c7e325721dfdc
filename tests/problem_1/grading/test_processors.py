"""A Grade does not depend on the processors of the child, the grader or a later appeal.

Processors differ in the order of summation. Here children compute as on another processor than this
process, in which suites judge and variants of the solution run.
"""

import sys
from pathlib import Path

import pytest

from autograder.diagnosis import costs
from autograder.diagnosis.same import alike, read
from autograder.diagnosis.variants import applied, named
from autograder.grading.grade import grade, reference, regrade
from autograder.observation.observe import observe
from autograder.seeds import key_of

sys.path.append(str(Path(__file__).parents[1] / "alternatives"))

from right_work import ALTERNATIVES, written

from autograder.problem_1 import ASSIGNMENT as P1

SEED = 1789
RIGHT = ("float32 throughout", "loops")
WRONG = (
    "fc_backward_averages_both_gradients",
    "dropout_forward_forgets_to_scale",
    "cross_entropy_softmax_overflows",
    "adam_has_epsilon_inside_the_root",
)


@pytest.fixture
def elsewhere(other_processor, monkeypatch):
    """New children compute as on another processor; this process does not."""
    for name, value in other_processor.variables.items():
        monkeypatch.setenv(name, value)
    reference.cache_clear()
    yield
    reference.cache_clear()


def verdicts(grade):
    return [(s.id, s.score, s.hints, [t.passed for t in s.tests]) for s in grade.sections]


@pytest.mark.usefixtures("elsewhere")
def test_right_work_has_all_points_on_any_processor(right, sandbox):
    works = [right, *(written(a) for a in ALTERNATIVES if a.name in RIGHT)]
    assert [grade(P1, work, SEED, sandbox).score for work in works] == [29] * (1 + len(RIGHT))


@pytest.mark.proof
@pytest.mark.usefixtures("elsewhere")
def test_mistakes_are_found_alike_in_a_trusted_run_and_on_another_processor(sandbox):
    for name in WRONG:
        work = applied(P1, (named(P1, name),))
        seen = observe(
            P1,
            work.files,
            work.cells,
            SEED,
            sandbox,
            probes=costs.seen(P1),
            together=True,
        )
        for probe, trusted in costs.observed(P1, work, SEED).by_probe.items():
            given, right = (
                P1.probes[probe].inputs(key_of(SEED)),
                costs.reference(P1, SEED)[probe],
            )
            readings = [
                read(each, given, right, P1.special.get(probe)) for each in (seen[probe], trusted)
            ]
            assert alike(*readings), (name, probe)


@pytest.mark.proof
def test_a_grade_is_the_same_on_another_processor_and_after_an_appeal_here(
    sandbox, other_processor
):
    works = [applied(P1, (named(P1, name),)) for name in WRONG]
    here = [grade(P1, work, SEED, sandbox) for work in works]
    kept = []
    with pytest.MonkeyPatch.context() as patch:
        for name, value in other_processor.variables.items():
            patch.setenv(name, value)
        reference.cache_clear()
        there = [grade(P1, work, SEED, sandbox, keep=kept.append) for work in works]
    reference.cache_clear()
    again = [regrade(P1, work.name, seen, sandbox) for work, seen in zip(works, kept, strict=True)]
    assert [verdicts(g) for g in there] == [verdicts(g) for g in here]
    assert [verdicts(g) for g in again] == [verdicts(g) for g in here]
    assert all(g.score < 29 for g in here)
