"""The progress bar of a training."""

from __future__ import annotations

import sys
import warnings

__all__ = ["progress_bar"]


def progress_bar(steps: int):
    """A bar in a terminal, a widget in a notebook, and nothing if stdout is a file or a pipe.

    Its `write` prints a line above the bar, and `update` counts one step.
    """
    from tqdm import TqdmWarning, tqdm

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TqdmWarning)  # a notebook without ipywidgets
        from tqdm.autonotebook import tqdm as auto_tqdm

    if auto_tqdm is not tqdm:
        return auto_tqdm(total=steps, unit="step", leave=False)
    return tqdm(total=steps, unit="step", leave=False, file=sys.stdout, disable=None)
