"""What the values of each probe are called, for sentences about students' numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograder.assignment.words import Described, Words

Given = Mapping[str, Any]

EXAMPLES, FEATURES, CLASSES = "the number of examples", "the number of features", "the classes"
SECOND_CALL = "in a second call"
ONE_EXAMPLE = "for a single example"
SEVERAL_LAYERS = "in a network of several layers"
SIZE_OF_TRAINING = "in float32 and at the size of the training"


def _fc(given: Given) -> dict[str, Any]:
    return dict(
        inputs={
            "the input": given["x"],
            "the weights": given["w"],
            "the biases": given["b"],
            "the incoming gradient": given["dout"],
        },
        numbers={
            EXAMPLES: len(given["x"]),
            "the number of input features": given["w"].shape[0],
            "the number of output features": given["w"].shape[1],
        },
        axes=("the examples", "the features"),
    )


def _fc_forward(given: Given) -> Described:
    return Described(
        untouched={
            "x_after": "the input",
            "w_after": "the weight matrix",
            "b_after": "the bias vector",
        },
        values={"out": "the output", "out_one": "the output"},
        when={"out_one": ONE_EXAMPLE},
        **_fc(given),
    )


def _fc_forward_training_size(given: Given) -> Described:
    return Described(values={"out": "the output"}, when={"out": SIZE_OF_TRAINING}, **_fc(given))


def _flatten(given: Given) -> Described:
    names = dict(images="of images", rows="of rows", videos="of videos", one=ONE_EXAMPLE)
    return Described(
        untouched={"images_after": "the input"},
        values=dict.fromkeys(names, "the result of flatten"),
        inputs={"the input": given["images"]},
        when=names,
    )


def _fc_gradients(given: Given) -> Described:
    common = _fc(given)
    axes = {"axes": ()}
    return Described(
        values={
            "dx": "the gradient of the input",
            "dw": "the gradient of the weights",
            "db": "the gradient of the biases",
            "dx_next": "the gradient of the input",
            "dw_next": "the gradient of the weights",
            "db_next": "the gradient of the biases",
        },
        when=dict.fromkeys(("dx_next", "dw_next", "db_next"), SECOND_CALL),
        untouched={
            "dout_after": "the incoming gradient",
            "x_after": "the input of the forward pass",
            "w_after": "the weight matrix",
            "b_after": "the bias vector",
        },
        **{**common, **axes},
    )


def _fc_gradients_training_size(given: Given) -> Described:
    return Described(
        values={
            "dx": "the gradient of the input",
            "dw": "the gradient of the weights",
            "db": "the gradient of the biases",
        },
        when=dict.fromkeys(("dx", "dw", "db"), SIZE_OF_TRAINING),
        numbers={EXAMPLES: len(given["x"])},
    )


def _leaky_relu(what: str) -> Words:
    def words(given: Given) -> Described:
        inputs = {"the input": given["x"]}
        places = {}
        if what == "the gradient":
            inputs |= {"the incoming gradient": given["dout"]}
            places = {
                "where the incoming gradient is negative and the input positive": (
                    (given["dout"] < 0) & (given["x"] > 0)
                ),
            }
        return Described(
            values=dict.fromkeys(("out", "dx", "at_zero", "stack"), what),
            inputs=inputs,
            numbers={"the default slope": 0.01},
            places=places,
            when={
                "stack": "for an array with four axes",
                "at_zero": "for inputs of 0",
            },
            axes=("the examples", "the features"),
        )

    return words


def _leaky_relu_slopes(what: str) -> Words:
    def words(given: Given) -> Described:
        inputs = {"the input": given["x"]}
        if what == "the gradient":
            inputs |= {"the incoming gradient": given["dout"]}
        return Described(
            values=dict.fromkeys(("small", "large", "relu"), what),
            inputs=inputs,
            numbers={"the default slope": 0.01},
            when=dict(
                small="for a slope other than 0.01",
                large="for a slope other than 0.01",
                relu="for a slope of 0",
            ),
            axes=("the examples", "the features"),
        )

    return words


def _at_labels(labels: np.ndarray, classes: int) -> dict[str, np.ndarray]:
    at = labels[:, np.newaxis] == np.arange(classes)
    return {"in the column of the label": at, "outside the column of the label": ~at}


def _loss(given: Given) -> dict[str, Any]:
    logits, labels = given["logits"], given["labels"]
    exp = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities = exp / exp.sum(axis=1, keepdims=True)
    one_hot = (labels[:, np.newaxis] == np.arange(logits.shape[1])).astype(float)
    return dict(
        inputs={
            "the logits": logits,
            "the probabilities": probabilities,
            "the one-hot labels": one_hot,
        },
        numbers={EXAMPLES: len(logits), "the number of classes": logits.shape[1]},
        places=_at_labels(labels, logits.shape[1]),
        axes=("the examples", "the classes"),
    )


def _softmax(given: Given) -> Described:
    return Described(
        untouched={"logits_after": "the array of logits"},
        values={"scores": "the result of softmax", "one": "the result of softmax"},
        when={"one": ONE_EXAMPLE},
        **_loss(given),
    )


def _stable(given: Given) -> Described:
    large = "for logits in the thousands"
    return Described(
        values={
            "high": "the result of softmax",
            "low": "the result of softmax",
            "apart": "the result of softmax",
            "loss": "the loss",
            "gradient": "the gradient of the loss",
        },
        when=dict.fromkeys(("high", "low", "apart", "loss", "gradient"), large),
        numbers=_loss(given)["numbers"],
        axes=("the examples", "the classes"),
    )


def _cross_entropy(given: Given) -> Described:
    return Described(
        untouched={"logits_after": "the array of logits", "labels_after": "the array of labels"},
        values={
            "loss": "the loss",
            "loss_one": "the loss",
            "gradient": "the gradient of the loss",
            "gradient_one": "the gradient of the loss",
        },
        when=dict.fromkeys(("loss_one", "gradient_one"), ONE_EXAMPLE),
        **_loss(given),
    )


def _cross_entropy_sum(given: Given) -> Described:
    return Described(
        values={"loss": "the loss", "gradient": "the gradient of the loss"},
        when=dict.fromkeys(("loss", "gradient"), "for size_average=False"),
        **_loss(given),
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


def _one_parameter(state: Mapping[str, str], fresh: bool = False) -> Words:
    """A probe of an optimizer with one parameter, with a given state or from a new optimizer."""

    def words(given: Given) -> Described:
        gradient = given["grads"] if fresh else given["grads"][:1]
        starts: dict[str, np.ndarray] = {"w": given["w"]}
        inputs = {"the gradient": gradient}
        if not fresh:
            inputs |= {
                "the gradient": gradient[0],
                "the square of the gradient": gradient[0] ** 2,
            }
            firsts = (given["first"], given["second"])
            starts |= dict(zip(state, firsts, strict=False))
            inputs |= {
                f"{what} before the step": first
                for what, first in zip(state.values(), firsts, strict=False)
            }
        return Described(
            values={"w": "the parameter", **state},
            untouched={"grads_after": "the gradient"},
            inputs=inputs | {"the gradient of the steps": gradient},
            numbers={
                "the learning rate": given["lr"],
                "the decay rate": given["decay"],
                "the number of parameters": 1.0,
            },
            starts=starts,
            when=dict.fromkeys(("w", *state), "in a new optimizer") if fresh else {},
        )

    return words


def _momentum(words: Words) -> Words:
    """Calls the decay rate what SGD with momentum calls it."""

    def renamed(given: Given) -> Described:
        described = words(given)
        numbers = {
            name.replace("decay rate", "momentum"): number
            for name, number in described.numbers.items()
        }
        return Described(**{**vars(described), "numbers": numbers})

    return renamed


def _several_parameters(given: Given) -> Described:
    names = dict(
        w1="the weight matrix of the first layer",
        b1="the bias vector of the first layer",
        w2="the weight matrix of the second layer",
        b2="the bias vector of the second layer",
    )
    return Described(
        values={key: names[key] for key in names},
        inputs={
            f"the gradient of {names[key]}": gradient for key, gradient in given["grads"].items()
        },
        numbers={"the momentum or decay rate": given["decay"]},
        starts=given["values"],
        when=dict.fromkeys(names, SEVERAL_LAYERS),
    )


def _epsilon(given: Given) -> Described:
    return Described(
        values={"w": "the parameter", "large": "the parameter"},
        numbers={"the learning rate": given["lr"]},
        starts={"w": given["w"], "large": given["w"]},
        when={"w": "for gradients as small as epsilon", "large": "for a large epsilon"},
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


def _loop(given: Given) -> Described:
    runs = dict(
        plain="",
        decayed="with a decaying learning rate",
        equal="when epochs have equal validation accuracies",
    )
    values = dict(
        loss_hist="the history of the loss",
        last="the parameter after the last step",
        train_acc_hist="the history of the training accuracy",
        val_acc_hist="the history of the validation accuracy",
        best="the returned best parameter",
        best_later="the returned best parameter after further training",
    )
    return Described(
        values={f"{run}_{name}": what for run in runs for name, what in values.items()},
        inputs={
            "the losses of all steps": given["losses"],
            "the initial parameter": given["start"],
        },
        numbers={"the decay of the learning rate": given["lr_decay"]},
        when={f"{run}_{name}": when for run, when in runs.items() for name in values if when},
        axes=("the entries",),
    )


WORDS: Mapping[str, Words] = {
    "fc_forward": _fc_forward,
    "fc_forward_flatten": _flatten,
    "fc_forward_training_size": _fc_forward_training_size,
    "fc_backward": _fc_gradients,
    "fc_backward_flatten": _flatten,
    "fc_backward_training_size": _fc_gradients_training_size,
    "leaky_relu_forward": _leaky_relu("the output"),
    "leaky_relu_forward_slopes": _leaky_relu_slopes("the output"),
    "leaky_relu_backward": _leaky_relu("the gradient"),
    "leaky_relu_backward_slopes": _leaky_relu_slopes("the gradient"),
    "cascade": _network(),
    "cascade_names": _network("with the parameters assigned by your names"),
    "cross_entropy_softmax": _softmax,
    "cross_entropy_stable": _stable,
    "cross_entropy": _cross_entropy,
    "cross_entropy_sum": _cross_entropy_sum,
    "small_network": _network(),
    "small_network_start": _start,
    "small_network_names": _network("with the parameters assigned by your names"),
    "dropout_network_without": _network("for a keep probability of 0"),
    "dropout_network_test_time": _network("at test time"),
    "train_tiny_net_loop": _loop,
    "sgd_momentum": _momentum(_one_parameter({"velocity": "the velocity"})),
    "sgd_momentum_fresh": _momentum(_one_parameter({"velocity": "the velocity"}, fresh=True)),
    "sgd_momentum_network": _several_parameters,
    "rmsprop": _one_parameter({"cache": "the cache"}),
    "rmsprop_fresh": _one_parameter({"cache": "the cache"}, fresh=True),
    "rmsprop_network": _several_parameters,
    "rmsprop_epsilon": _epsilon,
    "adam": _one_parameter({"mt": "the first moment", "vt": "the second moment"}),
    "adam_fresh": _one_parameter({"mt": "the first moment", "vt": "the second moment"}, fresh=True),
    "adam_network": _several_parameters,
    "adam_epsilon": _epsilon,
    **{
        f"activations_{name}": _function(f"your {name}")
        for name in ("sigmoid", "leaky_relu", "relu", "elu", "selu", "tanh")
    },
}
