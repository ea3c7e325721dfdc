"""The layer."""

from autograder.judgement.checks import check, close, require_first, unchanged


@check("scale", weight=1, announced="the input times the factor")
def test_scale_forward(scale_forward):
    close(scale_forward.student.out, scale_forward.reference.out, "the output of scale.forward")


@check("scale", weight=1, announced="The input stays as it was")
def test_scale_forward_leaves_its_input(scale_forward):
    require_first(lambda: test_scale_forward(scale_forward))
    unchanged(scale_forward.student.x_after, scale_forward.given.x, "the input of scale.forward")


@check("scale", weight=2, announced="the gradients by the input and by the factor")
def test_scale_input_gradient(scale_backward):
    close(scale_backward.student.dx, scale_backward.reference.dx, "the gradient of the input")


@check("scale", weight=2, announced="the gradients by the input and by the factor")
def test_scale_factor_gradient(scale_backward):
    close(scale_backward.student.da, scale_backward.reference.da, "the gradient of the factor")
