"""Leaky ReLU."""

from __future__ import annotations

import numpy as np

from autograder.assignment.probe import given


def _away_from_zero(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Of both signs, at least 0.05 from the kink, where several derivatives would be right."""
    return rng.choice([-1.0, 1.0], size=shape) * rng.uniform(0.05, 3, size=shape)


def _inputs(rng: np.random.Generator) -> dict[str, np.ndarray | float]:
    """`stack` and its gradient are large."""
    return dict(
        x=_away_from_zero(rng, 9, 7),
        stack=100 * _away_from_zero(rng, 3, 4, 2, 2),
        dout=rng.normal(size=(9, 7)),
        dout_stack=100 * rng.normal(size=(3, 4, 2, 2)),
        small=float(rng.uniform(0.05, 0.3)),
        large=float(rng.uniform(0.5, 0.9)),
    )


@given(_inputs)
def leaky_relu_forward(lib, x, stack, dout, dout_stack, small, large):
    layer = lib.layer_utils.leaky_relu()
    yield dict(out=layer.forward(x))
    yield dict(x_after=x)
    yield dict(at_zero=layer.forward(np.zeros((2, 3))))
    yield dict(stack=layer.forward(stack))


@given(_inputs)
def leaky_relu_forward_slopes(lib, x, stack, dout, dout_stack, small, large):
    for name, slope in dict(small=small, large=large, relu=0.0).items():
        yield {name: lib.layer_utils.leaky_relu(slope).forward(x.copy())}


@given(_inputs)
def leaky_relu_backward(lib, x, stack, dout, dout_stack, small, large):
    layer = lib.layer_utils.leaky_relu()
    layer.forward(x)
    yield dict(dx=layer.backward(dout))
    yield dict(dout_after=dout, x_after=x)
    layer.forward(stack)
    yield dict(stack=layer.backward(dout_stack))


@given(_inputs)
def leaky_relu_backward_slopes(lib, x, stack, dout, dout_stack, small, large):
    for name, slope in dict(small=small, large=large, relu=0.0).items():
        layer = lib.layer_utils.leaky_relu(slope)
        layer.forward(x.copy())
        yield {name: layer.backward(dout.copy())}


@given(_inputs)
def leaky_relu_backward_at_zero(lib, x, stack, dout, dout_stack, small, large):
    layer = lib.layer_utils.leaky_relu()
    layer.forward(np.zeros((2, 3)))
    yield dict(derivative=layer.backward(np.ones((2, 3))))
