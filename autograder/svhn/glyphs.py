"""The digits of the faces that matplotlib ships, as small pictures of their ink."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PIL import Image, ImageFont

# Faces whose figures could stand on a house. The mono spaced DejaVu are left out: their zero has a dot.
FACES = (
    "DejaVuSans",
    "DejaVuSans-Bold",
    "DejaVuSans-Oblique",
    "DejaVuSans-BoldOblique",
    "DejaVuSerif",
    "DejaVuSerif-Bold",
    "DejaVuSerif-Italic",
    "DejaVuSerif-BoldItalic",
    "STIXGeneral",
    "STIXGeneralBol",
    "STIXGeneralItalic",
    "STIXGeneralBolIta",
    "cmr10",
    "cmb10",
    "cmss10",
    "cmtt10",
)
# Heights at which ink is kept; a digit is reduced from the next larger one, by less than half.
LEVELS = (12, 18, 26, 38, 56)


@dataclass(frozen=True)
class Glyph:
    """The ink of one digit.

    Attributes:
        ink: grey-scale picture, 255 where there is ink, with one empty pixel all around.
        width: width of the ink in pixels of that picture.
        height: its height.
    """

    ink: Image.Image
    width: int
    height: int


@cache
def glyph(face: str, digit: int, level: int, weight: int) -> Glyph:
    """The ink of ``digit`` in ``face``, about ``level`` pixels high.

    ``weight`` adds weight / 24 of the height to both sides of each stroke.
    """
    font = _font(face, level)
    text, stroke = str(digit), weight * level / 24
    left, top, right, bottom = font.getbbox(text, stroke_width=stroke)
    size = (int(right - left) + 4, int(bottom - top) + 4)
    image = Image.new("L", size)
    mask, offset = font.getmask2(text, mode="L", stroke_width=stroke)
    image.im.paste(255, (1, 1, 1 + mask.size[0], 1 + mask.size[1]), mask)
    left, top, right, bottom = image.getbbox()
    ink = image.crop((left - 1, top - 1, right + 1, bottom + 1))
    return Glyph(ink, right - left, bottom - top)


@cache
def _font(face: str, level: int) -> ImageFont.FreeTypeFont:
    import matplotlib

    path = str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{face}.ttf")
    probe = ImageFont.truetype(path, 100).getbbox("8")
    return ImageFont.truetype(path, 100 * level / (probe[3] - probe[1]))
