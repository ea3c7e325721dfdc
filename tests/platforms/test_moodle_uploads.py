"""Moodle's readers take a correct file, and refuse or report each kind of wrong one."""

from __future__ import annotations

from decimal import Decimal

import pytest
import rosters
from downloads import zipped
from people import CLASS, PERSON
from points import BY_PARTICIPANT, POINTS, Edit, edited
from uploads import (
    Refused,
    moodle_feedback,
    moodle_worksheet,
    split,
)

MOODLE: dict[str, dict[str, object]] = {
    "English": {"language": "en"},
    "Spanish": {"language": "es", "separator": ";", "decimal_comma": True},
    "Spanish without the blank": {"language": "es_joined", "decimal_comma": True},
    "German": {"language": "de", "separator": ";", "decimal_comma": True, "bom": True},
    "CRLF, all quoted": {"language": "en", "ends": "\r\n", "quote_all": True},
    "blind": {"language": "en", "blind": True},
    "few columns": {"language": "en", "without": ("sis", "email", "group", "text", "submitted")},
}


def filled(before: bytes, points: dict[str, str], options: dict[str, object]) -> bytes:
    """The worksheet with the grades filled in and nothing else changed."""
    separator = str(options.get("separator", ","))
    table = split(before.decode(), separator)
    header = [cell.strip('"\ufeff') for cell in table.rows[0]]
    at = header.index(rosters.LANGUAGES[str(options["language"])].header[6])
    lines = []
    for row, end in zip(table.rows, table.ends, strict=True):
        cells = list(row)
        for key, value in points.items():
            participant = rosters.LANGUAGES[str(options["language"])].participant
            if cells[0].strip('"') == participant + PERSON[key].moodle:
                cell = rosters.comma(value, bool(options.get("decimal_comma")))
                cells[at] = f'"{cell}"' if separator in cell else cell
        lines.append(separator.join(cells) + end)
    return "".join(lines).encode()


@pytest.mark.parametrize("name", MOODLE)
def test_moodle_takes_its_own_worksheet_with_grades_filled_in(name: str) -> None:
    options = MOODLE[name]
    before = rosters.moodle_worksheet({"sam_a": "12"}, **options)  # type: ignore[arg-type]
    taken = moodle_worksheet(
        before,
        filled(before, POINTS, options),
        language=str(options["language"]),
        separator=str(options.get("separator", ",")),
    )
    unchanged = PERSON["sam_a"].moodle
    assert taken.points == {k: v for k, v in BY_PARTICIPANT.items() if k != unchanged}
    assert taken.standing == BY_PARTICIPANT
    assert taken.reported == ()


MOODLE_WRONG: dict[str, tuple[tuple[Edit, ...], str]] = {
    "negative": (((",37.5,40.00", ",-1,40.00"),), "-1 is out of range"),
    "too much": (((",37.5,40.00", ",41,40.00"),), "41 is out of range"),
    "a decimal comma in English": (((",37.5,40.00", ',"38,5",40.00'),), "read as 38"),
    "no number": (((",37.5,40.00", ",n/a,40.00"),), "read as 0"),
    "an apostrophe": (((",37.5,40.00", ",'37.5,40.00"),), "read as 0"),
    "emptied": (((",37.5,40.00", ",,40.00"),), "the old one stays"),
    "locked": (((",Submitted for grading,,,40.00,No", ",x,,5,40.00,No"),), "locked"),
    "a stranger": ((("Participant 1001,", "Participant 9999,"),), "no participant"),
    "another word": ((("Participant 1001,", "Teilnehmer/in1001,"),), "no participant"),
    "a comment erased": ((('"First line: ""well done"",\nsecond line; with a semicolon"', ""),),
                         "comment is erased"),
    "a comment changed": ((("second line; with a semicolon", "x"),), "comment is changed"),
}  # fmt: skip


@pytest.mark.parametrize("name", MOODLE_WRONG)
def test_moodle_reports(name: str) -> None:
    edits, expected = MOODLE_WRONG[name]
    before = rosters.moodle_worksheet({"ada": "37.5"})
    taken = moodle_worksheet(before, edited(before, *edits))
    assert any(expected in line for line in taken.reported), taken.reported


def test_moodle_skips_a_grade_that_is_older_than_the_servers() -> None:
    before = rosters.moodle_worksheet({"ada": "37.5"})
    after = rosters.moodle_worksheet({"ada": "30"})
    taken = moodle_worksheet(before, after, graded_later=["1001"])
    assert (taken.points, len(taken.reported)) == ({}, 1)
    assert taken.standing == {"1001": Decimal("37.5")}


@pytest.mark.parametrize(
    ("after", "options", "why"),
    [
        (rosters.moodle_worksheet(separator=";"), {}, "columns|unquoted cell"),
        (b"Identifier;Grade;Last modified (grade)\n", {}, "too few columns"),
        (rosters.moodle_worksheet(), {"language": "de"}, "no column for"),
        (rosters.moodle_worksheet(without=("graded",)), {}, "no column for graded"),
        (rosters.moodle_worksheet() + b"Participant 1001,\n", {}, "varies"),
        (rosters.moodle_worksheet().decode().encode("utf-16"), {}, "not utf-8"),
    ],
)
def test_moodle_refuses(after: bytes, options: dict[str, str], why: str) -> None:
    with pytest.raises(Refused, match=why):
        moodle_worksheet(after, after, **options)


PARTICIPANTS = [person.moodle for person in CLASS]


@pytest.mark.parametrize(
    ("name", "participant", "path"),
    [
        ("Ada Lindgren_1001_assignsubmission_file/feedback.html", "1001", "feedback.html"),
        ("Ada Lindgren_1001_assignsubmission_file_/a/b.html", "1001", "a/b.html"),
        ("Ada Lindgren_1001_assignsubmission_file_b.html", "1001", "b.html"),
        ("Participant_10010_assignsubmission_file/feedback_1.html", "10010", "feedback_1.html"),
        ("anything/Ада_1001_assignfeedback_file/x.html", "1001", "x.html"),
    ],
)
def test_moodle_takes_feedback(name: str, participant: str, path: str) -> None:
    taken = moodle_feedback(zipped({name: b"<p>"}), PARTICIPANTS)
    assert (taken.files, taken.reported) == ({participant: (path,)}, ())


@pytest.mark.parametrize(
    "name",
    [
        "Ada_Lindgren_1001_assignsubmission_file/feedback.html",  # `_` in the name
        "Late Team 9 b_77_assignsubmission_file/feedback.html",  # a group's id
        "Default group_assignsubmission_file/feedback.html",
        "Ada Lindgren_1001_assignsubmission_file/.feedback.html",
        "Ada Lindgren_1001_assignsubmission_file/~feedback.html",
        "Ada Lindgren_1001_submission_file/feedback.html",
        "feedback.html",
    ],
)
def test_moodle_ignores_feedback(name: str) -> None:
    taken = moodle_feedback(zipped({name: b"<p>"}), PARTICIPANTS)
    assert (taken.files, len(taken.reported)) == ({}, 1)


def test_moodle_ignores_what_was_handed_in() -> None:
    name = "Ada Lindgren_1001_assignsubmission_file/x.zip"
    handed_in = {"1001": {"x.zip": b"PK"}}
    assert moodle_feedback(zipped({name: b"PK"}), PARTICIPANTS, handed_in).files == {}
    assert moodle_feedback(zipped({name: b"PK2"}), PARTICIPANTS, handed_in).reported == ()
