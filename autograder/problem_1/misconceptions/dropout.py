"""Dropout."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from autograder.assignment.variant import Patch, Variant
from autograder.assignment.words import Described, Given, Statements, Symptoms, Values, Words
from autograder.diagnosis.same import SAME
from autograder.diagnosis.symptoms.factors import named_factor
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
        "backward draws a new mask. The gradient must go through the mask that the forward pass "
        "used.",
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


SHARE = 0.05
"""How far a share may be from its expectation: more than five standard deviations for 3,600
activations."""


def _forward(values: Values, given: Given) -> Statements:
    if "out" not in values:
        return
    out, p = values["out"], given["keep_prob"]
    yield from _mask(out, given, "at training time")
    yield from _scale("the output at training time", out, given["x"], 1 / p, given)
    again = values.get("again")
    if again is not None and _drops_some(out) and np.array_equal(out != 0, again != 0):
        yield "same_mask", "Two passes at training time draw the same mask."


def _mask(out: np.ndarray, given: Given, when: str) -> Statements:
    kept, p = out != 0, given["keep_prob"]
    share = kept.mean()
    if not np.isfinite(out).all():
        yield "not_finite", f"The output {when} is not finite everywhere."
    elif kept.all():
        yield "keeps_all", f"No activation is set to 0 {when}: the mask keeps everything."
    elif not kept.any():
        yield "drops_all", f"Every activation is set to 0 {when}."
    elif (kept == kept[:1]).all():
        yield "whole", f"All examples have the same mask {when}: whole features are dropped."
    elif (kept == kept[:, :1]).all():
        yield "whole", f"An example is kept or dropped as a whole {when}."
    elif abs(share - p) > SHARE:
        if abs(share - (1 - p)) <= SHARE:
            yield (
                "exchanged",
                f"An activation is kept {when} with the probability with which it should be "
                "dropped. Look at the comparison with the keep probability.",
            )
        else:
            size = "more" if share > p else "fewer"
            yield (
                "share",
                f"{size.capitalize()} activations are kept {when} than the keep probability says.",
            )


def _scale(
    what: str, out: np.ndarray, base: np.ndarray, factor: float | None, given: Given
) -> Statements:
    """What the kept activations are multiplied by, if it is not `factor`."""
    kept = (out != 0) & (base != 0)
    if factor is None or not kept.any() or not np.isfinite(out).all():
        return
    factors = out[kept] / base[kept]
    if np.abs(factors - factor).max() <= SAME * factor:
        return
    if np.ptp(factors) > SAME * np.abs(factors).max():
        yield "factors", f"In {what} the kept numbers are not all multiplied by the same factor."
        return
    found = float(factors.mean())
    if abs(found - 1) <= SAME:
        yield "not_scaled", f"In {what} the kept numbers are not scaled."
        return
    name = named_factor(found / factor, {"the keep probability": given["keep_prob"]})
    if name is not None:
        yield "scaled", f"In {what} the kept numbers are {name} times what they should be."
    else:
        size = "large" if abs(found) > factor else "small"
        yield "scaled", f"In {what} the kept numbers are too {size} by one and the same factor."


def _drops_some(out: np.ndarray) -> bool:
    kept = out != 0
    return bool(kept.any() and not kept.all())


def _unchanged(what: str, out: np.ndarray, base: np.ndarray, given: Given) -> Statements:
    """What is wrong with an output that should equal the input."""
    if np.array_equal(out, base) or np.allclose(out, base, rtol=SAME, atol=0):
        return
    if not np.isfinite(out).all():
        yield "not_finite", f"{_capital(what)} is not finite everywhere."
    elif not (out != 0).any():
        yield "drops_all", f"{_capital(what)} is 0 everywhere."
    elif not (out != 0).all():
        yield "drops", f"{_capital(what)} has numbers that were dropped; nothing should be."
    else:
        yield from _scale(what, out, base, 1.0, given)


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _test_time(values: Values, given: Given) -> Statements:
    for name, what in (
        ("tested", "the output at test time, after a pass at training time"),
        ("fresh", "the output of a new layer at test time"),
    ):
        if name in values:
            yield from _unchanged(what, values[name], given["x"], given)


def _without(values: Values, given: Given) -> Statements:
    for name, p in (("kept_1", 1), ("kept_0", 0)):
        if name in values:
            what = f"the output for a keep probability of {p}"
            yield from _unchanged(what, values[name], given["x"], given)


def _seed(values: Values, given: Given) -> Statements:
    pairs = (
        ("built", "built_again", True, "Two layers with the same seed draw different masks."),
        ("seeded", "seeded_again", True, "Two passes with the same seed draw different masks."),
        ("seeded", "seeded_otherwise", False, "Two different seeds give the same mask."),
        ("then", "after_that", False, "Without a seed, two passes draw the same mask."),
    )
    for one, other, equal, text in pairs:
        if one not in values or other not in values or not _drops_some(values[one]):
            continue
        if np.array_equal(values[one] != 0, values[other] != 0) != equal:
            yield "seed", text


def _backward(values: Values, given: Given, keep_prob: float | None = None) -> Statements:
    if "out" not in values or "dx" not in values:
        return
    out, dx, dout = values["out"], values["dx"], given["dout"]
    if not np.isfinite(dx).all():
        yield "not_finite", "The gradient is not finite everywhere."
        return
    if not dx.any():
        yield "zero", "The gradient is 0 everywhere."
        return
    if np.allclose(dx, dout, rtol=SAME, atol=0):
        yield "an_input", "The gradient is the incoming gradient, unchanged."
        return
    kept, passed = out != 0, dx != 0
    if passed.all() and not kept.all():
        yield "passes_all", "The gradient is not 0 where the forward pass dropped the activation."
    elif np.array_equal(passed, ~kept):
        yield "other_mask", "The gradient passes exactly where the activation was dropped."
    elif not np.array_equal(passed, kept):
        yield "other_mask", "The mask of the gradient is not that of the last forward pass."
    p = given["keep_prob"] if keep_prob is None else keep_prob
    own = _factor(out, given["x"])
    if own is None or abs(own - 1 / p) > SAME / p:
        own = own if own is not None and np.allclose(dx[passed] / dout[passed], own) else 1 / p
    yield from _scale("the gradient", dx, dout, own, {"keep_prob": p})


def _factor(out: np.ndarray, x: np.ndarray) -> float | None:
    """What the student's own forward pass multiplied the kept activations by."""
    kept = out != 0
    factors = out[kept] / x[kept]
    if not factors.size or np.ptp(factors) > SAME * np.abs(factors).max():
        return None
    return float(factors.mean())


def _backward_seed(values: Values, given: Given) -> Statements:
    yield from _backward(values, given, 1 - given["keep_prob"])


def _backward_test_time(values: Values, given: Given) -> Statements:
    yield from _gradient("the gradient after a pass at test time", "out", "dx", values, given)


def _backward_without(values: Values, given: Given) -> Statements:
    for name, p in (("kept_1", 1), ("kept_0", 0)):
        what = f"the gradient for a keep probability of {p}"
        yield from _gradient(what, name, f"{name}_dx", values, given)


def _gradient(what: str, out: str, dx: str, values: Values, given: Given) -> Statements:
    """What is wrong with a gradient that should pass unchanged, or as the forward pass did."""
    if out not in values or dx not in values:
        return
    with np.errstate(all="ignore"):
        as_forward = given["dout"] * (values[out] / given["x"])
    if not np.allclose(values[dx], as_forward, rtol=SAME, atol=0, equal_nan=True):
        yield from _unchanged(what, values[dx], given["dout"], given)


SYMPTOMS: Mapping[str, Symptoms] = {
    "dropout_forward": _forward,
    "dropout_forward_test_time": _test_time,
    "dropout_forward_without": _without,
    "dropout_forward_seed": _seed,
    "dropout_backward": _backward,
    "dropout_backward_seed": _backward_seed,
    "dropout_backward_test_time": _backward_test_time,
    "dropout_backward_without": _backward_without,
}


def _named(words: Mapping[str, str], when: Mapping[str, str]) -> Words:
    return lambda given: Described(values=words, when=when)


TEST_TIME = "after a pass at test time"
NO_DROPOUT = dict(
    kept_1="for a keep probability of 1",
    kept_0="for a keep probability of 0",
    kept_1_dx="for a keep probability of 1",
    kept_0_dx="for a keep probability of 0",
)
WORDS: Mapping[str, Words] = {
    "dropout_forward": _named({"out": "the output"}, {}),
    "dropout_forward_test_time": _named({"tested": "the output"}, {"tested": "at test time"}),
    "dropout_forward_without": _named(dict(kept_1="the output", kept_0="the output"), NO_DROPOUT),
    "dropout_forward_seed": _named({"built": "the output"}, {"built": "with a seed"}),
    "dropout_backward": _named({"dx": "the gradient"}, {}),
    "dropout_backward_seed": _named({"dx": "the gradient"}, {"dx": "with a seed"}),
    "dropout_backward_test_time": _named({"dx": "the gradient"}, {"dx": TEST_TIME}),
    "dropout_backward_without": _named(
        dict(kept_1_dx="the gradient", kept_0_dx="the gradient"), NO_DROPOUT
    ),
}
