"""Hiding one mistake behind another.

A named mistake costs points once, and is excused in other sections where it shows. So a student who
left a block unwritten breaks something right before it. Then the missing block no longer shows, and
the student hopes that all failures are blamed on the named mistake.
"""

from attack import NBGRADER, SOLUTION, ZIP, Attack, Changes, Work

from autograder.diagnosis.variants import named
from autograder.problem_1 import ASSIGNMENT as P1

NEVER_WRITTEN = SOLUTION.plus(
    blocks={"leaky_relu.forward": "output = feat", "leaky_relu.backward": "dfeat = dprev"}
)
"""A Leaky ReLU that returns its input, so that the block is not empty."""

PASSES_ON = SOLUTION.plus(blocks={"dropout.backward": "dfeat = dprev"})
"""A dropout whose backward pass ignores the mask."""

CLIPS_RIGHTLY = SOLUTION.plus(
    blocks={
        "leaky_relu.forward": """
            clipped = np.maximum(feat, 0)
            output = clipped + self.negative_slope * (feat - clipped)
        """
    }
)
"""Clips where clipping is right."""


def spoiled(*names: str) -> Changes:
    """The mistakes of the variants with these names."""
    patches = [patch for name in names for patch in named(P1, name).patches]
    return Changes(patches=tuple((patch.file, patch.old, patch.new) for patch in patches))


def written(name: str) -> Work:
    """The solution with the one mistake that the attack is meant to hide."""
    return SOLUTION.plus(spoiled(name))


ATTACKS = (
    Attack(
        "clips before an unwritten layer",
        tries=(
            "Clips fc.forward at 0, so that a Leaky ReLU that does nothing looks right behind it."
        ),
        must="No points: a check is not excused if clipping hides Leaky ReLU mistakes from it.",
        baseline=NEVER_WRITTEN,
        changes=spoiled("fc_forward_clips_at_zero"),
        roads=(ZIP, NBGRADER),
        twin=CLIPS_RIGHTLY,
    ),
    Attack(
        "clips before a block that raises",
        tries="The same with the Leaky ReLU left as it was released.",
        must="No points: a network that raises gives no answer that could be excused.",
        baseline=SOLUTION.without("leaky_relu.forward", "leaky_relu.backward"),
        changes=spoiled("fc_forward_clips_at_zero"),
        roads=(ZIP, NBGRADER),
    ),
    Attack(
        "clips to hide a missing layer",
        tries="Leaves the Leaky ReLU out of TestFCReLU, and clips its input.",
        must="No points: clipping hides the missing layer from every check of the cascade.",
        baseline=written("cascade_has_no_leaky_relu"),
        changes=spoiled("fc_forward_clips_at_zero"),
    ),
    Attack(
        "returns zeros before an unwritten layer",
        tries="Makes fc.forward return zeros, which every layer leaves unchanged.",
        must=(
            "No points: nobody does this by mistake, so it is no named mistake and excuses nothing."
        ),
        baseline=NEVER_WRITTEN,
        changes=Changes(blocks={"fc.forward": "output = np.zeros((len(feat), self.output_dim))"}),
    ),
    Attack(
        "returns NaN before an unwritten layer",
        tries="Makes fc.forward return NaN, which hides everything behind it.",
        must="No points: it is no named mistake, and output that is not finite excuses nothing.",
        baseline=NEVER_WRITTEN,
        changes=Changes(
            blocks={"fc.forward": "output = np.full((len(feat), self.output_dim), np.nan)"}
        ),
    ),
    Attack(
        "returns a constant before an unwritten layer",
        tries="Makes fc.forward return ones, which a Leaky ReLU leaves unchanged.",
        must="No points: it is no named mistake and excuses nothing.",
        baseline=NEVER_WRITTEN,
        changes=Changes(blocks={"fc.forward": "output = np.ones((len(feat), self.output_dim))"}),
    ),
    Attack(
        "returns only biases before an unwritten layer",
        tries=(
            "Flattens the batch dimension, too, a named mistake that stops networks from answering."
        ),
        must="No points: nothing is excused where a network does not run to its end.",
        baseline=NEVER_WRITTEN,
        changes=spoiled("fc_forward_flattens_the_batch_too"),
    ),
    Attack(
        "drops nothing to hide an unused mask",
        tries="Drops at test time only, so that a backward pass without a mask looks right.",
        must="No points: where nothing is dropped, no check can tell whether the mask is used.",
        baseline=PASSES_ON,
        changes=spoiled("dropout_forward_drops_in_the_other_mode"),
    ),
    Attack(
        "drops everything to hide an averaged gradient",
        tries=(
            "Drops everything at a keep probability of 0, so that the network without dropout is 0."
        ),
        must="No points: zeros hide gradients from every check, so this excuses none.",
        baseline=written("fc_backward_averages_both_gradients"),
        changes=spoiled("dropout_forward_drops_all_for_a_keep_probability_of_0"),
    ),
    Attack(
        "forgets the gradient to hide a dropout that divides by zero",
        tries=(
            "Ignores the incoming gradient in Leaky ReLU, so that dropout's gradient does not show."
        ),
        must="No points: it hides everything that comes before it, so it excuses nothing.",
        baseline=written("dropout_backward_divides_by_a_keep_probability_of_0"),
        changes=spoiled("leaky_relu_backward_forgets_the_incoming_gradient"),
    ),
    Attack(
        "reshapes in place to hide a gradient that stays flat",
        tries="Flattens its input in place, so that a flat gradient has the input's shape.",
        must="No points: with that, no check can tell whether the shape was restored.",
        baseline=written("fc_backward_leaves_the_gradient_flat"),
        changes=spoiled("fc_forward_reshapes_its_input_in_place"),
    ),
    Attack(
        "hides behind two mistakes",
        tries=(
            "Averages gradients and clips, so that two names explain a Leaky ReLU that does "
            "nothing."
        ),
        must="No points: the grader also knows what the two mistakes hide together.",
        baseline=NEVER_WRITTEN.plus(spoiled("fc_backward_averages_both_gradients")),
        changes=spoiled("fc_forward_clips_at_zero"),
    ),
)
