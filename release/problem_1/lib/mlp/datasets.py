"""The SVHN images (Netzer et al., 2011), format 2: digits of house numbers, 32 x 32 x 3.

`get_datasets.py` puts `train_32x32.mat` and `test_32x32.mat` in the folder `data`. Reading them
takes seconds, so the first call saves a copy next to them that loads at once.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

__all__ = ["SVHN_data"]


def SVHN_data(
    num_training: int = 70000, num_validation: int = 3257, data_dir: str | Path | None = None
) -> dict[str, np.ndarray]:
    """The images and labels for training, validation and test.

    Images are float32, (N, 32, 32, 3), pixels / 255 minus the mean training image. Labels
    are integers: class k is the digit k + 1, and class 9 is the digit 0.

    Args:
        num_training: how many images the training set has. It is the start of the training file.
        num_validation: how many images the validation set has. They follow in the same file.
        data_dir: the folder of the files (default: the environment's SVHN_DIR, or ./data).

    For quick runs, the environment variable SVHN_MAX_TRAINING limits num_training.

    Returns data_train, labels_train, data_val, labels_val, data_test and labels_test.
    """
    data_dir = Path(data_dir or os.environ.get("SVHN_DIR") or "data")
    num_training = min(num_training, int(os.environ.get("SVHN_MAX_TRAINING") or num_training))
    images, labels = load_split(data_dir / "train_32x32.mat")
    test_images, test_labels = load_split(data_dir / "test_32x32.mat")
    end = num_training + num_validation
    if num_training < 1 or num_validation < 0 or end > len(images):
        raise ValueError(
            f"{num_training} training and {num_validation} validation images were requested; "
            f"{data_dir} holds {len(images)} in total"
        )
    mean = images[:num_training].mean(axis=0, dtype=np.float64)

    def prepared(part: np.ndarray) -> np.ndarray:
        pixels = np.subtract(part, mean, dtype=np.float32, casting="same_kind")
        pixels /= 255
        return pixels

    return {
        "data_train": prepared(images[:num_training]),
        "labels_train": labels[:num_training],
        "data_val": prepared(images[num_training:end]),
        "labels_val": labels[num_training:end],
        "data_test": prepared(test_images),
        "labels_test": test_labels,
    }


def load_split(mat: Path) -> tuple[np.ndarray, np.ndarray]:
    """The images (N, 32, 32, 3) uint8, mapped from disk, and the labels (N,) of one SVHN file."""
    if not mat.exists():
        raise FileNotFoundError(
            f"{mat} is missing. Run `python get_datasets.py` to download SVHN, "
            f"or `python get_datasets.py --synthetic` to generate images without a network"
        )
    cached = mat.with_suffix(".npy")
    modified = mat.stat().st_mtime_ns
    if not cached.exists() or cached.stat().st_mtime_ns != modified:  # made from another file
        records = _read(mat)
        try:
            _save(records, cached, modified)
        except OSError:  # the disk is full or the folder is read-only: go on without the copy
            return records["image"], records["label"].astype(np.int64)
    records = np.load(cached, mmap_mode="r")
    return records["image"], records["label"].astype(np.int64)


def _read(mat: Path) -> np.ndarray:
    """One SVHN file as an array (N,) of records: an image (32, 32, 3) and its label 0..9."""
    from scipy.io import loadmat

    try:
        content = loadmat(mat, variable_names=["X", "y"])
        pixels, digits = content["X"], content["y"].ravel()
        if pixels.shape != (32, 32, 3, len(digits)) or pixels.dtype != np.uint8:
            raise ValueError(f"X is {pixels.dtype} {pixels.shape}, with {len(digits)} labels")
    except Exception as problem:  # loadmat raises a dozen types of exceptions for broken files
        raise ValueError(
            f"{mat} is not a complete SVHN file ({problem}). Delete it, then run get_datasets.py"
        ) from problem
    records = np.empty(len(digits), dtype=[("image", np.uint8, (32, 32, 3)), ("label", np.uint8)])
    records["image"] = pixels.transpose(3, 0, 1, 2)
    records["label"] = digits - 1  # the labels in the file are 1..10, where 10 is the digit 0
    return records


def _save(records: np.ndarray, path: Path, modified: int) -> None:
    """Save the records atomically, with the modification time of the file they were read from."""
    partial = path.with_suffix(f".{os.getpid()}.part")
    try:
        with open(partial, "wb") as file:
            np.save(file, records)
        os.utime(partial, ns=(modified, modified))
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
