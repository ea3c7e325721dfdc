"""The claims of hostile submissions are compared like any others, and cannot stop a diagnosis."""

import numpy as np
import pytest

from autograder.diagnosis import costs
from autograder.diagnosis.diagnose import diagnose
from autograder.diagnosis.same import ENDING, alike, differences, read
from autograder.judgement.suites import judge
from autograder.observation.observe import Observation, Observations
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.sandbox.session import Ending
from autograder.seeds import key_of

SEED = costs.SEED
KINDS = (bool, np.int8, np.uint64, np.float16, np.float32, float)
NUMBERS = (0, 1, -1, 0.5, 1e300, -1e-300, np.nan, np.inf, -np.inf)


def forged(rng, shape):
    """An array of any dtype, with a shape that is right, transposed, empty or wrong."""
    shapes = (shape, shape[::-1], (0, *shape), (), (1,) * 9, (3,))
    with np.errstate(all="ignore"):
        drawn = rng.choice(NUMBERS, size=shapes[rng.integers(len(shapes))])
        return drawn.astype(KINDS[rng.integers(len(KINDS))])


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.proof
@pytest.mark.parametrize("draw", range(3))
def test_nothing_that_is_claimed_stops_a_diagnosis(draw):
    rng = np.random.default_rng(draw)
    claims = {}
    for name, seen in costs.reference(P1, SEED).by_probe.items():
        values = {n: forged(rng, np.shape(v)) for n, v in seen.values.items() if rng.random() < 0.9}
        refused = {n: "returned a str" for n in seen.values if n not in values}
        claims[name] = Observation(name, values, refused, Ending("finished"))
    student = Observations(SEED, "none", claims)
    diagnoses = diagnose(P1, student, judge(P1, student, costs.reference(P1, SEED)))
    assert not any(diagnosis.excused for diagnosis in diagnoses.values())


PROBE = "dropout_forward_seed"


def read_of(probe, **values):
    claim = Observation(probe, values, {}, Ending("finished"))
    return read(
        claim,
        P1.probes[probe].inputs(key_of(SEED)),
        costs.reference(P1, SEED)[probe],
        P1.special.get(probe),
    )


def test_other_names_than_the_solutions_are_left_out():
    right = costs.reference(P1, SEED)[PROBE]
    forged = {f"v{n}": np.zeros(3) for n in range(2_000)}
    assert alike(read_of(PROBE, **right.values, **forged), read_of(PROBE, **right.values))


@pytest.mark.parametrize("probe", [PROBE, "small_network_start", "train_tiny_net_hyperparameters"])
def test_nothing_is_made_of_an_array_of_another_shape(probe):
    right = costs.reference(P1, SEED)[probe]
    huge = dict.fromkeys(right.values, np.broadcast_to(np.True_, (10**6, 10**6)))
    seen = read_of(probe, **huge)  # a terabyte of floats
    assert not alike(seen, read_of(probe, **right.values))
    assert not alike(read_of(probe, **right.values), seen)


def test_what_is_read_off_an_array_cannot_be_sent_in_its_place():
    right = costs.reference(P1, SEED)[PROBE]
    forged = read_of(PROBE, **right.values).values
    assert not alike(read_of(PROBE, **forged), read_of(PROBE, **right.values))


def test_arrays_of_another_shape_are_compared_with_others_of_that_shape():
    right = costs.reference(P1, SEED)["fc_backward"]
    turned = {**right.values, "dw": right["dw"].T}
    one = read_of("fc_backward", **turned)
    assert alike(one, read_of("fc_backward", **turned))
    assert not alike(one, read_of("fc_backward", **right.values))
    assert not alike(one, read_of("fc_backward", **{**turned, "dw": 2 * turned["dw"]}))


def seen_as_it_is(**values):
    values = {name: np.asarray(value) for name, value in values.items()}
    return Observation("adam", values, {}, Ending("finished"))


def seen(**values):
    claim = seen_as_it_is(**values)
    return read(claim, {}, claim)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ([1.0, 2.0], [1.0, 2.0001], True),
        ([1.0, 2.0], [1.0, 2.001], False),
        ([1e-9, 2.0], [0.0, 2.0], True),
        ([np.nan, 2.0], [np.nan, 2.0], True),
        ([np.nan, 2.0], [1.0, 2.0], False),
        ([1.0, 2.0], [np.nan, 2.0], False),
        ([np.inf, 2.0], [-np.inf, 2.0], False),
        ([[1.0, 2.0]], [1.0, 2.0], False),
        ([3.0], 3.0, True),
        (0.0, 0.0, True),
        (1e-12, 0.0, False),
        ([], [], True),
    ],
)
def test_what_counts_as_the_same(one, other, same):
    assert alike(seen(w=one), seen(w=other)) is same


def test_other_names_are_something_else():
    assert not alike(seen(w=1.0), seen(v=1.0))
    assert not alike(seen(w=1.0), seen(w=1.0, v=1.0))


def test_differences_are_told_by_name():
    assert differences(seen(w=1.0, v=2.0), seen(w=1.0, v=2.0)) == set()
    assert differences(seen(w=1.0, v=2.0), seen(w=1.0, v=3.0, m=1.0)) == {"v", "m"}
    ended = read(Observation("adam", {}, {"w": "a str"}, Ending("killed")), {}, seen_as_it_is(w=1))
    assert differences(seen(w=1.0), ended) == {ENDING, "w"}
