"""A copy of parts of the checkout, to change or to install."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from autograder import checkout


def copied(parts: Iterable[str], folder: Path) -> Path:
    """Copies files and folders of the checkout, by their names there; returns the folder."""
    for name in parts:
        source, target = checkout.ROOT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    return folder
