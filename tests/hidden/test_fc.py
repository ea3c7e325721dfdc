"""Flatten and FC: outputs, gradients, and inputs of training size."""

import numpy as np

from autograder.judgement.checks import check, close, require, require_first, unchanged


@check("fc_forward", weight=2, announced="the features times the weights, plus the biases")
def test_fc_forward_values(fc_forward):
    close(fc_forward.student.out, fc_forward.reference.out, "the output of fc.forward")
    close(fc_forward.student.out_one, fc_forward.reference.out_one, "the output for one example")


@check("fc_forward", weight=1, announced="any number of dimensions may follow the first")
def test_fc_forward_flattens_any_number_of_dimensions(fc_forward_flatten):
    student, reference = fc_forward_flatten.student, fc_forward_flatten.reference
    close(student.images, reference.images, "the output of flatten.forward for images")
    close(student.rows, reference.rows, "the output of flatten.forward for rows")
    close(student.videos, reference.videos, "the output of flatten.forward for five dimensions")
    close(student.one, reference.one, "the output of flatten.forward for one example")
    given = fc_forward_flatten.given
    unchanged(student.images_after, given.images, "the input of flatten.forward")


@check("fc_forward", weight=1, announced="Layers must work at training size")
def test_fc_forward_at_training_size(fc_forward_training_size):
    student, reference = fc_forward_training_size.student, fc_forward_training_size.reference
    close(student.out, reference.out, "the output of fc.forward for 100 x 3072 -> 512 in float32")


@check("fc_forward", weight=1, announced="leave their input and their parameters unchanged")
def test_fc_forward_changes_nothing_else(fc_forward):
    require_first(lambda: test_fc_forward_values(fc_forward))
    student, given = fc_forward.student, fc_forward.given
    unchanged(student.x_after, given.x, "the input of fc.forward")
    unchanged(student.w_after, given.w, "the weights")
    unchanged(student.b_after, given.b, "the biases")


@check("fc_backward", weight=2, announced="The gradients of the input, the weights and the biases")
def test_fc_backward_input_gradient(fc_backward):
    close(fc_backward.student.dx, fc_backward.reference.dx, "the gradient of the input")


@check("fc_backward", weight=2, announced="The gradients of the input, the weights and the biases")
def test_fc_backward_weight_gradient(fc_backward):
    close(fc_backward.student.dw, fc_backward.reference.dw, "the gradient of the weights")


@check("fc_backward", weight=2, announced="Sum over the batch, do not average")
def test_fc_backward_bias_gradient(fc_backward):
    close(fc_backward.student.db, fc_backward.reference.db, "the gradient of the biases")


@check("fc_backward", weight=1, announced="replaces the gradients of the previous pass")
def test_fc_backward_a_second_time(fc_backward):
    student, reference = fc_backward.student, fc_backward.reference
    close(student.dx_next, reference.dx_next, "the gradient of the input in a second pass")
    close(student.dw_next, reference.dw_next, "the gradient of the weights in a second pass")
    close(student.db_next, reference.db_next, "the gradient of the biases in a second pass")


@check("fc_backward", weight=1, announced="gives the gradient the shape of the input")
def test_fc_backward_restores_the_shape_through_flatten(fc_backward_flatten):
    student, reference = fc_backward_flatten.student, fc_backward_flatten.reference
    close(student.images, reference.images, "the output of flatten.backward for images")
    close(student.videos, reference.videos, "the output of flatten.backward for five dimensions")
    close(student.one, reference.one, "the output of flatten.backward for one example")


@check("fc_backward", weight=1, announced="Layers must work at training size")
def test_fc_backward_at_training_size(fc_backward_training_size):
    student, reference = fc_backward_training_size.student, fc_backward_training_size.reference
    found, expected = (
        tuple(int(size) for size in np.ravel(side.dw_shape)) for side in (student, reference)
    )
    require(
        found == expected, f"the gradient of the weights has shape {found}; expected {expected}"
    )
    close(student.db, reference.db, "the gradient of the biases for 100 x 3072 -> 512")
    close(student.dw, reference.dw, "the gradient of the weights for 100 x 3072 -> 512")
    close(student.dx, reference.dx, "the gradient of the input for 100 x 3072 -> 512")


@check("fc_backward", weight=1, announced="The incoming gradient is not changed")
def test_fc_backward_changes_nothing_else(fc_backward):
    require_first(
        lambda: test_fc_backward_input_gradient(fc_backward),
        lambda: test_fc_backward_weight_gradient(fc_backward),
        lambda: test_fc_backward_bias_gradient(fc_backward),
    )
    student, given = fc_backward.student, fc_backward.given
    unchanged(student.dout_after, given.dout, "the incoming gradient")
    unchanged(student.x_after, given.x, "the input of the forward pass")
    unchanged(student.w_after, given.w, "the weights")
    unchanged(student.b_after, given.b, "the biases")
