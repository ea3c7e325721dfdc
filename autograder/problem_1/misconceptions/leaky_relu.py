"""Leaky ReLU."""

from __future__ import annotations

from autograder.assignment.variant import Patch, Variant
from autograder.problem_1.misconceptions import LAYERS

FORWARD = "output = np.maximum(feat, self.negative_slope * feat)"
BACKWARD = "dfeat = dprev * np.maximum(feat >= 0, self.negative_slope, dtype=dprev.dtype)"

VARIANTS = (
    Variant(
        "leaky_relu_forward_sets_negatives_to_zero",
        LAYERS,
        FORWARD,
        "output = np.maximum(feat, 0)",
        "Negative features become 0: that is a plain ReLU. What makes this one leaky?",
    ),
    Variant(
        "leaky_relu_forward_has_a_slope_of_its_own",
        LAYERS,
        FORWARD,
        "output = np.maximum(feat, 0.01 * feat)",
        "The slope 0.01 is written into forward. Layers may be built with another one: where is "
        "it kept?",
    ),
    Variant(
        "leaky_relu_forward_changes_its_input",
        LAYERS,
        FORWARD,
        "output = feat\n        output[feat < 0] *= self.negative_slope",
        "forward writes into feat, which belongs to the caller: output = feat gives one array a "
        "second name, it makes no copy.",
    ),
    Variant(
        "leaky_relu_forward_turns_the_sign_of_negatives",
        LAYERS,
        FORWARD,
        "output = np.maximum(feat, 0) - self.negative_slope * np.minimum(feat, 0)",
        "Negative features come out positive. Look at the sign with which they are added.",
    ),
    Variant(
        "leaky_relu_forward_exchanges_the_sides",
        LAYERS,
        FORWARD,
        "output = np.where(feat >= 0, self.negative_slope * feat, feat)",
        "The slope is applied on the other side of 0: look at the comparison.",
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
        "A slope of 0 is taken for no slope given (0 counts as false in Python). With 0 the layer "
        "is a ReLU.",
    ),
    Variant(
        "leaky_relu_backward_forgets_the_incoming_gradient",
        LAYERS,
        BACKWARD,
        "dfeat = np.where(feat >= 0, 1.0, self.negative_slope)",
        "backward returns its own derivative alone. How does the chain rule join it with what "
        "arrives in dprev?",
    ),
    Variant(
        "leaky_relu_backward_looks_at_the_sign_of_the_gradient",
        LAYERS,
        BACKWARD,
        "dfeat = np.where(dprev >= 0, dprev, self.negative_slope * dprev)",
        "backward decides by the sign of dprev. On which array did forward decide?",
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
        "The slope 0.01 is written into backward. Layers may be built with another one: where is "
        "it kept?",
    ),
    Variant(
        "leaky_relu_backward_changes_the_incoming_gradient",
        LAYERS,
        BACKWARD,
        "dfeat = dprev\n        dfeat[feat < 0] *= self.negative_slope",
        "backward writes into dprev, which belongs to the caller: dfeat = dprev gives one array a "
        "second name, it makes no copy.",
    ),
    Variant(
        "leaky_relu_backward_multiplies_by_the_output",
        LAYERS,
        BACKWARD,
        "dfeat = dprev * np.where(feat >= 0, feat, self.negative_slope * feat)",
        "backward multiplies dprev by what forward returned. It needs the derivative of that, "
        "with respect to feat.",
    ),
    Variant(
        "leaky_relu_backward_exchanges_the_sides",
        LAYERS,
        BACKWARD,
        "dfeat = np.where(feat < 0, dprev, self.negative_slope * dprev)",
        "backward applies the slope on the other side of 0 than forward does.",
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
        "backward decides by the sign of the output. For one slope the output does not tell any "
        "more on which side of 0 the input was.",
        further=(Patch(LAYERS, FORWARD, FORWARD + "\n        self.output = output"),),
    ),
)
