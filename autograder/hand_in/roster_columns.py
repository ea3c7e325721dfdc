"""The header of a class's list -> whose list it is, and which of its columns says what."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from autograder.hand_in import moodle_words

Kind = Literal[
    "canvas", "canvas_groups", "moodle", "gradescope", "brightspace", "blackboard", "plain"
]
ID_KEYS = "canvas", "moodle", "submission", "sis", "login", "email"


@dataclass(frozen=True)
class Expected:
    """What a message says of a kind of list."""

    called: str
    columns: str


EXPECTED: Mapping[Kind, Expected] = {
    "canvas": Expected("a Canvas gradebook", "Student, ID, SIS Login ID, Section"),
    "canvas_groups": Expected("Canvas's groups", "name, canvas_user_id, login_id, group_name"),
    "moodle": Expected("a Moodle grading worksheet", "Identifier, Full name, Status, Grade"),
    "gradescope": Expected("Gradescope's grades", "Name, SID, Email, Submission ID"),
    "brightspace": Expected("Brightspace grades", "OrgDefinedId, Username, End-of-Line Indicator"),
    "blackboard": Expected("Blackboard grades", "Last Name, First Name, Username, Student ID"),
    "plain": Expected("a plain list", "id, name, email, group"),
}

IN_PARTS: Mapping[str, tuple[str, ...]] = {
    "first": ("first name", "firstname"),
    "last": ("last name", "lastname"),
    "email": ("email", "email address"),
}
HEADERS: Mapping[Kind, Mapping[str, Collection[str]]] = {
    "canvas": {
        **IN_PARTS,
        **{"canvas": ("id",), "sis": ("sis user id",), "login": ("sis login id",)},
    },
    "canvas_groups": {
        **{"canvas": ("canvas user id",), "sis": ("user id",), "login": ("login id",)},
        **{"name": ("name",), "group": ("group name",)},
    },
    "gradescope": {
        **IN_PARTS,
        **{"name": ("name",), "sis": ("sid",), "submission": ("submission id",)},
    },
    "brightspace": {**IN_PARTS, "sis": ("orgdefinedid",), "login": ("username",)},
    "blackboard": {**IN_PARTS, "sis": ("student id",), "login": ("username",)},
    "plain": {
        **{"login": ("id",), "name": ("name",), "email": ("email", "e-mail"), "group": ("group",)},
    },
    "moodle": {
        "name": moodle_words.FULL_NAME,
        "sis": moodle_words.ID_NUMBER,
        "login": moodle_words.USER_NAME,
        "email": moodle_words.EMAIL,
        "group": moodle_words.GROUP,
    },
}
"""Header names of each column. Moodle's are in the user's language; columns of other languages are
found by their contents, see `_moodle`."""
FEWEST_OF_MOODLE = 4
SHORTEST_WORD = 5
EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
NAMES_NEEDED = 3
"""At least this many rows are needed to tell names from a constant column such as the status."""


@dataclass(frozen=True)
class Columns:
    """Which column holds what.

    Attributes:
        kind: of the list.
        places: columns by `name`, `first`, `last`, `group` and the keys of ids.
        id_columns: the headers of those that have ids, for a message.
    """

    kind: Kind
    places: Mapping[str, int]
    id_columns: str

    def cell(self, cells: Sequence[str], what: str) -> str:
        """A cell of a row; empty where there is none."""
        place = self.places.get(what, len(cells))
        return cells[place] if place < len(cells) else ""

    def name(self, cells: Sequence[str]) -> str:
        """The name in one form or the other."""
        in_parts = self.cell(cells, "last"), self.cell(cells, "first")
        return self.cell(cells, "name") or ", ".join(filter(None, in_parts))

    def ids(self, cells: Sequence[str]) -> dict[str, str]:
        """The platform ids of a row, as they are written there."""
        present = (key for key in ID_KEYS if key in self.places)
        found = {key: self._id(self.cell(cells, key), key) for key in present}
        return {key: value for key, value in found.items() if value not in ("", "-")}

    def _id(self, cell: str, key: str) -> str:
        if key == "moodle":
            return moodle_words.participant(cell)
        if key == "email":
            return cell if EMAIL.fullmatch(cell) else ""
        if self.kind == "brightspace":  # which keeps spreadsheets from taking it for a number
            return cell.removeprefix("#").strip()
        return cell


@lru_cache(2**16)
def folded(text: str) -> str:
    """A text as it is compared, whatever its case, width and blanks."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().replace("_", " ").split())


def recognised(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Columns | None:
    """The kind of a list, by its header and, as Moodle's is translated, by its first column."""
    names = [folded(cell) for cell in header]
    kind = _kind(names, rows)
    if kind is None:
        return None
    places: dict[str, int] = {}
    for what, words in HEADERS[kind].items():
        found = [place for place, name in enumerate(names) if name in words]
        if found:
            places[what] = found[0]
    if kind == "canvas" and "student" in names[0]:
        places["name"] = 0
    if kind == "moodle":
        places = _moodle(places, rows)
    ids = [header[places[key]] for key in ID_KEYS if key in places]
    return Columns(kind, places, " or ".join(ids)) if ids else None


def _kind(names: Sequence[str], rows: Sequence[Sequence[str]]) -> Kind | None:
    has = set(names)
    if {"sid", "email"} <= has and has & {"submission id", "total score", "submission time"}:
        return "gradescope"
    if {"canvas user id", "group name"} <= has:
        return "canvas_groups"
    in_canvas = "student" in names[0] or {"lastname", "firstname"} <= has
    if in_canvas and "section" in has and has & {"id", "sis user id", "sis login id"}:
        return "canvas"
    if has & {"end-of-line indicator", "orgdefinedid"}:
        return "brightspace"
    if "username" in has and has & {"last name", "student id", "last access", "availability"}:
        return "blackboard"
    if "id" in has and has & {"name", "email", "e-mail"}:
        return "plain"
    if len(names) >= FEWEST_OF_MOODLE and _identifiers(names[0], [row[0] for row in rows]):
        return "moodle"
    return "plain" if "id" in has else None


def _identifiers(name: str, cells: Sequence[str]) -> bool:
    """Whether a column is Moodle's first: a word and a number, the same word in every row.

    Below the header `id`, which German has for it, `s1001` is a student's own number and
    `Teilnehmer/in1001` is a participant.
    """
    if not cells:
        return name in moodle_words.IDENTIFIER
    word = moodle_words.word_for_participants(cells)
    return bool(word) and (name != "id" or len(word) >= SHORTEST_WORD)


def _moodle(places: Mapping[str, int], rows: Sequence[Sequence[str]]) -> dict[str, int]:
    """The columns of a worksheet in any language.

    The participant comes first. Addresses are recognised by their form. The name comes second. In
    blind marking, the status comes second instead; many students have the same status.
    """
    found = {"moodle": 0, **places}
    if "email" not in found and len(by_look := _addresses(rows)) == 1:
        found["email"] = min(by_look)
    if "name" not in found and 1 not in found.values():
        names = [row[1] for row in rows if len(row) > 1]
        if len(names) >= NAMES_NEEDED and 2 * len(set(names)) > len(names):
            found["name"] = 1
    return found


def _addresses(rows: Sequence[Sequence[str]]) -> set[int]:
    """The columns in which nothing stands but e-mail addresses."""
    every = [(place, cell) for row in rows for place, cell in enumerate(row) if cell]
    others = {place for place, cell in every if not EMAIL.fullmatch(cell)}
    return {place for place, _ in every} - others
