"""The solution library as `lib`, and images for a training of a second or two."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from autograder.assignment.training import Mode
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.problem_1 import svhn
from autograder.training.images import Images, open_images

sys.path.insert(0, str(P1.library))

SMALL = Mode("small", 1500, 300, 0.35, 0.5, standardised=True)


@pytest.fixture(scope="session")
def twin(made_once) -> Path:
    """The folder of a synthetic twin with as many images as `images` needs."""

    def draw(folder: Path) -> None:
        svhn.draw(folder, train=SMALL.training + SMALL.validation, test=20)

    return made_once("twin", draw)


@pytest.fixture(scope="session")
def images(twin) -> Images:
    """The images of the twin, for trainings that need 35% for all points."""
    return open_images(P1, SMALL, twin)
