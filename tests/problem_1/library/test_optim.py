"""Each optimizer follows its rule, which is written out here for a single number."""

import numpy as np
import pytest
from lib.mlp.layer_utils import fc, flatten, leaky_relu, sequential
from lib.optim import SGD, SGDM, Adam, Optimizer, RMSProp

STEPS = 5


def sgd(p, gradients):
    for g in gradients:
        p = p - 0.1 * g
    return p


def sgdm(p, gradients):
    v = 0
    for g in gradients:
        v = 0.9 * v - 0.1 * g
        p = p + v
    return p


def rmsprop(p, gradients):
    c = 0
    for g in gradients:
        c = 0.8 * c + 0.2 * g * g
        p = p - 0.1 * g / np.sqrt(c + 0.01)
    return p


def adam(p, gradients):
    m = v = 0
    for t, g in enumerate(gradients, start=1):
        m = 0.7 * m + 0.3 * g
        v = 0.8 * v + 0.2 * g * g
        p = p - 0.1 * (m / (1 - 0.7**t)) / (np.sqrt(v / (1 - 0.8**t)) + 0.01)
    return p


@pytest.mark.parametrize(
    ("build", "rule"),
    [
        (lambda net: SGD(net, 0.1), sgd),
        (lambda net: SGDM(net, 0.1, 0.9), sgdm),
        (lambda net: RMSProp(net, 0.1, 0.8, 0.01), rmsprop),
        (lambda net: Adam(net, 0.1, 0.7, 0.8, 0, 0.01), adam),
    ],
)
def test_several_steps_over_several_layers_follow_the_rule(build, rule):
    rng = np.random.default_rng(0)
    net = sequential(flatten(), fc(3, 4, name="a"), leaky_relu(), fc(4, 2, name="b"))
    start = {name: p.copy() for name, p in net.params.items()}
    gradients = {name: rng.normal(size=(STEPS, *p.shape)) for name, p in net.params.items()}
    optimizer = build(net)
    for step in range(STEPS):
        for name, grads in gradients.items():
            net.assign_grads(name, grads[step].copy())
        optimizer.step()
        for name, grads in gradients.items():
            assert np.array_equal(net.get_grads(name), grads[step]), "gradients are only read"
    for name, param in start.items():
        assert np.allclose(net.get_params(name), rule(param, gradients[name]), rtol=1e-12), name


@pytest.mark.parametrize("optimizer", [SGD, SGDM, RMSProp, Adam])
def test_float32_parameters_and_state_stay_float32(optimizer):
    net = sequential(fc(3, 4))
    for name, p in net.params.items():
        net.assign(name, p.astype(np.float32))
        net.assign_grads(name, np.ones(p.shape, np.float32))
    trained = optimizer(net)
    trained.step()
    trained.step()
    states = [v for v in vars(trained).values() if isinstance(v, dict)]
    arrays = [*net.params.values(), *(a for state in states for a in state.values())]
    assert {a.dtype for a in arrays} == {np.dtype(np.float32)}


def test_adam_counts_steps_not_layers_or_parameters():
    net = sequential(flatten(), fc(3, 4, name="a"), leaky_relu(), fc(4, 2, name="b"))
    for name, p in net.params.items():
        net.assign_grads(name, np.ones_like(p))
    optimizer = Adam(net)
    for _ in range(3):
        optimizer.step()
    assert optimizer.t == 3


def test_an_optimizer_without_a_rule_says_so():
    with pytest.raises(NotImplementedError):
        Optimizer(sequential(fc(2, 2))).step()
