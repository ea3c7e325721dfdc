"""Hiding a mistake behind another: a named mistake is paid for once, and excused where it shows.

Who has left something unwritten spoils something right before it, so that what is missing does not
show any more, and hopes that all that fails is put down to what was spoiled.
"""

from attack import NBGRADER, SOLUTION, ZIP, Attack, Changes, Work

from autograder.diagnosis.variants import named
from autograder.problem_1 import ASSIGNMENT as P1

NEVER_WRITTEN = SOLUTION.but(
    blocks={"leaky_relu.forward": "output = feat", "leaky_relu.backward": "dfeat = dprev"}
)
"""A Leaky ReLU that does nothing, so that something stands there."""

PASSES_ON = SOLUTION.but(blocks={"dropout.backward": "dfeat = dprev"})
"""A dropout whose backward pass knows of no mask."""

CLIPS_RIGHTLY = SOLUTION.but(
    blocks={
        "leaky_relu.forward": """
            clipped = np.maximum(feat, 0)
            output = clipped + self.negative_slope * (feat - clipped)
        """
    }
)
"""Clips where it is right to."""


def spoiled(*names: str) -> Changes:
    """The mistakes that variants of these names are."""
    patches = [patch for name in names for patch in named(P1, name).patches]
    return Changes(patches=tuple((patch.file, patch.old, patch.new) for patch in patches))


def written(name: str) -> Work:
    """The solution with one mistake, which is what the attack wants to hide."""
    return SOLUTION.but(spoiled(name))


ATTACKS = (
    Attack(
        "clips before a layer that is not written",
        tries="Clips fc.forward at 0, behind which a Leaky ReLU that does nothing looks right.",
        must="No point: a check that clipping blinds to Leaky ReLUs is not excused.",
        over=NEVER_WRITTEN,
        does=spoiled("fc_forward_clips_at_zero"),
        roads=(ZIP, NBGRADER),
        twin=CLIPS_RIGHTLY,
    ),
    Attack(
        "clips before a block that raises",
        tries="The same with Leaky ReLU left as it was released.",
        must="No point: a network that raises answers nothing that could be excused.",
        over=SOLUTION.left("leaky_relu.forward", "leaky_relu.backward"),
        does=spoiled("fc_forward_clips_at_zero"),
        roads=(ZIP, NBGRADER),
    ),
    Attack(
        "clips to hide a missing layer",
        tries="Leaves the Leaky ReLU out of TestFCReLU and clips what goes in.",
        must="No point: with clipping in, no check of the cascade can tell that it is missing.",
        over=written("cascade_has_no_leaky_relu"),
        does=spoiled("fc_forward_clips_at_zero"),
    ),
    Attack(
        "returns zeros before a layer that is not written",
        tries="Lets fc.forward return zeros, which every layer leaves as they are.",
        must="No point: nobody does that by mistake, so it has no name and excuses nothing.",
        over=NEVER_WRITTEN,
        does=Changes(blocks={"fc.forward": "output = np.zeros((len(feat), self.output_dim))"}),
    ),
    Attack(
        "returns NaN before a layer that is not written",
        tries="Lets fc.forward return NaN, which hides whatever comes behind.",
        must="No point: it has no name, and what is not finite excuses nothing.",
        over=NEVER_WRITTEN,
        does=Changes(
            blocks={"fc.forward": "output = np.full((len(feat), self.output_dim), np.nan)"}
        ),
    ),
    Attack(
        "returns a constant before a layer that is not written",
        tries="Lets fc.forward return ones, of which a Leaky ReLU makes ones.",
        must="No point: it has no name and excuses nothing.",
        over=NEVER_WRITTEN,
        does=Changes(blocks={"fc.forward": "output = np.ones((len(feat), self.output_dim))"}),
    ),
    Attack(
        "returns biases alone before a layer that is not written",
        tries="Flattens the batch away, a mistake with a name, so that networks answer nothing.",
        must="No point: where a network does not go to its end, nothing is excused.",
        over=NEVER_WRITTEN,
        does=spoiled("fc_forward_flattens_the_batch_too"),
    ),
    Attack(
        "drops nothing to hide a mask that is not used",
        tries="Drops at test time only, so that a backward pass without a mask looks right.",
        must="No point: where nothing is dropped no check tells whether the mask is used.",
        over=PASSES_ON,
        does=spoiled("dropout_forward_drops_in_the_other_mode"),
    ),
    Attack(
        "drops all to hide a gradient that is averaged",
        tries="Drops everything for a keep probability of 0: the network without dropout is 0.",
        must="No point: behind zeros no check sees a gradient, so this excuses none.",
        over=written("fc_backward_averages_both_gradients"),
        does=spoiled("dropout_forward_drops_all_for_a_keep_probability_of_0"),
    ),
    Attack(
        "forgets the gradient to hide a dropout that divides by zero",
        tries="Forgets the incoming gradient in Leaky ReLU, behind which dropout does not show.",
        must="No point: nothing that comes before it is seen behind it, so it excuses nothing.",
        over=written("dropout_backward_divides_by_a_keep_probability_of_0"),
        does=spoiled("leaky_relu_backward_forgets_the_incoming_gradient"),
    ),
    Attack(
        "reshapes in place to hide a gradient that stays flat",
        tries="Flattens its input in place, so that a flat gradient has the input's shape.",
        must="No point: with that in, no check tells whether the shape was restored.",
        over=written("fc_backward_leaves_the_gradient_flat"),
        does=spoiled("fc_forward_reshapes_its_input_in_place"),
    ),
    Attack(
        "hides behind two mistakes",
        tries="Averages gradients and clips: two names to explain a Leaky ReLU that does nothing.",
        must="No point: what the two hide together is looked for, too.",
        over=NEVER_WRITTEN.but(spoiled("fc_backward_averages_both_gradients")),
        does=spoiled("fc_forward_clips_at_zero"),
    ),
)
