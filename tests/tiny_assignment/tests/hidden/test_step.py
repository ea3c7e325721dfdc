"""The step."""

from autograder.judgement.checks import check, close, require


@check("step", weight=3, announced="the factor after one step")
def test_step_factor(step_of_a_layer):
    student, reference = step_of_a_layer.student, step_of_a_layer.reference
    close(student.a, reference.a, "the factor after a step of SGD")


@check("step", weight=1, announced="a learning rate between 0 and 1")
def test_step_rate(step_rate):
    require(0 < step_rate.student.rate < 1, "a learning rate lies between 0 and 1")
