"""Leaky ReLU."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from autograder.assignment.variant import Patch, Variant
from autograder.assignment.words import Described, Given, Statements, Symptoms, Values, Words
from autograder.diagnosis.same import SAME
from autograder.problem_1.misconceptions import LAYERS

FORWARD = "output = np.maximum(feat, self.negative_slope * feat)"
BACKWARD = "dfeat = np.where(feat >= 0, dprev, self.negative_slope * dprev)"

VARIANTS = (
    Variant(
        "leaky_relu_forward_by_cases",
        LAYERS,
        FORWARD,
        "output = np.where(feat > 0, feat, self.negative_slope * feat)",
        correct=True,
    ),
    Variant(
        "leaky_relu_backward_as_a_product",
        LAYERS,
        BACKWARD,
        "dfeat = dprev * np.where(feat >= 0, 1.0, self.negative_slope)",
        correct=True,
    ),
    Variant(
        "leaky_relu_forward_sets_negatives_to_zero",
        LAYERS,
        FORWARD,
        "output = np.maximum(feat, 0)",
        "Negative features become 0: that is a plain ReLU. What makes a ReLU leaky?",
    ),
    Variant(
        "leaky_relu_forward_has_a_slope_of_its_own",
        LAYERS,
        FORWARD,
        "output = np.maximum(feat, 0.01 * feat)",
        "The slope 0.01 is hard-coded in forward. A layer may have another slope: where is it "
        "stored?",
    ),
    Variant(
        "leaky_relu_forward_changes_its_input",
        LAYERS,
        FORWARD,
        "output = feat\n        output[feat < 0] *= self.negative_slope",
        "forward writes into feat, which belongs to the caller: output = feat gives the array a "
        "second name, but makes no copy.",
    ),
    Variant(
        "leaky_relu_forward_turns_the_sign_of_negatives",
        LAYERS,
        FORWARD,
        "output = np.maximum(feat, 0) - self.negative_slope * np.minimum(feat, 0)",
        "Negative features come out positive. Look at the sign of the term for them.",
    ),
    Variant(
        "leaky_relu_forward_exchanges_the_sides",
        LAYERS,
        FORWARD,
        "output = np.where(feat >= 0, self.negative_slope * feat, feat)",
        "The slope is applied on the wrong side of 0: look at the comparison.",
    ),
    Variant(
        "leaky_relu_forward_returns_the_slope",
        LAYERS,
        FORWARD,
        "output = np.where(feat >= 0, feat, self.negative_slope)",
        "Every negative feature becomes the slope itself, whatever the feature was.",
    ),
    Variant(
        "leaky_relu_forward_has_no_slope_of_zero",
        LAYERS,
        FORWARD,
        "output = np.where(feat >= 0, feat, (self.negative_slope or 0.01) * feat)",
        "A slope of 0 is treated as if no slope were given (0 counts as false in Python). With "
        "a slope of 0 the layer is a ReLU.",
    ),
    Variant(
        "leaky_relu_backward_forgets_the_incoming_gradient",
        LAYERS,
        BACKWARD,
        "dfeat = np.where(feat >= 0, 1.0, self.negative_slope)",
        "backward returns only the derivative of the layer itself. How does the chain rule "
        "combine it with dprev?",
    ),
    Variant(
        "leaky_relu_backward_looks_at_the_sign_of_the_gradient",
        LAYERS,
        BACKWARD,
        "dfeat = np.where(dprev >= 0, dprev, self.negative_slope * dprev)",
        "backward looks at the sign of dprev. Which array's sign did forward look at?",
    ),
    Variant(
        "leaky_relu_backward_is_that_of_a_relu",
        LAYERS,
        BACKWARD,
        "dfeat = dprev * (feat > 0)",
        "The gradient is 0 where the input was negative, as for a plain ReLU. What is the "
        "derivative of forward there?",
    ),
    Variant(
        "leaky_relu_backward_has_a_slope_of_its_own",
        LAYERS,
        BACKWARD,
        "dfeat = np.where(feat >= 0, dprev, 0.01 * dprev)",
        "The slope 0.01 is hard-coded in backward. A layer may have another slope: where is it "
        "stored?",
    ),
    Variant(
        "leaky_relu_backward_changes_the_incoming_gradient",
        LAYERS,
        BACKWARD,
        "dfeat = dprev\n        dfeat[feat < 0] *= self.negative_slope",
        "backward writes into dprev, which belongs to the caller: dfeat = dprev gives the array "
        "a second name, but makes no copy.",
    ),
    Variant(
        "leaky_relu_backward_multiplies_by_the_output",
        LAYERS,
        BACKWARD,
        "dfeat = dprev * np.where(feat >= 0, feat, self.negative_slope * feat)",
        "backward multiplies dprev by the output of forward. It needs the derivative of that "
        "output with respect to feat.",
    ),
    Variant(
        "leaky_relu_backward_exchanges_the_sides",
        LAYERS,
        BACKWARD,
        "dfeat = np.where(feat < 0, dprev, self.negative_slope * dprev)",
        "backward applies the slope where the input was positive. On which side of 0 must it?",
    ),
    Variant(
        "leaky_relu_backward_passes_the_gradient_on",
        LAYERS,
        BACKWARD,
        "dfeat = dprev.copy()",
        "backward returns the incoming gradient unchanged. What did forward do to negative "
        "features?",
    ),
    Variant(
        "leaky_relu_backward_looks_at_the_output",
        LAYERS,
        BACKWARD,
        "dfeat = np.where(self.output >= 0, dprev, self.negative_slope * dprev)",
        "backward looks at the sign of the output. There is a slope for which the output does not "
        "show whether the input was negative.",
        further=(Patch(LAYERS, FORWARD, FORWARD + "\n        self.output = output"),),
    ),
)


def _leaky_relu(what: str) -> Words:
    def words(given: Given) -> Described:
        inputs = {"the input": given["x"]}
        places = {}
        if what == "the gradient":
            inputs |= {"the incoming gradient": given["dout"]}
            places = {
                "where the incoming gradient is negative and the input positive": (
                    (given["dout"] < 0) & (given["x"] > 0)
                ),
            }
        return Described(
            values=dict.fromkeys(("out", "dx", "at_zero", "stack"), what),
            inputs=inputs,
            numbers={"the default slope": 0.01},
            places=places,
            independent=True,
            when={
                "stack": "for an array with four axes",
                "at_zero": "for inputs of 0",
            },
            axes=("the examples", "the features"),
        )

    return words


def _leaky_relu_slopes(what: str) -> Words:
    def words(given: Given) -> Described:
        inputs = {"the input": given["x"]}
        if what == "the gradient":
            inputs |= {"the incoming gradient": given["dout"]}
        return Described(
            values=dict.fromkeys(("small", "large", "relu"), what),
            inputs=inputs,
            numbers={"the default slope": 0.01},
            when=dict(
                small="for a slope below a third",
                large="for a slope above a half",
                relu="for a slope of 0",
            ),
            independent=True,
            axes=("the examples", "the features"),
        )

    return words


def _at_the_kink(values: Values, given: Given) -> Statements:
    derivative = values.get("derivative")
    if derivative is None or not derivative.size:
        return
    found = float(derivative.flat[0])
    if np.isnan(found):
        yield (
            "kink_nan",
            "At an input of exactly 0 the gradient is NaN. Is there a division by the input, or "
            "by its absolute value?",
        )
    elif not -SAME <= found <= 1 + SAME:
        yield (
            "kink",
            f"At an input of exactly 0 the derivative is {found:.3g}. Any number from 0 to 1 is "
            "right.",
        )


WORDS: Mapping[str, Words] = {
    "leaky_relu_forward": _leaky_relu("the output"),
    "leaky_relu_forward_slopes": _leaky_relu_slopes("the output"),
    "leaky_relu_backward": _leaky_relu("the gradient"),
    "leaky_relu_backward_slopes": _leaky_relu_slopes("the gradient"),
}


SYMPTOMS: Mapping[str, Symptoms] = {
    "leaky_relu_backward_at_zero": _at_the_kink,
}
