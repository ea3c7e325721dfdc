"""Flatten and FC."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograder.assignment.variant import Patch, Variant
from autograder.assignment.words import Described, Given, Statements, Symptoms, Values, Words
from autograder.diagnosis.same import SAME
from autograder.diagnosis.symptoms.compared import same
from autograder.problem_1.misconceptions import EXAMPLES, LAYERS, ONE_EXAMPLE

FLATTEN = "output = feat.reshape(len(feat), -1)"
UNFLATTEN = "dfeat = dprev.reshape(feat.shape)"
FORWARD = "output = feat @ self.params[self.w_name] + self.params[self.b_name]"
WEIGHTS = "self.grads[self.w_name] = feat.T @ dprev"
BIASES = "self.grads[self.b_name] = dprev.sum(axis=0)"
INPUT = "dfeat = dprev @ self.params[self.w_name].T"


VARIANTS = (
    Variant(
        "fc_forward_flattens_in_column_order",
        LAYERS,
        FLATTEN,
        'output = feat.reshape(len(feat), -1, order="F")',
        "flatten orders the features of an example with the first index fastest (order='F'). "
        "Look at the order in which numpy stores an array, and at what reshape does by default.",
    ),
    Variant(
        "fc_forward_flattens_two_dimensions_only",
        LAYERS,
        FLATTEN,
        "output = feat.reshape(feat.shape[0], feat.shape[1] * feat.shape[2])",
        "flatten expects exactly two dimensions after the batch. Think of a batch of colour "
        "images, and of a batch that is already flat.",
    ),
    Variant(
        "fc_forward_flattens_the_batch_too",
        LAYERS,
        FLATTEN,
        "output = feat.reshape(1, -1)",
        "flatten puts the whole batch into one row. Which dimension must not change?",
    ),
    Variant(
        "fc_forward_drops_a_batch_of_one",
        LAYERS,
        FLATTEN,
        "output = np.squeeze(feat.reshape(len(feat), -1))",
        "flatten loses the batch dimension when the batch holds a single example. Look at what "
        "squeeze does with dimensions of length 1.",
    ),
    Variant(
        "fc_forward_reshapes_its_input_in_place",
        LAYERS,
        FLATTEN,
        "feat.shape = (len(feat), feat[0].size); output = feat",
        "flatten gives the caller's own array another shape, instead of returning a reshaped "
        "one. How does backward then know the original shape?",
    ),
    Variant(
        "fc_forward_forgets_the_biases",
        LAYERS,
        FORWARD,
        "output = feat @ self.params[self.w_name]",
        "fc.forward leaves something out of the formula: compare each of its terms with what you "
        "compute from self.params.",
    ),
    Variant(
        "fc_forward_adds_the_biases_twice",
        LAYERS,
        FORWARD,
        FORWARD + "\n        output += self.params[self.b_name]",
        "fc.forward adds the biases more than once.",
    ),
    Variant(
        "fc_forward_adds_the_mean_of_the_biases",
        LAYERS,
        FORWARD,
        "output = feat @ self.params[self.w_name] + self.params[self.b_name].mean()",
        "fc.forward adds the same number to all outputs. Each output has its own bias.",
    ),
    Variant(
        "fc_forward_clips_at_zero",
        LAYERS,
        FORWARD,
        "output = np.maximum(0, feat @ self.params[self.w_name] + self.params[self.b_name])",
        "fc.forward sets negative outputs to 0. That is the job of a separate layer.",
    ),
    Variant(
        "fc_forward_scales_the_weights_in_place",
        LAYERS,
        FORWARD,
        "w = self.params[self.w_name]\n        w *= 0.5\n"
        "        output = 2 * feat @ w + self.params[self.b_name]",
        "fc.forward changes self.params. A forward pass only reads the parameters: look for *=, "
        "+= and assignments to slices.",
    ),
    Variant(
        "fc_backward_keeps_the_bias_gradient_of_every_example",
        LAYERS,
        BIASES,
        "self.grads[self.b_name] = dprev",
        "The gradient of the biases has a row for every example. Which shape do the biases "
        "have, and how do all examples together contribute to one bias?",
    ),
    Variant(
        "fc_backward_sums_the_bias_gradient_over_the_outputs",
        LAYERS,
        BIASES,
        "self.grads[self.b_name] = dprev.sum(axis=1)",
        "The gradient of the biases is summed over the wrong axis. Which axis of dprev is that "
        "of the examples, and which that of the outputs?",
    ),
    Variant(
        "fc_backward_sums_the_bias_gradient_over_everything",
        LAYERS,
        BIASES,
        "self.grads[self.b_name] = dprev.sum()",
        "The gradient of the biases is a single number: everything was summed. Each output has "
        "its own bias.",
    ),
    Variant(
        "fc_backward_gives_the_bias_gradient_two_dimensions",
        LAYERS,
        BIASES,
        "self.grads[self.b_name] = dprev.sum(axis=0, keepdims=True)",
        "The gradient of the biases has the right numbers but the wrong shape: compare it with "
        "the shape of the biases.",
    ),
    Variant(
        "fc_backward_averages_the_bias_gradient",
        LAYERS,
        BIASES,
        "self.grads[self.b_name] = dprev.mean(axis=0)",
        "The gradient of the biases is averaged over the batch. If the loss is a mean, where "
        "has the division by the number of examples already been done?",
    ),
    Variant(
        "fc_backward_averages_the_weight_gradient",
        LAYERS,
        WEIGHTS,
        WEIGHTS + " / len(feat)",
        "The gradient of the weights is averaged over the batch. If the loss is a mean, where "
        "has the division by the number of examples already been done?",
    ),
    Variant(
        "fc_backward_averages_both_gradients",
        LAYERS,
        WEIGHTS,
        WEIGHTS + " / len(feat)",
        "The gradients of weights and biases are averaged over the batch. If the loss is a "
        "mean, where has the division by the number of examples already been done?",
        further=(Patch(LAYERS, BIASES, "self.grads[self.b_name] = dprev.mean(axis=0)"),),
    ),
    Variant(
        "fc_backward_averages_all_three_gradients",
        LAYERS,
        WEIGHTS,
        "dprev = dprev / len(feat)\n        " + WEIGHTS,
        "All three gradients are divided by the number of examples. Only the loss averages, and "
        "the gradient that it passes back already includes that division.",
    ),
    Variant(
        "fc_backward_transposes_the_weight_gradient",
        LAYERS,
        WEIGHTS,
        "self.grads[self.w_name] = dprev.T @ feat",
        "The gradient of the weights is transposed: compare its shape with that of the weights.",
    ),
    Variant(
        "fc_backward_adds_to_the_gradients_of_the_pass_before",
        LAYERS,
        WEIGHTS,
        "self.grads[self.w_name] = self.grads.get(self.w_name, 0) + feat.T @ dprev",
        "The gradients add up from one backward pass to the next. Each pass must replace them.",
    ),
    Variant(
        "fc_backward_masks_its_gradient_like_a_relu",
        LAYERS,
        INPUT,
        INPUT + " * (feat > 0)",
        "fc.backward sets the gradient to 0 where its input was not positive. That is the job "
        "of an activation layer, which has its own backward pass.",
    ),
    Variant(
        "fc_backward_averages_the_input_gradient",
        LAYERS,
        INPUT,
        INPUT + " / len(feat)",
        "The gradient of the input is divided by the number of examples. Each example has its "
        "own row in this gradient, so nothing is averaged.",
    ),
    Variant(
        "fc_backward_scales_the_incoming_gradient_in_place",
        LAYERS,
        INPUT,
        INPUT + "\n        dprev *= 0",
        "fc.backward changes dprev, which belongs to the caller. Look for *=, -= and +=.",
    ),
    Variant(
        "fc_backward_leaves_the_gradient_flat",
        LAYERS,
        UNFLATTEN,
        "dfeat = dprev",
        "flatten.backward does not change the shape of the gradient. Which shape does the layer "
        "before flatten expect?",
    ),
    Variant(
        "fc_backward_unflattens_in_column_order",
        LAYERS,
        UNFLATTEN,
        'dfeat = dprev.reshape(feat.shape, order="F")',
        "flatten.backward fills the shape of the input with the first index fastest (order='F'). "
        "It must undo exactly what forward does.",
    ),
    Variant(
        "fc_backward_unflattens_four_dimensions_only",
        LAYERS,
        UNFLATTEN,
        "n, h, w, c = feat.shape\n        dfeat = dprev.reshape(n, h, w, c)",
        "flatten.backward expects inputs of four dimensions. Inputs may have any number of "
        "dimensions.",
    ),
)


SECOND_CALL = "in a second call"
AXES = ("the examples", "the features")
SIZE_OF_TRAINING = "in float32 and at the size of the training"


def _fc(given: Given) -> dict[str, Any]:
    return dict(
        inputs={
            "the input": given["x"],
            "the weights": given["w"],
            "the biases": given["b"],
            "the incoming gradient": given["dout"],
        },
        numbers={
            EXAMPLES: len(given["x"]),
            "the number of input features": given["w"].shape[0],
            "the number of output features": given["w"].shape[1],
        },
    )


def _fc_forward(given: Given) -> Described:
    return Described(
        untouched={
            "x_after": "the input",
            "w_after": "the weight matrix",
            "b_after": "the bias vector",
        },
        values={"out": "the output", "out_one": "the output"},
        when={"out_one": ONE_EXAMPLE},
        axes=AXES,
        **_fc(given),
    )


def _fc_forward_training_size(given: Given) -> Described:
    return Described(
        values={"out": "the output"}, when={"out": SIZE_OF_TRAINING}, axes=AXES, **_fc(given)
    )


def _unflatten(given: Given) -> Described:
    described = _flatten(given)
    values = dict.fromkeys(("images", "videos", "one"), "the gradient of flatten")
    return Described(values=values, when=described.when, independent=True)


def _flatten(given: Given) -> Described:
    names = dict(images="for images", rows="for rows", videos="for videos", one=ONE_EXAMPLE)
    return Described(
        untouched={"images_after": "the input"},
        values=dict.fromkeys(names, "the result of flatten"),
        inputs={"the input": given["images"]},
        when=names,
    )


def _fc_gradients(given: Given) -> Described:
    return Described(
        values={
            "dx": "the gradient of the input",
            "dw": "the gradient of the weights",
            "db": "the gradient of the biases",
            "dx_next": "the gradient of the input",
            "dw_next": "the gradient of the weights",
            "db_next": "the gradient of the biases",
        },
        when=dict.fromkeys(("dx_next", "dw_next", "db_next"), SECOND_CALL),
        independent=True,
        untouched={
            "dout_after": "the incoming gradient",
            "x_after": "the input of the forward pass",
            "w_after": "the weight matrix",
            "b_after": "the bias vector",
        },
        **_fc(given),
    )


def _fc_gradients_training_size(given: Given) -> Described:
    return Described(
        values={
            "dx": "the gradient of the input",
            "dw": "the gradient of the weights",
            "db": "the gradient of the biases",
        },
        when=dict.fromkeys(("dx", "dw", "db"), SIZE_OF_TRAINING),
        numbers={EXAMPLES: len(given["x"])},
        independent=True,
    )


WORDS: Mapping[str, Words] = {
    "fc_forward": _fc_forward,
    "fc_forward_flatten": _flatten,
    "fc_forward_training_size": _fc_forward_training_size,
    "fc_backward": _fc_gradients,
    "fc_backward_flatten": _unflatten,
    "fc_backward_training_size": _fc_gradients_training_size,
}


def _about_output(values: Values, given: Given) -> Statements:
    """Whether only the biases are wrong, and are those of other columns."""
    out, products, biases = values.get("out"), given["x"] @ given["w"], given["b"]
    if out is None or out.shape != products.shape or same(out, products + biases):
        return
    nearest = np.abs((out - products)[..., np.newaxis] - biases).min(axis=-1)
    if (nearest <= SAME * np.abs(out).max()).all():
        yield (
            "biases",
            "Every output is the features times the weights plus a bias, but not everywhere the "
            "bias of its own column. Look at how the biases get the shape of the output.",
        )


def _about_gradients(values: Values, given: Given) -> Statements:
    """How often each example counts, if the gradient of the weights is made of their terms."""
    dw, x, dout = values.get("dw"), given["x"], given["dout"]
    if dw is None or dw.shape != (x.shape[1], dout.shape[1]) or not np.isfinite(dw).all():
        return
    terms = np.einsum("ni,no->nio", x, dout).reshape(len(x), -1)
    times = np.linalg.lstsq(terms.T, dw.reshape(-1), rcond=None)[0]
    largest = np.abs(times).max()
    if not same(times @ terms, dw.reshape(-1)) or np.ptp(times) <= SAME * largest:
        return
    counted = np.flatnonzero(np.abs(times) > SAME * largest)
    if len(counted) == 1:
        which = {0: "the first", len(x) - 1: "the last"}.get(int(counted[0]), "one")
        text = f"The gradient of the weights is that of {which} of the {len(x)} examples alone."
    elif len(counted) < len(x):
        text = f"Only {len(counted)} of {len(x)} examples count in the gradient of the weights."
    else:
        text = "The examples do not count equally in the gradient of the weights."
    yield "examples", f"{text} It is a sum over all of them."


SYMPTOMS: Mapping[str, Symptoms] = {
    "fc_forward": _about_output,
    "fc_backward": _about_gradients,
}
