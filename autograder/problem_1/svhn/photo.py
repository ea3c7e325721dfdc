"""One photo of a house number, and the images cut from it, one a digit.

A photo is built as it comes about: ink in a row, on a wall or a plate, lit unevenly, taken by a
camera that blurs, sharpens and packs, and cut as SVHN's were: a square around each digit, its
neighbours in part, scaled to 32 x 32.
"""

import numpy as np

from .camera import cut, expose
from .number import place
from .recipe import RECIPE, Recipe
from .scene import paint


def photograph(rng: np.random.Generator, digits: np.ndarray, recipe: Recipe = RECIPE) -> np.ndarray:
    """Draw a photo of the number ``digits`` (n,), each 0..9: its images, (n, 32, 32, 3) uint8."""
    hard = rng.random() < recipe.hard
    number = place(rng, digits, recipe)
    scene = paint(rng, number, hard, recipe)
    photo = expose(rng, scene, number.height, hard, recipe)
    return np.stack([cut(rng, photo, centre, number.height, recipe) for centre in number.centres])
