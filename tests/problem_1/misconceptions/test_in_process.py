"""A trusted run returns what a sandbox returns, and does not change this process."""

import random
import sys

import numpy as np
import pytest

from autograder.diagnosis import costs
from autograder.diagnosis.in_process import load, run_trusted
from autograder.diagnosis.same import alike, read
from autograder.diagnosis.variants import applied, named, solution
from autograder.observation.observe import observe
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.sandbox.selftest import choose
from autograder.seeds import key_of

SEED = costs.SEED
VARIED = (
    "fc_forward_flattens_two_dimensions_only",
    "dropout_forward_changes_its_input",
    "cross_entropy_softmax_overflows",
    "cascade_exchanges_the_names",
    "adam_forgets_its_averages",
    "activations_relu_uses_python_s_max",
)


@pytest.mark.parametrize("name", ["the solution", *VARIED])
def test_a_trusted_run_sees_what_a_sandbox_sees(name):
    submission = solution(P1) if name == "the solution" else applied(P1, (named(P1, name),))
    sandboxed = observe(
        P1,
        submission.files,
        submission.cells,
        SEED,
        choose(),
        probes=costs.seen(P1),
    )
    for probe, seen in costs.observed(P1, submission, SEED).by_probe.items():
        given = (
            P1.probes[probe].inputs(key_of(SEED)),
            costs.reference(P1, SEED)[probe],
            P1.special.get(probe),
        )
        assert alike(read(sandboxed[probe], *given), read(seen, *given)), probe
        assert dict(sandboxed[probe].refused) == dict(seen.refused)


def test_two_libraries_live_side_by_side():
    one = load(P1, solution(P1).files)
    other = load(
        P1,
        applied(P1, (named(P1, "leaky_relu_forward_sets_negatives_to_zero"),)).files,
    )
    assert one.layer_utils.leaky_relu(0.5).forward(np.array([-2.0])) == -1
    assert other.layer_utils.leaky_relu(0.5).forward(np.array([-2.0])) == 0


def test_nothing_is_left_behind(capsys):
    before = {name: module for name, module in sys.modules.items() if name.startswith("lib")}
    np.random.seed(3)
    random.seed(3)
    expected = np.random.random(), random.random()
    np.random.seed(3)
    random.seed(3)
    library = load(P1, solution(P1).files)
    for probe in ("train_tiny_net_loop", "dropout_forward_seed", "small_network_start"):
        run_trusted(library, solution(P1).cells, P1.probes[probe], SEED)
    assert (np.random.random(), random.random()) == expected
    after = {name: module for name, module in sys.modules.items() if name.startswith("lib")}
    assert after == before
    assert capsys.readouterr().out == ""
