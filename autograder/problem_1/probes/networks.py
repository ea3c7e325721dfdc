"""The networks that students build or receive, with the student's own layers in them."""

from __future__ import annotations

import numpy as np

from autograder.assignment.probe import given

from .layers import defined, described, gradients, load, parameters


def _cascade(rng: np.random.Generator) -> dict[str, np.ndarray]:
    return dict(
        x=rng.normal(size=(4, 5, 3)),
        w=rng.normal(size=(15, 5)),
        b=rng.normal(size=5),
        dout=rng.normal(size=(4, 5)),
    )


@given(_cascade)
def cascade(lib, x, w, b, dout):
    model = lib.fully_conn.TestFCReLU()
    load(model.net, w, b)
    yield dict(out=model.forward(x))
    yield dict(dx=model.backward(dout))
    yield gradients(model.net, 1)


@given()
def cascade_layers(lib):
    yield described(lib, lib.fully_conn.TestFCReLU().net)


@given(_cascade, cell="cascade_names")
def cascade_names(lib, cells, x, w, b, dout):
    model = lib.fully_conn.TestFCReLU()
    chosen = defined(cells, "cascade_names", ("param_name_w", "param_name_b"), lib)
    model.net.assign(chosen["param_name_w"], w)
    model.net.assign(chosen["param_name_b"], b)
    yield dict(out=model.forward(x))


def _small(rng: np.random.Generator) -> dict[str, np.ndarray]:
    return dict(
        x=rng.normal(size=(4, 4)),
        w1=rng.normal(size=(4, 30)),
        b1=rng.normal(size=30),
        w2=rng.normal(size=(30, 7)),
        b2=rng.normal(size=7),
        dout=rng.normal(size=(4, 7)),
    )


@given(_small)
def small_network(lib, x, w1, b1, w2, b2, dout):
    model = lib.fully_conn.SmallFullyConnectedNetwork()
    load(model.net, w1, b1, w2, b2)
    yield dict(out=model.forward(x))
    yield dict(dx=model.backward(dout))
    yield gradients(model.net, 2)


@given()
def small_network_layers(lib):
    yield described(lib, lib.fully_conn.SmallFullyConnectedNetwork().net)


@given()
def small_network_start(lib):
    """Twenty networks: one network is too few to measure a standard deviation."""
    built = [lib.fully_conn.SmallFullyConnectedNetwork() for _ in range(20)]
    found = [parameters(model.net, 2) for model in built]
    yield {name: np.stack([each[name] for each in found]) for name in found[0]}


@given(_small, cell="small_network_names")
def small_network_names(lib, cells, x, w1, b1, w2, b2, dout):
    model = lib.fully_conn.SmallFullyConnectedNetwork()
    values = dict(param_name_w1=w1, param_name_b1=b1, param_name_w2=w2, param_name_b2=b2)
    chosen = defined(cells, "small_network_names", tuple(values), lib)
    for which, value in values.items():
        model.net.assign(chosen[which], value)
    yield dict(out=model.forward(x))


def _dropout(rng: np.random.Generator) -> dict[str, np.ndarray | int | float]:
    return dict(
        x=rng.normal(size=(4, 3, 5)),
        w1=rng.normal(size=(15, 20)) / 4,
        b1=rng.normal(size=20),
        w2=rng.normal(size=(20, 30)) / 4,
        b2=rng.normal(size=30),
        w3=rng.normal(size=(30, 10)) / 4,
        b3=rng.normal(size=10),
        dout=rng.normal(size=(4, 10)),
        keep_prob=float(rng.uniform(0.4, 0.6)),
        seed=int(rng.integers(1, 10_000)),
    )


def _dropout_net(lib, keep_prob, seed, *values):
    model = lib.fully_conn.DropoutNet(keep_prob, np.float64, seed)
    load(model.net, *values)
    return model


@given(_dropout)
def dropout_network_without(lib, x, w1, b1, w2, b2, w3, b3, dout, keep_prob, seed):
    model = _dropout_net(lib, 0, seed, w1, b1, w2, b2, w3, b3)
    yield dict(out=model.forward(x, True))
    yield dict(dx=model.backward(dout))
    yield gradients(model.net, 3)


@given(_dropout)
def dropout_network(lib, x, w1, b1, w2, b2, w3, b3, dout, keep_prob, seed):
    model, other = (_dropout_net(lib, keep_prob, seed, w1, b1, w2, b2, w3, b3) for _ in range(2))
    yield dict(out=model.forward(x, True, seed))
    other.forward(x.copy(), True, seed)
    yield dict(again=other.forward(x.copy(), True, seed))  # before backward, which may fail
    yield dict(dx=model.backward(dout))
    yield gradients(model.net, 3)


@given(_dropout)
def dropout_network_test_time(lib, x, w1, b1, w2, b2, w3, b3, dout, keep_prob, seed):
    model = _dropout_net(lib, keep_prob, seed, w1, b1, w2, b2, w3, b3)
    yield dict(trained=model.forward(x, True))
    yield dict(out=model.forward(x, False))
    yield dict(dx=model.backward(dout))
    yield gradients(model.net, 3)
