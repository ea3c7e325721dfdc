"""A picture of sample images, to look at a dataset."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .errors import DataError
from .files import TEST, writing

ZOOM, GAP = 2, 2  # the scale of pixels; the white lines between the images, in pixels


def preview(directory: str | Path, file: str | Path, each: int = 10) -> None:
    """Draw the first ``each`` test images of every digit into a PNG file, one row per digit.

    Raises:
        DataError: the directory has no test images, or the file cannot be written.
    """
    from scipy.io import loadmat

    path = Path(directory) / TEST.name
    try:
        data = loadmat(path, variable_names=["X", "y"])
        images, digits = data["X"].transpose(3, 0, 1, 2), data["y"].ravel() % 10
    except Exception as error:  # scipy raises about ten types for files that are not complete
        raise DataError(
            f"{path} cannot be read as SVHN's test images: get the data first."
        ) from error
    save_sheet(Path(file), sheet(images, digits, each))


def sheet(images: np.ndarray, digits: np.ndarray, each: int) -> np.ndarray:
    """The picture, (rows, columns, 3) uint8: 0 to 9 from top to bottom, missing images in white."""
    step = images.shape[1] + GAP
    picture = np.full((10 * step + GAP, each * step + GAP, 3), 255, np.uint8)
    for digit in range(10):
        for column, image in enumerate(images[digits == digit][:each]):
            top, left = GAP + digit * step, GAP + column * step
            picture[top : top + len(image), left : left + len(image)] = image
    return picture.repeat(ZOOM, 0).repeat(ZOOM, 1)


def save_sheet(file: Path, picture: np.ndarray) -> None:
    """Write the picture as PNG, or no file at all on failure."""
    from PIL import Image

    part = file.with_name(file.name + ".part")
    with writing(part, picture.nbytes):
        try:
            Image.fromarray(picture).save(part, "PNG")
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)
