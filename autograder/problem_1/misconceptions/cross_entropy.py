"""Softmax and the cross-entropy loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograder.assignment.variant import Patch, Variant
from autograder.assignment.words import Described, Given, Statements, Symptoms, Values, Words
from autograder.diagnosis.same import SAME
from autograder.problem_1.misconceptions import EXAMPLES, LAYERS, ONE_EXAMPLE

EXPONENTIALS = "scores = np.exp(feat - feat.max(axis=-1, keepdims=True))"
NORMALISED = "scores /= scores.sum(axis=-1, keepdims=True)"
LOSS = "loss = -log_scores[np.arange(len(label)), label].sum()"
MEAN_LOSS = "        if self.size_average:\n            loss /= len(label)"
LESS_ONE = "dfeat[np.arange(len(label)), label] -= 1"
MEAN_GRADIENT = "        if self.size_average:\n            dfeat /= len(label)"

SIMPLIFY = "Look at the logarithm of the softmax formula: which part of it needs no exponential?"
LEAST_OF_CLIPPED = 3.0
"""The loss of a probability that is raised to 0.05, more than anybody would."""

VARIANTS = (
    Variant(
        "cross_entropy_softmax_overflows",
        LAYERS,
        EXPONENTIALS,
        "scores = np.exp(feat)",
        "softmax takes the exponential of the logits themselves, which is infinite for large "
        "logits. Read the note on numerical stability.",
    ),
    Variant(
        "cross_entropy_softmax_subtracts_the_largest_of_all",
        LAYERS,
        EXPONENTIALS,
        "scores = np.exp(feat - feat.max())",
        "softmax subtracts the largest logit of the whole batch. In a row whose logits are all "
        "far below that, every exponential is 0. Each row has its own largest logit.",
    ),
    Variant(
        "cross_entropy_softmax_subtracts_the_mean",
        LAYERS,
        EXPONENTIALS,
        "scores = np.exp(feat - feat.mean(axis=-1, keepdims=True))",
        "softmax subtracts the mean of a row, which leaves large positive numbers when logits "
        "lie far apart. What must be subtracted so that no exponent is above 0?",
    ),
    Variant(
        "cross_entropy_softmax_adds_the_largest",
        LAYERS,
        EXPONENTIALS,
        "scores = np.exp(feat + feat.max(axis=-1, keepdims=True))",
        "softmax adds the largest logit instead of subtracting it. That works for small logits, "
        "but large ones overflow even sooner.",
    ),
    Variant(
        "cross_entropy_softmax_changes_its_input",
        LAYERS,
        EXPONENTIALS,
        "feat -= feat.max(axis=-1, keepdims=True)\n    scores = np.exp(feat)",
        "softmax writes into feat, which belongs to the caller. Look for -=.",
    ),
    Variant(
        "cross_entropy_softmax_normalises_over_the_batch",
        LAYERS,
        NORMALISED,
        "scores /= scores.sum(axis=0, keepdims=True)",
        "softmax makes columns sum to 1. Which axis belongs to the classes?",
    ),
    Variant(
        "cross_entropy_softmax_normalises_over_everything",
        LAYERS,
        NORMALISED,
        "scores /= scores.sum()",
        "softmax makes the whole batch sum to 1. Each example has its own probabilities.",
    ),
    Variant(
        "cross_entropy_softmax_does_not_normalise",
        LAYERS,
        NORMALISED,
        "pass",
        "softmax returns exponentials that do not sum to 1.",
    ),
    Variant(
        "cross_entropy_loss_is_never_a_sum",
        LAYERS,
        MEAN_LOSS,
        "        loss /= len(label)",
        "With size_average=False, forward returns the mean of the losses, not their sum.",
    ),
    Variant(
        "cross_entropy_gradient_is_never_that_of_a_sum",
        LAYERS,
        MEAN_GRADIENT,
        "        dfeat /= len(label)",
        "With size_average=False, backward returns the gradient of the mean, not of the sum.",
    ),
    Variant(
        "cross_entropy_ignores_size_average",
        LAYERS,
        MEAN_LOSS,
        "        loss /= len(label)",
        "self.size_average is used neither in forward nor in backward: you always take the "
        "mean. Read what it means when it is False.",
        further=(Patch(LAYERS, MEAN_GRADIENT, "        dfeat /= len(label)"),),
    ),
    Variant(
        "cross_entropy_loss_is_never_averaged",
        LAYERS,
        MEAN_LOSS,
        "",
        "With size_average=True, forward returns the sum of the losses, not their mean.",
    ),
    Variant(
        "cross_entropy_gradient_is_never_averaged",
        LAYERS,
        MEAN_GRADIENT,
        "",
        "The loss is a mean, but the gradient is that of a sum: it is too large by a factor equal "
        "to the number of examples.",
    ),
    Variant(
        "cross_entropy_never_averages",
        LAYERS,
        MEAN_LOSS,
        "",
        "Loss and gradient are always those of the sum over the batch. What does "
        "size_average=True mean?",
        further=(Patch(LAYERS, MEAN_GRADIENT, ""),),
    ),
    Variant(
        "cross_entropy_gradient_is_averaged_twice",
        LAYERS,
        MEAN_GRADIENT,
        "        if self.size_average:\n            dfeat /= len(label) ** 2",
        "The gradient is divided by the number of examples twice.",
    ),
    Variant(
        "cross_entropy_exchanges_mean_and_sum",
        LAYERS,
        MEAN_LOSS,
        "        if not self.size_average:\n            loss /= len(label)",
        "Mean and sum are swapped: look at the conditions on self.size_average.",
        further=(
            Patch(
                LAYERS,
                MEAN_GRADIENT,
                "        if not self.size_average:\n            dfeat /= len(label)",
            ),
        ),
    ),
    Variant(
        "cross_entropy_loss_averages_over_the_classes",
        LAYERS,
        MEAN_LOSS,
        "        if self.size_average:\n            loss /= scores.size",
        "The loss is divided by the number of scores (examples times classes). The mean is over "
        "the examples only.",
    ),
    Variant(
        "cross_entropy_loss_has_the_other_sign",
        LAYERS,
        LOSS,
        "loss = log_scores[np.arange(len(label)), label].sum()",
        "The loss is negative. What is the sign of the logarithm of a probability?",
    ),
    Variant(
        "cross_entropy_loss_looks_at_the_likeliest_class",
        LAYERS,
        LOSS,
        "loss = -log_scores.max(axis=1).sum()",
        "The loss takes the largest probability of each row. What are the labels for?",
    ),
    Variant(
        "cross_entropy_loss_counts_every_class",
        LAYERS,
        LOSS,
        "loss = -log_scores[:, label].sum()",
        "scores[:, label] selects the columns of all labels for every example: n times n "
        "numbers. How do you select one number from each row?",
    ),
    Variant(
        "cross_entropy_loss_takes_the_logarithm_of_zero",
        LAYERS,
        LOSS,
        "loss = -np.log(scores[np.arange(len(label)), label]).sum()",
        "The loss is the logarithm of a probability. One that is rounded to 0 makes it infinite. "
        + SIMPLIFY,
    ),
    Variant(
        "cross_entropy_loss_forgets_the_logarithm",
        LAYERS,
        LOSS,
        "loss = -scores[np.arange(len(label)), label].sum()",
        "The loss is computed from the probabilities themselves. Which function does the "
        "formula apply to them first?",
    ),
    Variant(
        "cross_entropy_gradient_forgets_the_label",
        LAYERS,
        LESS_ONE,
        "pass",
        "The gradient is the softmax alone. Where does the formula use the labels?",
    ),
    Variant(
        "cross_entropy_gradient_adds_at_the_label",
        LAYERS,
        LESS_ONE,
        "dfeat[np.arange(len(label)), label] += 1",
        "At the correct class the gradient has the wrong sign: in which direction should its "
        "score move so that the loss falls?",
    ),
    Variant(
        "cross_entropy_gradient_at_all_labels",
        LAYERS,
        LESS_ONE,
        "dfeat[:, label] -= 1",
        "dfeat[:, label] selects the columns of all labels for every example. How do you select "
        "one number from each row?",
    ),
    Variant(
        "cross_entropy_gradient_has_the_other_sign",
        LAYERS,
        "dfeat = scores.copy()\n        " + LESS_ONE,
        "dfeat = -scores\n        dfeat[np.arange(len(label)), label] += 1",
        "The gradient points in the wrong direction: in which direction should the score of the "
        "correct class move so that the loss falls?",
    ),
)


def _at_labels(labels: np.ndarray, classes: int) -> dict[str, np.ndarray]:
    at = labels[:, np.newaxis] == np.arange(classes)
    return {"in the column of the label": at, "outside the column of the label": ~at}


def _loss(given: Given) -> dict[str, Any]:
    logits, labels = given["logits"], given["labels"]
    exp = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities = exp / exp.sum(axis=1, keepdims=True)
    one_hot = (labels[:, np.newaxis] == np.arange(logits.shape[1])).astype(float)
    return dict(
        inputs={
            "the logits": logits,
            "the probabilities": probabilities,
            "the one-hot labels": one_hot,
        },
        numbers={EXAMPLES: len(logits), "the number of classes": logits.shape[1]},
        places=_at_labels(labels, logits.shape[1]),
        axes=("the examples", "the classes"),
    )


def _softmax(given: Given) -> Described:
    return Described(
        untouched={"logits_after": "the array of logits"},
        values={"scores": "the result of softmax", "one": "the result of softmax"},
        when={"one": ONE_EXAMPLE},
        **_loss(given),
    )


def _stable(given: Given) -> Described:
    large = "for logits in the thousands"
    return Described(
        values={
            "high": "the result of softmax",
            "low": "the result of softmax",
            "apart": "the result of softmax",
            "loss": "the loss",
            "gradient": "the gradient of the loss",
        },
        when=dict.fromkeys(("high", "low", "apart", "loss", "gradient"), large),
        numbers=_loss(given)["numbers"],
        axes=("the examples", "the classes"),
    )


def _far_apart(given: Given) -> Described:
    far = "for logits that are thousands apart"
    return Described(
        values=dict.fromkeys(("loss", "loss_float32", "loss_edge"), "the loss"),
        when={
            "loss": far,
            "loss_float32": f"{far}, in float32",
            "loss_edge": "for logits that are 715 apart",
        },
        numbers={EXAMPLES: len(given["apart"])},
    )


def _cross_entropy(given: Given) -> Described:
    return Described(
        untouched={"logits_after": "the array of logits", "labels_after": "the array of labels"},
        values={
            "loss": "the loss",
            "loss_one": "the loss",
            "gradient": "the gradient of the loss",
            "gradient_one": "the gradient of the loss",
        },
        when=dict.fromkeys(("loss_one", "gradient_one"), ONE_EXAMPLE),
        **_loss(given),
    )


def _cross_entropy_sum(given: Given) -> Described:
    return Described(
        values={"loss": "the loss", "gradient": "the gradient of the loss"},
        when=dict.fromkeys(("loss", "gradient"), "for size_average=False"),
        **_loss(given),
    )


def _about_softmax(values: Values, given: Given) -> Statements:
    scores = values.get("scores")
    if scores is None or not np.isfinite(scores).all():
        return
    if np.allclose(scores.sum(axis=1), 1, atol=SAME):
        return
    if np.allclose(scores.sum(axis=0), 1, atol=SAME):
        yield (
            "wrong_axis",
            "The columns of softmax's result sum to 1, one for each class. The rows should, one "
            "for each example.",
        )
    elif abs(scores.sum() - 1) <= SAME:
        yield "wrong_axis", "All of softmax's result sums to 1. Each row should."
    else:
        yield "not_normalised", "The rows of softmax's result do not sum to 1."


def _about_loss(values: Values, given: Given) -> Statements:
    logits, labels = given["logits"], given["labels"]
    shifted = logits - logits.max(axis=1, keepdims=True)
    logarithms = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    rows, classes = np.arange(len(labels)), logits.shape[1]
    for offset, which in ((-1, "before"), (1, "after")):
        loss = -logarithms[rows, (labels + offset) % classes].mean()
        if "loss" in values and abs(values["loss"] - loss) <= 1e-6 * loss:
            yield "other_class", f"The loss is that of the class {which} the label's."
    gradient = values.get("gradient")
    if gradient is None or not np.isfinite(gradient).all():
        return
    if np.abs(gradient.sum(axis=1)).max() > SAME * np.abs(gradient).max():
        yield (
            "row_sums",
            "The rows of the loss's gradient do not sum to 0. The probabilities of an example "
            "sum to 1, and so does its one-hot label.",
        )


def _about_far_apart(values: Values, given: Given) -> Statements:
    """The probabilities of the labels are rounded to 0, except that of `loss_edge`.

    A small number in the place of a probability gives all of them the same loss.
    """
    loss, edge = (float(values.get(name, np.nan)) for name in ("loss", "loss_edge"))
    if LEAST_OF_CLIPPED < loss < np.inf and abs(loss - edge) <= loss * SAME:
        yield (
            "clipped",
            "For logits that are thousands apart, the loss is finite but far too small. That is "
            "what a small number does that is added to the probability, or that replaces it, "
            f"before the logarithm. {SIMPLIFY}",
        )
    elif np.isnan(loss) and abs(edge - 715) <= 715 * SAME:
        yield (
            "underflow",
            "For logits that are thousands apart, the loss is NaN, because a probability is "
            f"rounded to 0 and its logarithm is taken. {SIMPLIFY}",
        )


WORDS: Mapping[str, Words] = {
    "cross_entropy_softmax": _softmax,
    "cross_entropy_stable": _stable,
    "cross_entropy_far_apart": _far_apart,
    "cross_entropy": _cross_entropy,
    "cross_entropy_sum": _cross_entropy_sum,
}


SYMPTOMS: Mapping[str, Symptoms] = {
    "cross_entropy_softmax": _about_softmax,
    "cross_entropy_far_apart": _about_far_apart,
    "cross_entropy": _about_loss,
}
