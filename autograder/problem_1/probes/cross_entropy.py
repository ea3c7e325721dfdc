"""Softmax and the cross-entropy loss."""

from __future__ import annotations

import numpy as np

from autograder.assignment.probe import given


def _inputs(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Large logits are multiples of 1/1024 below 8192: float32 holds them exactly."""

    def offset() -> int:
        return int(rng.integers(1_000, 3_000))

    logits = rng.normal(size=(12, 6))
    far = (np.round(rng.uniform(-20, 20, size=(8, 5)) * 1024) / 1024).astype(np.float32)
    return dict(
        logits=logits,
        labels=rng.integers(6, size=12),
        high=far + np.float32(offset()),
        low=far - np.float32(offset()),
        apart=rng.integers(-5_000, 5_000, size=(6, 5)).astype(float),
        shifted=np.round(logits * 1024) / 1024 + offset(),
    )


@given(_inputs)
def cross_entropy_softmax(lib, logits, labels, high, low, apart, shifted):
    yield dict(scores=lib.layer_utils.softmax(logits))
    yield dict(logits_after=logits)
    yield dict(one=lib.layer_utils.softmax(shifted[:1] - shifted[0, 0]))


@given(_inputs)
def cross_entropy_stable(lib, logits, labels, high, low, apart, shifted):
    softmax = lib.layer_utils.softmax
    yield dict(high=softmax(high))
    yield dict(low=softmax(low), apart=softmax(apart))
    loss = lib.layer_utils.cross_entropy()
    yield dict(loss=loss.forward(shifted, labels))
    yield dict(gradient=loss.backward())


@given(_inputs)
def cross_entropy_far_apart(lib, logits, labels, high, low, apart, shifted):
    least = apart.argmin(axis=1)
    loss = lib.layer_utils.cross_entropy()
    yield dict(loss=loss.forward(apart, least))
    yield dict(loss_float32=loss.forward(apart.astype(np.float32), least))
    # e^-715 is just above 0: code that is right here and wrong above takes the logarithm of 0
    edge = high[0, 0] - np.array([[0.0, 715.0]])
    yield dict(loss_edge=loss.forward(edge, np.array([1])))


@given(_inputs)
def cross_entropy(lib, logits, labels, high, low, apart, shifted):
    loss = lib.layer_utils.cross_entropy()
    yield dict(loss=loss.forward(logits, labels))
    one = shifted[:1] - shifted[0, 0]  # before backward, which may fail
    label = labels[:1] % 4 + 1  # never the last class, so a batch without it is always tried
    yield dict(loss_one=lib.layer_utils.cross_entropy().forward(one, label))
    yield dict(gradient=loss.backward())
    yield dict(logits_after=logits, labels_after=labels)
    loss.forward(one, label)
    yield dict(gradient_one=loss.backward())


@given(_inputs)
def cross_entropy_sum(lib, logits, labels, high, low, apart, shifted):
    loss = lib.layer_utils.cross_entropy(False)
    yield dict(loss=loss.forward(logits, labels))
    yield dict(gradient=loss.backward())
