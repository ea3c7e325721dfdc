"""The ink of a house number: its face, width, slant and rotation."""

from dataclasses import dataclass
from math import cos, exp, sin

import numpy as np
from PIL import Image

from .glyphs import ITALIC, UPRIGHT, Glyph, glyph_at
from .recipe import Recipe


@dataclass(frozen=True)
class Number:
    """A number in its photo.

    Attributes:
        ink: (H, W) float32, 1 for ink and 0 for background.
        centres: the centres of its digits, (x, y) in pixels.
        height: height of a digit in pixels.
        half: half of the number's width in pixels.
        turn: angle of its line in radians.
    """

    ink: np.ndarray
    centres: np.ndarray
    height: float
    half: float
    turn: float


def place(rng: np.random.Generator, digits: np.ndarray, recipe: Recipe) -> Number:
    """Place the digits 0..9 in the middle of an empty photo, with a margin for cropping."""
    r = recipe
    height = r.height * exp(r.height_spread * rng.standard_normal())
    height = float(np.clip(height, 9, r.largest))
    glyphs = _glyphs(rng, digits, height, r)
    narrow = r.narrow * exp(r.narrow_spread * rng.standard_normal())
    scales = [height / glyph.height for glyph in glyphs]
    widths = [glyph.width * scale * narrow for glyph, scale in zip(glyphs, scales, strict=True)]
    gap = height * (r.gap + r.gap_spread * rng.standard_normal())
    starts = np.cumsum([0, *(width + gap for width in widths[:-1])])
    half = (starts[-1] + widths[-1]) / 2
    along = starts + np.array(widths) / 2 - half

    turn, slant = rng.standard_normal(2) * (r.turn_spread, r.slant_spread)
    across = r.drop_spread * height / 2 * rng.standard_normal(len(digits))
    across += r.drop_spread * along * rng.standard_normal()
    c, s = cos(turn), sin(turn)
    offsets = np.stack([along * c - across * s, along * s + across * c], axis=1)

    room = 1.15 * height * r.margin
    size = int(2 * half + room + 4), int(2 * np.abs(offsets[:, 1]).max() + room + 4)
    centres = np.array(size) / 2 + offsets
    ink = np.zeros((size[1], size[0]), np.uint8)
    for glyph, scale, centre in zip(glyphs, scales, centres, strict=True):
        # From the glyph's pixels to the photo's: scale, slant, then rotate.
        shape = np.array([[c, -s], [s, c]]) @ [[scale * narrow, -scale * slant], [0, scale]]
        _add(ink, glyph, shape, centre)
    return Number(ink / np.float32(255), centres, height, half, turn)


def _glyphs(rng: np.random.Generator, digits: np.ndarray, height: float, r: Recipe) -> list[Glyph]:
    """The digits of a number share one face and weight."""
    faces = UPRIGHT + ITALIC
    face = faces[rng.integers(len(faces))]
    if face in ITALIC and rng.random() < r.upright:
        face = faces[rng.integers(len(faces))]
    bold = int(rng.choice(len(r.bold), p=r.bold))
    return [glyph_at(face, int(digit), height, bold) for digit in digits]


def _add(ink: np.ndarray, glyph: Glyph, shape: np.ndarray, centre: np.ndarray) -> None:
    """Add the glyph's ink to the photo's, centred at ``centre``.

    PIL needs the inverse transform, photo to glyph. Only the glyph's part of the photo is computed.
    """
    (a, b), (c, d) = shape.tolist()
    width, height = glyph.ink.size
    reach = (abs(a) * width + abs(b) * height) / 2, (abs(c) * width + abs(d) * height) / 2
    x, y = centre.tolist()
    left, top = max(int(x - reach[0]) - 2, 0), max(int(y - reach[1]) - 2, 0)
    right = min(int(x + reach[0]) + 3, ink.shape[1])
    bottom = min(int(y + reach[1]) + 3, ink.shape[0])
    back = np.linalg.inv(shape)
    start = np.array(glyph.ink.size) / 2 - back @ centre + back @ (left, top)
    matrix = (*back[0], start[0], *back[1], start[1])
    affine, bilinear = Image.Transform.AFFINE, Image.Resampling.BILINEAR
    moved = glyph.ink.transform((right - left, bottom - top), affine, matrix, bilinear)
    part = ink[top:bottom, left:right]
    np.maximum(part, np.asarray(moved), out=part)
