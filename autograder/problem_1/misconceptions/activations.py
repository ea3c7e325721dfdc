"""The functions that are defined in the notebook's last cell."""

from __future__ import annotations

from collections.abc import Mapping

from autograder.assignment.variant import Variant
from autograder.assignment.words import Described, Given, Words

CELL = "activations_definitions"
SIGMOID = "sigmoid = lambda x: 1 / (1 + np.exp(-x))"
LEAKY_RELU = "leaky_relu = lambda x: np.where(x >= 0, x, 0.1 * x)"
RELU = "relu = lambda x: np.maximum(0, x)"
ELU = "\nelu = lambda x: np.where(x >= 0, x, 0.5 * (np.exp(x) - 1))"
SELU = "selu = lambda x: 1.0507 * np.where(x >= 0, x, 1.6732 * (np.exp(x) - 1))"
TANH = "tanh = lambda x: np.tanh(x)"

VARIANTS = (
    Variant(
        "activations_sigmoid_falls",
        CELL,
        SIGMOID,
        "sigmoid = lambda x: 1 / (1 + np.exp(x))",
        "Your sigmoid falls from 1 to 0. Look at the sign of the exponent.",
    ),
    Variant(
        "activations_sigmoid_lacks_parentheses",
        CELL,
        SIGMOID,
        "sigmoid = lambda x: 1 / 1 + np.exp(-x)",
        "Your sigmoid is above 1: in which order does Python divide and add?",
    ),
    Variant(
        "activations_leaky_relu_has_the_layer_s_slope",
        CELL,
        LEAKY_RELU,
        "leaky_relu = lambda x: np.where(x >= 0, x, 0.01 * x)",
        "Your leaky_relu has the slope of the layer, 0.01. The formula here has another slope.",
    ),
    Variant(
        "activations_leaky_relu_is_a_relu",
        CELL,
        LEAKY_RELU,
        "leaky_relu = lambda x: np.where(x >= 0, x, 0)",
        "Your leaky_relu is 0 for negative x: that is a plain ReLU.",
    ),
    Variant(
        "activations_relu_uses_python_s_max",
        CELL,
        RELU,
        "relu = lambda x: max(0, x)",
        "Python's max compares whole objects. Look for a numpy function that compares element "
        "by element (it is not max).",
    ),
    Variant(
        "activations_relu_takes_the_largest_element",
        CELL,
        RELU,
        "relu = lambda x: np.max([0, np.max(x)])",
        "Your relu returns a single number. numpy has a function that compares element by "
        "element, but it is not max.",
    ),
    Variant(
        "activations_relu_changes_its_input",
        CELL,
        RELU,
        "relu = lambda x: np.maximum(0, x, out=x)",
        "Your relu changes the array that it is given.",
    ),
    Variant(
        "activations_relu_is_an_absolute_value",
        CELL,
        RELU,
        "relu = lambda x: np.abs(x)",
        "Your relu makes negative x positive.",
    ),
    Variant(
        "activations_elu_has_an_alpha_of_one",
        CELL,
        ELU,
        "\nelu = lambda x: np.where(x >= 0, x, np.exp(x) - 1)",
        "Your elu has an alpha of 1. The formula has another alpha.",
    ),
    Variant(
        "activations_elu_lacks_parentheses",
        CELL,
        ELU,
        "\nelu = lambda x: np.where(x >= 0, x, 0.5 * np.exp(x) - 1)",
        "Your elu jumps at 0: alpha multiplies only a part of the expression. Look at the "
        "parentheses.",
    ),
    Variant(
        "activations_elu_forgets_to_subtract_one",
        CELL,
        ELU,
        "\nelu = lambda x: np.where(x >= 0, x, 0.5 * np.exp(x))",
        "Your elu jumps at 0: compare what you have for negative x with the formula.",
    ),
    Variant(
        "activations_selu_scales_the_negative_side_only",
        CELL,
        SELU,
        "selu = lambda x: np.where(x >= 0, x, 1.0507 * 1.6732 * (np.exp(x) - 1))",
        "Your selu does not change positive x: lambda applies on both sides of 0.",
    ),
    Variant(
        "activations_selu_scales_the_positive_side_only",
        CELL,
        SELU,
        "selu = lambda x: np.where(x >= 0, 1.0507 * x, 1.6732 * (np.exp(x) - 1))",
        "Your selu does not multiply negative x by lambda: lambda applies on both sides of 0.",
    ),
    Variant(
        "activations_selu_has_no_scale",
        CELL,
        SELU,
        "selu = lambda x: np.where(x >= 0, x, 1.6732 * (np.exp(x) - 1))",
        "Your selu is an ELU: lambda is missing.",
    ),
    Variant(
        "activations_selu_exchanges_its_constants",
        CELL,
        SELU,
        "selu = lambda x: 1.6732 * np.where(x >= 0, x, 1.0507 * (np.exp(x) - 1))",
        "In your selu, alpha and lambda are swapped.",
    ),
    Variant(
        "activations_tanh_lacks_parentheses",
        CELL,
        TANH,
        "tanh = lambda x: np.exp(x) - np.exp(-x) / (np.exp(x) + np.exp(-x))",
        "Your tanh grows without bound: in which order does Python subtract and divide?",
    ),
    Variant(
        "activations_tanh_is_upside_down",
        CELL,
        TANH,
        "tanh = lambda x: (np.exp(x) + np.exp(-x)) / (np.exp(x) - np.exp(-x))",
        "Your tanh is upside down: which of the two expressions is the numerator?",
    ),
    Variant(
        "activations_tanh_is_a_sigmoid",
        CELL,
        TANH,
        "tanh = lambda x: 2 / (1 + np.exp(-x)) - 1",
        "Your tanh is a sigmoid that is scaled to go from -1 to 1. It is only half as steep as "
        "tanh.",
    ),
)


def _function(name: str) -> Words:
    def words(given: Given) -> Described:
        return Described(
            values={"out": name, "table": name},
            inputs={"its input": given["x"]},
            when={"table": "for an array with two axes"},
            untouched={"x_after": f"the input of {name}"},
        )

    return words


WORDS: Mapping[str, Words] = {
    f"activations_{name}": _function(f"your {name}")
    for name in ("sigmoid", "leaky_relu", "relu", "elu", "selu", "tanh")
}
