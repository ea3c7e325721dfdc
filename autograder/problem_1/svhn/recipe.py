"""What the twin's photos are like: the figures that were set by holding it beside the real SVHN.

``benchmarks/`` has the two measurements they were set on: the statistics of real images, and the
learning curve of a network trained on the real set.
"""

from dataclasses import dataclass
from hashlib import md5


@dataclass(frozen=True)
class Recipe:
    """How photos are drawn. Lengths are shares of a digit's height, brightness of full scale.

    A ``_spread`` is a standard deviation: of the logarithm where the quantity is positive. A share
    is the probability that a photo has the thing.

    Attributes:
        height, height_spread, largest: pixels a digit is high in its photo; what is larger is
            drawn at ``largest``, because the cut image would not show a difference.
        upright: how often an italic face is drawn a second time, since house numbers stand upright.
        bold: shares of strokes thickened by 0, 1 and 2 steps.
        narrow: digits are squeezed to this share of their width.
        gap: between neighbours' ink.
        drop_spread: how much digits stand above or below the line, and the line climbs.
        slant_spread, turn_spread: shear, and rotation in radians.

        level: brightness half-way between ink and wall.
        contrast: difference between ink and wall.
        tint: colour of the light, red against blue, in shares of the brightness.
        colour: colour of a surface, likewise; ``vivid`` is the share of strongly coloured ones.
        plate, clutter, outline, shadow: shares with a plate, with something beside the number, with
            a raised edge, with the edge of a shadow.
        light, texture: unevenness of the light (logarithm) and of the wall.

        lens: blur in pixels of the photo (standard deviation); ``blur`` comes on top of it.
        astigmatic: how many times stronger it is from top to bottom.
        sharpen: share of photos sharpened by the camera, which doubles edges.
        noise: of the sensor.
        quality: JPEG qualities, from and below.

        margin: side of the square cut out around a digit.
        jitter: how far from the digit's middle it is cut.

        hard: share of photos that can hardly be read. They have ``hard_contrast`` times the
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
        """Eight letters that change with every figure: measurements name the recipe they are of."""
        return md5(repr(self).encode()).hexdigest()[:8]


RECIPE = Recipe()
