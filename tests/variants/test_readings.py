"""Claims of a hostile submission are compared like any others: nothing stops a diagnosis."""

import numpy as np
import pytest

from autograder import costs
from autograder.diagnose import diagnose
from autograder.mark import mark
from autograder.observe import Observation, Observations
from autograder.probes import probes
from autograder.readings import MOST_VALUES, alike, read
from autograder.sandbox.session import Ending
from autograder.seeds import key_of

SEED = 5
KINDS = (bool, np.int8, np.uint64, np.float16, np.float32, float)
NUMBERS = (0, 1, -1, 0.5, 1e300, -1e-300, np.nan, np.inf, -np.inf)


def forged(rng, shape):
    """An array of any kind of number, of a shape that is right, turned, empty or far off."""
    shapes = (shape, shape[::-1], (0, *shape), (), (1,) * 9, (3,))
    with np.errstate(all="ignore"):
        drawn = rng.choice(NUMBERS, size=shapes[rng.integers(len(shapes))])
        return drawn.astype(KINDS[rng.integers(len(KINDS))])


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("draw", range(3))
def test_nothing_that_is_claimed_stops_a_diagnosis(draw):
    rng = np.random.default_rng(draw)
    claims = {}
    for name, seen in costs.reference(SEED).by_probe.items():
        values = {n: forged(rng, np.shape(v)) for n, v in seen.values.items() if rng.random() < 0.9}
        refused = {n: "returned a str" for n in seen.values if n not in values}
        claims[name] = Observation(name, values, refused, Ending("finished"))
    student = Observations(SEED, "none", claims)
    diagnoses = diagnose(student, mark(student, costs.reference(SEED)))
    assert not any(diagnosis.excused for diagnosis in diagnoses.values())


def test_values_without_end_are_not_looked_at_pair_by_pair():
    given = probes()["dropout_forward_seed"].inputs(key_of(SEED))
    values = {f"v{n}": given["x"] for n in range(MOST_VALUES + 1)}
    claim = Observation("dropout_forward_seed", values, {}, Ending("finished"))
    assert set(read(claim, given).values) == set(values)


def seen(**values):
    values = {name: np.asarray(value) for name, value in values.items()}
    return read(Observation("adam", values, {}, Ending("finished")), {})


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
