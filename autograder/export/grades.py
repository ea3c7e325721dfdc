"""What goes back to a platform, and what became of it: a student's points, and a filled file.

Rows are numbered as spreadsheets show them: the header is row 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

Missing = Literal["blank", "zero"]
"""What students who handed in nothing get."""


@dataclass(frozen=True)
class Graded:
    """A student, with or without points to give back.

    Attributes:
        student: our id.
        name: as a platform or a roster writes it.
        ids: platform ids by their kind (`canvas`, `sis`, `login`, `email`, `moodle`, ...).
        points: None for whoever was set aside or did not hand in; never exported as 0.
        handed_in: whether there is a hand-in, graded or not.
    """

    student: str
    name: str = ""
    ids: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    points: float | None = None
    handed_in: bool = True


@dataclass(frozen=True)
class Match:
    """A student whose row was filled.

    Attributes:
        student: our id.
        name: as the file has it.
        row: its number.
        by: what was equal on both sides ("SIS Login ID", "the name alone").
        value: what is in the cell now.
    """

    student: str
    name: str
    row: int
    by: str
    value: str


@dataclass(frozen=True)
class Kept:
    """A student whose row was left as it was.

    Attributes:
        student: our id; empty where only the file knows the student.
        name: as the file has it.
        row: its number.
        found: what stands in the cell.
        value: what would have been written.
        reason: why it was not.
    """

    student: str
    name: str
    row: int
    found: str
    value: str
    reason: str


@dataclass(frozen=True)
class SetAside:
    """A student whose hand-in has no points yet; `row` is None where the file has none."""

    student: str
    name: str
    row: int | None


@dataclass(frozen=True)
class Absent:
    """A row of a student who handed in nothing.

    Attributes:
        student: our id; empty where only the file knows the student.
        name: as the file has it.
        ids: the row's ids, for finding out who that is.
        row: its number.
        value: what was written; empty for nothing.
    """

    student: str
    name: str
    ids: str
    row: int
    value: str


@dataclass(frozen=True)
class WithoutRow:
    """A student with points for whom the file has no row.

    Attributes:
        student: our id.
        name: as we know it.
        ids: all ids that we know.
        value: the points.
        reason: what was looked for.
    """

    student: str
    name: str
    ids: str
    value: str
    reason: str


@dataclass(frozen=True)
class Ambiguous:
    """Students and rows that could not be paired; none was filled.

    Attributes:
        students: our ids.
        rows: their numbers.
        graded: whether one of the students has points.
        reason: what is not clear.
    """

    students: tuple[str, ...]
    rows: tuple[int, ...]
    graded: bool
    reason: str


@dataclass(frozen=True)
class Filled:
    """A platform's file with one column filled, and what became of every student and row.

    Attributes:
        content: the file.
        platform: its name.
        column: the name of the column that was filled.
        matched: students whose points are in it now.
        without_row: students whose points are nowhere.
        ambiguous: students and rows that could not be told apart.
        refused: rows whose points the platform would refuse, so that they were not written.
        kept: rows that the platform has settled in another way (excused, locked).
        set_aside: students whose hand-in has no points yet.
        not_handed_in: rows of students whom we know, and who handed in nothing.
        unmatched: rows of students whom we do not know.
        notes: remarks about the whole file.
    """

    content: bytes
    platform: str
    column: str
    matched: tuple[Match, ...] = ()
    without_row: tuple[WithoutRow, ...] = ()
    ambiguous: tuple[Ambiguous, ...] = ()
    refused: tuple[Kept, ...] = ()
    kept: tuple[Kept, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    not_handed_in: tuple[Absent, ...] = ()
    unmatched: tuple[Absent, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether all points are in the file, but for those that the platform settled itself."""
        lost = self.without_row or self.refused or any(one.graded for one in self.ambiguous)
        return not lost
