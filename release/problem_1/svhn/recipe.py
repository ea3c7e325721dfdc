"""The parameters of the twin's photos, which were fitted to the real SVHN.

``benchmarks/`` has the two measurements that they were fitted to: statistics of the real images,
and the learning curve of a network trained on them.
"""

from dataclasses import dataclass
from hashlib import md5


@dataclass(frozen=True)
class Recipe:
    """How photos are drawn. Lengths are fractions of a digit's height, brightness of full scale.

    A ``_spread`` is a standard deviation, of the logarithm if the quantity is positive. A share is
    the probability that a photo has the feature.

    Attributes:
        height, height_spread, largest: height of a digit in its photo, in pixels. Larger digits
            are drawn at ``largest``, because the cropped image would not show a difference.
        upright: how often a new face is drawn instead of an italic one, since house numbers are
            mostly upright.
        bold: shares of strokes thickened by 0, 1 and 2 steps.
        narrow: digits are narrowed to this fraction of their width.
        gap: between the ink of neighbouring digits.
        drop_spread: how far digits are above or below the line, and how steep the line is.
        slant_spread, turn_spread: shear, and rotation in radians.

        level: brightness half-way between ink and wall.
        contrast: difference between ink and wall.
        tint: colour of the light, red against blue, as a fraction of the brightness.
        colour: the same for a surface; ``vivid`` is the share of strongly coloured surfaces.
        plate, clutter, outline, shadow: shares with a plate, with an object next to the number,
            with raised digits, with the edge of a shadow.
        light, texture: unevenness of the light (logarithm) and of the wall.

        lens: blur in pixels of the photo (standard deviation); ``blur`` is added to it.
        astigmatic: factor of the vertical blur.
        sharpen: share of photos sharpened by the camera, which gives edges a double contour.
        noise: standard deviation of the sensor noise.
        quality: range of JPEG qualities, without its end.

        margin: side of the square cropped around a digit.
        jitter: offset of the square from the digit's middle.

        hard: share of photos that are hard to read. They have ``hard_contrast`` times the
            contrast, ``hard_blur`` more blur, and ``hard_texture`` and ``hard_shadow`` instead of
            ``texture`` and ``shadow``.
    """

    height: float = 29.0
    height_spread: float = 0.5
    largest: float = 46.0
    upright: float = 0.5
    bold: tuple[float, float, float] = (0.6, 0.3, 0.1)
    narrow: float = 0.62
    narrow_spread: float = 0.17
    gap: float = 0.09
    gap_spread: float = 0.06
    drop_spread: float = 0.05
    slant_spread: float = 0.1
    turn_spread: float = 0.05

    level: float = 0.46
    level_spread: float = 0.2492
    contrast: float = 0.412
    contrast_spread: float = 0.2576
    tint: float = 0.073
    tint_spread: float = 0.38
    colour: float = 0.0234
    vivid: float = 0.12
    plate: float = 0.25
    clutter: float = 0.2336
    outline: float = 0.1313
    shadow: float = 0.1168
    light: float = 0.05
    texture: float = 0.012

    lens: float = 0.47
    blur: float = 0.03
    blur_spread: float = 0.2726
    astigmatic: float = 1.1
    sharpen: float = 0.55
    noise: float = 0.013
    quality: tuple[int, int] = (55, 92)

    margin: float = 1.32
    margin_spread: float = 0.09
    jitter: float = 0.056

    hard: float = 0.13
    hard_contrast: float = 0.75
    hard_blur: float = 0.05
    hard_shadow: float = 0.6
    hard_texture: float = 0.15

    def fingerprint(self) -> str:
        """Eight hex digits that identify these parameters, stored with every measurement."""
        return md5(repr(self).encode()).hexdigest()[:8]


RECIPE = Recipe()
