"""Small files in the format of SVHN, for runs of the visible checks.

There, training must run to its end. It need not reach an accuracy.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

IMAGES = 400
"""Number of training images. Whether the solution reaches its thresholds is tested elsewhere, on
all of the data."""
VALIDATION = 3257
"""Number of validation images: SVHN_data uses this many for any number of training images."""


def draw(folder: Path) -> Mapping[str, str]:
    """Write the files. Each class has its own colour pattern, with noise.

    Returns:
        Environment variables with which the library finds the files.
    """
    from scipy.io import savemat

    folder.mkdir()
    rng = np.random.default_rng(0)
    patterns = rng.integers(0, 256, (10, 32, 32, 3))
    for name, count in (("train", IMAGES + VALIDATION), ("test", 100)):
        labels = rng.integers(0, 10, count)
        noise = rng.integers(0, 256, (count, 32, 32, 3))
        images = ((patterns[labels] + noise) // 2).astype(np.uint8)
        content = {"X": images.transpose(1, 2, 3, 0), "y": labels[:, None] + 1}
        savemat(folder / f"{name}_32x32.mat", content)
    return {"SVHN_DIR": str(folder), "SVHN_MAX_TRAINING": str(IMAGES)}
