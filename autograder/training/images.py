"""What recipes are trained on: the assignment's own images, in the assignment's own split."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np

from autograder import checkout
from autograder.problem_1 import svhn
from autograder.problem_1.rubric import SHORT_TARGET, TARGET

TRAIN_FILE = "train_32x32.mat"
REPLAYS = "replays"


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


MODES = {
    mode.name: mode
    for mode in (
        Mode("full", 70_000, 3_257, TARGET),
        Mode("short", 5_000, 1_000, SHORT_TARGET, standardised=True),
    )
}


class Features:
    """uint8 images (N, 32, 32, 3), mapped from disk, that come out as float32 features.

    `train_net` takes batches by index and counts with `len`, so this stands for an array that
    would take 860 MB.
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
        mode: full or short, say.
        replays: the folder in which replays are kept.
        digest: of the file they are from.
        data: what they are from, in words.
        train, val: features and labels (N,).
    """

    mode: Mode
    replays: Path
    digest: str
    data: str
    train: tuple[Features, np.ndarray] = field(repr=False)
    val: tuple[Features, np.ndarray] = field(repr=False)

    @property
    def chance(self) -> float:
        """The accuracy of always naming the commonest class of the validation images."""
        labels = self.val[1]
        return float(np.bincount(labels).max() / len(labels))


def opened(mode: Mode, folder: Path | None = None, replays: Path | None = None) -> Images:
    """The images of a mode, mapped from disk: every process of a machine shares one copy.

    Args:
        mode: how many of them.
        folder: where the data is.
        replays: where replays are kept; beside the data when not given.

    Raises:
        svhn.DataError: there is no data, or too little of it; the message says what to do.
    """
    folder = folder or checkout.data_directory()
    found = svhn.identify(folder)
    if found.kind not in ("real", "twin"):
        raise svhn.DataError(f"{found.text} Run `autograder data`, with --synthetic if need be.")
    images, labels = _datasets().load_split(folder / TRAIN_FILE)
    end = mode.training + mode.validation
    if end > len(images):
        raise svhn.DataError(
            f"{folder} holds {len(images):,} training images; "
            f"a {mode.name} training needs {end:,}. Run `autograder data` for all of them."
        )
    mean = None
    if not mode.standardised:  # as `SVHN_data` does it
        mean = images[: mode.training].mean(axis=0, dtype=np.float64).astype(np.float32)
    parts = [
        (Features(images[part], mean), labels[part])
        for part in (slice(mode.training), slice(mode.training, end))
    ]
    replays = replays or folder / REPLAYS
    return Images(mode, replays, found.md5[TRAIN_FILE], found.text, *parts)


@cache
def _datasets() -> ModuleType:
    """The library's module that reads SVHN, without making `lib` importable here."""
    path = checkout.LIBRARY / "lib" / "mlp" / "datasets.py"
    spec = importlib.util.spec_from_file_location("svhn_reader", path)
    assert spec is not None  # by its suffix it is Python
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
