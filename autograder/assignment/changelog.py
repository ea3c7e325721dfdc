"""The changelog for students: CHANGELOG.md in an assignment's handout.

    ## 1.1 (2026-11-28)

    The check of the step takes a rate of exactly 1, too.

    ## 1.0 (2026-11-14)

    The first version.

The newest version comes first; it is the assignment's current version.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

NAME = "CHANGELOG.md"
VERSION = re.compile(r"\d{1,4}(?:\.\d{1,4}){0,3}", re.ASCII)
HEADING = re.compile(rf"## (?P<version>{VERSION.pattern}) \((?P<date>\S+)\)", re.ASCII)


class ChangelogError(ValueError):
    """A changelog that cannot be read: `path:line: what is wrong, and what to do`."""


@dataclass(frozen=True)
class Version:
    """One version of an assignment.

    Attributes:
        number: such as "1.0".
        date: the day on which students received it.
        changes: what is new in it, as one paragraph.
        line: the line number of its heading, counted from 1.
    """

    number: str
    date: date
    changes: str
    line: int


def read(path: Path, name: str) -> tuple[Version, ...]:
    """The versions, newest first; empty if the file does not exist.

    Args:
        path: the changelog.
        name: the file's name in error messages.

    Raises:
        ChangelogError: the file does not have the format in this module's docstring.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ()
    except UnicodeDecodeError:
        raise ChangelogError(f"{name}:1: not in UTF-8; save it in that encoding") from None
    versions: list[Version] = []
    for line, paragraph in _parts(text, name):
        versions.append(_version(line, text.split("\n")[line - 1], paragraph, name))
        if len(versions) > 1 and not _is_newer(*versions[-2:]):
            above, below = versions[-2:]
            raise ChangelogError(
                f"{name}:{line}: {below.number} ({below.date}) comes after {above.number} "
                f"({above.date}); expected the newest version first"
            )
    if not versions:
        raise ChangelogError(f"{name}:1: no version; write ## 1.0 (2026-11-14) and what is new")
    return tuple(versions)


def _parts(text: str, name: str) -> list[tuple[int, str]]:
    """Each heading's line number and the text under it, ignoring text above the first heading."""
    parts: list[tuple[int, list[str]]] = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("## "):
            parts.append((number, []))
        elif line.startswith("#") and (parts or not line.startswith("# ")):
            raise ChangelogError(f"{name}:{number}: {line!r} is not a version heading")
        elif parts:
            parts[-1][1].append(line)
    return [(number, " ".join(" ".join(lines).split())) for number, lines in parts]


def _version(line: int, heading: str, changes: str, name: str) -> Version:
    match = HEADING.fullmatch(heading.rstrip())
    if match is None:
        raise ChangelogError(
            f"{name}:{line}: {heading!r}; expected a heading such as ## 1.0 (2026-11-14)"
        )
    try:
        day = date.fromisoformat(match["date"])
    except ValueError:
        raise ChangelogError(
            f"{name}:{line}: {match['date']} is not a date; expected one such as 2026-11-14"
        ) from None
    if not changes:
        raise ChangelogError(
            f"{name}:{line}: there is no text under {match['version']}; what is new?"
        )
    return Version(match["version"], day, changes, line)


def _is_newer(one: Version, other: Version) -> bool:
    """Whether one is newer than the other; two versions may share a date."""
    return _order(one.number) > _order(other.number) and one.date >= other.date


def _order(number: str) -> tuple[int, ...]:
    return tuple(int(part) for part in number.split("."))
