"""One photo of a house number, and the images cropped from it, one per digit.

The steps follow a real photo: ink in a row, on a wall or a plate, in uneven light, taken by a
camera that blurs, sharpens and compresses. The images are cropped as in SVHN: a square around each
digit, with parts of its neighbours, scaled to 32 x 32.
"""

import numpy as np

from .camera import cut, expose
from .number import place
from .recipe import RECIPE, Recipe
from .scene import paint


def photograph(rng: np.random.Generator, digits: np.ndarray, recipe: Recipe = RECIPE) -> np.ndarray:
    """The images of a photo of the number ``digits`` (n,), each 0..9: (n, 32, 32, 3) uint8."""
    hard = rng.random() < recipe.hard
    number = place(rng, digits, recipe)
    scene = paint(rng, number, hard, recipe)
    photo = expose(rng, scene, number.height, hard, recipe)
    return np.stack([cut(rng, photo, centre, number.height, recipe) for centre in number.centres])
