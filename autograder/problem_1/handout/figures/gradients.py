"""How gradients are computed and checked: the chain rule with numbers, and the error of a check."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from lib.grad_check import eval_numerical_gradient_array, rel_error

from .style import GRADIENT, QUIET, VALUE, styled, without_axes

STEP = 1e-5
"""The step of the notebook's gradient checks."""


def chain_rule(x: float, w: float, b: float, target: float) -> tuple[dict, dict]:
    """The values and the gradients of y = x w + b with the loss L = (y - target)^2 / 2."""
    product = x * w
    y = product + b
    values = {"x": x, "w": w, "b": b, "product": product, "y": y, "L": (y - target) ** 2 / 2}
    dy = y - target
    gradients = {"L": 1, "y": dy, "b": dy, "product": dy, "w": dy * x, "x": dy * w}
    return values, gradients


@styled
def show_chain_rule(x: float = 2, w: float = 3, b: float = 1, target: float = 5) -> None:
    """Draw one layer with one input, one output and numbers: forward above, backward below."""
    values, gradients = chain_rule(x, w, b, target)
    _, axes = plt.subplots(figsize=(10, 3.6))
    without_axes(axes)
    axes.set(xlim=(-0.9, 9.7), ylim=(-1.15, 2.9))
    places = {
        "x": (0, 0),
        "product": (3, 0),
        "y": (6, 0),
        "L": (9, 0),
        "w": (1.5, 2),
        "b": (4.5, 2),
    }
    for (left, right), (middle, symbol) in {
        ("x", "product"): (1.5, "×"),
        ("product", "y"): (4.5, "+"),
        ("y", "L"): (7.5, f"½(y − {target:g})²"),
    }.items():
        ends = places[left][0] + 0.55, places[right][0] - 0.55
        axes.annotate("", (ends[1], 0), (ends[0], 0), arrowprops=dict(arrowstyle="->", color=QUIET))
        box = dict(boxstyle="round,pad=0.4", facecolor="white", edgecolor=QUIET)
        axes.text(middle, 0, symbol, ha="center", va="center", bbox=box)
    for name in ("w", "b"):
        middle = places[name][0]
        axes.annotate(
            "", (middle, 0.35), (middle, 1.3), arrowprops=dict(arrowstyle="->", color=QUIET)
        )
    shown = {"product": "x w"}
    for name, (across, up) in places.items():
        label = shown.get(name, name)
        axes.text(across, up + 0.3, f"{label} = {values[name]:g}", color=VALUE, ha="center")
        text = (
            rf"$\partial L/\partial {label if name != 'product' else '(xw)'}$ = {gradients[name]:g}"
        )
        axes.text(across, up - 0.48, text, color=GRADIENT, ha="center")
    axes.set_title("forward, from left to right: values", color=VALUE, loc="left")
    axes.text(9.7, -1.1, "backward, from right to left: gradients", color=GRADIENT, ha="right")
    plt.show()


def gradient_errors(steps: np.ndarray, dtype: type = np.float64) -> np.ndarray:
    """The relative error of the numerical gradient of exp, for each step: (S,) -> (S,)

    It is the largest over some points, as `rel_error` computes it.
    """
    x = np.linspace(0.5, 1.5, 20).astype(dtype)
    exact = np.exp(x.astype(np.float64))
    ones = np.ones_like(x)
    return np.array(
        [rel_error(eval_numerical_gradient_array(np.exp, x, ones, h=h), exact) for h in steps]
    )


@styled
def show_gradient_check() -> None:
    """Draw how the error of a numerical gradient depends on the step h."""
    steps = np.logspace(-12, 0, 73)
    _, axes = plt.subplots(figsize=(10, 4))
    axes.loglog(steps, gradient_errors(steps), color=VALUE, label="measured in float64")
    single = steps[steps >= STEP / 10]
    axes.loglog(single, gradient_errors(single, np.float32), color="tab:orange", label="in float32")
    large, small = steps[steps > 3e-6], steps[steps < 3e-5]
    axes.loglog(large, large**2 / 12, ":", color=QUIET)
    axes.text(2e-2, 1e-6, "truncation: grows with $h^2$", color=QUIET)
    axes.loglog(small, np.finfo(np.float64).eps / small / 2, ":", color=QUIET)
    axes.text(1.2e-12, 1e-9, "rounding: grows with $1/h$", color=QUIET)
    axes.axvline(STEP, color=GRADIENT, linestyle="--", label="the step of the checks, 1e-5")
    axes.set(xlabel="step h", ylabel="relative error", ylim=(1e-14, 3))
    axes.set_title("Error of the numerical gradient of exp(x)")
    axes.grid(True)
    axes.legend(loc="lower left")
    plt.show()
