"""Softmax and cross-entropy: values, gradients, large logits, mean and sum."""

import numpy as np

from autograder.judgement.checks import check, close, require_first, unchanged

LOSS = 1e-5
"""As FLOAT32. It also allows log(p + 1e-8), a common safeguard: where p is below 1e-3, the loss has
a check of its own."""


@check("cross_entropy", weight=2, announced="the probabilities of each row sum to 1")
def test_cross_entropy_softmax_values(cross_entropy_softmax):
    student, reference = cross_entropy_softmax.student, cross_entropy_softmax.reference
    close(student.scores, reference.scores, "softmax")
    close(student.one, reference.one, "softmax of one row")


@check("cross_entropy", weight=2, announced="Softmax must not overflow")
def test_cross_entropy_of_large_logits(cross_entropy_stable):
    student, reference = cross_entropy_stable.student, cross_entropy_stable.reference
    close(student.high, reference.high, "softmax of float32 logits above 1000")
    close(student.low, reference.low, "softmax of float32 logits below -1000")
    close(student.apart, reference.apart, "softmax of logits that are thousands apart")
    close(student.loss, reference.loss, "the loss for logits above 1000", LOSS)
    close(student.gradient, reference.gradient, "the gradient for logits above 1000")


@check("cross_entropy", weight=1, announced="The loss is finite and right for any logits")
def test_cross_entropy_loss_of_logits_far_apart(cross_entropy_far_apart):
    student, reference = cross_entropy_far_apart.student, cross_entropy_far_apart.reference
    close(student.loss, reference.loss, "the loss for logits that are thousands apart", LOSS)
    close(student.loss_float32, reference.loss_float32, "this loss for float32 logits", LOSS)
    close(student.loss_edge, reference.loss_edge, "the loss for logits that are 715 apart", LOSS)


@check(
    "cross_entropy",
    weight=2,
    announced="the mean over the batch of the negative log probability of the correct class",
)
def test_cross_entropy_loss(cross_entropy):
    student, reference = cross_entropy.student, cross_entropy.reference
    close(student.loss, reference.loss, "the loss", LOSS)
    close(student.loss_one, reference.loss_one, "the loss of one example", LOSS)


@check("cross_entropy", weight=2, announced="with respect to the logits")
def test_cross_entropy_gradient(cross_entropy):
    student, reference = cross_entropy.student, cross_entropy.reference
    close(student.gradient, reference.gradient, "the gradient")
    close(student.gradient_one, reference.gradient_one, "the gradient for one example")


@check("cross_entropy", weight=1, announced="the sum instead of the mean, in forward and backward")
def test_cross_entropy_sum(cross_entropy_sum):
    student, reference = cross_entropy_sum.student, cross_entropy_sum.reference
    close(student.loss, reference.loss, "the loss for size_average=False", LOSS)


@check("cross_entropy", weight=1, announced="the sum instead of the mean, in forward and backward")
def test_cross_entropy_gradient_of_the_sum(cross_entropy_sum):
    student, reference = cross_entropy_sum.student, cross_entropy_sum.reference
    close(student.gradient, reference.gradient, "the gradient for size_average=False")


@check("cross_entropy", weight=1, announced="leave the logits and the labels unchanged")
def test_cross_entropy_leaves_its_inputs(cross_entropy, cross_entropy_softmax):
    require_first(
        lambda: test_cross_entropy_softmax_values(cross_entropy_softmax),
        lambda: test_cross_entropy_loss(cross_entropy),
        lambda: test_cross_entropy_gradient(cross_entropy),
    )
    unchanged(
        cross_entropy_softmax.student.logits_after,
        cross_entropy_softmax.given.logits,
        "the input of softmax",
    )
    student, given = cross_entropy.student, cross_entropy.given
    unchanged(student.logits_after, given.logits, "the logits")
    unchanged(student.labels_after, np.asarray(given.labels), "the labels")
