"""Points that stand in the class's tables, and tables that are edited."""

from collections.abc import Callable
from decimal import Decimal

import rosters
from people import PERSON

POINTS = {"ada": "37.5", "olha": "40", "zoe": "0", "sam_a": "12", "mia": "8.25", "uma": "40"}
EXPECTED = {key: Decimal(value) for key, value in POINTS.items()}
BY_PARTICIPANT = {PERSON[key].moodle: value for key, value in EXPECTED.items()}

Edit = tuple[str, str]


def edited(data: bytes, *edits: Edit, encoding: str = "utf-8") -> bytes:
    """The file with each first text, which stands in it, replaced by the second."""
    text = data.decode(encoding)
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new)
    return text.encode(encoding)


VARIANTS: dict[str, Callable[[dict[str, str]], bytes]] = {
    "canvas": rosters.canvas_gradebook,
    "canvas, BOM and CRLF": lambda p: rosters.canvas_gradebook(p, bom=True, ends="\r\n"),
    "canvas, decimal comma": lambda p: rosters.canvas_gradebook(
        p, separator=";", decimal_comma=True
    ),
    "moodle": rosters.moodle_worksheet,
    "moodle, German": lambda p: rosters.moodle_worksheet(
        p, language="de", separator=";", decimal_comma=True, bom=True, ends="\r\n"
    ),
    "blackboard": rosters.blackboard_grades,
    "brightspace": rosters.brightspace_grades,
}
