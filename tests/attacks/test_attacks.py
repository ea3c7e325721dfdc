"""The part of the attacks that `make proofs` runs; `make attacks` runs all of them.

Each attack is tried once, with the sandboxes taking turns. Most are graded in a class, with
`autograder cohort`. Attacks on the training are graded by `grade` with a training of a second or
two. The first attacks of each group are also graded as a zip and by stock `nbgrader autograde`, and
the first one in a class in the sandbox that gradings use.

Time budgets are small here, see `hurried.py`. Twins and baselines are graded once by each process
that runs these tests.
"""

import contextlib
import os
import sys
import tempfile
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))  # its modules are not a package

from attack import COHORT, DIRECTORY, NBGRADER, ZIP
from gauntlet import gauntlet
from tables import ATTACKS, GROUPS
from watch import Bait, Traces

from autograder.grading.grade import reference
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.sandbox.selftest import BACKENDS, choose
from autograder.sandbox.slots import FIRST_USER

HERE = tuple(backend for backend in BACKENDS if backend.unavailable() is None)
in_each_sandbox = pytest.mark.parametrize(
    "sandbox",
    [
        pytest.param(b, marks=pytest.mark.skipif(b not in HERE, reason=f"no {b.name}"), id=b.name)
        for b in BACKENDS
    ],
)
OTHER_ROADS = (ZIP, NBGRADER)
EACH = 2
"""How many attacks of each group to try on each of the other roads."""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    for backend in HERE:  # starts the zygotes, which live on and must not count as left behind
        reference(P1, 0, choose(backend.name), ("fc_forward",))
    place = tmp_path_factory.mktemp("gauntlet")
    with contextlib.contextmanager(gauntlet)(
        place, training="small", honest_once=True, hurried=True, sentinel_every=5
    ) as ready:
        yield ready.run


def breaches(results):
    results = list(results)
    assert results
    return {
        f"{result.attack.name}, {result.backend}, {result.road}": result.breaches
        for result in results
        if result.breaches
    }


@pytest.mark.proof
def test_an_attack_of_each_group_gains_nothing_and_leaves_no_trace(run):
    firsts = [next((a for a in group if not a.training), None) for group in GROUPS.values()]
    attacks = [attack for attack in firsts if attack]
    assert breaches(run(attacks, [HERE[0].name], [COHORT])) == {}


@pytest.mark.proof
@in_each_sandbox
def test_no_attack_in_a_class_gains_a_point_or_leaves_a_trace(run, sandbox):
    assert breaches(run(by_turns(sandbox, training=False), [sandbox.name], [COHORT])) == {}


@pytest.mark.proof
@in_each_sandbox
def test_no_attack_on_a_training_gains_a_point_or_leaves_a_trace(run, sandbox):
    assert breaches(run(by_turns(sandbox, training=True), [sandbox.name], [DIRECTORY])) == {}


def by_turns(sandbox, training):
    """The attacks to try in this sandbox: every n-th of the list, for n sandboxes."""
    attacks = [attack for attack in ATTACKS if attack.training == training]
    return attacks[HERE.index(sandbox) :: len(HERE)]


@pytest.mark.proof
@pytest.mark.parametrize("road", OTHER_ROADS)
def test_attacks_of_every_group_gain_nothing_on_the_other_roads(run, road):
    chosen = [
        attack
        for attacks in GROUPS.values()
        for attack in [a for a in attacks if road in a.all_roads and not a.training][:EACH]
    ]
    assert breaches(run(chosen, [HERE[0].name], [road])) == {}


def test_every_attack_has_a_unique_name_and_full_sentences():
    names = [attack.name for attack in ATTACKS]
    assert len(set(names)) == len(names)
    assert all(attack.tries.endswith(".") and attack.must.endswith(".") for attack in ATTACKS)


def test_every_group_has_attacks_for_every_road():
    for name, attacks in GROUPS.items():
        for road in OTHER_ROADS:
            assert sum(road in attack.all_roads for attack in attacks) >= EACH, f"{name}: {road}"


def test_there_are_at_least_70_attacks():
    assert len(ATTACKS) >= 70


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize(("user", "is_trace"), [(FIRST_USER, True), (65534, False), (0, False)])
def test_a_sandboxs_file_in_shared_memory_is_a_trace_and_a_named_users_is_not(
    user, is_trace, tmp_path
):
    """Users with a name run other programs beside the attacks, for example other tests."""
    planted = Bait("canary-00000000", tmp_path)
    before = Traces.now(planted)
    with tempfile.NamedTemporaryFile(prefix="sem.mp-", dir="/dev/shm") as left:
        os.chown(left.name, user, user)
        found = before.left_by(Traces.now(planted))
    assert (f"{left.name} was left behind" in found) == is_trace
