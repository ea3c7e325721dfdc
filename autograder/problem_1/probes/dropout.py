"""Dropout. No input is 0, so zeros in the output were dropped. Any way to draw a mask is right."""

from __future__ import annotations

import numpy as np

from autograder.assignment.probe import given

FURTHER, FEW_ROWS = 5, 30
"""Further passes, on some of the rows. That all of them keep equally many activations has a chance
of about 1 in 10^8, if each is kept independently."""


def _inputs(rng: np.random.Generator, *shape: int) -> dict[str, np.ndarray | float | int]:
    away_from_half = rng.uniform(0.2, 0.4)
    return dict(
        x=rng.choice([-1.0, 1.0], size=shape) * rng.uniform(0.5, 2, size=shape),
        dout=rng.normal(size=shape),
        keep_prob=float(rng.choice([away_from_half, 1 - away_from_half])),
        seed=int(rng.integers(1, 10_000)),
        other_seed=int(rng.integers(10_000, 20_000)),
    )


def _many(rng: np.random.Generator) -> dict[str, np.ndarray | float | int]:
    return _inputs(rng, 150, 200)


def _few(rng: np.random.Generator) -> dict[str, np.ndarray | float | int]:
    # Large enough that a mask of whole rows or columns never looks like a right one by chance.
    return _inputs(rng, 60, 60)


@given(_many)
def dropout_forward(lib, x, dout, keep_prob, seed, other_seed):
    layer = lib.layer_utils.dropout(keep_prob)
    yield dict(out=layer.forward(x, True))
    yield dict(x_after=x)
    yield dict(again=layer.forward(x, True))
    few = x[:: len(x) // FEW_ROWS]
    yield dict(further=np.stack([layer.forward(few.copy(), True) for _ in range(FURTHER)]))


@given(_few)
def dropout_forward_test_time(lib, x, dout, keep_prob, seed, other_seed):
    layer = lib.layer_utils.dropout(keep_prob)
    yield dict(trained=layer.forward(x.copy(), True))
    yield dict(tested=layer.forward(x.copy(), False))
    yield dict(fresh=lib.layer_utils.dropout(keep_prob).forward(x.copy(), False))


@given(_few)
def dropout_forward_without(lib, x, dout, keep_prob, seed, other_seed):
    yield dict(trained=lib.layer_utils.dropout(keep_prob).forward(x.copy(), True))
    yield dict(kept_1=lib.layer_utils.dropout(1).forward(x.copy(), True))
    yield dict(kept_0=lib.layer_utils.dropout(0.0).forward(x.copy(), True))


@given(_few)
def dropout_forward_seed(lib, x, dout, keep_prob, seed, other_seed):
    yield dict(built=lib.layer_utils.dropout(keep_prob, seed=seed).forward(x.copy(), True))
    yield dict(built_again=lib.layer_utils.dropout(keep_prob, seed=seed).forward(x.copy(), True))
    layer = lib.layer_utils.dropout(keep_prob)
    yield dict(seeded=layer.forward(x.copy(), True, seed))
    yield dict(seeded_otherwise=layer.forward(x.copy(), True, other_seed))
    yield dict(seeded_again=layer.forward(x.copy(), True, seed))
    yield dict(then=layer.forward(x.copy(), True), after_that=layer.forward(x.copy(), True))


@given(_few)
def dropout_backward(lib, x, dout, keep_prob, seed, other_seed):
    layer = lib.layer_utils.dropout(keep_prob)
    layer.forward(x.copy(), True)
    yield dict(out=layer.forward(x.copy(), True))
    yield dict(dx=layer.backward(dout))
    yield dict(dout_after=dout)


@given(_few)
def dropout_backward_seed(lib, x, dout, keep_prob, seed, other_seed):
    layer = lib.layer_utils.dropout(1 - keep_prob, seed=seed)
    yield dict(out=layer.forward(x.copy(), True, other_seed))
    yield dict(dx=layer.backward(dout))


@given(_few)
def dropout_backward_test_time(lib, x, dout, keep_prob, seed, other_seed):
    layer = lib.layer_utils.dropout(keep_prob)
    yield dict(trained=layer.forward(x.copy(), True))
    yield dict(out=layer.forward(x.copy(), False))
    yield dict(dx=layer.backward(dout))


@given(_few)
def dropout_backward_without(lib, x, dout, keep_prob, seed, other_seed):
    for name, probability in dict(kept_1=1, kept_0=0).items():
        layer = lib.layer_utils.dropout(probability)
        yield {name: layer.forward(x.copy(), True)}
        yield {name + "_dx": layer.backward(dout.copy())}
