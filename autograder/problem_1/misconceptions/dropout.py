"""Dropout."""

from __future__ import annotations

from autograder.assignment.variant import Patch, Variant
from autograder.problem_1.misconceptions import LAYERS

TRAINING = "if is_training and 0 < self.keep_prob < 1:"
MASK = "kept = self.rng.random_sample(feat.shape) < self.keep_prob"
OUTPUT = "output = feat * kept / self.keep_prob"
OTHERWISE = "        else:\n            output = feat\n        ### END SOLUTION"
BACKWARD = "dfeat = dprev if self.kept is None else dprev * self.kept / self.keep_prob"

VARIANTS = (
    Variant(
        "dropout_forward_forgets_to_scale",
        LAYERS,
        OUTPUT,
        "output = feat * kept",
        "Kept activations are not scaled, so the output is smaller on average than the input. "
        "The assignment asks for inverted dropout: look for the factor in its formula.",
    ),
    Variant(
        "dropout_forward_multiplies_by_the_keep_probability",
        LAYERS,
        OUTPUT,
        "output = feat * kept * self.keep_prob",
        "Kept activations are scaled in the wrong direction. Must they grow or shrink so that "
        "the output has the same average as the input?",
    ),
    Variant(
        "dropout_forward_scales_by_the_drop_probability",
        LAYERS,
        OUTPUT,
        "output = feat * kept / (1 - self.keep_prob)",
        "Kept activations are scaled by the probability of being dropped. Which probability "
        "keeps the average unchanged?",
    ),
    Variant(
        "dropout_forward_exchanges_keep_and_drop",
        LAYERS,
        MASK,
        "kept = self.rng.random_sample(feat.shape) > self.keep_prob",
        "Activations are kept with the probability of being dropped. keep_prob is the "
        "probability of keeping an activation: look at the comparison that makes the mask.",
    ),
    Variant(
        "dropout_forward_draws_one_mask_for_all_examples",
        LAYERS,
        MASK,
        "kept = np.broadcast_to(\n"
        "                self.rng.random_sample(feat.shape[1:]) < self.keep_prob, feat.shape\n"
        "            )",
        "All examples of a batch share one mask. Each activation is dropped independently: look "
        "at the shape of what you draw.",
    ),
    Variant(
        "dropout_forward_drops_whole_examples",
        LAYERS,
        MASK,
        "kept = np.broadcast_to(\n"
        "                self.rng.random_sample((len(feat), 1)) < self.keep_prob, feat.shape\n"
        "            )",
        "All features of an example are kept or dropped together. Each activation is dropped "
        "independently: look at the shape of what you draw.",
    ),
    Variant(
        "dropout_forward_draws_from_numpy_at_large",
        LAYERS,
        MASK,
        "kept = np.random.random_sample(feat.shape) < self.keep_prob",
        "The mask is drawn from numpy's global generator, which ignores the layer's seed. The "
        "layer has its own generator.",
    ),
    Variant(
        "dropout_forward_draws_from_a_fixed_seed",
        LAYERS,
        MASK,
        "kept = np.random.RandomState(0).random_sample(feat.shape) < self.keep_prob",
        "Every forward pass gives the same mask. A new one must be drawn each time, from the "
        "layer's own generator.",
    ),
    Variant(
        "dropout_forward_drops_at_test_time",
        LAYERS,
        TRAINING,
        "if 0 < self.keep_prob < 1:",
        "Activations are dropped at test time, too. What does is_training mean?",
    ),
    Variant(
        "dropout_forward_drops_in_the_other_mode",
        LAYERS,
        TRAINING,
        "if not is_training and 0 < self.keep_prob < 1:",
        "Activations are dropped at test time and not in training. Look at the condition.",
    ),
    Variant(
        "dropout_forward_scales_at_test_time",
        LAYERS,
        OTHERWISE,
        OTHERWISE.replace(
            "output = feat", "output = feat if is_training else feat * self.keep_prob"
        ),
        "The output is scaled at test time. Inverted dropout scales only in training.",
    ),
    Variant(
        "dropout_forward_is_not_inverted",
        LAYERS,
        OUTPUT,
        "output = feat * kept",
        "This is the original form of dropout, which scales at test time and not in training. "
        "The assignment asks for inverted dropout: look at when it scales, and by which factor.",
        further=(
            Patch(
                LAYERS,
                OTHERWISE,
                OTHERWISE.replace(
                    "output = feat", "output = feat if is_training else feat * self.keep_prob"
                ),
            ),
        ),
    ),
    Variant(
        "dropout_forward_drops_all_for_a_keep_probability_of_0",
        LAYERS,
        TRAINING,
        "if is_training and self.keep_prob < 1:",
        "A keep probability of 0 drops everything (and then divides by 0). Read Note 2: a keep "
        "probability of 0 has a special meaning.",
    ),
    Variant(
        "dropout_forward_changes_its_input",
        LAYERS,
        OUTPUT,
        "feat *= kept / self.keep_prob\n            output = feat",
        "forward writes into feat, which belongs to the caller. Look for *= and assignments to "
        "slices.",
    ),
    Variant(
        "dropout_forward_keeps_its_first_mask",
        LAYERS,
        MASK,
        "if getattr(self, 'first', np.empty(0)).shape != feat.shape or seed is not None:\n"
        "                self.first = self.rng.random_sample(feat.shape) < self.keep_prob\n"
        "            kept = self.first",
        "The mask is drawn once and then reused. Each forward pass must draw a new one.",
    ),
    Variant(
        "dropout_backward_forgets_to_scale",
        LAYERS,
        BACKWARD,
        "dfeat = dprev if self.kept is None else dprev * self.kept",
        "The gradient goes through the mask, but is not scaled by the factor that forward used.",
    ),
    Variant(
        "dropout_backward_forgets_the_mask",
        LAYERS,
        BACKWARD,
        "dfeat = dprev if self.kept is None else dprev / self.keep_prob",
        "The gradient is scaled, but goes through dropped activations as well. What is stored "
        "in self.kept?",
    ),
    Variant(
        "dropout_backward_passes_the_gradient_on",
        LAYERS,
        BACKWARD,
        "dfeat = dprev",
        "backward returns the incoming gradient unchanged, in training too. What did forward do "
        "to each of the activations?",
    ),
    Variant(
        "dropout_backward_multiplies_by_the_keep_probability",
        LAYERS,
        BACKWARD,
        "dfeat = dprev if self.kept is None else dprev * self.kept * self.keep_prob",
        "The gradient is scaled by the inverse of the factor that forward used.",
    ),
    Variant(
        "dropout_backward_lets_the_dropped_through",
        LAYERS,
        BACKWARD,
        "dfeat = dprev if self.kept is None else dprev * ~self.kept / self.keep_prob",
        "The gradient goes through the dropped activations instead of the kept ones.",
    ),
    Variant(
        "dropout_backward_draws_a_new_mask",
        LAYERS,
        BACKWARD,
        "dfeat = dprev\n        if self.kept is not None:\n"
        "            kept = self.rng.random_sample(feat.shape) < self.keep_prob\n"
        "            dfeat = dprev * kept / self.keep_prob",
        "The gradient does not go through the mask that the forward pass used. Does backward draw "
        "a new one?",
    ),
    Variant(
        "dropout_backward_scales_at_test_time",
        LAYERS,
        BACKWARD,
        "dfeat = dprev * (1 if self.kept is None else self.kept) / (self.keep_prob or 1)",
        "After a forward pass at test time the gradient is still scaled. What did that forward "
        "pass do to the activations?",
    ),
    Variant(
        "dropout_backward_divides_by_a_keep_probability_of_0",
        LAYERS,
        BACKWARD,
        "dfeat = dprev * (1 if self.kept is None else self.kept) / self.keep_prob",
        "backward always divides by keep_prob: even at test time, when nothing was scaled, and "
        "for a keep probability of 0, which means no dropout.",
    ),
    Variant(
        "dropout_backward_uses_an_old_mask_at_test_time",
        LAYERS,
        BACKWARD,
        "mask = getattr(self, 'mask', None)\n"
        "        dfeat = dprev if mask is None else dprev * mask / self.keep_prob",
        "After a forward pass at test time the gradient still goes through the mask of an "
        "earlier training pass. To which pass does this backward belong?",
        further=(Patch(LAYERS, OUTPUT, OUTPUT + "\n            self.mask = kept"),),
    ),
    Variant(
        "dropout_backward_changes_the_incoming_gradient",
        LAYERS,
        BACKWARD,
        "dfeat = dprev\n        if self.kept is not None:\n"
        "            dfeat *= self.kept / self.keep_prob",
        "backward writes into dprev, which belongs to the caller: dfeat = dprev gives the array "
        "a second name, but makes no copy.",
    ),
)
