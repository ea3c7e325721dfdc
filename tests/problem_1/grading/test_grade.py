"""Complete gradings of right work, wrong work and stubs."""

from dataclasses import replace

import pytest

from autograder.grading.grade import grade, probe_names
from autograder.hand_in.submission import read
from autograder.judgement.suites import all_checks
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.problem_1.rubric import SECTIONS
from autograder.sandbox.selftest import BACKENDS


def test_the_solution_has_all_points_that_need_no_training(right, graded):
    found = graded(right)
    assert (found.score, found.max_score) == (29, 29)
    assert [test for section in found.sections for test in section.tests if not test.passed] == []
    assert found.errors == ()


@pytest.mark.parametrize("seed", range(20))
def test_the_solution_has_all_points_under_any_seed(seed, right, graded):
    found = graded(right, seed)
    failed = [t.name for section in found.sections for t in section.tests if not t.passed]
    assert (found.score, failed) == (29, [])


def test_sections_that_need_a_training_are_not_judged_without_one(right, graded):
    found = graded(right)
    unjudged = [section.id for section in found.sections if section.score is None]
    assert unjudged == ["train_tiny_net", "compare_sgd_momentum", "compare_optimizers"]


def test_the_stub_has_no_point_and_every_message_says_where_to_write(stub, graded):
    found = graded(stub)
    assert found.score == 0
    for section in found.sections:
        for test in section.tests:
            assert not test.passed
            assert "is not written yet (see above)" in test.message, test


def test_the_released_files_earn_no_points(graded):
    found = graded(read(P1, P1.release))
    assert (found.score, found.max_score) == (0, 29)
    (error,) = found.errors
    assert error.startswith("Not written yet: ")
    assert "That alone costs 29 points" in error, "sections that are not judged cost nothing"


def test_the_same_seed_gives_the_same_grade(right, change, graded):
    wrong = change("lib/optim.py", "self.momentum * v -", "self.momentum * v +")
    for submission in (right, wrong):
        first, second = graded(submission), graded(submission)
        assert replace(first, elapsed_s=0) == replace(second, elapsed_s=0)


def test_the_inputs_differ_from_seed_to_seed(change, graded):
    wrong = change("lib/mlp/layer_utils.py", "dprev.sum(axis=0)", "dprev.mean(axis=0)")
    messages = [
        [t.message for s in graded(wrong, seed).sections for t in s.tests if not t.passed]
        for seed in (1, 2)
    ]
    assert len(messages[0]) == len(messages[1]) > 0
    assert messages[0] != messages[1]


def test_every_backend_gives_the_same_grade(change):
    wrong = change("lib/optim.py", "self.lr * m_hat", "self.lr * self.mt[name]")
    offered = [backend for backend in BACKENDS if backend.unavailable() is None]
    if len(offered) < 2:
        pytest.skip("this machine offers one backend")
    found = [replace(grade(P1, wrong, 5, b), elapsed_s=0, sandbox="") for b in offered]
    assert all(each == found[0] for each in found[1:])


def test_every_check_is_reported_once_in_its_section(right, graded):
    names = [t.name for section in graded(right).sections for t in section.tests]
    judged = {c.name for c in all_checks(P1) if set(c.probes) <= set(probe_names(P1, False))}
    assert {c.section for c in all_checks(P1) if c.name in judged} == {
        section.id for section in SECTIONS if not section.id.startswith("compare")
    }
    assert len(names) == len(set(names))
    assert set(names) == judged
