"""A student's page draws the accuracies of the training, which the tiny assignment has not."""

import pytest

from autograder.grading.result import Grade, SectionGrade
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.report.feedback import feedback


@pytest.mark.parametrize(("points", "drawn"), [([], False), ([0.2], False), ([0.2, 0.4], True)])
def test_a_training_curve_is_drawn_if_it_has_two_points(points, drawn):
    sections = tuple(SectionGrade(s.id, s.title, 0.0, s.auto, (), ()) for s in P1.sections)
    grade = Grade(
        schema=1,
        submission="ada",
        assignment=P1.id,
        score=0.0,
        max_score=P1.auto_total,
        seed=1,
        suite="0" * 16,
        training="short",
        data="a twin",
        versions={"python": "3.12", "numpy": "2"},
        sandbox="bubblewrap",
        elapsed_s=1.0,
        sections=sections,
        errors=(),
    )
    assert ("<svg" in feedback(P1, grade, points)) is drawn
