"""The networks that students build, and the parameter names that they write in the notebook."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from autograder.assignment.variant import Variant
from autograder.assignment.words import Described, Given, Statements, Symptoms, Values, Words
from autograder.diagnosis.same import SAME
from autograder.problem_1.misconceptions import EXAMPLES, NETWORKS
from autograder.problem_1.probes.layers import KINDS

CASCADE = '            fc(15, 5, name="fullo"),\n            leaky_relu(name="lrelu"),\n'
CASCADE_NAMES = 'param_name_w = "fullo_w"\nparam_name_b = "fullo_b"'
FIRST = '            fc(4, 30, name="fullo_1"),\n            leaky_relu(name="lrelu"),\n'
SECOND = 'fc(30, 7, name="fullo_2"),'

TINY_FC = '            fc(3072, 512, 2.5e-2, name="fullo_1"),\n'
TINY_FIRST = TINY_FC + '            leaky_relu(name="lrelu"),\n'
TINY_SECOND = 'fc(512, 10, 2.5e-2, name="fullo_2"),'

VARIANTS = (
    Variant(
        "cascade_has_no_leaky_relu",
        NETWORKS,
        CASCADE,
        '            fc(15, 5, name="fullo"),\n',
        "TestFCReLU is linear: a layer is missing.",
    ),
    Variant(
        "cascade_has_a_relu",
        NETWORKS,
        CASCADE,
        '            fc(15, 5, name="fullo"),\n            leaky_relu(0, name="lrelu"),\n',
        "The Leaky ReLU of TestFCReLU has a slope of 0. Use the layer's default slope.",
    ),
    Variant(
        "cascade_has_another_slope",
        NETWORKS,
        CASCADE,
        '            fc(15, 5, name="fullo"),\n            leaky_relu(0.1, name="lrelu"),\n',
        "The Leaky ReLU of TestFCReLU has a slope of 0.1. Use the layer's default slope.",
    ),
    Variant(
        "cascade_has_the_leaky_relu_first",
        NETWORKS,
        CASCADE,
        '            leaky_relu(name="lrelu"),\n            fc(15, 5, name="fullo"),\n',
        "The layers of TestFCReLU are in the wrong order.",
    ),
    Variant(
        "cascade_exchanges_the_names",
        "cascade_names",
        CASCADE_NAMES,
        'param_name_w = "fullo_b"\nparam_name_b = "fullo_w"',
        "The two names are swapped: the first must be the name of the weights.",
    ),
    Variant(
        "cascade_gives_names_without_their_endings",
        "cascade_names",
        CASCADE_NAMES,
        'param_name_w = "fullo"\nparam_name_b = "fullo"',
        "These are not the names of parameters. Print TestFCReLU().net.params.keys() to see them.",
    ),
    Variant(
        "small_network_ends_in_leaky_relu",
        NETWORKS,
        SECOND,
        'fc(30, 7, name="fullo_2"),\n            leaky_relu(name="lrelu_2"),',
        "There is a Leaky ReLU after the last FC. Scores may be negative: the softmax that "
        "follows accepts them.",
    ),
    Variant(
        "small_network_has_no_leaky_relu",
        NETWORKS,
        FIRST,
        '            fc(4, 30, name="fullo_1"),\n',
        "Nothing stands between the two FC layers, so the network is linear.",
    ),
    Variant(
        "small_network_has_a_relu",
        NETWORKS,
        FIRST,
        '            fc(4, 30, name="fullo_1"),\n            leaky_relu(0, name="lrelu"),\n',
        "The Leaky ReLU has a slope of 0. Use the layer's default slope.",
    ),
    Variant(
        "small_network_begins_with_larger_weights",
        NETWORKS,
        SECOND,
        'fc(30, 7, 0.02, name="fullo_2"),',
        "The initial weights do not have the layers' default standard deviation. Look at the "
        "third argument of fc.",
    ),
    Variant(
        "small_network_begins_with_weights_of_zero",
        NETWORKS,
        FIRST,
        FIRST.replace("30, name", "30, 0, name"),
        "The weights of a layer start at 0, so all of its units have equal outputs and equal "
        "updates.",
    ),
    Variant(
        "small_network_exchanges_weights_and_biases",
        "small_network_names",
        'param_name_w1 = "fullo_1_w"\nparam_name_b1 = "fullo_1_b"',
        'param_name_w1 = "fullo_1_b"\nparam_name_b1 = "fullo_1_w"',
        "In the cell with the names, the names of weights and biases are swapped.",
    ),
    Variant(
        "small_network_gives_names_that_do_not_exist",
        "small_network_names",
        'param_name_w1 = "fullo_1_w"',
        'param_name_w1 = "fc1_w"',
        "The cell has a name that the network does not know. Print the keys of "
        "SmallFullyConnectedNetwork().net.params to see them.",
    ),
    Variant(
        "train_tiny_net_has_no_leaky_relu",
        NETWORKS,
        TINY_FIRST,
        TINY_FC,
        "Nothing stands between the two FC layers of TinyNet, so it is linear, and two layers "
        "can learn no more than one.",
    ),
    Variant(
        "train_tiny_net_ends_in_leaky_relu",
        NETWORKS,
        TINY_SECOND,
        TINY_SECOND + '\n            leaky_relu(name="lrelu_2"),',
        "There is a Leaky ReLU after the last FC of TinyNet, which shrinks negative scores.",
    ),
)


NETWORK_VALUES = {
    "out": "the output",
    "dx": "the gradient of the input",
    **{
        f"d{letter}{number}": f"the gradient of the {which} {what}"
        for letter, what in (("w", "weights"), ("b", "biases"))
        for number, which in ((1, "first"), (2, "second"), (3, "third"))
    },
}


LAYER_NAMES: Mapping[float, str] = {0: "Flatten", 1: "FC", 2: "Leaky ReLU", 3: "dropout"}
MOST_LAYERS = 20


def _network(condition: str = "") -> Words:
    def words(given: Given) -> Described:
        numbers = {EXAMPLES: len(given["x"])}
        if "keep_prob" in given:
            numbers["the keep probability"] = given["keep_prob"]
        return Described(
            values=NETWORK_VALUES,
            inputs={"the incoming gradient": given["dout"]},
            numbers=numbers,
            when=dict.fromkeys(NETWORK_VALUES, condition) if condition else {},
        )

    return words


def _start(given: Given) -> Described:
    return Described(
        values={
            "b1": "the start of the first biases",
            "b2": "the start of the second biases",
        }
    )


def _layers(network: str, *expected: str, any_slope: bool = False) -> Symptoms:
    """Which layers a network consists of, if not of the expected ones."""

    def symptoms(values: Values, given: Given) -> Statements:
        kinds, slopes = values.get("kinds"), values.get("slopes")
        if kinds is None or slopes is None or kinds.ndim != 1 or kinds.size > MOST_LAYERS:
            return
        names = [LAYER_NAMES.get(float(kind), "a layer of another kind") for kind in kinds]
        wanted = [name for name in names if name != "Flatten" or "Flatten" in expected]
        if wanted != list(expected):
            found = ", ".join(names) if names else "no layer"
            yield (
                "layers",
                f"{network} consists of {found}. The assignment asks for {', '.join(expected)}.",
            )
            return
        others = np.abs(slopes[kinds == KINDS.index("leaky_relu")] - 0.01) > SAME
        if not any_slope and others.any():
            yield "slope", f"The Leaky ReLU of {network} does not have the default slope."

    return symptoms


def _start_of_small_network(values: Values, given: Given) -> Statements:
    for name, which in (("w1", "first"), ("w2", "second")):
        if name in values and abs(np.std(values[name]) / 0.002 - 1) > 0.2:
            yield (
                "start",
                f"The {which} weights of SmallFullyConnectedNetwork do not start with the default "
                "standard deviation of 0.002.",
            )


WORDS: Mapping[str, Words] = {
    "cascade": _network(),
    "cascade_names": _network("with the parameters assigned by your names"),
    "small_network": _network(),
    "small_network_start": _start,
    "small_network_names": _network("with the parameters assigned by your names"),
    "dropout_network_without": _network("for a keep probability of 0"),
    "dropout_network_test_time": _network("at test time"),
}


SYMPTOMS: Mapping[str, Symptoms] = {
    "small_network_start": _start_of_small_network,
    "cascade_layers": _layers("TestFCReLU", "Flatten", "FC", "Leaky ReLU"),
    "small_network_layers": _layers("SmallFullyConnectedNetwork", "FC", "Leaky ReLU", "FC"),
    "train_tiny_net_recipe": _layers(
        "TinyNet", "Flatten", "FC", "Leaky ReLU", "FC", any_slope=True
    ),
    # students choose the sizes and the slope, so the reference's values say nothing about theirs
    "train_tiny_net_network": lambda values, given: (),
    "dropout_network": lambda values, given: (),
}
