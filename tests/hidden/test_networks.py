"""The networks, with the student's own layers in them."""

import numpy as np

from autograder.judgement.checks import DEVIATIONS, check, close, numbers, require, require_first

NETWORK = 1e-5
"""As FLOAT32: three layers of at most 30 features round no more than one layer of 3,072."""


@check("cascade", weight=2, announced="Flatten, FC, Leaky ReLU, from 15 features to 5")
def test_cascade_output(cascade):
    close(cascade.student.out, cascade.reference.out, "the output of TestFCReLU", NETWORK)


@check("cascade", weight=2, announced="The gradients of the input and of both parameters")
def test_cascade_gradients(cascade):
    student, reference = cascade.student, cascade.reference
    close(student.dx, reference.dx, "the gradient of the input", NETWORK)
    close(student.dw1, reference.dw1, "the gradient of the weights", NETWORK)
    close(student.db1, reference.db1, "the gradient of the biases", NETWORK)


@check("cascade", weight=1, announced="the names of your network's weights and biases")
def test_cascade_names(cascade_names):
    student, reference = cascade_names.student, cascade_names.reference
    close(student.out, reference.out, "the output with w and b assigned by your names", NETWORK)


@check(
    "small_network",
    weight=2,
    announced="FC, Leaky ReLU, FC, from 4 features through 30 to 7 classes",
)
def test_small_network_output(small_network):
    student, reference = small_network.student, small_network.reference
    close(student.out, reference.out, "the output of SmallFullyConnectedNetwork", NETWORK)


@check("small_network", weight=2, announced="The gradients of the input and of all four parameters")
def test_small_network_gradients(small_network):
    student, reference = small_network.student, small_network.reference
    close(student.dx, reference.dx, "the gradient of the input", NETWORK)
    close(student.dw2, reference.dw2, "the gradient of the second weights", NETWORK)
    close(student.db2, reference.db2, "the gradient of the second biases", NETWORK)
    close(student.dw1, reference.dw1, "the gradient of the first weights", NETWORK)
    close(student.db1, reference.db1, "the gradient of the first biases", NETWORK)


@check(
    "small_network",
    weight=1,
    announced="Weights start with a standard deviation of 0.002, biases at 0",
)
def test_small_network_start(small_network, small_network_start):
    require_first(lambda: test_small_network_output(small_network))
    student = small_network_start.student
    for name, what in (("w1", "first"), ("w2", "second")):
        weights = numbers(getattr(student, name), f"the {what} weights")
        off = abs(np.std(weights) / 0.002 - 1)
        chance = DEVIATIONS / np.sqrt(
            2 * weights.size
        )  # relative, for a standard deviation of normal draws
        require(
            off <= chance, f"the {what} weights have a standard deviation {np.std(weights):.2g}"
        )
    require(not np.any(student.b1), "the first biases do not start at 0")
    require(not np.any(student.b2), "the second biases do not start at 0")


@check("small_network", weight=1, announced="the names of your network's parameters")
def test_small_network_names(small_network_names):
    student, reference = small_network_names.student, small_network_names.reference
    close(student.out, reference.out, "the output with parameters assigned by your names", NETWORK)


def expected_of_dropout_network(given, factor):
    """The output and the gradients if the dropout layer at the end multiplies it by `factor`.

    They cannot come from the reference, because the mask is the student's own.
    """
    weights = [given.w1, given.w2, given.w3]
    biases = [given.b1, given.b2, given.b3]
    slopes, inputs = [], [given.x.reshape(len(given.x), -1)]
    for w, b in zip(weights, biases, strict=True):
        before = inputs[-1] @ w + b
        slopes.append(np.where(before > 0, 1, 0.01))
        inputs.append(before * slopes[-1])
    expected = {"out": inputs[-1] * factor}
    passed_back = given.dout * factor
    for number in (3, 2, 1):
        passed_back = passed_back * slopes[number - 1]
        expected[f"dw{number}"] = inputs[number - 1].T @ passed_back
        expected[f"db{number}"] = passed_back.sum(axis=0)
        passed_back = passed_back @ weights[number - 1].T
    return expected | {"dx": passed_back.reshape(given.x.shape)}


GRADIENTS = ("dx", "dw1", "db1", "dw2", "db2", "dw3", "db3")


def compare_gradients(student, expected):
    for name in GRADIENTS:
        close(getattr(student, name), expected[name], f"the gradient {name}", NETWORK)


@check(
    "dropout_network",
    weight=2,
    announced="With a keep probability of 0 the network has no dropout",
)
def test_dropout_network_without_dropout(dropout_network_without):
    student, reference = dropout_network_without.student, dropout_network_without.reference
    close(student.out, reference.out, "the output of DropoutNet(keep_prob=0)", NETWORK)
    compare_gradients(student, {name: getattr(reference, name) for name in GRADIENTS})


def own_mask(out):
    """The mask of the student's dropout. Before dropout, no output of the network is 0."""
    kept = numbers(out, "the output at training time") != 0
    require(
        kept.any() and not kept.all(), "at training time the network drops nothing, or everything"
    )
    return kept


@check(
    "dropout_network",
    weight=1,
    announced="the output is dropped and scaled by your dropout layer",
)
def test_dropout_network_output(dropout_network):
    given, student = dropout_network.given, dropout_network.student
    factor = own_mask(student.out) / given.keep_prob
    close(
        student.out,
        expected_of_dropout_network(given, factor)["out"],
        "the output of DropoutNet at training time",
        NETWORK,
    )


@check("dropout_network", weight=2, announced="the gradients of all parameters go through its mask")
def test_dropout_network_gradients(dropout_network):
    given, student = dropout_network.given, dropout_network.student
    factor = own_mask(student.out) / given.keep_prob
    compare_gradients(student, expected_of_dropout_network(given, factor))


@check("dropout_network", weight=1, announced="the same seed gives the same output")
def test_dropout_network_under_a_seed(dropout_network):
    require_first(lambda: test_dropout_network_output(dropout_network))
    close(dropout_network.student.again, dropout_network.student.out, "the output under one seed")


@check("dropout_network", weight=1, announced="At test time nothing is dropped")
def test_dropout_network_at_test_time(dropout_network_test_time):
    student, reference = dropout_network_test_time.student, dropout_network_test_time.reference
    require_first(lambda: own_mask(student.trained))
    close(student.out, reference.out, "the output of DropoutNet at test time", NETWORK)
    compare_gradients(student, {name: getattr(reference, name) for name in GRADIENTS})
