"""Checking an analytic gradient against a numerical one.

A gradient is checked by centred differences, (f(x + h) - f(x - h)) / 2h, whose error is of the
order h^2. Run the checks in float64: in float32 a step of 1e-5 drowns in rounding.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

__all__ = ["eval_numerical_gradient", "eval_numerical_gradient_array", "rel_error"]


def rel_error(x: np.ndarray, y: np.ndarray) -> float:
    """The largest relative error between two arrays of one shape: max |x - y| / (|x| + |y|).

    The denominator is at least 1e-8, so that two zeros agree.
    """
    x, y = np.asarray(x), np.asarray(y)
    if x.shape != y.shape:
        raise ValueError(f"rel_error compares arrays of one shape; found {x.shape} and {y.shape}")
    return np.max(np.abs(x - y) / np.maximum(1e-8, np.abs(x) + np.abs(y)))


def eval_numerical_gradient(
    f: Callable[[np.ndarray], float], x: np.ndarray, verbose: bool = True, h: float = 1e-5
) -> np.ndarray:
    """The gradient of a scalar function f at x, by centred differences.

    Each element of x is perturbed in place and restored, so f may also be a function that looks at
    x from elsewhere (a network that holds x as a parameter) and ignores its argument.
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

    df is the gradient that arrives from above. x is perturbed in place and restored.
    """
    grad = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        plus, minus = _both_sides(f, x, index, h)
        grad[index] = np.sum((plus - minus) * df) / (2 * h)
    return grad


def _both_sides(f: Callable, x: np.ndarray, index: tuple[int, ...], h: float) -> tuple:
    """f with one element of x moved up by h, and down by h."""
    old = x[index]
    try:
        x[index] = old + h
        plus = np.array(f(x))  # a copy: f may hand out a view of x itself
        x[index] = old - h
        minus = np.array(f(x))
    finally:
        x[index] = old
    return plus, minus
