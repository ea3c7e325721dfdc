"""One photo of a house number, and the 32 x 32 images cut from it, one a digit.

A photo is built as it comes about: a number on a wall or a plate, lit unevenly, seen through a lens,
sharpened and packed by a camera, then cut and scaled as SVHN's "cropped digits" were.
"""

from dataclasses import dataclass
from io import BytesIO
from math import cos, exp, pi, sin

import numpy as np
from PIL import Image, ImageFilter

from .glyphs import FACES, LEVELS, glyph

SIDE = 32  # pixels


@dataclass(frozen=True)
class Recipe:
    height: float = 29.0
    height_spread: float = 0.5
    largest: float = 46.0
    narrow: float = 0.62
    narrow_spread: float = 0.17
    gap: float = 0.09
    gap_spread: float = 0.06
    drop_spread: float = 0.05
    slant: float = 0.1
    turn: float = 0.05
    margin: float = 1.32
    margin_spread: float = 0.09
    jitter: float = 0.06
    weights: tuple = (0.6, 0.3, 0.1)
    level: float = 0.4644
    level_spread: float = 0.2492
    contrast: float = 0.4
    contrast_spread: float = 0.2576
    colour: float = 0.0234
    tint: float = 0.073
    vivid: float = 0.12
    light: float = 0.05
    texture: float = 0.0174
    plate: float = 0.25
    shadow: float = 0.1168
    outline: float = 0.1313
    clutter: float = 0.2336
    blur: float = 0.03
    blur_spread: float = 0.2726
    lens: float = 0.45
    sharpen: float = 0.6
    noise: float = 0.0107
    quality: tuple = (55, 92)
    hard: float = 0.10
    hard_contrast: float = 1.0
    hard_blur: float = 0.0467
    hard_shadow: float = 0.6
    hard_texture: float = 0.1569
    tint_spread: float = 0.45
    upright: float = 0.5
    astigmatic: float = 1.2


RECIPE = Recipe()


def photograph(rng: np.random.Generator, digits, recipe: Recipe = RECIPE) -> np.ndarray:
    """Draw a photo of the number ``digits`` and cut its digits out: (len(digits), 32, 32, 3) uint8."""
    r = recipe
    hard = rng.random() < r.hard
    height = min(r.height * exp(r.height_spread * rng.standard_normal()), r.largest)
    height = max(height, 9.0)
    ink, centres, box = _number(rng, digits, height, r)
    scene = _paint(rng, ink, box, height, hard, r)
    image = _expose(rng, scene, height, hard, r)
    return np.stack([_cut(rng, image, centre, height, r) for centre in centres])


def _number(rng, digits, height, r):
    """Ink of a whole number (H, W) in 0..1, the centres of its digits, and its (centre, half width, angle)."""
    face = FACES[rng.integers(len(FACES))]
    if face.endswith(("Oblique", "Italic", "Ita")) and rng.random() < r.upright:
        face = FACES[rng.integers(len(FACES))]
    weight = int(rng.choice(len(r.weights), p=r.weights))
    level = next((v for v in LEVELS if v >= height), LEVELS[-1])
    glyphs = [glyph(face, int(d), level, weight) for d in digits]
    narrow = r.narrow * exp(r.narrow_spread * rng.standard_normal())
    scales = [height / g.height for g in glyphs]
    widths = np.array([max(g.width * s * narrow, 2.0) for g, s in zip(glyphs, scales, strict=True)])
    gap = height * (r.gap + r.gap_spread * rng.standard_normal())
    steps = np.cumsum(np.concatenate([[widths[0] / 2], (widths[:-1] + widths[1:]) / 2 + gap]))
    total = steps[-1] + widths[-1] / 2
    along = steps - total / 2
    turn = r.turn * rng.standard_normal()
    slant = r.slant * rng.standard_normal()
    across = height * r.drop_spread * rng.standard_normal(len(digits)) * 0.5
    across = across + along * (r.drop_spread * rng.standard_normal())
    c, s = cos(turn), sin(turn)
    margin = 1.15 * height * r.margin
    size = (
        int(total + margin + 4),
        int(margin + np.abs(along * s + across * c).max() * 2 + 4),
    )
    middle = np.array(size) / 2
    ink = np.zeros((size[1], size[0]), np.float32)
    centres = []
    for g, scale, u, v in zip(glyphs, scales, along, across, strict=True):
        centre = middle + (u * c - v * s, u * s + v * c)
        m = np.array([[c, -s], [s, c]]) @ [[scale * narrow, -slant * scale], [0, scale]]
        (a, b), (d, e) = np.linalg.inv(m)
        x0 = g.ink.size[0] / 2 - a * centre[0] - b * centre[1]
        y0 = g.ink.size[1] / 2 - d * centre[0] - e * centre[1]
        one = g.ink.transform(size, Image.AFFINE, (a, b, x0, d, e, y0), Image.BILINEAR)
        np.maximum(ink, np.asarray(one), out=ink)
        centres.append(centre)
    return ink / 255, centres, (middle, total / 2, turn)


def _colour(rng, level, tint, r):
    """A muted colour of about the given brightness: (3,)."""
    warm, green = rng.standard_normal(2)
    strength = r.colour * exp(0.5 * rng.standard_normal())
    if rng.random() < r.vivid:
        strength *= 3
    own = strength * (
        warm * np.array([-0.6, -0.1, 1.0]) + 0.35 * green * np.array([-0.5, 0.5, -0.3])
    )
    return level * (1 + 1.6 * tint) + own * (0.35 + level)


def _paint(rng, ink, box, height, hard, r):
    """Put the ink on a lit wall: (H, W, 3) float, 0..1 full scale."""
    (cx, cy), half, turn = box
    h, w = ink.shape
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    u = (x - cx) * cos(turn) + (y - cy) * sin(turn)
    v = (y - cy) * cos(turn) - (x - cx) * sin(turn)

    contrast = r.contrast * exp(r.contrast_spread * rng.standard_normal())
    if hard:
        contrast *= r.hard_contrast
    contrast = min(contrast, 0.85)
    middle = min(r.level * exp(r.level_spread * rng.standard_normal()), 0.92)
    sign = 1 if rng.random() < 0.5 else -1
    wall_level = np.clip(middle - sign * contrast * 0.4, 0.03, 0.97)
    ink_level = np.clip(middle + sign * contrast * 0.6, 0.02, 0.98)
    cast = r.tint * exp(r.tint_spread * rng.standard_normal())
    warm = 1 if rng.random() < 0.5 else -1
    tint = cast * (
        warm * np.array([-0.5, -0.05, 0.7])
        + 0.5 * rng.standard_normal() * np.array([-0.4, 0.4, -0.3])
    )
    tint = tint + np.array([-0.012, -0.004, 0.03])
    wall = _colour(rng, wall_level, tint, r)
    scene = np.empty((h, w, 3), np.float32)
    scene[:] = wall

    if rng.random() < r.plate:  # the wall around a plate, or another one beside it
        other = _colour(
            rng, np.clip(wall_level + 0.25 * rng.standard_normal(), 0.03, 0.97), tint, r
        )
        pad_u, pad_v = height * rng.uniform(0.05, 0.5, 2)
        inside = _soft(half + pad_u - np.abs(u)) * _soft(height / 2 + pad_v - np.abs(v))
        scene += (1 - inside)[..., None] * (other - wall)
    if rng.random() < r.clutter:  # a frame, a pipe, a joint
        other = _colour(rng, np.clip(wall_level + 0.3 * rng.standard_normal(), 0.03, 0.97), tint, r)
        across = rng.random() < 0.7
        t = u if across else v
        start = (half if across else height / 2) + height * rng.uniform(-0.1, 0.6)
        t = t if rng.random() < 0.5 else -t
        band = _soft(t - start) * _soft(start + height * rng.uniform(0.1, 1.0) - t)
        scene += band[..., None] * (other - wall)
    if r.texture:
        rough = rng.standard_normal((max(h // 5, 2), max(w // 5, 2))).astype(np.float32)
        scene += (
            ((r.hard_texture if hard else r.texture) * exp(0.5 * rng.standard_normal()))
            * _stretch(rough, w, h)[..., None]
            * (0.3 + wall_level)
        )
    if rng.random() < r.outline:  # the edge of a raised digit, or its shadow on the wall
        dx, dy = rng.integers(-2, 3, 2)
        edge = np.clip(np.roll(ink, (dy, dx), (0, 1)), 0, 1)
        depth = 0.6 * rng.random()
        scene *= (1 - depth * edge)[..., None] if rng.random() < 0.6 else 1
    scene += ink[..., None] * (_colour(rng, ink_level, tint, r) - scene)

    field = rng.standard_normal((3, 3)).astype(np.float32)
    scene *= np.exp(r.light * _stretch(field, w, h))[..., None]
    if rng.random() < (r.hard_shadow if hard else r.shadow):
        angle = 2 * pi * rng.random()
        far = (x - cx) * cos(angle) + (y - cy) * sin(angle)
        far = far - rng.uniform(-1, 1) * half * abs(cos(angle)) - height * rng.uniform(-0.5, 0.5)
        edge = _soft(far / (height * rng.uniform(0.03, 0.4)))
        scene *= (1 - rng.uniform(0.15, 0.6) * edge)[..., None]
    return scene


def _soft(distance):
    """0 outside, 1 inside, a pixel wide between."""
    return np.clip(distance + 0.5, 0, 1)


def _stretch(field, w, h):
    return np.asarray(Image.fromarray(field).resize((w, h), Image.BICUBIC))


def _expose(rng, scene, height, hard, r):
    """What the camera makes of the scene: an 8 bit picture."""
    image = Image.fromarray((np.clip(scene, 0, 1) * 255 + 0.5).astype(np.uint8))
    blur = height * r.blur * exp(r.blur_spread * rng.standard_normal()) + r.lens
    if hard:
        blur += height * r.hard_blur * rng.uniform(0.6, 1.2)
    image = image.filter(ImageFilter.GaussianBlur((blur, blur * r.astigmatic)))
    if rng.random() < r.sharpen:
        image = image.filter(
            ImageFilter.UnsharpMask(rng.uniform(0.6, 2.0), int(rng.uniform(60, 220)), 0)
        )
    noise = r.noise * exp(0.5 * rng.standard_normal()) * 255
    pixels = np.asarray(image) + noise * rng.standard_normal(scene.shape, np.float32)
    image = Image.fromarray(np.clip(pixels + 0.5, 0, 255).astype(np.uint8))
    packed = BytesIO()
    image.save(packed, "JPEG", quality=int(rng.integers(*r.quality)))
    return Image.open(packed)


def _cut(rng, image, centre, height, r):
    """The square around one digit, scaled to 32 x 32."""
    side = height * r.margin * exp(r.margin_spread * rng.standard_normal())
    side = min(side, *image.size)
    x, y = centre + height * r.jitter * rng.standard_normal(2)
    left = float(np.clip(x - side / 2, 0, image.size[0] - side))
    top = float(np.clip(y - side / 2, 0, image.size[1] - side))
    box = (left, top, left + side, top + side)
    return np.asarray(image.resize((SIDE, SIDE), Image.BICUBIC, box=box))
