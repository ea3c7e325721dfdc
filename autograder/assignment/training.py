"""How the training of an assignment is judged: what the engine must be told to repeat it.

The engine asks two questions, see `autograder.training`. For the one it draws a problem of its own
with as many features and classes as the assignment's images have. For the other it reads what a
student chose, builds the network and trains it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Mode:
    """How much of a training is done.

    Attributes:
        name: what `--training` calls it.
        training: images to train on, the first of the training file.
        validation: images after those, on which the accuracy is taken.
        target: the validation accuracy from which on all points are given.
        standardised: each image has mean 0 and deviation 1, which is learnt in a few hundred steps;
            otherwise pixels are prepared as in the notebook.
    """

    name: str
    training: int
    validation: int
    target: float
    standardised: bool = False


@dataclass(frozen=True)
class ImageFile:
    """The images that are trained on.

    Attributes:
        images: uint8 (N, height, width, channels), mapped from disk.
        labels: (N,).
        digest: of the file they are from.
        text: what they are from, in words.
    """

    images: np.ndarray
    labels: np.ndarray
    digest: str
    text: str


@dataclass(frozen=True)
class TrainingPlan:
    """How a training is judged.

    Attributes:
        section: the id of the section that it earns points in, and of the probe in which the
            student's own code trains.
        recipe_probe: the probe that reads what the student chose.
        run_cell: the grade id of the cell whose output shows the accuracies.
        also_seen: probes for which a training is asked for and that are quick: mistakes are looked
            for there, too, when what they cost is worked out.
        also_from: sections outside of those that it is made of whose mistakes the replay repeats.
        modes: by name, how much is trained.
        spread: by how much a recipe that is trained again may fall behind by chance.
        seed, rate: of the notebook's training cell.
        shape: of an image.
        classes: how many there are.
        kinds: of layers that a student may choose, as the recipe probe numbers them. Built in are
            flatten, fc, leaky_relu and dropout; any other is a class of the library that is made
            from its number of features.
        columns: names of the values that the recipe probe tells of each layer.
        most_layers: the longest chain that it tells of.
        start: the initial weights of a layer, of a key, the layer's number and the shape.
        images: opens the training images in a folder.
        error: what `images` raises where there are none, or too few.
        practice: draws small data into a folder, for runs of the visible checks, and returns the
            environment in which they find it.
    """

    section: str
    recipe_probe: str
    run_cell: str
    also_seen: tuple[str, ...]
    also_from: tuple[str, ...]
    modes: Mapping[str, Mode]
    spread: float
    shape: tuple[int, ...]
    classes: int
    kinds: tuple[str, ...]
    columns: tuple[str, ...]
    most_layers: int
    start: Callable[[int, int, tuple[int, ...]], np.ndarray]
    images: Callable[[Path], ImageFile]
    error: type[Exception]
    practice: Callable[[Path], Mapping[str, str]]
    seed: int = 123
    rate: float = 1e-2


def share_of_points(accuracy: float, chance: float, enough: float) -> float:
    """The share of its points that a training earns: none up to `chance`, all from `enough` on."""
    return min(1.0, max(0.0, (accuracy - chance) / (enough - chance)))
