"""Mistakes in the step of gradient descent."""

from autograder.assignment.variant import Variant

VARIANTS = (
    Variant(
        "step_goes_uphill",
        file="lib/optim.py",
        old="self.layer.a -= self.rate * self.layer.da",
        new="self.layer.a += self.rate * self.layer.da",
        hint="The step goes where the loss grows. Which way does the gradient point?",
    ),
    Variant(
        "step_forgets_the_rate",
        file="lib/optim.py",
        old="self.layer.a -= self.rate * self.layer.da",
        new="self.layer.a -= self.layer.da",
        hint="The step has the length of the gradient. What else should scale it?",
    ),
    Variant(
        "step_rate_is_too_large",
        file="step_rate",
        old="rate = 0.5",
        new="rate = 2",
        hint="The learning rate is larger than 1. What does the section ask for?",
    ),
)
