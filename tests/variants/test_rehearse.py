"""A rehearsal sees what a sandbox sees, and leaves no trace in this process."""

import random
import sys

import numpy as np
import pytest

from autograder.diagnosis import costs
from autograder.diagnosis.in_process import load, rehearse
from autograder.diagnosis.same import alike, read
from autograder.observation.observe import observe
from autograder.problem_1.misconceptions import applied, named, solution
from autograder.problem_1.probes import probes
from autograder.sandbox.selftest import choose
from autograder.seeds import key_of

SEED = 99
VARIED = (
    "fc_forward_flattens_two_dimensions_only",
    "dropout_forward_changes_its_input",
    "cross_entropy_softmax_overflows",
    "cascade_exchanges_the_names",
    "adam_forgets_its_averages",
    "activations_relu_uses_python_s_max",
)


@pytest.mark.parametrize("name", ["the solution", *VARIED])
def test_a_rehearsal_sees_what_a_sandbox_sees(name):
    submission = solution() if name == "the solution" else applied((named(name),))
    sandboxed = observe(submission.files, submission.cells, SEED, choose(), probes=costs.SEEN)
    for probe, seen in costs.observed(submission, SEED).by_probe.items():
        given = probes()[probe].inputs(key_of(SEED)), costs.reference(SEED)[probe]
        assert alike(read(sandboxed[probe], *given), read(seen, *given)), probe
        assert dict(sandboxed[probe].refused) == dict(seen.refused)


def test_two_libraries_live_side_by_side():
    one = load(solution().files)
    other = load(applied((named("leaky_relu_forward_sets_negatives_to_zero"),)).files)
    assert one.layer_utils.leaky_relu(0.5).forward(np.array([-2.0])) == -1
    assert other.layer_utils.leaky_relu(0.5).forward(np.array([-2.0])) == 0


def test_nothing_is_left_behind(capsys):
    before = {name: module for name, module in sys.modules.items() if name.startswith("lib")}
    np.random.seed(3)
    random.seed(3)
    expected = np.random.random(), random.random()
    np.random.seed(3)
    random.seed(3)
    library = load(solution().files)
    for probe in ("train_tiny_net_loop", "dropout_forward_seed", "small_network_start"):
        rehearse(library, solution().cells, probes()[probe], SEED)
    assert (np.random.random(), random.random()) == expected
    after = {name: module for name, module in sys.modules.items() if name.startswith("lib")}
    assert after == before
    assert capsys.readouterr().out == ""
