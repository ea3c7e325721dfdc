"""How the training of an assignment is judged: everything that the engine needs to repeat it.

The engine answers two questions, see `autograder.training`. To see whether the student's code
trains, it generates a new problem with as many features and classes as the assignment's images. To
see what the student's choices reach, it reads them, builds the network and trains it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autograder.assignment.words import Statements


@dataclass(frozen=True)
class Mode:
    """How much is trained.

    Attributes:
        name: the value of `--training`.
        training: number of images to train on, from the start of the training file.
        validation: number of images after those, on which the accuracy is measured.
        target: the validation accuracy that earns all points.
        minutes: how long one recipe is trained at most, in minutes of one CPU core.
        standardised: whether each image is scaled to mean 0 and standard deviation 1, so that a few
            hundred steps suffice. Otherwise pixels are preprocessed as in the notebook.
    """

    name: str
    training: int
    validation: int
    target: float
    minutes: float
    standardised: bool = False


@dataclass(frozen=True)
class ImageFile:
    """The training images.

    Attributes:
        images: uint8 (N, height, width, channels), memory-mapped.
        labels: (N,).
        digest: the hash of the file that they come from.
        text: a description of their source for people.
    """

    images: np.ndarray
    labels: np.ndarray
    digest: str
    text: str


@dataclass(frozen=True)
class TrainingPlan:
    """How a training is judged.

    Attributes:
        section: the id of the section whose points the training earns. The probe that runs the
            student's own training has the same name.
        recipe_probe: the probe that reads the student's choices.
        run_cell: the grade id of the cell whose output shows the accuracies.
        also_seen: quick probes among those marked as training. The table of what each mistake costs
            includes them.
        also_from: further sections whose mistakes the replay repeats, besides this section and
            those whose code it runs.
        modes: how much is trained, by the name of the mode.
        spread: how far the accuracy of a repeated training may fall below the original by chance.
        seed, rate: the random seed and learning rate of the notebook's training cell.
        shape: the shape of one image.
        classes: the number of classes.
        kinds: the layer kinds that a student may choose, in the numbering of the recipe probe.
            Built in are flatten, fc, leaky_relu and dropout. Any other kind is a class of the
            library whose constructor takes the number of features.
        columns: names of the values that the recipe probe reports for each layer.
        most_layers: the maximum number of layers that the recipe probe reports.
        start: `start(key, number, shape)` returns the initial weights of layer `number`.
        images: opens the training images in a folder.
        error: the exception that `images` raises if there are no images, or too few.
        advice: `advice(recipe)` makes statements about a recipe that fell short of the target.
        practice: generates a small data set in a folder for the visible checks, and returns the
            environment variables that point to it.
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
    advice: Callable[[Any], Statements]
    practice: Callable[[Path], Mapping[str, str]]
    seed: int = 123
    rate: float = 1e-2


def share_of_points(accuracy: float, chance: float, enough: float) -> float:
    """The share of the points that an accuracy earns: 0 up to `chance`, 1 from `enough`, linear."""
    return min(1.0, max(0.0, (accuracy - chance) / (enough - chance)))
