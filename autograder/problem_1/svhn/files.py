"""The two files of SVHN's cropped digits: their checksums, and what a directory contains."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from errno import EDQUOT, ENOSPC
from pathlib import Path
from typing import Literal

from .errors import DataError

SOURCE = "http://ufldl.stanford.edu/housenumbers/"
SEED = 1  # the default seed of the twin
MARK = "svhn_twin"  # a variable that only the twin's files contain


@dataclass(frozen=True)
class File:
    """One of SVHN's files.

    Attributes:
        name: file name, the same for SVHN and its twin.
        md5: checksum of SVHN's file.
        size: size of SVHN's file in bytes.
        images: number of images in SVHN's file.
    """

    name: str
    md5: str
    size: int
    images: int


TRAIN = File("train_32x32.mat", "e26dedcc434d2e4c54c9b2d4a06d8373", 182_040_794, 73_257)
TEST = File("test_32x32.mat", "eb5a983be6a315427106f1b164d9cef3", 64_275_384, 26_032)
FILES = (TRAIN, TEST)


@dataclass(frozen=True)
class Identity:
    """What a directory contains.

    Attributes:
        kind: "real", "twin", "missing" (no such file) or "wrong" (anything else).
        text: one sentence that says so, for the user.
        seed: the twin's seed.
        version: the version of the generator that drew the twin.
        images: number of training and of test images, if the kind is real or twin.
        md5: checksums of the existing files by file name.
    """

    kind: Literal["real", "twin", "missing", "wrong"]
    text: str
    seed: int | None = None
    version: int | None = None
    images: tuple[int, int] | None = None
    md5: dict[str, str] = field(default_factory=dict)

    @property
    def trainable(self) -> bool:
        """Whether there are as many training images as SVHN has."""
        return self.images is not None and self.images[0] == TRAIN.images


def identify(directory: str | Path) -> Identity:
    """Find out whether a directory holds SVHN or its twin. Reads both files for their checksums."""
    paths = [Path(directory) / file.name for file in FILES]
    absent = [path for path in paths if not path.is_file()]
    md5 = {path.name: checksum(path) for path in paths if path not in absent}
    if absent:
        return Identity("missing", f"{' and '.join(map(str, absent))} not found.", md5=md5)
    if all(md5[file.name] == file.md5 for file in FILES):
        return Identity("real", "SVHN.", images=(TRAIN.images, TEST.images), md5=md5)
    marks = [read_mark(path) for path in paths]
    for path, file, mark in zip(paths, FILES, marks, strict=True):
        if mark is None and md5[file.name] != file.md5:
            text = (
                f"{path} is neither SVHN's file nor the twin's: it has {path.stat().st_size:,} "
                f"bytes, SVHN's has {file.size:,}. Delete it and get it again."
            )
            return Identity("wrong", text, md5=md5)
    if marks[0] is None or marks[1] is None or marks[0][:2] != marks[1][:2]:
        text = (
            f"{paths[0]} and {paths[1]} are from different datasets: "
            "delete both and get them again."
        )
        return Identity("wrong", text, md5=md5)
    version, seed, _ = marks[0]
    images = (marks[0][2], marks[1][2])
    text = (
        f"the synthetic twin, version {version}, seed {seed}, {images[0]:,} + {images[1]:,} images."
    )
    return Identity("twin", text, seed, version, images, md5)


def mark(version: int, seed: int, images: int) -> str:
    """The text that marks a file of the twin. It is written last, so truncated files have none."""
    return f"synthetic twin of SVHN, version {version}, seed {seed}, {images} images"


def read_mark(path: Path) -> tuple[int, int, int] | None:
    """(version, seed, images) of a file of the twin, or None for any other file."""
    from scipy.io import loadmat

    try:
        text = str(loadmat(path, variable_names=[MARK])[MARK][0])
    except Exception:  # scipy raises about ten types for files that are not complete .mat files
        return None
    found = re.search(r"version (\d+), seed (\d+), (\d+) images", text)
    if found is None:
        return None
    version, seed, images = map(int, found.groups())
    return version, seed, images


def checksum(path: Path) -> str:
    """The MD5 checksum of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()


@contextmanager
def writing(path: Path, needed: int) -> Iterator[None]:
    """Turn an OSError while ``path`` is written into a DataError. ``needed``: its size in bytes."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        if error.errno in (ENOSPC, EDQUOT):
            path.unlink(missing_ok=True)  # free the space of the incomplete file
            raise DataError(
                f"The disk is full: {path.parent} needs {needed / 1e6:.0f} MB more. "
                "Free some space, or choose another directory with --dir."
            ) from error
        if error.errno is None:
            raise  # not from the operating system
        raise DataError(
            f"{path.parent} cannot be written ({error.strerror}). "
            "Choose another directory with --dir."
        ) from error
