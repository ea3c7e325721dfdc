"""The notebook announces every check, in the section where the check counts.

`autograder release` compares the checks with the notebook, and the probes with the checks.
`tests/engine/test_left_behind.py` shows that it finds mismatches.
"""

from autograder.judgement.suites import all_checks
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.problem_1.rubric import SECTIONS
from autograder.release import left_behind


def test_every_check_is_announced_and_every_probe_is_used():
    assert left_behind.find(P1) == []


def test_every_section_has_checks_with_a_positive_weight():
    for section in SECTIONS:
        weights = [check.weight for check in all_checks(P1) if check.section == section.id]
        assert sum(weights) > 0, section.id


def test_every_check_uses_a_probe():
    assert [check.name for check in all_checks(P1) if not check.probes] == []
