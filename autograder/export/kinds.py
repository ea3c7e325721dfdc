"""What a file is, by its header: for an error that says what was given instead.

Each platform's file is told by what its own importer looks for.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from autograder.export.table import Table, TableError
from autograder.hand_in.moodle_words import GRADE, IDENTIFIER, word_for_participants, words

BLACKBOARD_COLUMN = re.compile(r"\|\s*\d+\s*$")


def is_canvas(table: Table) -> bool:
    """The test that Canvas's importer makes; some gradebooks have the name in two columns."""
    first = [cell.strip() for cell in table.header[:3]] + [""] * 3
    one_name = "Student" in first[0] and "ID" in first[1]
    two_names = first[0] == "LastName" and first[1] == "FirstName" and "ID" in first[2]
    return (one_name or two_names) and any(cell.strip() == "Section" for cell in table.header)


def is_brightspace(table: Table) -> bool:
    header = words(table.header)
    return "end-of-line indicator" in header and bool({"orgdefinedid", "username"} & set(header))


def is_blackboard(table: Table) -> bool:
    header = words(table.header)
    return "username" in header and any(BLACKBOARD_COLUMN.search(cell) for cell in table.header)


def is_moodle(table: Table) -> bool:
    """In whatever language: every row begins with the same word and a number."""
    header = words(table.header)
    cells = [row[0].strip() for row in table.rows if row and row[0].strip()]
    if not cells:
        return header[0] in IDENTIFIER and any(cell in GRADE for cell in header)
    looks_right = header[0] in IDENTIFIER or GRADE & set(header) or len(header) > 5
    return bool(looks_right) and any(map(str.isalpha, word_for_participants(cells)))


def _has(*names: str) -> Callable[[Table], bool]:
    return lambda table: set(names) <= set(words(table.header))


KINDS: tuple[tuple[str, Callable[[Table], bool]], ...] = (
    ("a Canvas gradebook", is_canvas),
    ("a Brightspace grades file", is_brightspace),
    ("a Blackboard grades file", is_blackboard),
    ("a Gradescope grades file", _has("sid", "total score", "max points")),
    ("an nbgrader export", _has("student_id", "raw_score", "max_score")),
    ("a Moodle gradebook export", _has("first name", "email address", "id number", "institution")),
    ("a Moodle grading worksheet", is_moodle),
)


def require(table: Table, kind: str, where_to_get_it: str) -> None:
    """Refuse a file of another kind.

    Raises:
        TableError: it is another kind, or none that is known.
    """
    fitting = next((name for name, fits in KINDS if fits(table)), None)
    if fitting != kind:
        found = f"this is {fitting}" if fitting else "this is no file that is known here"
        raise TableError(f"{found}, not {kind}. {where_to_get_it}")
