"""The look of the figures: dark ink on white, which is legible in light and in dark themes."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np

VALUE, GRADIENT, QUIET = "tab:blue", "tab:red", "0.45"
"""Colours of what flows forward, of what flows backward, and of what stays in the background."""

_INK = "0.1"
styled = plt.rc_context(
    {
        "figure.facecolor": "white",
        "savefig.facecolor": "white",
        "axes.facecolor": "white",
        "axes.edgecolor": QUIET,
        "axes.labelcolor": _INK,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlesize": 11,
        "figure.constrained_layout.use": True,
        "font.size": 10,
        "grid.color": "0.88",
        "legend.frameon": False,
        "text.color": _INK,
        "xtick.color": _INK,
        "ytick.color": _INK,
    }
)
"""A decorator: the function draws in this look, whatever is set in the notebook."""


def without_axes(axes) -> None:
    """Hide the ticks and the frame of a picture."""
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set_visible(False)


def mosaic(pictures: Sequence[np.ndarray | None], columns: int, gap: int = 2) -> np.ndarray:
    """One picture of many of 32 x 32 pixels, row by row, on white. None leaves a place empty.

    One large picture is drawn ten times as fast as many small ones.
    """
    pitch, rows = 32 + gap, -(-len(pictures) // columns)
    sheet = np.ones((rows * pitch - gap, columns * pitch - gap, 3))
    for number, picture in enumerate(pictures):
        if picture is not None:
            top, left = number // columns * pitch, number % columns * pitch
            sheet[top : top + 32, left : left + 32] = picture
    return sheet
