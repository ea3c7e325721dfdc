"""Training a submission in the sandbox, and judging what it learnt outside.

The sandbox gets training images with their labels and, without labels, the images that are judged;
all in the secret gauge of the grading seed. What comes back are parameters, epoch by epoch.
"""

from __future__ import annotations

import contextlib
import importlib.util
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np

from autograder import course, judge, svhn
from autograder.gauge import Gauge, secret_generator
from autograder.observe import Observation, watch
from autograder.rubric import SHORT_TARGET, TARGET
from autograder.sandbox.backend import Backend
from autograder.sandbox.limits import TRAINING, Budget
from autograder.sandbox.session import Ending

PROBE = "train_tiny_net"
CHUNK = 4096
CLAIMS = ("epoch", "told_accuracy", "own_labels")
"""What a training tells beside its parameters."""
SANDBOX_SEED = 0
"""What the sandbox of a training is told instead of the grading seed, the source of the gauge."""


@dataclass(frozen=True)
class Mode:
    """How much of a training is done.

    Attributes:
        name: what `--training` calls it.
        training: images to train on, the first of the training file.
        validation: images after those, for the submission's own validation.
        drawn: images that are drawn to be judged when the data is the twin.
        target: the judged accuracy from which on all points are given.
        standardised: each image has mean 0 and deviation 1, which is learnt in a few hundred steps;
            otherwise pixels are prepared as in the notebook.
    """

    name: str
    training: int
    validation: int
    drawn: int
    target: float
    standardised: bool = False


MODES = {
    mode.name: mode
    for mode in (
        Mode("full", 68_000, 2_000, 4_000, TARGET),
        Mode("short", 5_000, 500, 1_000, SHORT_TARGET, standardised=True),
    )
}


@dataclass(frozen=True)
class Images:
    """What trainings under one grading seed are done and judged with.

    Attributes:
        mode: full or short.
        files: .npy files by name, for the sandbox.
        judged: (N, 32, 32, 3) float32, in the gauge.
        labels: (N,) those of the judged images. They never enter a sandbox.
        data: what they are from, in words.
    """

    mode: Mode
    files: Mapping[str, Path]
    judged: np.ndarray
    labels: np.ndarray
    data: str


@dataclass(frozen=True)
class Progress:
    """How far a training has come: the epochs it has done, and the accuracy judged after them."""

    epoch: int
    accuracy: float


def prepare(mode: Mode, seed: int, folder: Path, directory: Path | None = None) -> Images:
    """Put the training images of a grading seed into `folder`, about 900 MB for a full training.

    Judged are SVHN's images after the first 70,000 (the assignment's validation images) when
    `directory` holds the real ones, and images drawn for this seed when it holds the twin.

    Raises:
        svhn.DataError: there is no data, or too little of it; the message says what to do.
    """
    directory = directory or course.data_directory()
    found = svhn.identify(directory)
    if found.kind not in ("real", "twin"):
        raise svhn.DataError(f"{found.text} Run `autograder data`, with --synthetic if need be.")
    images, labels = _datasets().load_split(directory / "train_32x32.mat")
    shown = mode.training + mode.validation
    if shown > len(images):
        raise svhn.DataError(
            f"{directory} holds {len(images):,} training images; "
            f"a {mode.name} training needs {shown:,}. Run `autograder data` for all of them."
        )
    gauge = Gauge.of(seed)
    order = secret_generator("order", seed).permutation(shown)
    mean = None if mode.standardised else images[:shown].mean(axis=0, dtype=np.float32)
    parts = {"train": order[: mode.training], "val": order[mode.training :]}
    files = {}
    for name, part in parts.items():
        files[f"{name}_images"] = _write_images(folder, name, images, part, mean, gauge)
        files[f"{name}_labels"] = _write(folder, f"{name}_labels", gauge.labels(labels[part]))
    if found.kind == "real":
        judged, right = images[70_000:], labels[70_000:]
    else:
        drawing_seed = int(secret_generator("judged images", seed).integers(2**62))
        judged, right = svhn.sample(mode.drawn, drawing_seed)
    everyone = np.arange(len(judged))
    files["judged_images"] = _write_images(folder, "judged", judged, everyone, mean, gauge)
    return Images(
        mode,
        files,
        np.load(files["judged_images"], mmap_mode="r"),
        gauge.labels(right),
        found.text,
    )


def train(
    files: Mapping[str, bytes],
    cells: Mapping[str, str],
    images: Images,
    sandbox: Backend,
    *,
    stop_early: bool,
    threads: int = 1,
    budget: Budget = TRAINING,
    progress: Callable[[Progress], None] = lambda _: None,
) -> Observation:
    """Train a submission and return its parameters: those that `train_net` returned.

    With `stop_early`, those of the first epoch after which the judged accuracy reaches the target:
    more cannot be earned. A submission whose `train_net` is known not to return its best
    parameters has to go through to the end.
    """
    values: dict[str, np.ndarray | str] = {}
    ending = Ending("killed", "the training did not begin")
    events = watch(files, cells, SANDBOX_SEED, sandbox, budget, PROBE, images.files, threads)
    with closing(events):
        for event in events:
            if event.ending is not None:
                ending = event.ending
            if event.step is None:
                continue
            values = _kept(values, event.step.values, images)
            if "w1" not in event.step.values:
                continue
            accuracy = judged_accuracy(values, images)
            progress(Progress(int(claimed(values, "epoch") or 0), accuracy))
            if stop_early and accuracy >= images.mode.target:
                ending = Ending("finished")
                break
    return Observation(PROBE, values, {}, ending)


def _kept(
    before: Mapping[str, np.ndarray | str], sent: Mapping[str, np.ndarray | str], images: Images
) -> dict[str, np.ndarray | str]:
    """What is judged or reported of all that was sent so far: the last network, and the claims."""
    kept = dict(before)
    if "w1" in sent:
        kept = {name: value for name, value in before.items() if name in CLAIMS}
        with contextlib.suppress(ValueError):
            kept |= judge.network(sent)
    claims = {name: sent[name] for name in CLAIMS if name in sent}
    return kept | {n: v for n, v in claims.items() if np.size(v) <= len(images.labels)}


def claimed(values: Mapping[str, object], name: str) -> float | None:
    """A number that a submission tells of its training; None where it is none."""
    value = values.get(name)
    if isinstance(value, np.ndarray) and value.ndim == 0 and np.isfinite(value):
        return float(value)
    return None


def judged_accuracy(parameters: Mapping[str, np.ndarray], images: Images) -> float:
    """The accuracy of parameters on the judged images; chance for what is no network."""
    try:
        return judge.accuracy(parameters, images.judged, images.labels)
    except ValueError:
        return 0.0


def _write_images(
    folder: Path,
    name: str,
    images: np.ndarray,
    chosen: np.ndarray,
    mean: np.ndarray | None,
    gauge: Gauge,
) -> Path:
    """Write the chosen ones of the uint8 images, in that order, as features in the gauge."""
    path = folder / f"{name}_images.npy"
    shape = (len(chosen), *images.shape[1:])
    out = np.lib.format.open_memmap(path, "w+", np.float32, shape)
    for start in range(0, len(chosen), CHUNK):
        part = slice(start, start + CHUNK)
        features = _features(images[chosen[part]], mean)
        out[part] = gauge.features(features).reshape(-1, *images.shape[1:])
    out.flush()
    return path


def _features(images: np.ndarray, mean: np.ndarray | None) -> np.ndarray:
    """uint8 images as float32 features (N, 3072): less the mean image, or each standardised."""
    features = images.reshape(len(images), -1).astype(np.float32) / 255
    if mean is not None:
        return features - mean.reshape(-1) / 255
    features -= features.mean(axis=1, keepdims=True)
    return features / (features.std(axis=1, keepdims=True) + 1 / 255)


def _write(folder: Path, name: str, values: np.ndarray) -> Path:
    path = folder / f"{name}.npy"
    np.save(path, values)
    return path


@cache
def _datasets() -> ModuleType:
    """The library's module that reads SVHN, without making `lib` importable here."""
    path = course.LIBRARY / "lib" / "mlp" / "datasets.py"
    spec = importlib.util.spec_from_file_location("svhn_reader", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
