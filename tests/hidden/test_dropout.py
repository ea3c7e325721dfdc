"""Dropout. The mask is taken from the student's own output, so any way to draw it is right.

No input is 0, so an output of 0 was dropped. The backward pass may do what was announced, or
compute the derivative of what the student's forward pass did: a mistake in the forward pass costs
points only there.
"""

import numpy as np

from autograder.judgement.checks import (
    DEVIATIONS,
    FLOAT32,
    Failure,
    check,
    close,
    either,
    numbers,
    require,
    require_different,
    require_first,
    unchanged,
)

SHARE = 1 / 50
"""At least this share must be kept, and at least this share dropped. Dropping one column of 30 is
enough."""


def mask(out, x):
    """Which activations were kept; fails unless some were and some were not."""
    kept = numbers(out, "the output", x.shape) != 0
    require(kept.any(), "nothing was kept at training time: every output is 0")
    require(not kept.all(), "nothing was dropped at training time: no output is 0")
    return kept


def scaled(out, x, what):
    """Fails unless all outputs that are not 0 are their inputs times one common factor."""
    out = numbers(out, what, x.shape)
    require(np.any(out), f"{what} is not its input")
    factor = out[out != 0] / x[out != 0]
    spread = np.ptp(factor) <= FLOAT32 * np.abs(factor).max()
    require(spread, f"{what} is not its input, scaled by one factor")


def drops(out, x):
    """The mask of a layer that drops a plausible share of activations, for any probability.

    The other properties of dropout count only with this one: a layer that sets one fixed column to
    0 is nearly the identity, and so passes many checks.
    """
    kept = mask(out, x)
    share = kept.mean()
    require(SHARE <= share <= 1 - SHARE, f"at training time {share:.1%} were kept")
    return kept


def dropped(out, x):
    """The mask of a layer that drops and scales, for any probability and factor.

    Checks that only compare the student's own values (two equal outputs, a gradient that fits an
    output) need this one: otherwise any numbers with some zeros would pass.
    """
    scaled(out, x, "the output at training time")
    return drops(out, x)


def count_is_binomial(count, of, probability, what):
    """Fails if `count` is too unlikely for a binomial distribution B(of, probability)."""
    spread = DEVIATIONS * np.sqrt(of * probability * (1 - probability))
    unlikely = np.abs(count - of * probability) > spread
    if np.any(unlikely):
        found = np.atleast_1d(count)[np.atleast_1d(unlikely)][0]
        raise Failure(
            f"{what}: {found} of {of} activations were kept (keep_prob {probability:.3f}); "
            f"chance alone stays within {spread:.0f} of the expectation"
        )


@check(
    "dropout_forward",
    weight=2,
    announced="kept activations are divided by the keep probability",
)
def test_dropout_forward_scales_what_is_kept(dropout_forward):
    given, out = dropout_forward.given, dropout_forward.student.out
    kept = drops(out, given.x)
    close(out, np.where(kept, given.x / given.keep_prob, 0.0), "the output at training time")


@check("dropout_forward", weight=2, announced="Each activation is kept or dropped independently")
def test_dropout_forward_keeps_each_with_the_keep_probability(dropout_forward):
    given, student = dropout_forward.given, dropout_forward.student
    kept = mask(student.out, given.x)
    rows, columns = kept.shape
    count_is_binomial(kept.sum(), kept.size, given.keep_prob, "in all")
    count_is_binomial(kept.sum(axis=0), rows, given.keep_prob, "in one column")
    count_is_binomial(kept.sum(axis=1), columns, given.keep_prob, "in one row")
    require_different(kept, mask(student.again, given.x), "two forward passes drew the same mask")
    counts = np.count_nonzero(numbers(student.further, "the output of further passes"), axis=(1, 2))
    require(
        np.ptp(counts),
        f"every forward pass keeps exactly {counts[0]} of {student.further[0].size} activations",
    )


@check("dropout_forward", weight=2, announced="At test time the layer is the identity")
def test_dropout_forward_at_test_time(dropout_forward_test_time):
    given, student = dropout_forward_test_time.given, dropout_forward_test_time.student
    require_first(lambda: drops(student.trained, given.x))
    close(student.tested, given.x, "the output at test time, after a pass at training time,")
    close(student.fresh, given.x, "the output of a new layer at test time")


@check("dropout_forward", weight=2, announced="A keep probability of 0 means no dropout, as does 1")
def test_dropout_forward_without_dropout(dropout_forward_without):
    given, student = dropout_forward_without.given, dropout_forward_without.student
    require_first(lambda: drops(student.trained, given.x))
    close(student.kept_1, given.x, "the output for a keep probability of 1")
    close(student.kept_0, given.x, "the output for a keep probability of 0")


@check("dropout_forward", weight=1, announced="The same seed gives the same mask")
def test_dropout_forward_under_a_seed(dropout_forward_seed):
    given, student = dropout_forward_seed.given, dropout_forward_seed.student
    require_first(lambda: dropped(student.built, given.x))
    close(student.built_again, student.built, "the output of a second layer with the same seed")
    close(student.seeded_again, student.seeded, "the output of a second pass with the same seed")
    require_different(student.seeded, student.seeded_otherwise, "two seeds gave the same mask")
    require_different(
        student.then, student.after_that, "without a seed two passes drew the same mask"
    )


@check("dropout_forward", weight=1, announced="does not change its input")
def test_dropout_forward_leaves_its_input(dropout_forward):
    require_first(lambda: test_dropout_forward_scales_what_is_kept(dropout_forward))
    unchanged(dropout_forward.student.x_after, dropout_forward.given.x, "the input")


def derivative(out, given):
    """The incoming gradient times the factor that the forward pass applied to each input."""
    scaled(out, given.x, "the output")
    return given.dout * (numbers(out, "the output") / given.x)


def goes_through_the_mask(probe, keep_prob):
    given, student = probe.given, probe.student
    require_first(lambda: dropped(student.out, given.x))
    expected = given.dout * dropped(student.out, given.x) / keep_prob
    either(
        lambda: close(student.dx, expected, "the gradient at training time"),
        lambda: close(student.dx, derivative(student.out, given), "the gradient"),
    )


@check(
    "dropout_backward",
    weight=3,
    announced="The gradient goes through the mask of the last forward pass",
)
def test_dropout_backward_goes_through_the_mask(dropout_backward, dropout_backward_seed):
    goes_through_the_mask(dropout_backward, dropout_backward.given.keep_prob)
    goes_through_the_mask(dropout_backward_seed, 1 - dropout_backward_seed.given.keep_prob)


@check(
    "dropout_backward",
    weight=2,
    announced="After a forward pass at test time the gradient goes through unchanged",
)
def test_dropout_backward_at_test_time(dropout_backward_test_time):
    given, student = dropout_backward_test_time.given, dropout_backward_test_time.student
    require_first(lambda: dropped(student.trained, given.x))
    either(
        lambda: close(student.dx, given.dout, "the gradient after a pass at test time"),
        lambda: close(student.dx, derivative(student.out, given), "the gradient"),
    )


@check(
    "dropout_backward",
    weight=1,
    announced="With a keep probability of 0 or 1 the gradient goes through unchanged",
)
def test_dropout_backward_without_dropout(dropout_backward, dropout_backward_without):
    require_first(lambda: dropped(dropout_backward.student.out, dropout_backward.given.x))
    given, student = dropout_backward_without.given, dropout_backward_without.student
    either(
        lambda: close(student.kept_1_dx, given.dout, "the gradient for a keep probability of 1"),
        lambda: close(student.kept_1_dx, derivative(student.kept_1, given), "the gradient"),
    )
    either(
        lambda: close(student.kept_0_dx, given.dout, "the gradient for a keep probability of 0"),
        lambda: close(student.kept_0_dx, derivative(student.kept_0, given), "the gradient"),
    )


@check("dropout_backward", weight=1, announced="The incoming gradient is not changed")
def test_dropout_backward_leaves_the_incoming_gradient(dropout_backward, dropout_backward_seed):
    require_first(
        lambda: test_dropout_backward_goes_through_the_mask(dropout_backward, dropout_backward_seed)
    )
    unchanged(
        dropout_backward.student.dout_after, dropout_backward.given.dout, "the incoming gradient"
    )
