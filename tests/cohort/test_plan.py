"""A worker whose package or images differ grades nothing, because it would give other Grades."""

from dataclasses import replace

import pytest
from tiny_assignment import ASSIGNMENT as TINY

from autograder.cohort.plan import Plan, fingerprints_of, sample_fingerprints
from autograder.cohort.work import DifferentWorkerError, Work, graded, prepared, try_worker
from autograder.hand_in.students import handed_in
from autograder.nbgrader_plugins.graded_notebook import Source
from autograder.sandbox.selftest import choose


@pytest.fixture
def plan(tmp_path):
    sandbox = choose(None, TINY.probes_folder).name
    return Plan(TINY, tmp_path / "states", (), 1, "off", sandbox, tmp_path)


@pytest.fixture
def sent(plan, tmp_path, work, hand_in):
    """What a cluster's worker would receive."""
    hand_in(tmp_path / "class" / "ada" / "tiny", work())
    (ada,) = handed_in(tmp_path / "class", "tiny")
    found = prepared(ada, plan)
    assert isinstance(found, Work)
    return found


def test_a_worker_like_this_machine_is_tried_on_the_solution(plan):
    try_worker(plan, sample_fingerprints(plan))


@pytest.mark.parametrize("part", ["work", "evidence", "state"])
def test_a_worker_that_would_give_another_state_is_refused(plan, part):
    elsewhere = replace(sample_fingerprints(plan), **{part: "of another package"})
    with pytest.raises(DifferentWorkerError, match="install the same wheel, and copy the images"):
        try_worker(plan, elsewhere)


def test_a_submission_that_was_sent_by_another_package_is_not_graded(plan, sent):
    assert graded(sent, plan).state.grade.score == 5.0
    elsewhere = replace(sent.fingerprints, state="of another package")
    with pytest.raises(DifferentWorkerError):
        graded(replace(sent, fingerprints=elsewhere), plan)


def test_another_cell_of_the_assignment_makes_another_state_of_the_same_evidence(plan, sent):
    cells = [Source("essay", text, False, {"points": 1}) for text in ("why?", "why not?")]
    one, other = (
        fingerprints_of(sent.submission, replace(plan, sources=(cell,)), sent.seed)
        for cell in cells
    )
    assert one.evidence == other.evidence
    assert one.state != other.state


def test_another_seed_of_a_submission_makes_another_state(plan, sent):
    elsewhere = fingerprints_of(sent.submission, plan, sent.seed + 1)
    assert sent.fingerprints.work != elsewhere.work
    assert sent.fingerprints == fingerprints_of(sent.submission, plan, sent.seed)
