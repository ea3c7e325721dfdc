"""The Python and numpy that your work is graded with, compared with yours."""

from __future__ import annotations

import sys

PYTHON, NUMPY = (3, 11), 2
"""The instructor's Python, and the first number of its numpy."""
OLDEST = 3, 11
"""The oldest Python in which the assignment runs."""


def too_old(python: tuple[int, int] = sys.version_info[:2]) -> str | None:
    """Why nothing can be run; None if Python is new enough."""
    if python >= OLDEST:
        return None
    return "This is Python {}.{}, but the assignment needs {}.{} or newer: see README.md".format(
        *python, *OLDEST
    )


def differences(numpy: str, python: tuple[int, int] = sys.version_info[:2]) -> list[str]:
    """What may run here but not in grading, one sentence each.

    Args:
        numpy: the version of yours.
        python: yours.
    """
    found, major = [], int(numpy.split(".")[0])
    graded = "graded with Python {}.{}".format(*PYTHON)
    here = "Your Python is {}.{}, and your work is".format(*python)
    if python > PYTHON:
        found.append(
            f"{here} {graded}: do not use what is newer, such as f-strings with the same quotes "
            "inside and outside"
        )
    elif python < PYTHON:
        found.append(f"{here} {graded}, which lacks some old modules, such as distutils")
    if major < NUMPY:
        found.append(
            f"Your numpy is {numpy}, and your work is graded with numpy {NUMPY}, which lacks some "
            "old names, such as np.Inf and np.product: write np.inf and np.prod"
        )
    elif major > NUMPY:
        found.append(
            f"Your numpy is {numpy}, and your work is graded with numpy {NUMPY}: do not use names "
            "that are newer"
        )
    return found
