"""A row is filled when it is certain whose it is; otherwise it is left alone, which is said."""

from __future__ import annotations

import math

import importers
import pytest

from autograder.export.grades import Graded
from autograder.export.numbers import decimal_comma, number, points_text
from autograder.export.targets import fill

HEADER = "Student,ID,SIS User ID,SIS Login ID,Section,Problem 1 (1)\nPoints Possible,,,,,40\n"


def filled(rows: str, *class_: Graded, missing="blank"):
    return fill("canvas", (HEADER + rows).encode(), class_, "Problem 1", None, missing)


def points(result) -> dict[str, str]:
    return {id_: grade for id_, grade in importers.canvas(result.content, "1").items() if grade}


def who(name="", points=5.0, student="s", handed_in=True, **ids) -> Graded:
    return Graded(student, name, ids, points, handed_in)


ADA = '"Lovelace, Ada",101,0012345,ada,CS,\n'
BOB = '"Babbage, Bob",102,12345,bob@example.edu,CS,\n'

CERTAIN = {
    "by Canvas's id": (who(canvas="101"), {"101": "5"}, "ID"),
    "by the institution's": (who(sis="0012345"), {"101": "5"}, "SIS User ID"),
    "leading zeros count": (who(sis="12345"), {"102": "5"}, "SIS User ID"),
    "logins have no letter case": (who(login="ADA"), {"101": "5"}, "SIS Login ID"),
    "an e-mail that is a login": (who(email="Bob@Example.EDU"), {"102": "5"}, "SIS Login ID"),
    "by a folder's name": (who(student="ada"), {"101": "5"}, "SIS Login ID"),
    "by a folder's name, a number": (who(student="0012345"), {"101": "5"}, "SIS User ID"),
    "by name": (who("Ada  lovelace"), {"101": "5"}, "the name alone"),
    "by name, the other way round": (who("Lovelace, Ada"), {"101": "5"}, "the name alone"),
    "an e-mail elsewhere says nothing": (
        who(login="ada", email="a@home.example"),
        {"101": "5"},
        "SIS Login ID",
    ),
    "an id that the file lacks": (who(sis="7", login="ada"), {"101": "5"}, "SIS Login ID"),
}


@pytest.mark.parametrize(("student", "expected", "by"), CERTAIN.values(), ids=CERTAIN)
def test_a_student_is_found(student, expected, by):
    result = filled(ADA + BOB, student)
    assert points(result) == expected
    assert [one.by for one in result.matched] == [by]
    assert result.complete


UNCERTAIN = {
    "another platform's number": ((who(student="12345", brightspace="12345"),), "no id and no na"),
    "nobody": ((who("Carl"),), "looked for by name"),
    "neither id nor name": ((who(),), "no id and no name"),
    "an unknown id": ((who(sis="012345", login="x"),), "looked for by SIS User ID, SIS Login ID"),
    "the canvas id is another's": ((who(sis="0012345", canvas="7"),), "has another ID"),
    "the name fits, the login does not": ((who("Ada Lovelace", login="al"),), "has another SIS L"),
    "ids lead to two rows": ((who(sis="0012345", login="bob@example.edu"),), "different rows"),
    "a folder's name is in two rows": ((who(student="both"),), "several rows have our id"),
    "an id is in two rows": ((who(sis="9"),), "several rows have the same SIS User ID"),
    "a name is in two rows": ((who("Eve E"),), "not unique"),
    "two students are one row": ((who(login="ada"), who(sis="0012345")), "several students"),
    "a name is two students'": ((who("Ada Lovelace"), who("Lovelace, Ada")), "not unique"),
    "a hand-in and a roster's entry": (
        (who(login="ada"), who(sis="0012345", points=None, handed_in=False)),
        "several students",
    ),
}
TWICE = '"E, Eve",103,9,both,CS,\n"E, Eve",104,9,eve,CS,\n"F, Fay",105,both,fay,CS,\n'


@pytest.mark.parametrize(("class_", "said"), UNCERTAIN.values(), ids=UNCERTAIN)
@pytest.mark.parametrize("missing", ["blank", "zero"])
def test_whoever_is_not_found_for_certain_fills_no_row(class_, said, missing):
    result = filled(ADA + BOB + TWICE, *class_, missing=missing)
    assert points(result) == {}
    assert result.matched == ()
    assert not result.complete
    reasons = [one.reason for one in (*result.without_row, *result.ambiguous)]
    assert any(said in reason for reason in reasons)
    assert all(one.graded for one in result.ambiguous)


def test_a_row_that_a_second_student_may_have_is_not_filled():
    result = filled(ADA + BOB, who(canvas="101"), who(sis="0012345", login="bob@example.edu"))
    assert points(result) == {}
    assert len(result.ambiguous) == 2


def test_namesakes_are_told_apart_by_ids():
    rows = '"E, Eve",103,08,eve,CS,\n"E, Eve",104,8,eve2,CS,\n'
    result = filled(rows, who("Eve E", 1.0, sis="8"), who("Eve E", 2.0, login="eve"))
    assert points(result) == {"103": "2", "104": "1"}


def test_letters_that_are_alike_are_not_one():
    rows = '"A",1,,strauß,CS,\n"B",2,,strauss,CS,\n"C",3,,İ,CS,\n"D",4,,i,CS,\n'
    result = filled(rows, who(login="STRAUSS"), who(login="i"))
    assert points(result) == {"2": "5", "4": "5"}


@pytest.mark.parametrize("missing", ["blank", "zero"])
def test_whoever_is_set_aside_gets_nothing(missing):
    result = filled(ADA + BOB, who(login="ada", points=None), missing=missing)
    assert points(result) == ({"102": "0"} if missing == "zero" else {})
    assert [(one.student, one.row) for one in result.set_aside] == [("s", 3)]


def test_zeros_are_for_those_who_handed_in_nothing():
    rows = ADA + BOB + '"C",103,1,c,CS,7\n"D",104,2,d,CS,EX\n"E",105,3,e,CS,-\n'
    class_ = [who(login="ada"), who(login="c", points=None, handed_in=False)]
    result = filled(rows, *class_, missing="zero")
    assert points(result) == {"101": "5", "102": "0", "103": "7", "104": "EX", "105": "0"}
    assert [(one.row, one.value) for one in result.unmatched] == [(4, "0"), (6, ""), (7, "0")]
    assert [(one.row, one.reason) for one in result.kept] == [
        (5, "it has a value already"),
        (6, "excused on the platform"),
    ]
    assert points(filled(rows, *class_)) == {"101": "5", "103": "7", "104": "EX", "105": "-"}


@pytest.mark.parametrize("homeless", [who("Carl"), who("Carl", points=None)])
def test_a_row_of_nobody_gets_no_zero_while_a_hand_in_has_no_row(homeless):
    absent = who(login="ada", points=None, handed_in=False)
    result = filled(ADA + BOB, absent, homeless, missing="zero")
    assert points(result) == {"101": "0"}
    assert "got no zero" in result.notes[0]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (40.01, "maximum is 40"),
        (-0.5, "negative"),
        (math.nan, "no number"),
        (math.inf, "no number"),
        (1e300, "out of range"),
    ],
)
def test_points_that_do_not_fit_are_not_written(value, said):
    result = filled(ADA, who(login="ada", points=value))
    assert points(result) == {}
    assert said in result.refused[0].reason
    assert not result.complete


def test_points_are_bounded_only_where_the_file_has_a_maximum():
    text = (HEADER + ADA).replace(",,,,,40", ",,,,,0").encode()
    result = fill("canvas", text, [who(login="ada", points=99.0)], "Problem 1")
    assert points(result) == {"101": "99"}


NUMBERS = [
    (37.5, "37.5"), (37.0, "37"), (0.0, "0"), (-0.0, "0"), (0.125, "0.13"), (2.675, "2.68"),
    (100.0, "100"), (1 / 3, "0.33"), (0.001, "0"), (36.999, "37"), (1234.5, "1234.5"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "text"), NUMBERS)
def test_points_have_two_decimals_at_most_and_no_zeros_at_the_end(value, text):
    assert points_text(value, False) == text
    assert points_text(value, True) == text.replace(".", ",")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("40", 40), ("40.00", 40), ("40,00", 40), ("1.000,5", 1000.5), ("1,000.5", 1000.5),
        ("1,000", 1000), ("-3", -3), ("37,5 %", 37.5), (" 5. ", 5), ("", None), ("-", None),
        ("abc", None), ("1e5", None), ("nan", None), ("9" * 100, None), ("Good, better", None),
    ],
)  # fmt: skip
def test_numbers_are_read_with_a_point_or_a_comma(text, value):
    assert number(text) == value


@pytest.mark.parametrize(
    ("cells", "separator", "expected"),
    [
        (["37,5", "x"], ",", True),
        (["37.5"], ";", False),
        (["1.000,50"], ",", True),
        (["1,000.50"], ";", False),
        (["40", ""], ";", True),
        (["40", "1,000"], ",", False),
    ],
)
def test_a_file_shows_how_it_writes_decimals(cells, separator, expected):
    assert decimal_comma(cells, separator) is expected


def test_nothing_is_made_safe_for_spreadsheets():
    rows = '"=cmd|A1, Ada",101,=1,"@ada",CS,\n'
    result = filled(rows, who(login="@ada"))
    assert result.content == (HEADER + rows.replace("CS,", "CS,5")).encode()
