"""The optimizers.

Gradients are at least 0.3 away from 0, so only the probes for epsilon depend on epsilon.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.assignment.probe import given

from .layers import fully_connected, names, parameters

STEPS = 4
SHAPES = dict(w1=(4, 5), b1=(5,), w2=(5, 3), b2=(3,))


def _gradient(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.choice([-1.0, 1.0], size=shape) * rng.uniform(0.3, 1.0, size=shape)


def _one(rng: np.random.Generator) -> dict[str, np.ndarray | float | int]:
    """One parameter, gradients for several steps, and an initial state."""
    return dict(
        w=rng.normal(size=(4, 5)),
        grads=_gradient(rng, STEPS, 4, 5),
        lr=float(rng.uniform(0.01, 0.05)),
        decay=float(rng.uniform(0.6, 0.9)),
        first=rng.uniform(0.3, 0.9, size=(4, 5)),
        second=rng.uniform(0.3, 0.9, size=(4, 5)),
        t=int(rng.integers(2, 9)),
    )


def _tiny(rng: np.random.Generator) -> dict[str, np.ndarray | float]:
    """Gradients whose moving averages are as small as epsilon."""
    return dict(
        w=rng.normal(size=(4, 5)) * 1e-3,
        grads=1e-6 * _gradient(rng, STEPS, 4, 5),
        lr=float(rng.uniform(0.01, 0.05)),
        decay=float(rng.uniform(0.6, 0.9)),
        eps=float(rng.uniform(1e-6, 3e-6)),
        large=float(rng.uniform(0.1, 0.3)),
    )


def _network(rng: np.random.Generator) -> dict[str, Any]:
    """Two layers with parameters and one without between them. The second has large gradients."""
    sizes = dict(w1=1, b1=1, w2=20, b2=20)
    return dict(
        values={name: rng.normal(size=shape) for name, shape in SHAPES.items()},
        grads={name: sizes[name] * _gradient(rng, STEPS, *shape) for name, shape in SHAPES.items()},
        lr=float(rng.uniform(0.01, 0.05)),
        lr_later=float(rng.uniform(0.1, 0.2)),
        decay=float(rng.uniform(0.6, 0.9)),
    )


def single(lib: Any, w: np.ndarray) -> Any:
    """A network of one layer with one parameter, built as in the notebook."""
    net = lib.layer_utils.sequential(lib.layer_utils.fc(*w.shape, name="probe_fc"))
    net.layers[0].params = {"probe_fc_w": w}
    net.layers[0].grads = {"probe_fc_w": np.zeros_like(w)}
    return net


def _steps(net: Any, optimizer: Any, grads: np.ndarray) -> np.ndarray:
    """The parameter after each step, where step k uses grads[k]: (steps, *shape)"""
    after = []
    for grad in grads:
        net.layers[0].grads = {"probe_fc_w": grad}
        optimizer.step()
        after.append(np.array(net.layers[0].params["probe_fc_w"]))
    return np.stack(after)


def _network_steps(
    lib: Any, build: Any, values: Any, grads: Any, lr_later: float
) -> dict[str, Any]:
    """The parameters of a network after each step, (steps, *shape); lr changes half way."""
    layers = lib.layer_utils
    net = layers.sequential(
        layers.fc(4, 5, name="probe_a"),
        layers.leaky_relu(name="probe_b"),
        layers.fc(5, 3, name="probe_c"),
    )
    with_parameters = fully_connected(net, 2)
    for number, layer in enumerate(with_parameters, start=1):
        w_name, b_name = names(layer)
        layer.params[w_name], layer.params[b_name] = values[f"w{number}"], values[f"b{number}"]
    optimizer = build(net)
    after = []
    for step in range(STEPS):
        for number, layer in enumerate(with_parameters, start=1):
            w_name, b_name = names(layer)
            layer.grads[w_name] = grads[f"w{number}"][step]
            layer.grads[b_name] = grads[f"b{number}"][step]
        if step == STEPS // 2:
            optimizer.lr = lr_later
        optimizer.step()
        after.append({name: np.array(p) for name, p in parameters(net, 2).items()})
    return {name: np.stack([each[name] for each in after]) for name in SHAPES}


@given(_one)
def sgd_momentum(lib, w, grads, lr, decay, first, second, t):
    net = single(lib, w)
    optimizer = lib.optim.SGDM(net, lr, decay)
    optimizer.velocity = {"probe_fc_w": first}
    yield dict(w=_steps(net, optimizer, grads[:1]))
    yield dict(velocity=optimizer.velocity.get("probe_fc_w"))


@given(_one)
def sgd_momentum_fresh(lib, w, grads, lr, decay, first, second, t):
    net, other, kept = single(lib, w), single(lib, w.copy()), grads.copy()
    optimizer = lib.optim.SGDM(net, lr, decay)
    yield dict(w=_steps(net, optimizer, grads))
    yield dict(velocity=optimizer.velocity.get("probe_fc_w"), grads_after=grads)
    # the default momentum is 0
    yield dict(without=_steps(other, lib.optim.SGDM(other, lr), kept))


@given(_network)
def sgd_momentum_network(lib, values, grads, lr, lr_later, decay):
    yield _network_steps(lib, lambda net: lib.optim.SGDM(net, lr, decay), values, grads, lr_later)


@given(_one)
def rmsprop(lib, w, grads, lr, decay, first, second, t):
    net = single(lib, w)
    optimizer = lib.optim.RMSProp(net, lr, decay)
    optimizer.cache = {"probe_fc_w": first}
    yield dict(w=_steps(net, optimizer, grads[:1]))
    yield dict(cache=optimizer.cache.get("probe_fc_w"))


@given(_one)
def rmsprop_fresh(lib, w, grads, lr, decay, first, second, t):
    net = single(lib, w)
    optimizer = lib.optim.RMSProp(net, lr, decay)
    yield dict(w=_steps(net, optimizer, grads))
    yield dict(cache=optimizer.cache.get("probe_fc_w"), grads_after=grads)


@given(_network)
def rmsprop_network(lib, values, grads, lr, lr_later, decay):
    yield _network_steps(
        lib, lambda net: lib.optim.RMSProp(net, lr, decay), values, grads, lr_later
    )


@given(_tiny)
def rmsprop_epsilon(lib, w, grads, lr, decay, eps, large):
    net = single(lib, w.copy())
    yield dict(w=_steps(net, lib.optim.RMSProp(net, lr, decay, eps**2), grads))
    net = single(lib, w.copy())
    yield dict(large=_steps(net, lib.optim.RMSProp(net, lr, decay, large), grads * 1e6))


@given(_one)
def adam(lib, w, grads, lr, decay, first, second, t):
    net = single(lib, w)
    optimizer = lib.optim.Adam(net, lr, decay, 0.99, t)
    optimizer.mt, optimizer.vt = {"probe_fc_w": first}, {"probe_fc_w": second}
    after = _steps(net, optimizer, grads[:1])
    yield dict(w=after)
    yield dict(mt=optimizer.mt.get("probe_fc_w"), vt=optimizer.vt.get("probe_fc_w"))
    # only for the diagnosis: a t that is counted late differs from one that is never counted
    yield dict(next_change=_steps(net, optimizer, grads[1:2]) - after)


@given(_one)
def adam_fresh(lib, w, grads, lr, decay, first, second, t):
    net = single(lib, w)
    optimizer = lib.optim.Adam(net, lr, decay, 0.99)
    yield dict(w=_steps(net, optimizer, grads))
    yield dict(
        mt=optimizer.mt.get("probe_fc_w"), vt=optimizer.vt.get("probe_fc_w"), grads_after=grads
    )


@given(_network)
def adam_network(lib, values, grads, lr, lr_later, decay):
    yield _network_steps(
        lib, lambda net: lib.optim.Adam(net, lr, decay, 0.99), values, grads, lr_later
    )


@given(_tiny)
def adam_epsilon(lib, w, grads, lr, decay, eps, large):
    net = single(lib, w)
    yield dict(w=_steps(net, lib.optim.Adam(net, lr, decay, 0.99, 0, eps), grads))
