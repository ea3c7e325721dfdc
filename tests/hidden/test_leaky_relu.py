"""Leaky ReLU: outputs, and gradients away from the kink, for the default slope and others."""

from autograder.judgement.checks import (
    FLOAT32,
    Failure,
    check,
    close,
    numbers,
    require_first,
    unchanged,
)


@check("leaky_relu_forward", weight=3, announced="Negative values are multiplied by the slope")
def test_leaky_relu_forward_values(leaky_relu_forward):
    student, reference = leaky_relu_forward.student, leaky_relu_forward.reference
    close(student.out, reference.out, "the output of leaky_relu.forward")
    close(student.at_zero, reference.at_zero, "the output of leaky_relu.forward for zeros")
    close(student.stack, reference.stack, "the output of leaky_relu.forward for four dimensions")


@check("leaky_relu_forward", weight=2, announced="may be any other slope from 0 up to 1")
def test_leaky_relu_forward_with_other_slopes(leaky_relu_forward_slopes):
    student, reference = leaky_relu_forward_slopes.student, leaky_relu_forward_slopes.reference
    close(student.small, reference.small, "the output for a small slope")
    close(student.large, reference.large, "the output for a large slope")
    close(student.relu, reference.relu, "the output for a slope of 0")


@check("leaky_relu_forward", weight=1, announced="does not change its input")
def test_leaky_relu_forward_leaves_its_input(leaky_relu_forward):
    require_first(lambda: test_leaky_relu_forward_values(leaky_relu_forward))
    unchanged(leaky_relu_forward.student.x_after, leaky_relu_forward.given.x, "the input")


@check("leaky_relu_backward", weight=3, announced="The gradient depends on the sign of the input")
def test_leaky_relu_backward_values(leaky_relu_backward):
    student, reference = leaky_relu_backward.student, leaky_relu_backward.reference
    close(student.dx, reference.dx, "the gradient of the input")
    close(student.stack, reference.stack, "the gradient of an input of four dimensions")


@check("leaky_relu_backward", weight=2, announced="any slope from 0 up to 1")
def test_leaky_relu_backward_with_other_slopes(leaky_relu_backward_slopes):
    student, reference = leaky_relu_backward_slopes.student, leaky_relu_backward_slopes.reference
    close(student.small, reference.small, "the gradient for a small slope")
    close(student.large, reference.large, "the gradient for a large slope")
    close(student.relu, reference.relu, "the gradient for a slope of 0")


@check("leaky_relu_backward", weight=1, announced="At an input of exactly 0, any derivative from")
def test_leaky_relu_backward_at_the_kink(leaky_relu_backward, leaky_relu_backward_at_zero):
    require_first(lambda: test_leaky_relu_backward_values(leaky_relu_backward))
    found = numbers(leaky_relu_backward_at_zero.student.derivative, "the derivative at 0", (2, 3))
    outside = found[~((found >= -FLOAT32) & (found <= 1 + FLOAT32))]
    if outside.size:
        raise Failure(
            f"the derivative at an input of exactly 0 is {outside[0]:g}; any number from 0 to 1 is "
            "right"
        )


@check(
    "leaky_relu_backward",
    weight=1,
    announced="The input and the incoming gradient are not changed",
)
def test_leaky_relu_backward_changes_nothing_else(leaky_relu_backward):
    require_first(lambda: test_leaky_relu_backward_values(leaky_relu_backward))
    student, given = leaky_relu_backward.student, leaky_relu_backward.given
    unchanged(student.dout_after, given.dout, "the incoming gradient")
    unchanged(student.x_after, given.x, "the input of the forward pass")
