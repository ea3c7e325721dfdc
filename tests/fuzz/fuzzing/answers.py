"""Rules for the answers of all readers."""

from __future__ import annotations

import re
from typing import Any

from autograder.sandbox.protocol import LONGEST_TEXT


class Breach(AssertionError):  # noqa: N818 - a fact about a reader
    """A reader did what it must never do."""


def must_be_text(value: Any) -> None:
    if type(value) is not str or len(value) > 3 * LONGEST_TEXT:
        raise Breach(f"a text is {type(value).__name__} of {len(value)}")
    value.encode("utf-8")
    if any(not (c.isprintable() or c in "\n\t") for c in value):
        raise Breach("a text holds control characters")


def named(refusal: Exception) -> str:
    """The name of a refusal: its sentence without the numbers and names in it."""
    sentence = str(refusal)
    if not re.search(r"\S \S", sentence) or len(sentence) > 500:  # a name may begin with blanks
        raise Breach(f"a refusal says {sentence[:100]!r}")
    kind = re.sub(r"\bb?'[^']*'|\b\d[\d,.]*\b", "…", sentence)
    return "refused: " + re.sub(r"^\w+ (is said to be|holds truth)", r"… \1", kind)
