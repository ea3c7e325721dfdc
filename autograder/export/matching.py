"""Students -> rows of a platform's file.

An id decides. A name decides only if it is unique on both sides and no id contradicts it. What is
not certain is left to a person: filling the wrong row is worse than filling none.
"""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from autograder.export.grades import Graded
from autograder.export.sheet import IdColumn, Sheet, comparable
from autograder.hand_in.files import printable

OF_THE_PLATFORM = {"canvas", "moodle"}
"""Ids given out by the platform alone. If a row has another such id than the student, the file is
from another course or assignment, so the row is not used."""
OF_THE_INSTITUTION = {"sis", "login", "email"}
"""Ids after which an instructor may have named folders."""
BY_NAME = "the name alone"


@dataclass(frozen=True)
class Found:
    """The rows of one student: exactly one, or `reason` says why not.

    Attributes:
        rows: counted from 0, without the header.
        by: what was equal, if there is one row.
        reason: why there is none, or which of several is not clear.
    """

    rows: tuple[int, ...] = ()
    by: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Matching:
    """A class beside a file.

    Attributes:
        rows: by a student's index in the class, the row and what was equal.
        unclear: indexes in the class, rows, and the reason.
        nowhere: by a student's index, why there is no row.
    """

    rows: Mapping[int, tuple[int, str]] = field(default_factory=dict)
    unclear: tuple[tuple[tuple[int, ...], tuple[int, ...], str], ...] = ()
    nowhere: Mapping[int, str] = field(default_factory=dict)


def matching(sheet: Sheet, class_: Sequence[Graded]) -> Matching:
    """Every student's row."""
    names = _Names.of(sheet, class_)
    found = [_found(student, sheet, names) for student in class_]
    students: dict[int, list[int]] = defaultdict(list)
    for place, one in enumerate(found):
        if len(one.rows) == 1:
            students[one.rows[0]].append(place)
    rows, nowhere = {}, {}
    unclear: list[tuple[tuple[int, ...], tuple[int, ...], str]] = []
    for place, one in enumerate(found):
        if not one.rows:
            nowhere[place] = one.reason
        elif len(one.rows) > 1:
            unclear.append(((place,), one.rows, one.reason))
        elif len(students[one.rows[0]]) == 1:
            rows[place] = one.rows[0], one.by
    for row, places in students.items():
        if len(places) > 1:
            unclear.append((tuple(places), (row,), "several students match the same row"))
    claimed = {row for _, those, _ in unclear for row in those}
    for place, (row, _) in list(rows.items()):
        if row in claimed:  # by a student who may have another row, too
            del rows[place]
            unclear.append(((place,), (row,), "another student may be the one of this row"))
    return Matching(rows, tuple(unclear), nowhere)


@dataclass(frozen=True)
class _Names:
    """Names that exactly one student, or exactly one row, has."""

    in_class: Mapping[str, int]
    rows: Mapping[str, list[int]]

    @classmethod
    def of(cls, sheet: Sheet, class_: Sequence[Graded]) -> _Names:
        rows: dict[str, list[int]] = defaultdict(list)
        for row, name in sheet.names.items():
            rows[_plain(name)].append(row)
        return cls(Counter(_plain(student.name) for student in class_), rows)


def _found(student: Graded, sheet: Sheet, names: _Names) -> Found:
    return _by_ids(student, sheet) or _by_our_id(student, sheet) or _by_name(student, sheet, names)


def _by_ids(student: Graded, sheet: Sheet) -> Found | None:
    """By the first id kind that both have; the other ids must not point to another row."""
    hits = [(one, rows) for one in sheet.ids if (rows := _rows(one, student.ids.get(one.key)))]
    if not hits:
        return None
    first, rows = hits[0]
    if len(rows) > 1:
        return Found(tuple(rows), reason=f"several rows have the same {printable(first.header)}")
    for other, others in hits[1:]:
        if rows[0] not in others:
            both = f"the {printable(first.header)} and the {printable(other.header)}"
            every = tuple(sorted({*rows, *others}))
            return Found(every, reason=f"{both} lead to different rows")
    return _unless_contradicted(student, sheet, rows[0], printable(first.header), OF_THE_PLATFORM)


def _by_our_id(student: Graded, sheet: Sheet) -> Found | None:
    """By the name of the student's folder, which is often an institutional id.

    A number that another platform gave out is not tried: it may be somebody else's here.
    """
    if student.student in student.ids.values():
        return None
    hits = {
        row: one.header
        for one in sheet.ids
        if one.key in OF_THE_INSTITUTION
        for row in _rows(one, student.student)
    }
    if not hits:
        return None
    if len(hits) > 1:
        return Found(tuple(sorted(hits)), reason="several rows have our id for the student")
    ((row, header),) = hits.items()
    return _unless_contradicted(student, sheet, row, printable(header))


def _by_name(student: Graded, sheet: Sheet, names: _Names) -> Found:
    name = _plain(student.name)
    rows = names.rows.get(name, []) if name else []
    if not rows:
        looked_for = [one.header for one in sheet.ids if student.ids.get(one.key)]
        if looked_for or name:
            those = ", ".join(printable(header) for header in dict.fromkeys(looked_for))
            return Found(reason=f"looked for by {those + ' and name' if those else 'name'}")
        return Found(reason="no id and no name is known that the file has, too; give a --roster")
    if len(rows) > 1 or names.in_class[name] > 1:
        return Found(reason="the name is not unique, and no id is known that the file has, too")
    return _unless_contradicted(student, sheet, rows[0], BY_NAME)


def _unless_contradicted(
    student: Graded, sheet: Sheet, row: int, by: str, kinds: set[str] | None = None
) -> Found:
    """The row, unless it holds a different id of a kind that the student also has."""
    for one in sheet.ids:
        if not one.is_its_own or (kinds is not None and one.key not in kinds):
            continue
        theirs, its = comparable(one.key, student.ids.get(one.key, "")), one.cells.get(row)
        if theirs and its and theirs != its:
            header = printable(one.header)
            return Found(reason=f"row {row + 2} fits by {by}, but has another {header}")
    return Found((row,), by)


def _rows(column: IdColumn, text: str | None) -> list[int]:
    return column.rows.get(comparable(column.key, text), []) if text else []


def _plain(name: str) -> str:
    """`Lovelace, Ada` and `Ada  Lovelace` are one name."""
    last, comma, first = unicodedata.normalize("NFC", name).partition(",")
    words = f"{first} {last}" if comma else last
    return " ".join(words.split()).lower()
