"""What a platform makes of a file that is uploaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation


class Refused(Exception):  # noqa: N818 - a fact about a platform
    """The platform takes nothing of the file; the text says why."""


@dataclass(frozen=True)
class Taken:
    """What the platform takes of a table of grades.

    Attributes:
        points: what is written, by person or participant.
        standing: the whole column afterwards: what was there before, and what is written.
        excused: people whose `EX` stands.
        reported: all that the platform drops, guesses or changes beside, often without a word.
    """

    points: Mapping[str, Decimal]
    standing: Mapping[str, Decimal]
    excused: tuple[str, ...] = ()
    reported: tuple[str, ...] = ()


@dataclass(frozen=True)
class Files:
    """What the platform takes of a zip of feedback.

    Attributes:
        files: names or paths under which each person or participant finds them.
        reported: what it drops, or shows under a misleading name.
    """

    files: Mapping[str, tuple[str, ...]]
    reported: tuple[str, ...] = ()


@dataclass
class Column:
    """A column that is being read: gathers what becomes a `Taken`."""

    points: dict[str, Decimal] = field(default_factory=dict)
    before: dict[str, Decimal] = field(default_factory=dict)
    excused: list[str] = field(default_factory=list)
    reported: list[str] = field(default_factory=list)

    def report(self, what: str) -> None:
        self.reported.append(what)

    def take(self, who: str, cell: str, points: Decimal | None) -> None:
        if points is None:
            self.report(f"{who}: {cell!r} is not a number")
        elif who in self.points:
            self.report(f"{who} stands in two rows")
        else:
            self.points[who] = points

    def taken(self) -> Taken:
        return Taken(
            self.points,
            self.before | self.points,
            tuple(self.excused),
            tuple(self.reported),
        )


def number(cell: str) -> Decimal | None:
    """A finite number in plain notation, or None."""
    if not cell.isascii() or cell.strip("+-.0123456789"):
        return None
    try:
        return Decimal(cell)
    except InvalidOperation:
        return None
