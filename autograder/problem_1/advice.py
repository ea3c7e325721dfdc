"""What a student's choices for the training depart from, if they do not reach the target.

The handout advises how to begin. A choice that is far from this advice may still train well, so
these sentences are said only about a training that fell short. Each says a number of the student's
and the handout's advice about it.
"""

from __future__ import annotations

from collections.abc import Iterator

from autograder.assignment.words import Statements
from autograder.training.recipe import Recipe

FAR = 4.0
"""How many times larger or smaller than advised initial weights are far from it."""
FEW_UNITS, FEW_EPOCHS, LARGE_BATCH, NEARLY_LINEAR, KEPT = 64, 10, 500, 0.5, 0.5
ORDINALS = ("first", "second", "third")


def advice(recipe: Recipe) -> Statements:
    """Statements about a recipe, as (kind, sentences)."""
    yield from _about_weights(recipe)
    yield from _about_layers(recipe)
    yield from _about_steps(recipe)


def _about_weights(recipe: Recipe) -> Iterator[tuple[str, str]]:
    connected = [layer for layer in recipe.layers if layer.kind == "fc"]
    for place, layer in zip(ORDINALS, connected, strict=False):
        advised = layer.inputs**-0.5
        if advised / FAR <= layer.spread <= advised * FAR:
            continue
        if layer.spread < advised:
            follows = (
                "With such small weights, the gradients are small too, and the loss stays near "
                "that of guessing for many epochs."
            )
        else:
            follows = (
                "With such large weights, the first scores are far too large, and so are the first "
                "steps."
            )
        yield (
            f"start_{place}",
            f"The weights of TinyNet's {place} FC layer start with a standard deviation of "
            f"{layer.spread:.2g}. A good start is about 1 / sqrt({layer.inputs}) = {advised:.2g}. "
            f"{follows}",
        )


def _about_layers(recipe: Recipe) -> Iterator[tuple[str, str]]:
    hidden = [layer.outputs for layer in recipe.layers if layer.kind == "fc"][:-1]
    if hidden and min(hidden) < FEW_UNITS:
        yield (
            "units",
            f"TinyNet has {min(hidden)} hidden units. Take about 100 to try things, and a few "
            "hundred for the final training.",
        )
    for layer in recipe.layers:
        if layer.kind == "leaky_relu" and layer.slope >= NEARLY_LINEAR:
            yield (
                "slope",
                f"TinyNet's Leaky ReLU has a slope of {layer.slope:.2g}, so the network is close "
                "to linear, and two layers learn little more than one.",
            )
        if layer.kind == "dropout" and 0 < layer.keep_prob < KEPT:
            yield "kept", f"TinyNet's dropout keeps only {layer.keep_prob:.0%} of the activations."


def _about_steps(recipe: Recipe) -> Iterator[tuple[str, str]]:
    if recipe.epochs < FEW_EPOCHS:
        yield "epochs", f"The number of epochs is {recipe.epochs}. 20 to 30 are usual here."
    if recipe.batch_size > LARGE_BATCH:
        yield (
            "batch_size",
            f"With a batch size of {recipe.batch_size}, an epoch has few steps. The learning rate "
            "is fixed, so smaller batches make more progress in an epoch.",
        )
    decays_in_a_third = recipe.epochs / 3 // recipe.lr_decay_every
    if recipe.lr_decay > 1:
        yield (
            "grows",
            f"lr_decay is {recipe.lr_decay:g}, more than 1: the learning rate grows instead of "
            "falling.",
        )
    elif recipe.lr_decay**decays_in_a_third < 0.1:
        yield (
            "falls",
            f"With this lr_decay and lr_decay_every, the learning rate is below a tenth of its "
            f"start after a third of the {recipe.epochs} epochs. From then on little is learnt.",
        )
