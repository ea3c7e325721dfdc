"""Finds the regions between markers, and refuses misspelt markers.

nbgrader looks for substrings, so it accepts a stray END, and a misspelt BEGIN leaks what follows.
Here a marker is a whole line in exact spelling, and a line that only resembles one is an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache


class StripError(ValueError):
    """A source cannot be stripped safely; the message is `path:line: problem, and what to do`."""

    def __init__(self, path: str, line: int, problem: str) -> None:
        super().__init__(f"{path}:{line}: {problem}")
        self.path, self.line, self.problem = path, line, problem


@dataclass(frozen=True)
class Kind:
    """A kind of region, defined by the spelling of its markers.

    Attributes:
        name: the words after BEGIN and END.
        before, after: the text before and after the words.
    """

    name: str
    before: str
    after: str = ""

    def marker(self, verb: str) -> str:
        return f"{self.before}{verb} {self.name}{self.after}"


SOLUTION = Kind("SOLUTION", "### ")
MARK_SCHEME = Kind("MARK SCHEME", "=== ", " ===")
KINDS = (SOLUTION, MARK_SCHEME, Kind("HIDDEN TESTS", "### "))

EXACT = {kind.marker(verb): (verb, kind) for kind in KINDS for verb in ("BEGIN", "END")}


@dataclass(frozen=True)
class Region:
    """The lines from a BEGIN marker to its END marker, inclusive, counted from 1."""

    kind: Kind
    begin: int
    end: int
    indent: str


def regions(text: str, path: str) -> list[Region]:
    """Every region of a text, in order.

    Raises:
        StripError: a marker is misspelt, nested or unpaired.
    """
    found: list[Region] = []
    begin: tuple[int, str, Kind] | None = None
    for number, indent, verb, kind in _marker_lines(text, path):
        if verb == "BEGIN":
            if begin is not None:
                raise StripError(
                    path,
                    number,
                    f"{kind.marker('BEGIN')} inside the region that begins in line {begin[0]}: "
                    f"regions cannot be nested",
                )
            begin = number, indent, kind
        else:
            if begin is None or begin[2] is not kind:
                raise StripError(path, number, f"{kind.marker('END')} without its BEGIN")
            if begin[1] != indent:
                raise StripError(
                    path,
                    number,
                    f"the markers in lines {begin[0]} and {number} are indented differently",
                )
            found.append(Region(kind, begin[0], number, indent))
            begin = None
    if begin is not None:
        raise StripError(path, begin[0], f"{begin[2].marker('BEGIN')} without its END")
    return found


def _marker_lines(text: str, path: str) -> Iterator[tuple[int, str, str, Kind]]:
    for number, line in enumerate(text.split("\n"), 1):
        if "\r" in line:
            raise StripError(path, number, "a Windows line end; save the file with Unix line ends")
        words = line.lstrip(" ")
        if words in EXACT:
            yield number, line[: len(line) - len(words)], *EXACT[words]
        elif meant := _resembles_a_marker(line):
            raise StripError(
                path, number, f"{line.strip()!r} is not a marker, but looks like {meant!r}"
            )


def _resembles_a_marker(line: str) -> str | None:
    """The marker that a line was probably meant to be, or None.

    The line has words that nearly read BEGIN SOLUTION (for example), in upper or lower case, with
    any other characters around and between them.
    """
    words = tuple(word.upper() for word in re.findall(r"[A-Za-z]+", line))
    for start, word in enumerate(words):
        for verb, threshold in (("BEGIN", 0.75), ("END", 0.8)):
            for kind in KINDS:
                name = kind.name.split()
                found = words[start + 1 : start + 1 + len(name)]
                if (
                    _similarity(word, verb) >= threshold
                    and len(found) == len(name)
                    and all(_similarity(a, b) >= 0.75 for a, b in zip(found, name, strict=True))
                ) or _similarity(word, verb + "".join(name)) >= 0.9:
                    return kind.marker(verb)
    return None


@cache
def _similarity(word: str, meant: str) -> float:
    """The similarity of two words: 1 if they are equal, 0 if they share no letter."""
    if abs(len(word) - len(meant)) > 3:
        return 0.0
    return SequenceMatcher(None, word, meant, autojunk=False).ratio()
