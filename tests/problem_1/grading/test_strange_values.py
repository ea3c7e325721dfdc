"""No value of another shape or kind passes a check of the hidden suites, or takes their memory."""

import resource
from dataclasses import replace

import numpy as np
import pytest

from autograder.diagnosis import costs
from autograder.diagnosis.diagnose import diagnose
from autograder.diagnosis.variants import applied, named, solution
from autograder.grading.grade import grade, probe_names, reference, regrade
from autograder.judgement import suites
from autograder.observation.observe import Observation, Observations
from autograder.observation.shapes import without_unusable_values
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.problem_1.misconceptions import LAYERS

SEED = 2024
BOMB = np.broadcast_to(np.arange(2, dtype=bool), (10**6, 10**6, 2))
"""A terabyte of booleans by broadcasting, of which two are in memory."""


@pytest.fixture(scope="module")
def seen(sandbox):
    return reference(P1, SEED, sandbox, probe_names(P1, training=True))


def replaced(seen, by):
    """Replaces every value of every probe."""
    return replace(
        seen,
        by_probe={
            name: replace(seen[name], values={n: by(v) for n, v in seen[name].values.items()})
            for name in seen
        },
    )


STRANGE = {
    "text": "a text",
    "nan": np.full((8, 6), np.nan),
    "infinite": np.full((8, 6), np.inf),
    "empty": np.zeros((0,)),
    "many dimensions": np.zeros((1,) * 30),
    "bool": np.ones((8, 6), dtype=bool),
    "huge integers": np.full((8, 6), 2**63, dtype=np.uint64),
    "one": np.array(1),
}


@pytest.mark.parametrize("name", STRANGE)
def test_strange_values_fail_every_check_without_an_error(name, seen):
    everywhere = {
        probe: Observation(
            probe, dict.fromkeys(seen[probe].values, STRANGE[name]), {}, seen[probe].ending
        )
        for probe in seen
    }
    verdicts = suites.judge(P1, replace(seen, by_probe=everywhere), seen)
    passed = [v.check.name for v in verdicts if v.failure is None]
    # 1 is a valid batch size, number of epochs and decay
    assert passed == (["train_tiny_net_hyperparameters"] if name == "one" else [])


def test_no_check_and_no_diagnosis_spends_memory_on_values_that_do_not_fit(seen):
    student = replaced(seen, lambda value: BOMB)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    verdicts = suites.judge(P1, student, seen)
    assert [v.check.name for v in verdicts if v.failure is None] == []
    assert {d.found for d in diagnose(P1, student, verdicts).values()} <= {()}
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert (after - before) / 1024 < 250, "MiB, including what a diagnosis keeps"


ODD = {
    "many dimensions of 1": lambda value: value.reshape((1,) * (32 - value.ndim) + value.shape),
    "an empty array": lambda value: np.zeros((0, *value.shape)),
    "one float16": lambda value: np.float16(1),
    "a text": lambda value: "a text",
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_arrays_of_wrong_shapes_earn_nothing(odd, seen):
    def passed(by):
        student = replaced(seen, lambda value: by(value) if value.ndim else value)
        return {v.check.name for v in suites.judge(P1, student, seen) if v.failure is None}

    of_scalars = passed(lambda value: np.full(value.shape, np.nan))
    assert passed(odd) == of_scalars < passed(lambda value: value)


def test_a_mistake_with_a_wrong_shape_is_still_recognised_after_trimming():
    mistake = named(P1, "fc_backward_keeps_the_bias_gradient_of_every_example")
    student = costs.observed(P1, applied(P1, (mistake,)), SEED)
    kept = without_unusable_values(P1, student, costs.reference(P1, SEED))
    verdicts = suites.judge(P1, kept, costs.reference(P1, SEED))
    assert diagnose(P1, kept, verdicts)["fc_backward"].found == (mistake,)


EXPLODES = """
def forward(self, feat, is_training=True, seed=None):
    return (np.arange(6_000_000) % 2 == 0).reshape(600_000, 1, 10)

DropoutNet.forward = forward
"""


def test_evidence_of_huge_answers_is_small_and_gives_the_same_grade(change, sandbox, tmp_path):
    networks = "lib/mlp/fully_conn.py"
    explodes = solution(P1).files[networks].decode() + EXPLODES
    submission = change(LAYERS, "dprev.sum(axis=0)", "dprev", base=change(networks, explodes))
    file = tmp_path / "kept.npz"
    first = grade(P1, submission, SEED, sandbox, keep=lambda seen: seen.save(file))
    assert file.stat().st_size < 8 * 2**20
    again = regrade(P1, submission.name, Observations.load(file), sandbox)
    assert replace(again, elapsed_s=0.0) == replace(first, elapsed_s=0.0)
    sections = {section.id: section for section in first.sections}
    assert sections["dropout_network"].score == 0
    (hint,) = sections["fc_backward"].hints
    assert hint.misconception == "fc_backward_keeps_the_bias_gradient_of_every_example"
