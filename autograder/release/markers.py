"""Regions between markers, and lines that were meant to be markers but are not.

nbgrader looks for substrings, so that a stray END passes and a misspelt BEGIN leaks what follows
it. Here a marker is a whole line in exact spelling, and whatever merely resembles one is an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache


class StripError(ValueError):
    """A source that cannot be stripped safely: `path:line: what is wrong, and what to do`."""

    def __init__(self, path: str, line: int, problem: str) -> None:
        super().__init__(f"{path}:{line}: {problem}")
        self.path, self.line, self.problem = path, line, problem


@dataclass(frozen=True)
class Kind:
    """A kind of region, by the way its markers are written.

    Attributes:
        name: the words after BEGIN and END.
        before, after: what stands around the words.
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
    """The lines from a BEGIN to its END, both counted from 1 and both markers themselves."""

    kind: Kind
    begin: int
    end: int
    indent: str


def regions(text: str, path: str) -> list[Region]:
    """Every region of a text, in order.

    Raises:
        StripError: a marker that is misspelt, nested, or without its other half.
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
                    path, number, f"the markers of lines {begin[0]} and {number} are not in line"
                )
            found.append(Region(kind, begin[0], number, indent))
            begin = None
    if begin is not None:
        raise StripError(path, begin[0], f"{begin[2].marker('BEGIN')} without its END")
    return found


def _marker_lines(text: str, path: str) -> Iterator[tuple[int, str, str, Kind]]:
    for number, line in enumerate(text.split("\n"), 1):
        if "\r" in line:
            raise StripError(path, number, "a Windows line end; save the file with plain ones")
        words = line.lstrip(" ")
        if words in EXACT:
            yield number, line[: len(line) - len(words)], *EXACT[words]
        elif meant := _resembles_a_marker(line):
            raise StripError(
                path, number, f"{line.strip()!r} is not a marker, but looks like {meant!r}"
            )


def _resembles_a_marker(line: str) -> str | None:
    """The marker that a line was probably meant to be: by words that are nearly BEGIN SOLUTION,
    in any case, with anything around and between them."""
    words = tuple(word.upper() for word in re.findall(r"[A-Za-z]+", line))
    for start, word in enumerate(words):
        for verb, alike in (("BEGIN", 0.75), ("END", 0.8)):
            for kind in KINDS:
                name = kind.name.split()
                apart = words[start + 1 : start + 1 + len(name)]
                if (
                    _alike(word, verb) >= alike
                    and len(apart) == len(name)
                    and all(_alike(a, b) >= 0.75 for a, b in zip(apart, name, strict=True))
                ) or _alike(word, verb + "".join(name)) >= 0.9:
                    return kind.marker(verb)
    return None


@cache
def _alike(word: str, meant: str) -> float:
    """1 for the same word, 0 for one that shares no letter."""
    if abs(len(word) - len(meant)) > 3:
        return 0.0
    return SequenceMatcher(None, word, meant, autojunk=False).ratio()
