"""What the grader needs to repeat the training of TinyNet on SVHN."""

from __future__ import annotations

import importlib.util
import inspect
from functools import cache
from pathlib import Path
from types import ModuleType

from autograder import checkout
from autograder.assignment.training import ImageFile, Mode, TrainingPlan
from autograder.problem_1 import svhn
from autograder.problem_1.advice import advice
from autograder.problem_1.practice_data import draw
from autograder.problem_1.probes.layers import KINDS
from autograder.problem_1.probes.own_training import COLUMNS, MOST_LAYERS, start
from autograder.problem_1.rubric import REPLAY_SPREAD, SHORT_TARGET, TARGET

TRAIN_FILE = "train_32x32.mat"


def images(folder: Path) -> ImageFile:
    """The training images of SVHN or of its twin.

    Raises:
        DataError: the folder holds neither. The message says what to do.
    """
    found = svhn.identify(folder)
    if found.kind not in ("real", "twin"):
        raise svhn.DataError(f"{found.text} Run `autograder data`, with --synthetic if need be.")
    pixels, labels = _datasets().load_split(folder / TRAIN_FILE)
    return ImageFile(pixels, labels, found.md5[TRAIN_FILE], found.text)


@cache
def _datasets() -> ModuleType:
    """The library's module that reads SVHN, loaded without putting `lib` on the import path."""
    path = checkout.ROOT / "lib_solution" / "lib" / "mlp" / "datasets.py"
    spec = importlib.util.spec_from_file_location("svhn_reader", path)
    assert spec is not None  # the suffix is .py
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _default_number(name: str) -> int:
    """How many images the library loads by default, as in the notebook."""
    return int(inspect.signature(_datasets().SVHN_data).parameters[name].default)


PLAN = TrainingPlan(
    section="train_tiny_net",
    recipe_probe="train_tiny_net_recipe",
    run_cell="train_tiny_net_run",
    also_seen=("train_tiny_net_network",),
    also_from=("cross_entropy",),
    modes={
        mode.name: mode
        for mode in (
            Mode(
                "full",
                _default_number("num_training"),
                _default_number("num_validation"),
                TARGET,
                minutes=60,
            ),
            Mode("short", 5_000, 1_000, SHORT_TARGET, minutes=5, standardised=True),
        )
    },
    spread=REPLAY_SPREAD,
    shape=(32, 32, 3),
    classes=10,
    kinds=KINDS,
    columns=COLUMNS,
    most_layers=MOST_LAYERS,
    start=start,
    images=images,
    error=svhn.DataError,
    advice=advice,
    practice=draw,
)
