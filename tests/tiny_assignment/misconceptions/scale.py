"""Mistakes in the layer."""

from autograder.assignment.variant import Variant

LAYERS = "lib/layers.py"

VARIANTS = (
    Variant(
        "scale_adds",
        file=LAYERS,
        old="output = self.a * x",
        new="output = self.a + x",
        hint="The output is a sum. What does the layer do with its input?",
    ),
    Variant(
        "scale_averages_the_gradient_of_the_factor",
        file=LAYERS,
        old="self.da = np.sum(self.x * dout)",
        new="self.da = np.mean(self.x * dout)",
        hint="The gradient of the factor is averaged. Over what does the loss add it up?",
    ),
)
