"""The synthetic twin of SVHN: the same number of images and class balance, in the same two files.

Everything is drawn from one seed. The classes of a split are shuffled first, then consecutive
digits form house numbers. Each chunk of fixed size has its own seed, so that the images do not
depend on the number of processes.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from tqdm import tqdm

from .camera import SIDE
from .errors import DataError
from .files import FILES, MARK, SEED, TEST, TRAIN, identify, mark, writing
from .photo import photograph
from .recipe import RECIPE, Recipe

VERSION = 1  # increase it with every change to the images that a seed draws
# Digits '1', '2' ... '9', '0' of SVHN's training set, in the order of the classes.
BALANCE = (13861, 10585, 8497, 7458, 6882, 5727, 5595, 5045, 4659, 4948)
LENGTHS = (0.15, 0.54, 0.26, 0.05)  # shares of photos with 1, 2, 3, 4 digits
CHUNK = 512  # images per task
HEADER = b"MATLAB 5.0 MAT-file, synthetic twin of SVHN".ljust(116)
SPLITS = {TRAIN.name: 0, TEST.name: 1, "sample": 2}  # each has its own random numbers


def sample(n: int, seed: int, workers: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Draw images that are in neither file: (n, 32, 32, 3) uint8, and classes 0..9 (n,) int64.

    Class k is the digit k + 1, class 9 is the digit 0. The same seed draws the same images, with
    any number of workers (processes; one per CPU if None).
    """
    return _split("sample", n, seed, workers, bar=None)


def draw(
    directory: str | Path,
    seed: int = SEED,
    workers: int | None = None,
    train: int = TRAIN.images,
    test: int = TEST.images,
) -> None:
    """Write the twin to SVHN's two files in ``directory``, once both are complete.

    Args:
        seed: the same seed draws the same images.
        workers: processes; one per CPU if None.
        train, test: numbers of images; SVHN's numbers by default.

    Raises:
        DataError: the directory cannot be written, or holds files that are not a twin's.
    """
    directory = Path(directory)
    if seed < 0 or train < 1 or test < 1:
        raise DataError(
            f"seed {seed}, {train} and {test} images: a seed is 0 or more, sizes 1 or more."
        )
    _refuse_other(directory)
    sizes = {TRAIN.name: train, TEST.name: test}
    parts = {name: directory / (name + ".part") for name in sizes}
    try:
        often = 0.5 if sys.stdout.isatty() else 10.0  # seconds between two states of the bar
        with tqdm(total=train + test, desc="drawing", mininterval=often, file=sys.stdout) as bar:
            for name, n in sizes.items():
                images, classes = _split(name, n, seed, workers, bar)
                _save(parts[name], images, classes, mark(VERSION, seed, n))
        for name, part in parts.items():
            part.replace(directory / name)
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)


def _refuse_other(directory: Path) -> None:
    """Raise a DataError unless the files are a twin: only a twin may be overwritten."""
    if not any((directory / file.name).exists() for file in FILES):
        return
    found = identify(directory)
    if found.kind == "real":
        raise DataError(f"{directory} holds SVHN itself: choose another directory with --dir.")
    if found.kind != "twin":
        raise DataError(f"{directory} holds other files. {found.text}")


def _save(path: Path, images: np.ndarray, classes: np.ndarray, text: str) -> None:
    """Write a split as SVHN does: X (32, 32, 3, n) uint8, and y (n, 1) with 10 for the digit 0."""
    from scipy.io import savemat

    with writing(path, images.nbytes), path.open("wb") as out:
        labels = (classes + 1).astype(np.uint8)[:, None]
        savemat(out, {"X": images.transpose(1, 2, 3, 0), "y": labels, MARK: text})
        out.seek(0)  # scipy writes the date here, but the same seed must give the same bytes
        out.write(HEADER)


def _split(
    name: str, n: int, seed: int, workers: int | None, bar: tqdm | None
) -> tuple[np.ndarray, np.ndarray]:
    """Images (n, 32, 32, 3) and classes (n,) of one split, drawn by several processes."""
    root = np.random.SeedSequence(seed, spawn_key=(SPLITS[name],))
    order, *seeds = root.spawn(1 + -(-n // CHUNK))
    classes = balanced(n, np.random.default_rng(order))
    images = np.empty((n, SIDE, SIDE, 3), np.uint8)
    start = 0
    for drawn in _map([classes[i : i + CHUNK] for i in range(0, n, CHUNK)], seeds, workers):
        images[start : start + len(drawn)] = drawn
        start += len(drawn)
        if bar:
            bar.update(len(drawn))
    return images, classes


def _map(
    chunks: list[np.ndarray], seeds: list[np.random.SeedSequence], workers: int | None
) -> Iterator[np.ndarray]:
    """Draw the chunks in order. A single worker is this process itself."""
    workers = min(workers or _cpus(), len(chunks))
    if workers == 1:
        yield from map(chunk, chunks, seeds)
        return
    pool = ProcessPoolExecutor(workers)
    try:
        yield from pool.map(chunk, chunks, seeds)
    finally:
        pool.shutdown(cancel_futures=True)


def _cpus() -> int:
    """Number of CPUs that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def balanced(n: int, rng: np.random.Generator) -> np.ndarray:
    """n classes 0..9 in random order, with the class balance of SVHN."""
    share = np.array(BALANCE) * n / sum(BALANCE)
    counts = np.floor(share).astype(int)
    counts[np.argsort(counts - share, kind="stable")[: n - counts.sum()]] += 1
    return rng.permutation(np.repeat(np.arange(10), counts))


def chunk(classes: np.ndarray, seed: np.random.SeedSequence, recipe: Recipe = RECIPE) -> np.ndarray:
    """Draw photos of numbers with the given classes, in order: (n, 32, 32, 3) uint8."""
    rng = np.random.default_rng(seed)
    return np.concatenate([photograph(rng, number, recipe) for number in numbers(classes, rng)])


def numbers(classes: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
    """Split a sequence of classes into house numbers of 1 to 4 digits 0..9."""
    lengths = 1 + rng.choice(len(LENGTHS), len(classes), p=LENGTHS)
    cuts = np.cumsum(lengths)
    return np.split((classes + 1) % 10, cuts[cuts < len(classes)])
