"""The camera that takes a photo of a scene, and the cropping of images as in SVHN."""

from io import BytesIO
from math import exp

import numpy as np
from PIL import Image, ImageFilter

from .recipe import Recipe

SIDE = 32  # width and height of an image in pixels


def expose(
    rng: np.random.Generator, scene: np.ndarray, height: float, hard: bool, recipe: Recipe
) -> Image.Image:
    """Blur, sharpen, add noise and compress as JPEG.

    Args:
        rng: the source of random numbers.
        scene: (3, H, W).
        height: of a digit, in pixels.
        hard: whether the photo is hard to read.
        recipe: how photos are drawn.
    """
    r = recipe
    blur = r.lens + height * r.blur * exp(r.blur_spread * rng.standard_normal())
    if hard:
        blur += height * r.hard_blur * rng.uniform(0.6, 1.2)
    planes = (np.clip(scene, 0, 1) * 255 + 0.5).astype(np.uint8)
    photo = Image.fromarray(np.ascontiguousarray(planes.transpose(1, 2, 0)))
    photo = photo.filter(ImageFilter.GaussianBlur((blur, blur * r.astigmatic)))
    if rng.random() < r.sharpen:
        radius, percent = rng.uniform(0.6, 2.0), int(rng.uniform(60, 220))
        photo = photo.filter(ImageFilter.UnsharpMask(radius, percent, threshold=0))
    noise = 255 * r.noise * exp(0.5 * rng.standard_normal())
    clean = np.asarray(photo)
    pixels = clean + noise * rng.standard_normal(clean.shape, np.float32)
    packed = BytesIO()
    quality = int(rng.integers(*r.quality))
    photo = Image.fromarray(np.clip(pixels + 0.5, 0, 255).astype(np.uint8))
    photo.save(packed, "JPEG", quality=quality)
    return Image.open(packed, formats=["JPEG"])


def cut(
    rng: np.random.Generator,
    photo: Image.Image,
    centre: np.ndarray,
    height: float,
    recipe: Recipe,
) -> np.ndarray:
    """The square around one digit, scaled to (32, 32, 3) uint8."""
    r = recipe
    side = height * r.margin * exp(r.margin_spread * rng.standard_normal())
    side = min(side, *photo.size)
    corner = centre + height * r.jitter * rng.standard_normal(2) - side / 2
    left, top = np.clip(corner, 0, np.array(photo.size) - side)
    box = (left, top, left + side, top + side)
    return np.asarray(photo.resize((SIDE, SIDE), Image.Resampling.BICUBIC, box=box))
