"""What became of everybody's points is said in full in a file, and briefly in a terminal."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from autograder.export import report
from autograder.export.grades import (
    Absent,
    Ambiguous,
    Filled,
    Kept,
    Match,
    SetAside,
    WithoutRow,
)

EVERYTHING = Filled(
    content=b"",
    platform="Canvas",
    column="Problem 1 (9876)",
    matched=(
        Match("ada", "Lovelace, Ada", 3, "ID", "37.5"),
        Match("bob", "Babbage, Bob", 4, "the name alone", "1"),
    ),
    without_row=(WithoutRow("carl", "Carl", "sis 007", "1", "looked for by SIS User ID"),),
    ambiguous=(Ambiguous(("dan", "dana"), (5,), True, "several students match the same row"),),
    refused=(Kept("eve", "E, Eve", 6, "", "41", "the file's maximum is 40"),),
    kept=(Kept("fay", "F, Fay", 7, "EX", "12", "excused on the platform"),),
    set_aside=(SetAside("gil", "Gil", 8), SetAside("hal", "", None)),
    not_handed_in=(Absent("ida", "I, Ida", "ID 109", 9, "0"),),
    unmatched=(Absent("", "J, Jo", "ID 110, SIS Login ID jo", 10, ""),),
    notes=("The file is not UTF-8; it was read and written as Windows-1252.",),
)
WHOLE = """\
Canvas: 2 students have points in the column 'Problem 1 (9876)'.
The file is not UTF-8; it was read and written as Windows-1252.

GRADED, BUT WITHOUT A ROW: 1
  carl, Carl (sis 007): 1 point; looked for by SIS User ID

NOT CLEAR WHOSE ROW IT IS, not filled: 1
  dan, dana; row 5: several students match the same row

POINTS THAT THE PLATFORM WOULD REFUSE, not filled: 1
  eve, E, Eve: row 6 is blank, not 41: the file's maximum is 40

Matched by name alone: 1
  bob, Babbage, Bob: 1 in row 4, by the name alone

Set aside, so without points: 2
  gil, Gil: row 8
  hal: no row

Left as they were: 1
  fay, F, Fay: row 7 has 'EX', not 12: excused on the platform

Rows of nobody known here: 1
  J, Jo (ID 110, SIS Login ID jo): row 10

Not handed in: 1
  ida, I, Ida (ID 109): row 9, got 0

Filled: 2
  ada, Lovelace, Ada: 37.5 in row 3, by ID
  bob, Babbage, Bob: 1 in row 4, by the name alone
"""


def test_the_file_has_every_list():
    assert report.whole(EVERYTHING) == WHOLE


def test_a_terminal_shows_what_to_act_on_and_where_the_rest_is():
    text = report.for_terminal(EVERYTHING)
    assert "carl, Carl (sis 007): 1 point" in text
    assert text.endswith("Filled: 2\n  see export.txt\n")
    assert "37.5 in row 3" not in text


@pytest.mark.parametrize("name", ["x" * 150, "山田" * 40, "a b " * 40, "\x1b[2J\u202e\n", ""])
def test_a_terminal_s_lines_have_at_most_80_columns(name):
    lost = tuple(WithoutRow(f"s{i}", name, name, "1", "looked for") for i in range(500))
    text = report.for_terminal(Filled(b"", "Canvas", name, without_row=lost))
    lines = text.splitlines()
    assert max(map(cell_len, lines)) <= 80
    assert len(lines) < 150
    assert "... 490 more in export.txt" in text
    assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize(
    ("lists", "code"),
    [
        ({}, 0),
        ({"kept": EVERYTHING.kept, "set_aside": EVERYTHING.set_aside}, 0),
        ({"unmatched": EVERYTHING.unmatched, "not_handed_in": EVERYTHING.not_handed_in}, 0),
        ({"ambiguous": (Ambiguous(("a", "b"), (5,), False, ""),)}, 0),
        ({"ambiguous": EVERYTHING.ambiguous}, 1),
        ({"without_row": EVERYTHING.without_row}, 1),
        ({"refused": EVERYTHING.refused}, 1),
    ],
)
def test_the_exit_code_is_1_when_a_graded_student_s_points_are_nowhere(lists, code):
    assert report.exit_code(Filled(b"", "Canvas", "Problem 1", **lists)) == code
