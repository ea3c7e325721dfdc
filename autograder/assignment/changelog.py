"""What students are told of each version of an assignment: its handout's CHANGELOG.md.

    ## 1.1 (2026-11-28)

    The check of the step takes a rate of exactly 1, too.

    ## 1.0 (2026-11-14)

    The first version.

The newest stands first, and the assignment's version is that one's.
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
        number: "1.0", say.
        date: on which students had it.
        changes: what is new in it, in sentences, as one paragraph.
        line: of its heading, from 1.
    """

    number: str
    date: date
    changes: str
    line: int


def read(path: Path, name: str) -> tuple[Version, ...]:
    """Every version, the newest first; none where there is no such file.

    Args:
        path: of the changelog.
        name: what messages call it.

    Raises:
        ChangelogError: it is not written as this module's text says.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ()
    except UnicodeDecodeError:
        raise ChangelogError(f"{name}:1: not in UTF-8; save it in that encoding") from None
    found: list[Version] = []
    for line, paragraph in _parts(text, name):
        found.append(_version(line, text.split("\n")[line - 1], paragraph, name))
        if len(found) > 1 and not _is_newer(*found[-2:]):
            newer, older = found[-2:]
            raise ChangelogError(
                f"{name}:{line}: {older.number} ({older.date}) stands below {newer.number} "
                f"({newer.date}); expected the newest version first"
            )
    if not found:
        raise ChangelogError(f"{name}:1: no version; write ## 1.0 (2026-11-14) and what is new")
    return tuple(found)


def _parts(text: str, name: str) -> list[tuple[int, str]]:
    """The line of each heading, and the text under it; what stands above the first is left out."""
    parts: list[tuple[int, list[str]]] = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("## "):
            parts.append((number, []))
        elif line.startswith("#") and (parts or not line.startswith("# ")):
            raise ChangelogError(f"{name}:{number}: {line!r} is no heading of a version")
        elif parts:
            parts[-1][1].append(line)
    return [(number, " ".join(" ".join(lines).split())) for number, lines in parts]


def _version(line: int, heading: str, changes: str, name: str) -> Version:
    told = HEADING.fullmatch(heading.rstrip())
    if told is None:
        raise ChangelogError(f"{name}:{line}: {heading!r}; expected such as ## 1.0 (2026-11-14)")
    try:
        day = date.fromisoformat(told["date"])
    except ValueError:
        raise ChangelogError(
            f"{name}:{line}: {told['date']} is no date; expected such as 2026-11-14"
        ) from None
    if not changes:
        raise ChangelogError(f"{name}:{line}: nothing is said of {told['version']}; what is new?")
    return Version(told["version"], day, changes, line)


def _is_newer(one: Version, other: Version) -> bool:
    """Whether one comes after the other; two may be of one day."""
    return _order(one.number) > _order(other.number) and one.date >= other.date


def _order(number: str) -> tuple[int, ...]:
    return tuple(int(part) for part in number.split("."))
