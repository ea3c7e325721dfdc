"""A sheet and a class -> the file with one column filled, and what became of everybody."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from autograder.export.grades import (
    Absent,
    Ambiguous,
    Filled,
    Graded,
    Kept,
    Match,
    Missing,
    SetAside,
    WithoutRow,
)
from autograder.export.matching import BY_NAME, Matching, matching
from autograder.export.numbers import points_text, unfit
from autograder.export.sheet import EMPTY, Sheet
from autograder.hand_in.files import printable

EXCUSED = {"ex", "n/a", "exempt", "(exempt)", "excused"}
ZERO = "0"


def fill_in(sheet: Sheet, class_: Sequence[Graded], missing: Missing) -> Filled:
    """The points of a class in a platform's file.

    Raises:
        TableError: the file cannot be filled.
    """
    work = _Filling(sheet, class_, matching(sheet, class_), missing)
    for place, (row, by) in sorted(work.matching.rows.items(), key=lambda item: item[1]):
        work.give(class_[place], row, by)
    for place, reason in work.matching.nowhere.items():
        work.give_nowhere(class_[place], reason)
    work.pass_over_strangers()
    return work.result()


@dataclass
class _Filling:
    """The lists that grow while a file is filled."""

    sheet: Sheet
    class_: Sequence[Graded]
    matching: Matching
    missing: Missing
    values: dict[int, str] = field(default_factory=dict)
    matched: list[Match] = field(default_factory=list)
    without_row: list[WithoutRow] = field(default_factory=list)
    refused: list[Kept] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    set_aside: list[SetAside] = field(default_factory=list)
    not_handed_in: list[Absent] = field(default_factory=list)
    unmatched: list[Absent] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def give(self, student: Graded, row: int, by: str) -> None:
        """A student's points to their row."""
        if student.points is None:
            if student.handed_in:
                self.set_aside.append(SetAside(student.student, self._name(row), row + 2))
            else:
                self.not_handed_in.append(self._absent(row, student.student, self.missing))
            return
        why_not = unfit(student.points, self.sheet.maxima.get(row))
        value = _shown(student.points, self.sheet.decimal_comma)
        if settled := self._settled(row):
            self.kept.append(self._kept(student.student, row, value, settled))
        elif why_not:
            self.refused.append(self._kept(student.student, row, value, why_not))
        else:
            self.values[row] = value
            self.matched.append(Match(student.student, self._name(row), row + 2, by, value))

    def give_nowhere(self, student: Graded, reason: str) -> None:
        """A student for whom there is no row; without points and hand-in, nothing is reported."""
        name = printable(student.name)
        if student.points is not None:
            ids = ", ".join(f"{key} {printable(value)}" for key, value in student.ids.items())
            value = _shown(student.points, self.sheet.decimal_comma)
            self.without_row.append(WithoutRow(student.student, name, ids, value, reason))
        elif student.handed_in:
            self.set_aside.append(SetAside(student.student, name, None))

    def pass_over_strangers(self) -> None:
        """Rows that match no student.

        While some hand-in has no row, any of these could belong to it, so none gets 0.
        """
        unclear = {row for _, rows, _ in self.matching.unclear for row in rows}
        taken = {row for row, _ in self.matching.rows.values()} | unclear
        strangers = [row for row in self.sheet.names if row not in taken]
        homeless = len(self.without_row) + sum(one.row is None for one in self.set_aside)
        missing = self.missing
        if missing == "zero" and strangers and (homeless or unclear):
            missing = "blank"
            self.notes.append(
                "Rows that match nobody got no zero: a hand-in without a row could be theirs."
            )
        self.unmatched += [self._absent(row, "", missing) for row in strangers]

    def result(self) -> Filled:
        sheet = self.sheet
        if any(match.by == BY_NAME for match in self.matched):
            self.notes.append("Some students were matched by name alone; look at those rows.")
        if sheet.table.encoding == "cp1252":
            self.notes.append("The file is not UTF-8; it was read and written as Windows-1252.")
        return Filled(
            content=sheet.table.filled(sheet.column, self.values),
            platform=sheet.platform,
            column=sheet.table.header[sheet.column].strip(),
            matched=tuple(self.matched),
            without_row=tuple(self.without_row),
            ambiguous=tuple(self._ambiguous()),
            refused=tuple(self.refused),
            kept=tuple(self.kept),
            set_aside=tuple(self.set_aside),
            not_handed_in=tuple(self.not_handed_in),
            unmatched=tuple(self.unmatched),
            notes=(*sheet.notes, *self.notes),
        )

    def _ambiguous(self) -> list[Ambiguous]:
        return [
            Ambiguous(
                tuple(self.class_[place].student for place in places),
                tuple(row + 2 for row in rows),
                any(self.class_[place].points is not None for place in places),
                reason,
            )
            for places, rows, reason in self.matching.unclear
        ]

    def _absent(self, row: int, student: str, missing: Missing) -> Absent:
        """A row of a student who handed in nothing. A value already there is kept."""
        value, found = "", self.sheet.table.cell(row, self.sheet.column).strip()
        if missing == "zero":
            if reason := self._settled(row) or (found not in EMPTY and "it has a value already"):
                self.kept.append(self._kept(student, row, ZERO, reason))
            else:
                self.values[row] = value = ZERO
        return Absent(student, self._name(row), self.sheet.ids_of(row), row + 2, value)

    def _settled(self, row: int) -> str:
        """Why a row is not to be changed, if the platform says so."""
        if reason := self.sheet.locked.get(row):
            return reason
        found = self.sheet.table.cell(row, self.sheet.column).strip()
        return "excused on the platform" if found.lower() in EXCUSED else ""

    def _kept(self, student: str, row: int, value: str, reason: str) -> Kept:
        found = printable(self.sheet.table.cell(row, self.sheet.column).strip())
        return Kept(student, self._name(row), row + 2, found, value, reason)

    def _name(self, row: int) -> str:
        return printable(self.sheet.names[row].strip())


def _shown(points: float, decimal_comma: bool) -> str:
    is_plain = math.isfinite(points) and abs(points) < 1e9
    return points_text(points, decimal_comma) if is_plain else str(points)


def maxima(rows: Mapping[int, str], most: float | None) -> Mapping[int, float | None]:
    """The same maximum for every row; 0 is treated as none."""
    return dict.fromkeys(rows, most or None)
