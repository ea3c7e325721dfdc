"""The images that recipes are trained on, with the assignment's split."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from autograder.assignment import Assignment
from autograder.assignment.training import Mode, TrainingPlan

REPLAYS = "replays"


OFF = "off"
"""The value of `--training` for no training."""


def modes(assignment: Assignment) -> tuple[str, ...]:
    """The possible values of `--training`."""
    return (OFF, *(assignment.training.modes if assignment.training else ()))


class Features:
    """Array-like: converts uint8 images (N, height, width, channels) on disk to float32 features.

    `train_net` uses nothing but `len` and indexing by batch, so the full array of 860 MB is not
    needed.
    """

    def __init__(self, images: np.ndarray, mean: np.ndarray | None) -> None:
        """`mean` is the image to subtract; None standardises each image by itself."""
        self._images, self._mean = images, mean

    def __len__(self) -> int:
        return len(self._images)

    @property
    def shape(self) -> tuple[int, ...]:
        return self._images.shape

    def __getitem__(self, chosen: slice | np.ndarray) -> np.ndarray:
        pixels = self._images[chosen].astype(np.float32)
        if self._mean is not None:
            pixels -= self._mean
            pixels /= 255
            return pixels
        pixels /= 255
        pixels -= pixels.mean(axis=(1, 2, 3), keepdims=True)
        standardised: np.ndarray = pixels / (pixels.std(axis=(1, 2, 3), keepdims=True) + 1 / 255)
        return standardised


@dataclass(frozen=True)
class Images:
    """The images of one mode.

    Attributes:
        assignment: the assignment.
        mode: the training mode, such as full or short.
        replays: the folder in which replays are stored.
        digest: the hash of the file that they come from.
        data: a description of their source for people.
        train, val: features and labels (N,).
    """

    assignment: Assignment
    mode: Mode
    replays: Path
    digest: str
    data: str
    train: tuple[Features, np.ndarray] = field(repr=False)
    val: tuple[Features, np.ndarray] = field(repr=False)

    @property
    def plan(self) -> TrainingPlan:
        """How the training is judged."""
        return self.assignment.training_plan

    @property
    def chance(self) -> float:
        """The accuracy of always predicting the most frequent class of the validation images."""
        labels = self.val[1]
        return float(np.bincount(labels).max() / len(labels))


def open_images(
    assignment: Assignment,
    mode: str | Mode,
    folder: Path | None = None,
    replays: Path | None = None,
) -> Images:
    """The images of a mode, memory-mapped so that all processes of a machine share one copy.

    Args:
        assignment: the assignment.
        mode: the training mode, or its name.
        folder: the data folder; by default the assignment's.
        replays: the folder in which replays are stored; by default a subfolder of `folder`.

    Raises:
        the plan's `error`: there are no images, or too few; the message says what to do.
    """
    plan = assignment.training_plan
    mode = mode if isinstance(mode, Mode) else plan.modes[mode]
    folder = folder or assignment.data_folder()
    file = plan.images(folder)
    images, labels, end = file.images, file.labels, mode.training + mode.validation
    if end > len(images):
        raise plan.error(
            f"{folder} holds {len(images):,} training images; "
            f"a {mode.name} training needs {end:,}. Run `autograder data` to get all of them."
        )
    mean = None
    if not mode.standardised:  # as in `SVHN_data`
        mean = images[: mode.training].mean(axis=0, dtype=np.float64).astype(np.float32)
    parts = [
        (Features(images[part], mean), labels[part])
        for part in (slice(mode.training), slice(mode.training, end))
    ]
    return Images(assignment, mode, replays or folder / REPLAYS, file.digest, file.text, *parts)
