"""Where things are: the one place that knows the checkout's layout."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ASSIGNMENT = "problem_1"
NOTEBOOK = "Problem_1.ipynb"

LIBRARY = ROOT / "lib_solution"
"""Holds `lib/`, the library with its solutions between markers."""
SOURCE = ROOT / "source" / ASSIGNMENT / NOTEBOOK
"""The notebook with its solutions."""
RELEASE = ROOT / "release" / ASSIGNMENT
"""What students receive."""
PACKAGE = ROOT / "autograder"
PROBLEM = PACKAGE / "problem_1"
"""The part of the package that is this assignment."""
PROBES = PROBLEM / "probes"
MISCONCEPTIONS = PROBLEM / "misconceptions"
HIDDEN_SUITES = ROOT / "tests" / "hidden"
NBGRADER_CONFIG = ROOT / "nbgrader_config.py"


def data_directory() -> Path:
    """Where the SVHN files are: the environment's SVHN_DIR, or `data` in the checkout."""
    return Path(os.environ.get("SVHN_DIR") or ROOT / "data")
