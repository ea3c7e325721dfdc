"""What stands in the release where a solution stood, and how to see that it is still there."""

from __future__ import annotations

import re

UNWRITTEN = re.compile(r"""raise NotImplementedError\(["'].+?: write your solution here["']\)""")
UNANSWERED = "*Write your answer here.*"
"""In a question that is answered in words."""


def stub(place: str) -> str:
    """The statement that replaces the solution of `place`."""
    return f'raise NotImplementedError("{place}: write your solution here")'


def place_of(message: str) -> str | None:
    """The place that the message of a stub's exception names; None for any other message."""
    place, _, rest = message.partition(": ")
    return place if rest == "write your solution here" else None


def stubs_in(text: str) -> int:
    """How many parts of a file or cell are still as released."""
    return len(UNWRITTEN.findall(text)) + text.count(UNANSWERED)
