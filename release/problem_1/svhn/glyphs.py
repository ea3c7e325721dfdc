"""The digits of the font faces that matplotlib ships, as small images of their ink."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PIL import Image, ImageFont

# Faces that look like house numbers. Not the monospaced DejaVu, whose zero has a dot.
UPRIGHT = (
    "DejaVuSans",
    "DejaVuSans-Bold",
    "DejaVuSerif",
    "DejaVuSerif-Bold",
    "STIXGeneral",
    "STIXGeneralBol",
    "cmr10",
    "cmb10",
    "cmss10",
    "cmtt10",
)
ITALIC = (
    "DejaVuSans-Oblique",
    "DejaVuSans-BoldOblique",
    "DejaVuSerif-Italic",
    "DejaVuSerif-BoldItalic",
    "STIXGeneralItalic",
    "STIXGeneralBolIta",
)
FACES = UPRIGHT + ITALIC
# Heights in pixels of the cached glyphs. A digit is scaled down from the next larger one.
LEVELS = (12, 18, 26, 38, 56)
BOLDER = 1 / 24  # of the height, added on both sides of a stroke by one step of thickening


@dataclass(frozen=True)
class Glyph:
    """The ink of one digit.

    Attributes:
        ink: greyscale image, 255 for ink, with a border of one empty pixel.
        width: width of the ink, in pixels of that image.
        height: height of the ink.
    """

    ink: Image.Image
    width: int
    height: int


def glyph_at(face: str, digit: int, height: float, bold: int) -> Glyph:
    """The ink of a digit, at the cached height from which to scale down to ``height`` pixels."""
    level = next((level for level in LEVELS if level >= height), LEVELS[-1])
    return _glyph(face, digit, level, bold)


@cache
def _glyph(face: str, digit: int, level: int, bold: int) -> Glyph:
    font, stroke = _font(face, level), bold * level * BOLDER
    mask, _ = font.getmask2(str(digit), mode="L", stroke_width=stroke)
    image = Image.frombytes("L", mask.size, bytes(mask))
    box = image.getbbox()
    assert box is not None  # every digit has ink
    left, top, right, bottom = box
    return Glyph(image.crop((left - 1, top - 1, right + 1, bottom + 1)), right - left, bottom - top)


@cache
def _font(face: str, level: int) -> ImageFont.FreeTypeFont:
    """The face at the size that makes its digits ``level`` pixels high."""
    import matplotlib

    path = str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{face}.ttf")
    _, top, _, bottom = ImageFont.truetype(path, 100).getbbox("8")
    return ImageFont.truetype(path, 100 * level / (bottom - top))
