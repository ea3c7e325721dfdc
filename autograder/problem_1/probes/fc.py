"""Flatten and FC."""

from __future__ import annotations

import numpy as np

from autograder.assignment.probe import given

from .layers import loaded_fc, names, quick_draws


def _fc(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """The numbers of the second pass are large."""
    return dict(
        x=rng.normal(size=(8, 11)),
        w=rng.normal(size=(11, 6)),
        b=rng.normal(size=6),
        dout=rng.normal(size=(8, 6)),
        x_next=10 * rng.normal(size=(5, 11)),
        dout_next=10 * rng.normal(size=(5, 6)),
    )


def _images(rng: np.random.Generator) -> dict[str, np.ndarray]:
    return dict(
        images=rng.normal(size=(4, 3, 2, 5)),
        rows=rng.normal(size=(5, 7)),
        videos=rng.normal(size=(3, 2, 4, 2, 3)),
        one=rng.normal(size=(1, 6, 2)),
        dout=rng.normal(size=(4, 30)),
        dout_videos=rng.normal(size=(3, 48)),
        dout_one=rng.normal(size=(1, 12)),
    )


def _training_size(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Rows of the weights repeat: drawing them all would take as long as ten other probes."""

    def draw(*shape: int) -> np.ndarray:
        return rng.random(shape, dtype=np.float32) - np.float32(0.5)

    return dict(
        x=draw(100, 3072),
        w=np.tile(draw(96, 512), (32, 1)),
        b=draw(512),
        dout=draw(100, 512),
        some=rng.choice(3072, size=64, replace=False),
    )


@given(_fc)
def fc_forward(lib, x, w, b, dout, x_next, dout_next):
    layer = loaded_fc(lib, w, b)
    yield dict(out=layer.forward(x))
    w_name, b_name = names(layer)
    yield dict(x_after=x, w_after=layer.params[w_name], b_after=layer.params[b_name])
    yield dict(out_one=layer.forward(x_next[:1]))


@given(_images)
def fc_forward_flatten(lib, images, rows, videos, one, dout, dout_videos, dout_one):
    layer = lib.layer_utils.flatten()
    yield dict(images=layer.forward(images), images_after=images)
    yield dict(rows=layer.forward(rows))
    yield dict(videos=layer.forward(videos))
    yield dict(one=layer.forward(one))


@given(_training_size)
def fc_forward_training_size(lib, x, w, b, dout, some):
    with quick_draws():
        layer = loaded_fc(lib, w, b)
    yield dict(out=layer.forward(x))


@given(_fc)
def fc_backward(lib, x, w, b, dout, x_next, dout_next):
    layer = loaded_fc(lib, w, b)
    w_name, b_name = names(layer)
    layer.forward(x)
    dx = layer.backward(dout)
    yield dict(dx=dx)
    yield dict(dw=layer.grads[w_name], db=layer.grads[b_name])
    yield dict(dout_after=dout, x_after=x)
    yield dict(w_after=layer.params[w_name], b_after=layer.params[b_name])
    layer.forward(x_next)
    yield dict(dx_next=layer.backward(dout_next))
    yield dict(dw_next=layer.grads[w_name], db_next=layer.grads[b_name])


@given(_images)
def fc_backward_flatten(lib, images, rows, videos, one, dout, dout_videos, dout_one):
    layer = lib.layer_utils.flatten()
    layer.forward(images)
    yield dict(images=layer.backward(dout))
    layer.forward(videos)
    yield dict(videos=layer.backward(dout_videos))
    layer.forward(one)
    yield dict(one=layer.backward(dout_one))


@given(_training_size)
def fc_backward_training_size(lib, x, w, b, dout, some):
    with quick_draws():
        layer = loaded_fc(lib, w, b)
    layer.forward(x)
    dx = layer.backward(dout)
    w_name, b_name = names(layer)
    dw = np.asarray(layer.grads[w_name])
    yield dict(dw_shape=dw.shape, db=layer.grads[b_name])
    yield dict(dx=np.asarray(dx)[:, some], dw=dw[some])  # a sample: the whole gradients are 7 MB
