"""What the values of an optimizer's probes are called, whichever the optimizer."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from autograder.assignment.words import Described, Given, Words
from autograder.problem_1.probes.optimizers import STEPS

SEVERAL_LAYERS = "in a network of several layers"


DECAY_RATE, MOMENTUM = "the decay rate", "the momentum"


def one_parameter(state: Mapping[str, str], rate: str = DECAY_RATE) -> Words:
    """One step of one parameter, with a given state."""

    def words(given: Given) -> Described:
        gradient = given["grads"][0]
        before = dict(zip(state, (given["first"], given["second"]), strict=False))
        return Described(
            values={"w": "the parameter", **state},
            inputs={
                "the gradient": gradient,
                "the gradient of the step": gradient[np.newaxis],
                "the square of the gradient": gradient**2,
                **{f"{state[name]} before the step": array for name, array in before.items()},
            },
            numbers={"the learning rate": given["lr"], rate: given["decay"]},
            starts={"w": given["w"], **before},
        )

    return words


def new_optimizer(
    state: Mapping[str, str],
    rate: str = DECAY_RATE,
    conditions: Mapping[str, str] = MappingProxyType({}),
) -> Words:
    """Several steps of one parameter, from a new optimizer.

    `conditions` has the names of further values that are the parameter, each under a condition.
    """

    def words(given: Given) -> Described:
        parameters, start = ("w", *conditions), np.asarray(given["w"])
        return Described(
            values=dict.fromkeys(parameters, "the parameter") | dict(state),
            untouched={"grads_after": "the gradient"},
            inputs={"the gradient": given["grads"]},
            numbers={"the learning rate": given["lr"], rate: given["decay"]},
            starts=dict.fromkeys(parameters, start),
            when=dict.fromkeys(("w", *state), "in a new optimizer") | dict(conditions),
        )

    return words


def several_parameters(given: Given) -> Described:
    names = dict(
        w1="the weight matrix of the first layer",
        b1="the bias vector of the first layer",
        w2="the weight matrix of the second layer",
        b2="the bias vector of the second layer",
    )
    return Described(
        values=names,
        inputs={
            f"the gradient of {names[key]}": gradient for key, gradient in given["grads"].items()
        },
        numbers={"the momentum or decay rate": given["decay"]},
        starts=given["values"],
        events={STEPS // 2: "the learning rate changes"},
        when=dict.fromkeys(names, SEVERAL_LAYERS),
    )


def epsilon(given: Given) -> Described:
    return Described(
        values={"w": "the parameter", "large": "the parameter"},
        numbers={"the learning rate": given["lr"]},
        starts={"w": given["w"], "large": given["w"]},
        when={"w": "for gradients as small as epsilon", "large": "for a large epsilon"},
    )
