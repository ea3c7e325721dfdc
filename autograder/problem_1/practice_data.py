"""Small files in SVHN's form, for runs of the visible checks.

Training must run from end to end there, not reach an accuracy.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

IMAGES = 400
"""Training images. That the solution reaches its thresholds on all of the data is measured
elsewhere, in minutes."""
VALIDATION = 3257
"""What SVHN_data keeps for validation, whatever the number of training images."""


def draw(folder: Path) -> Mapping[str, str]:
    """Draws each class as a colour pattern of its own, under noise.

    Returns:
        The environment in which the library finds the files.
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
