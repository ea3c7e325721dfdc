"""Problem 1 beside another assignment, the tiny one of the engine's tests."""

from autograder.diagnosis.variants import variants
from autograder.judgement.suites import all_checks, suite_hash
from autograder.problem_1 import ASSIGNMENT as P1


def test_two_assignments_in_one_process_are_independent(tiny):
    for one, other in ((tiny, P1), (P1, tiny)):
        assert {check.section for check in all_checks(one)} == set(one.by_id)
        assert not set(one.probes) & set(other.probes)
        assert not {v.name for v in variants(one)} & {v.name for v in variants(other)}
    assert suite_hash(tiny) != suite_hash(P1)
