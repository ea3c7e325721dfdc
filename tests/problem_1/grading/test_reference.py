"""The gradients of the reference, with which students' are compared, match numerical ones."""

import importlib

import numpy as np
import pytest
from lib.grad_check import eval_numerical_gradient_array

from autograder.assignment.probe import Library
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.seeds import key_of

KEY = key_of(77)
NUMERICAL = 1e-7
"""Tolerance of centred differences in float64 with h = 1e-5: truncation h^2, rounding 1e-11."""


@pytest.fixture(scope="module")
def lib():
    return Library({name: importlib.import_module(name) for name in P1.modules}, {})


def answers(lib, name):
    """The values that a probe yields for the solution, and its inputs."""
    found = {}
    for values in P1.probes[name].run(lib, **P1.probes[name].inputs(KEY)):
        found |= {key: np.array(value) for key, value in values.items()}
    return found, P1.probes[name].inputs(KEY)


def agree(analytic, numerical):
    assert analytic.shape == numerical.shape
    assert np.max(np.abs(analytic - numerical)) <= NUMERICAL * np.max(np.abs(numerical))


def numerical(function, x, dout):
    return eval_numerical_gradient_array(function, x.copy(), dout)


def test_fc_backward(lib):
    found, given = answers(lib, "fc_backward")
    x, w, b, dout = (given[name] for name in ("x", "w", "b", "dout"))
    agree(found["dx"], numerical(lambda x: x @ w + b, x, dout))
    agree(found["dw"], numerical(lambda w: x @ w + b, w, dout))
    agree(found["db"], numerical(lambda b: x @ w + b, b, dout))


@pytest.mark.parametrize("slope", ["small", "large", "relu"])
def test_leaky_relu_backward(lib, slope):
    found, given = answers(lib, "leaky_relu_backward_slopes")
    negative = given.get(slope, 0.0)
    gradient = numerical(lambda x: np.where(x > 0, x, negative * x), given["x"], given["dout"])
    agree(found[slope], gradient)


def loss(logits, labels):
    shifted = logits - logits.max(axis=1, keepdims=True)
    return np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(labels)), labels]


def test_cross_entropy(lib):
    for probe, total in (("cross_entropy", np.mean), ("cross_entropy_sum", np.sum)):
        found, given = answers(lib, probe)

        def function(logits, total=total, labels=given["labels"]):
            return total(loss(logits, labels))

        assert np.isclose(found["loss"], function(given["logits"]), rtol=1e-12)
        agree(found["gradient"], numerical(function, given["logits"], 1.0))


def leaky(x):
    return np.where(x > 0, x, 0.01 * x)


def test_cascade(lib):
    found, given = answers(lib, "cascade")
    x, w, b, dout = (given[name] for name in ("x", "w", "b", "dout"))
    agree(found["dx"], numerical(lambda x: leaky(x.reshape(4, -1) @ w + b), x, dout))
    agree(found["dw1"], numerical(lambda w: leaky(x.reshape(4, -1) @ w + b), w, dout))
    agree(found["db1"], numerical(lambda b: leaky(x.reshape(4, -1) @ w + b), b, dout))


@pytest.mark.parametrize("name", ["x", "w1", "b1", "w2", "b2"])
def test_small_network(lib, name):
    found, given = answers(lib, "small_network")

    def function(value):
        p = given | {name: value}
        return leaky(p["x"] @ p["w1"] + p["b1"]) @ p["w2"] + p["b2"]

    agree(found[f"d{name}"], numerical(function, given[name], given["dout"]))


@pytest.mark.parametrize("name", ["x", "w1", "b1", "w2", "b2", "w3", "b3"])
def test_dropout_network_without_dropout(lib, name):
    found, given = answers(lib, "dropout_network_without")

    def function(value):
        p = given | {name: value}
        output = p["x"].reshape(len(p["x"]), -1)
        for layer in "123":
            output = leaky(output @ p["w" + layer] + p["b" + layer])
        return output

    agree(found[f"d{name}"], numerical(function, given[name], given["dout"]))
