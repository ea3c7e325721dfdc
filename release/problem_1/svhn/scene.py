"""A house number on a wall, with other objects, in uneven light."""

from dataclasses import dataclass
from math import cos, exp, pi, sin

import numpy as np
from PIL import Image

from .number import Number
from .recipe import Recipe

# Directions of the light's colour (red, green, blue): warm to cold, and purple to green.
WARM, GREEN = np.array([-0.5, -0.05, 0.7]), np.array([-0.4, 0.4, -0.3])
SKY = np.array([-0.012, -0.004, 0.03])  # the images of the set are slightly blue on average


@dataclass(frozen=True)
class Surfaces:
    """Draws colours that match: brightness of wall and ink, and the colour of the light.

    Attributes:
        wall: brightness of the wall behind the number.
        ink: brightness of the digits.
        tint: (3,) colour of the light, in shares of the brightness.
    """

    wall: float
    ink: float
    tint: np.ndarray

    def colour(self, rng: np.random.Generator, level: float, recipe: Recipe) -> np.ndarray:
        """A muted colour (3,) with about this brightness."""
        strength = recipe.colour * exp(0.5 * rng.standard_normal())
        if rng.random() < recipe.vivid:
            strength *= 3
        warm, green = rng.standard_normal(2)
        own = warm * np.array([-0.6, -0.1, 1.0]) + 0.35 * green * np.array([-0.5, 0.5, -0.3])
        level = float(np.clip(level, 0.02, 0.98))
        colour: np.ndarray = level * (1 + 1.6 * self.tint) + strength * own * (0.35 + level)
        return colour


def paint(rng: np.random.Generator, number: Number, hard: bool, recipe: Recipe) -> np.ndarray:
    """The scene in front of the camera: its planes (3, H, W) float32, mostly within 0..1."""
    r, height = recipe, number.height
    u, v = _along_the_line(number)
    surfaces = _surfaces(rng, hard, r)
    wall = surfaces.colour(rng, surfaces.wall, r).astype(np.float32)
    scene = np.empty((3, *number.ink.shape), np.float32)
    scene[:] = _planes(wall)

    def mix(share: np.ndarray, level: float) -> None:
        """Cover ``share`` (H, W) of the wall's colour with another one."""
        scene[:] += share * _planes(surfaces.colour(rng, level, r) - wall)

    if (
        rng.random() < r.plate
    ):  # the number is on a plate, and the wall around it has another colour
        pad = height * rng.uniform(0.05, 0.5, 2)
        plate = _edge(number.half + pad[0] - abs(u)) * _edge(height / 2 + pad[1] - abs(v))
        mix(1 - plate, surfaces.wall + 0.25 * rng.standard_normal())
    if rng.random() < r.clutter:  # a frame, a pipe or a joint on one side
        upright = rng.random() < 0.7
        far = (u if upright else v) * _sign(rng)
        start = (number.half if upright else height / 2) + height * rng.uniform(-0.1, 0.6)
        bar = _edge(far - start) * _edge(start + height * rng.uniform(0.1, 1.0) - far)
        mix(bar, surfaces.wall + 0.3 * rng.standard_normal())
    depth = (r.hard_texture if hard else r.texture) * exp(0.5 * rng.standard_normal())
    rough = _smooth(rng, number.ink.shape, cell=5)
    scene += depth * (0.3 + surfaces.wall) * rough
    if rng.random() < r.outline:  # raised digits: a dark rim on one side
        shift = rng.integers(-2, 3, 2)
        rim = np.roll(number.ink, shift, axis=(0, 1))
        scene *= 1 - rng.uniform(0, 0.6) * rim
    scene += number.ink * (_planes(surfaces.colour(rng, surfaces.ink, r)) - scene)
    scene *= _light(rng, u, v, number, hard, r)
    return scene


def _surfaces(rng: np.random.Generator, hard: bool, r: Recipe) -> Surfaces:
    """Dark on light as often as light on dark. The ink is further from the mean than the wall."""
    contrast = r.contrast * exp(r.contrast_spread * rng.standard_normal())
    contrast = min(contrast * (r.hard_contrast if hard else 1), 0.85)
    middle = min(r.level * exp(r.level_spread * rng.standard_normal()), 0.92)
    step = contrast * _sign(rng)
    strength = r.tint * exp(r.tint_spread * rng.standard_normal())
    tint = strength * (_sign(rng) * WARM + 0.5 * rng.standard_normal() * GREEN) + SKY
    return Surfaces(float(np.clip(middle - 0.4 * step, 0.03, 0.97)), middle + 0.6 * step, tint)


def _light(
    rng: np.random.Generator, u: np.ndarray, v: np.ndarray, number: Number, hard: bool, r: Recipe
) -> np.ndarray:
    """The factor of the light (H, W): smooth, and in some photos with the edge of a shadow."""
    height, width = u.shape
    field = rng.standard_normal((3, 3)).astype(np.float32)
    light: np.ndarray = np.exp(r.light * _stretched(field, height, width))
    if rng.random() < (r.hard_shadow if hard else r.shadow):
        angle = 2 * pi * rng.random()
        reach = number.half * abs(cos(angle)) * rng.uniform(-1, 1)
        far = u * cos(angle) + v * sin(angle) - reach - number.height * rng.uniform(-0.5, 0.5)
        shade = _edge(far / (number.height * rng.uniform(0.03, 0.4)))
        light *= 1 - rng.uniform(0.15, 0.6) * shade
    return light


def _along_the_line(number: Number) -> tuple[np.ndarray, np.ndarray]:
    """Each pixel's distance from the middle, along the number's line and across it: (H, W) each."""
    height, width = number.ink.shape
    x = np.arange(width, dtype=np.float32) - width / 2
    y = np.arange(height, dtype=np.float32)[:, None] - height / 2
    c, s = cos(number.turn), sin(number.turn)
    return x * c + y * s, y * c - x * s


def _planes(colour: np.ndarray) -> np.ndarray:
    """A colour (3,), to be spread over planes (3, H, W), which numpy does much faster."""
    return colour[:, None, None]


def _sign(rng: np.random.Generator) -> int:
    return 1 - 2 * int(rng.integers(2))


def _edge(distance: np.ndarray) -> np.ndarray:
    """0 outside and 1 inside, with a transition of one pixel."""
    return np.clip(distance + 0.5, 0, 1)


def _smooth(rng: np.random.Generator, shape: tuple[int, ...], cell: int) -> np.ndarray:
    """Standard normal numbers every ``cell`` pixels, smooth between them: (H, W)."""
    height, width = shape
    coarse = rng.standard_normal((max(height // cell, 2), max(width // cell, 2)))
    return _stretched(coarse.astype(np.float32), height, width)


def _stretched(field: np.ndarray, height: int, width: int) -> np.ndarray:
    picture = Image.fromarray(field)
    return np.asarray(picture.resize((width, height), Image.Resampling.BICUBIC))
