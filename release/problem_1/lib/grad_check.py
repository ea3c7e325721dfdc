"""Checking an analytic gradient against a numerical one.

The numerical gradient is the centred difference (f(x + h) - f(x - h)) / 2h. Its error is of the
order h^2. Run the checks in float64: in float32, rounding errors hide a step of 1e-5.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

__all__ = ["eval_numerical_gradient", "eval_numerical_gradient_array", "rel_error"]


def rel_error(x: np.ndarray, y: np.ndarray) -> float:
    """The largest relative error between two arrays of the same shape: max |x - y| / (|x| + |y|).

    The denominator is at least 1e-8, so that the error between two zeros is 0.
    """
    x, y = np.asarray(x), np.asarray(y)
    if x.shape != y.shape:
        raise ValueError(f"rel_error needs arrays of the same shape; found {x.shape} and {y.shape}")
    return np.max(np.abs(x - y) / np.maximum(1e-8, np.abs(x) + np.abs(y)))


def eval_numerical_gradient(
    f: Callable[[np.ndarray], float], x: np.ndarray, verbose: bool = True, h: float = 1e-5
) -> np.ndarray:
    """The gradient of a scalar function f at x, by centred differences.

    Each element of x is perturbed in place and then restored. So f may ignore its argument and read
    x elsewhere, for instance as a parameter of a network.
    With verbose, every partial derivative is printed. Returns an array of x's shape.
    """
    grad = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        plus, minus = _both_sides(f, x, index, h)
        grad[index] = (plus - minus) / (2 * h)
        if verbose:
            print(index, grad[index])
    return grad


def eval_numerical_gradient_array(
    f: Callable[[np.ndarray], np.ndarray], x: np.ndarray, df: np.ndarray, h: float = 1e-5
) -> np.ndarray:
    """The gradient at x of sum(f(x) * df), for an f that returns an array of df's shape.

    df is the incoming gradient. x is perturbed in place and then restored.
    """
    grad = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        plus, minus = _both_sides(f, x, index, h)
        grad[index] = np.sum((plus - minus) * df) / (2 * h)
    return grad


def _both_sides(f: Callable, x: np.ndarray, index: tuple[int, ...], h: float) -> tuple:
    """f(x) with one element of x increased by h, and with it decreased by h."""
    old = x[index]
    try:
        x[index] = old + h
        plus = np.array(f(x))  # a copy, since f may return a view of x
        x[index] = old - h
        minus = np.array(f(x))
    finally:
        x[index] = old
    return plus, minus
