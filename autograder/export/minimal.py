"""The smallest file that a platform takes, for a class without a file from there."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from autograder.export.grades import Graded, Missing
from autograder.export.table import TableError


@dataclass(frozen=True)
class Minimal:
    """What a platform's import needs.

    Attributes:
        columns: before the points; of each the header, and the kind of id (or `name`) in its
            cells. An empty kind is a column that must be there, but may be empty.
        after: columns after the points, with the text of every cell.
        points: the header of the points, made from the assignment's title.
        note: what to look at before the file is imported.
    """

    columns: tuple[tuple[str, str], ...]
    after: tuple[tuple[str, str], ...]
    points: str
    note: str

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(kind for _, kind in self.columns if kind not in ("", "name"))


MINIMAL: Mapping[str, Minimal] = MappingProxyType(
    {
        "canvas": Minimal(
            (
                *(("Student", "name"), ("ID", "canvas"), ("SIS User ID", "sis")),
                *(("SIS Login ID", "login"), ("Section", "")),
            ),
            (),
            "{}",
            "Canvas offers a column that it does not know as a new assignment: name it as in "
            'Canvas, with its number, such as --column "Problem 1 (9876)".',
        ),
        "brightspace": Minimal(
            (("OrgDefinedId", "sis"), ("Username", "login")),
            (("End-of-Line Indicator", "#"),),
            "{} Points Grade",
            "Brightspace offers a column that it does not know as a new grade item: name it as "
            'there, such as --column "Problem 1 Points Grade".',
        ),
    }
)


def header_of(target: str, title: str) -> str:
    """The name of the column of points, if none is given."""
    return _minimal(target).points.format(title)


def note_of(target: str) -> str:
    """What to say of a column whose name was made from the title."""
    return _minimal(target).note


def template(target: str, class_: Sequence[Graded], column: str, missing: Missing) -> bytes:
    """A file with a row for everybody who gets points, whose column of points is empty.

    Raises:
        TableError: the platform takes no such file, or no student has an id that it knows.
    """
    minimal = _minimal(target)
    students = [one for one in class_ if _gets_points(one, missing)]
    rows = [
        [
            *(one.name if kind == "name" else one.ids.get(kind, "") for _, kind in minimal.columns),
            "",
            *(text for _, text in minimal.after),
        ]
        for one in students
        if any(one.ids.get(kind) for kind in minimal.ids)
    ]
    if not rows:
        names = ", ".join(header for header, kind in minimal.columns if kind in minimal.ids)
        raise TableError(
            f"no graded student has an id that {target} knows ({names}): give cohort a --roster "
            f"with these, or give export the file that you downloaded from {target}"
        )
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    before, after = ([name for name, _ in part] for part in (minimal.columns, minimal.after))
    writer.writerows([[*before, column, *after], *rows])
    return text.getvalue().encode()


def _gets_points(student: Graded, missing: Missing) -> bool:
    return student.points is not None or (missing == "zero" and not student.handed_in)


def _minimal(target: str) -> Minimal:
    if target not in MINIMAL:
        raise TableError(
            f"{target} takes points only in its own file: give the file that you downloaded there, "
            "or --feedback for the pages alone"
        )
    return MINIMAL[target]
