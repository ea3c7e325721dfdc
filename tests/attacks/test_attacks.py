"""What `make test` runs of the attacks; `make attacks` runs them all.

Every attack is tried once, in the sandboxes by turns: in a class, with `autograder cohort`, those
that concern the training by `grade` with a training of a second or two. The first attacks of each
paragraph that tell the roads apart go as a zip and through stock `nbgrader autograde`, too. Honest
twins and the works that are attacked are graded once by each process that runs these tests.
"""

import contextlib
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))  # a folder of tables and what runs them

from attack import COHORT, DIRECTORY, NBGRADER, ZIP
from gauntlet import gauntlet
from tables import ATTACKS, PARAGRAPHS

from autograder.grading.grade import reference
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.sandbox.selftest import BACKENDS, choose

SANDBOXES = [backend.name for backend in BACKENDS]
OTHER_ROADS = (ZIP, NBGRADER)
EACH = 2
"""Attacks of a paragraph that go each of the other roads."""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    for name in SANDBOXES:  # a zygote lives as long as this process, and is nothing that was left
        reference(P1, 0, choose(name), ("fc_forward",))
    place = tmp_path_factory.mktemp("gauntlet")
    with contextlib.contextmanager(gauntlet)(place, training="small", once=True, each=5) as ready:
        yield ready.run


def breaches(results):
    results = list(results)
    assert results
    return {
        f"{result.attack.name}, {result.backend}, {result.road}": result.breaches
        for result in results
        if result.breaches
    }


@pytest.mark.parametrize("sandbox", SANDBOXES)
def test_no_attack_in_a_class_gains_a_point_or_leaves_a_trace(run, sandbox):
    assert breaches(run(by_turns(sandbox, training=False), [sandbox], [COHORT])) == {}


@pytest.mark.parametrize("sandbox", SANDBOXES)
def test_no_attack_on_a_training_gains_a_point_or_leaves_a_trace(run, sandbox):
    assert breaches(run(by_turns(sandbox, training=True), [sandbox], [DIRECTORY])) == {}


def by_turns(sandbox, training):
    """The attacks that are tried in this sandbox; those of a paragraph stand beside each other."""
    attacks = [attack for attack in ATTACKS if attack.training == training]
    return attacks[SANDBOXES.index(sandbox) :: len(SANDBOXES)]


@pytest.mark.parametrize("road", OTHER_ROADS)
def test_attacks_of_every_paragraph_gain_nothing_by_other_roads(run, road):
    chosen = [
        attack
        for attacks in PARAGRAPHS.values()
        for attack in [a for a in attacks if road in a.all_roads and not a.training][:EACH]
    ]
    assert breaches(run(chosen, SANDBOXES[:1], [road])) == {}


def test_every_attack_has_a_name_of_its_own_and_says_what_must_happen():
    names = [attack.name for attack in ATTACKS]
    assert len(set(names)) == len(names)
    assert all(attack.tries.endswith(".") and attack.must.endswith(".") for attack in ATTACKS)


def test_every_paragraph_goes_every_road():
    for name, attacks in PARAGRAPHS.items():
        for road in OTHER_ROADS:
            assert sum(road in attack.all_roads for attack in attacks) >= EACH, f"{name}: {road}"


def test_there_are_as_many_as_were_promised():
    assert len(ATTACKS) >= 70
