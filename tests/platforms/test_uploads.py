"""The readers take a correct file, and refuse or report each kind of wrong one."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from decimal import Decimal

import pytest
import rosters
from downloads import made, zipped
from people import CLASS, PERSON, sample_works
from uploads import (
    Refused,
    blackboard_grades,
    brightspace_grades,
    canvas_comments,
    canvas_gradebook,
    changed,
    gradescope_autograder,
    gradescope_results,
    moodle_feedback,
    moodle_worksheet,
    split,
)

POINTS = {"ada": "37.5", "olha": "40", "zoe": "0", "sam_a": "12", "mia": "8.25", "uma": "40"}
EXPECTED = {key: Decimal(value) for key, value in POINTS.items()}
BY_PARTICIPANT = {PERSON[key].moodle: value for key, value in EXPECTED.items()}

Edit = tuple[str, str]


def edited(data: bytes, *edits: Edit, encoding: str = "utf-8") -> bytes:
    """The file with each first text, which stands in it, replaced by the second."""
    text = data.decode(encoding)
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new)
    return text.encode(encoding)


# cells


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a,b\r\nc,d",
        'a,"b ""c"", d\ne"\n',
        "a,\n,\n",
        "\ufeffa;b\r",
        "\n\n",
        '"",""\n',
        'x"y,z\n',
    ],
)
def test_cells_and_ends_joined_again_are_the_text(text: str) -> None:
    table = split(text, ",")
    rows = zip(table.rows, table.ends, strict=True)
    assert "".join(",".join(row) + end for row, end in rows) == text


@pytest.mark.parametrize("text", ['a,"b\n', 'a"b,c\n', '"a"b,c\n', "a\r\nb\n"])
def test_a_csv_that_rubys_reader_refuses_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        split(text, ",").strict()


def test_a_long_run_of_quotes_is_read_at_once() -> None:
    with pytest.raises(Refused, match="not closed"):
        split('"' * 100_001, ",")


VARIANTS: dict[str, Callable[[dict[str, str]], bytes]] = {
    "canvas": rosters.canvas_gradebook,
    "canvas, BOM and CRLF": lambda p: rosters.canvas_gradebook(p, bom=True, ends="\r\n"),
    "canvas, decimal comma": lambda p: rosters.canvas_gradebook(
        p, separator=";", decimal_comma=True
    ),
    "moodle": rosters.moodle_worksheet,
    "moodle, German": lambda p: rosters.moodle_worksheet(
        p, language="de", separator=";", decimal_comma=True, bom=True, ends="\r\n"
    ),
    "blackboard": rosters.blackboard_grades,
    "brightspace": rosters.brightspace_grades,
}


@pytest.mark.parametrize("name", VARIANTS)
def test_cells_that_change_are_found(name: str) -> None:
    before, after = VARIANTS[name]({}), VARIANTS[name]({"ada": "37.5", "uma": "1"})
    separator = ";" if b";" in before.splitlines()[0] else "\t" if name == "blackboard" else ","
    encoding = "utf-16-le" if name == "blackboard" else "utf-8"
    found = changed(before, after, separator=separator, encoding=encoding)
    assert len({row for row, _ in found}) == 2
    graded = {column for _, column in found}
    assert len(graded) == (2 if "moodle" in name else 1)  # there the time of grading, too


@pytest.mark.parametrize(
    ("edit", "what"),
    [(("\r\n", "\n"), "line ends"), (("\ufeff", ""), ""), (("CS-1", '"CS-1"'), "")],
)
def test_bytes_beside_the_column_are_not_overlooked(edit: Edit, what: str) -> None:
    before = rosters.canvas_gradebook(bom=True, ends="\r\n")
    after = edited(before, edit)
    if what:
        with pytest.raises(AssertionError, match=what):
            changed(before, after)
    else:
        assert changed(before, after)


# Canvas


@pytest.mark.parametrize("name", [name for name in VARIANTS if name.startswith("canvas")])
def test_canvas_takes_its_own_gradebook_with_one_column_filled(name: str) -> None:
    taken = canvas_gradebook(VARIANTS[name](POINTS), CLASS, before=VARIANTS[name]({}))
    assert taken.points == EXPECTED
    assert taken.excused == ("vera",)
    assert taken.reported == ()


def test_canvas_takes_names_written_as_formulas() -> None:
    before = rosters.canvas_gradebook(formula_names=True)
    after = rosters.canvas_gradebook(POINTS, formula_names=True)
    assert canvas_gradebook(after, CLASS, before=before).points == EXPECTED


@pytest.mark.parametrize(
    "text",
    [
        "Student,ID,SIS Login ID,Section,Problem 1 (9876)\n,101,ada,,37.5\n",
        "Student,ID,SIS User ID,SIS Login ID,Section,Problem 1 (9876)\n"
        "    Points Possible,,,,,40\n"
        '"Lindgren, Ada",101,0012345,ada,CS-1,37.5\n',
        "Student,ID,SIS User ID,SIS Login ID,Integration ID,Root Account,Section,Problem 1\n"
        "x,,0012345,,,,,37.5\n",
        "LastName,FirstName,ID,Section,Problem 1 (9876)\nLindgren,Ada,101,CS-1,37.5\n",
        "Student;ID;SIS Login ID;Section;Problem 1 (9876)\n;;ada;;37,5\n",
        "\ufeffStudent,ID,SIS Login ID,Section,Renamed (9876)\n,,ada,,37.50\n",
    ],
)
def test_canvas_takes_a_smaller_file(text: str) -> None:
    taken = canvas_gradebook(text.encode(), CLASS)
    assert (taken.points, taken.reported) == ({"ada": Decimal("37.5")}, ())


@pytest.mark.parametrize(
    "header",
    [
        "Name,ID,SIS Login ID,Section,Problem 1 (9876)",
        "Student,Number,SIS Login ID,Section,Problem 1 (9876)",
        "Student,ID,SIS Login ID,Problem 1 (9876)",
        "Student,ID,SIS User ID,Section,Problem 1 (9876)",
        "Student,ID,Section",
        "Student\tID\tSIS Login ID\tSection\tProblem 1 (9876)",
        "",
    ],
)
def test_canvas_refuses_a_header(header: str) -> None:
    with pytest.raises(Refused, match="Invalid header row"):
        canvas_gradebook(f"{header}\n".encode(), CLASS)


def test_canvas_refuses_other_encodings() -> None:
    with pytest.raises(Refused, match="not utf-8"):
        canvas_gradebook(rosters.canvas_gradebook().decode().encode("utf-16"), CLASS)


CANVAS_WRONG: dict[str, tuple[Edit, str]] = {
    "a new assignment": (("Problem 1 (9876)", "Problem 2"), "a new assignment"),
    "an apostrophe before a name": (('"Lindgren, Ada",101,0012345,ada', "'Lindgren,1,0,x"), "new"),
    "an excuse": ((",EX,", ",0,"), "excuse is overwritten"),
    "not assigned": ((",N/A,", ",3,"), "theo is not assigned"),
    "a grade erased": ((",37.5,", ",,"), "37.5 is erased"),
    "no number": ((",37.5,", ",'37.5,"), "not a number"),
    "infinite": ((",37.5,", ",inf,"), "not a number"),
    "other points possible": ((",10,40,", ",10,37,"), "would change from 40 to 37"),
    "another column": (("0012345,ada,CS-1,9.5", "0012345,ada,CS-1,9"), "'9.5' of another"),
    "read-only": ((",10,40,", ",10,(read only),"), "read-only"),
    "twice": (("0012346,olha", "0012345,ada"), ""),
    "lost id": (("102,0012346,olha", ",,"), "found by name alone, which 1 have"),
    "lost ids of namesakes": (("104,0012348,sreed1", ",,"), "which 2 have"),
}


@pytest.mark.parametrize("name", CANVAS_WRONG)
def test_canvas_reports(name: str) -> None:
    edit, expected = CANVAS_WRONG[name]
    before = rosters.canvas_gradebook({"ada": "37.5", "olha": "2"})
    taken = canvas_gradebook(edited(before, edit), CLASS, before=before)
    if name == "twice":
        assert taken.points["olha"] == 2  # Canvas goes by ID first: the row is still Olha's
    else:
        assert any(expected in line for line in taken.reported), taken.reported


def test_canvas_reports_two_rows_of_one_student() -> None:
    line = '"Lindgren, Ada",101,0012345,ada,CS-1,9.5,37.5,88.5,88.5,88.5,88.5\n'
    after = edited(rosters.canvas_gradebook({"ada": "37.5"}), (line, line + line))
    assert canvas_gradebook(after, CLASS).reported == ("ada stands in two rows",)


def attachments(layout: str) -> tuple[list[str], dict[str, tuple[str, str]]]:
    """The entries of a download that are files, and of each attachment whose it is."""
    found = made(layout, sample_works())
    names, known = [], {}
    for hand_in in found.hand_ins:
        if "attachment" in hand_in.ids:
            (entry,) = hand_in.entries
            number = hand_in.ids["attachment"]
            names.append(entry)
            known[number] = (hand_in.told[0], entry.partition(f"_{number}_")[2])
    return names, known


@pytest.mark.parametrize("layout", ["canvas", "canvas_anonymous"])
def test_canvas_takes_feedback_under_the_names_of_its_download(layout: str) -> None:
    names, known = attachments(layout)
    taken = canvas_comments([f"feedback/{name}" for name in names], CLASS, known)
    assert taken.files == {key: (original,) for key, original in known.values()}
    assert taken.reported == ()


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("lindgrenada_101_9002_x.zip", "dropped"),  # the attachment is Olha's
        ("lindgrenada_9001_101_x.zip", "dropped"),
        ("lindgrenada_x.zip", "dropped"),
        ("lindgrenada_101_text.html", "dropped"),
        ("._lindgrenada_101_9001_x.zip", "ignored"),
        ("lindgrenada_101_link.html", "ignored"),
        ("lindgrenada_101_9001_x.html", "shown as"),
        ("smith_101_112_9011_x.zip", "dropped"),
    ],
)
def test_canvas_reports_feedback(name: str, what: str) -> None:
    _, known = attachments("canvas")
    (line,) = canvas_comments([name], CLASS, known).reported
    assert what in line


# Moodle


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


# Blackboard and Brightspace


@pytest.mark.parametrize("utf16", [True, False])
def test_blackboard_takes_its_own_file(utf16: bool) -> None:
    before = rosters.blackboard_grades({"bo": "3"}, utf16=utf16)
    after = rosters.blackboard_grades({**POINTS, "bo": "3"}, utf16=utf16)
    taken = blackboard_grades(after, CLASS, before=before)
    assert taken.points == taken.standing == EXPECTED | {"bo": 3}
    assert taken.reported == ()


@pytest.mark.parametrize(
    ("edit", "what"),
    [
        (("|12345", "|99999"), "a new column"),
        (("Problem 1 [Total Pts: 40 Score] |12345", "Problem 1"), "a new column"),
        (('"ada"', '"\'ada"'), "no user"),
        (('"37.5"', '"37,5"'), "not a number"),
        (('"olha"', '"ada"'), "two rows"),
    ],
)
def test_blackboard_reports(edit: Edit, what: str) -> None:
    after = edited(rosters.blackboard_grades(POINTS), edit, encoding="utf-16-le")
    taken = blackboard_grades(after, CLASS)
    assert any(what in line for line in taken.reported), taken.reported


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (rosters.blackboard_grades()[2:], "UTF-16 without a BOM|not utf-8"),
        (edited(rosters.blackboard_grades(utf16=False), ("Username", "User")), "no column"),
        (b"Username,x\na\n", "varies"),
    ],
)
def test_blackboard_refuses(data: bytes, why: str) -> None:
    with pytest.raises(Refused, match=why):
        blackboard_grades(data, CLASS)


@pytest.mark.parametrize("hashes", [True, False])
def test_brightspace_takes_its_own_file(hashes: bool) -> None:
    before = rosters.brightspace_grades({"bo": "3"}, hashes=hashes)
    after = rosters.brightspace_grades({**POINTS, "bo": "3"}, hashes=hashes)
    taken = brightspace_grades(after, CLASS, before=before)
    assert taken.points == EXPECTED | {"bo": 3}
    assert taken.reported == ()


@pytest.mark.parametrize("column", ["OrgDefinedId,Username", "Username"])
def test_brightspace_takes_the_smallest_file(column: str) -> None:
    ids = "0012345,ada" if "," in column else "ada"
    text = f"{column},Problem 1 Points Grade,End-of-Line Indicator\n{ids},37.5,#\n"
    taken = brightspace_grades(text.encode(), CLASS)
    assert (taken.points, taken.reported) == ({"ada": Decimal("37.5")}, ())


@pytest.mark.parametrize(
    ("edit", "what"),
    [
        (("#0012345", "12345"), "no user"),  # a spreadsheet took the zeros
        (("#0012345", "#0012346"), "no user, or two"),
        ((",37.5,9.5,50,#", ",37.5,9.5,50,"), "does not end with #"),
        ((",37.5,", ',"37,5",'), "not a number"),
    ],
)
def test_brightspace_reports(edit: Edit, what: str) -> None:
    taken = brightspace_grades(edited(rosters.brightspace_grades(POINTS), edit), CLASS)
    assert any(what in line for line in taken.reported), taken.reported
    assert "ada" not in taken.points


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        ((",End-of-Line Indicator", ""), "the last column is"),
        (("OrgDefinedId,Username", "Id,User"), "no column OrgDefinedId or Username"),
        (("Problem 1 Points Grade", "Problem 2 Points Grade"), "0 columns of the grade item"),
        (("Problem 1 Points Grade", "Problem 1"), "0 columns of the grade item"),
    ],
)
def test_brightspace_refuses(edit: Edit, why: str) -> None:
    with pytest.raises(Refused, match=why):
        brightspace_grades(edited(rosters.brightspace_grades(POINTS), edit), CLASS)


# Gradescope

RESULTS = {
    "output": "29 of 29 points. Training was not judged here.",
    "output_format": "text",
    "stdout_visibility": "hidden",
    "tests": [
        {"name": "Adam", "number": "15", "score": 2, "max_score": 2, "visibility": "visible"},
        {"name": "Training", "score": 0, "max_score": 5, "visibility": "after_published"},
    ],
    "leaderboard": [{"name": "Accuracy", "value": 0.81, "order": "desc"}],
    "extra_data": {"seed": 1},
}


def test_gradescope_takes_results() -> None:
    results = gradescope_results(json.dumps(RESULTS).encode())
    assert (results.score, results.max_score, results.reported) == (2, 7, ())
    assert not results.shown
    assert gradescope_results(b'{"score": 0, "output": "not graded yet"}').shown


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "not valid JSON"),
        (b"\xff{}", "not valid JSON"),
        (b"[]", "not an object"),
        (b"{}", "no score"),
        (b'{"tests": [{"name": "x"}]}', "no score"),
        (b'{"score": NaN}', "NaN is not JSON"),
        (b'{"score": -Infinity}', "Infinity is not JSON"),
        (b'{"score": 1e999}', "too large"),
        (b'{"score": "1"}', "not a number"),
        (b'{"score": true}', "not a number"),
        (b'{"score": 1, "score": 2}', "stands twice"),
        (b'{"score": 1, "visibility": "shown"}', "expected one of"),
        (b'{"score": 1, "tests": {}}', "not a list"),
        (b'{"score": 1, "tests": [1]}', "not an object"),
        (b'{"tests": [{"score": null}]}', "not a number"),
        (b'{"score": 1, "output": null}', "not a str"),
        (b'{"tests": [{"score": 1, "status": "ok"}]}', "expected one of"),
        (b'{"tests": [{"score": 1, "number": 15}]}', "not a str"),
    ],
)
def test_gradescope_refuses_results(data: bytes, why: str) -> None:
    with pytest.raises(Refused, match=why):
        gradescope_results(data)


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ({"output": "x" * 100_001}, "is cut"),
        ({"output": "a\0b"}, "NUL"),
        ({"points": 3}, "not in the schema"),
        ({"tests": [{"score": 1, "outptu": ""}]}, "test 1: 'outptu'"),
        ({"tests": [{"score": 1, "output": "x" * 100_001}]}, "test 1: output is cut"),
    ],
)
def test_gradescope_reports(more: dict[str, object], what: str) -> None:
    (line,) = gradescope_results(json.dumps({"score": 1, **more}).encode()).reported
    assert what in line


GOOD = {"setup.sh": b"#!/bin/sh\n", "run_autograder": b"#!/usr/bin/env python3\n"}


def test_gradescope_takes_an_autograder() -> None:
    assert set(gradescope_autograder(zipped({**GOOD, "results/1.json": b"{}"}))) > set(GOOD)


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"setup.sh": b"#!/bin/sh\n"}, "run_autograder is not at the root"),
        ({f"autograder/{name}": content for name, content in GOOD.items()}, "not at the root"),
        ({**GOOD, "run_autograder": b"echo\n"}, "no shebang"),
        ({**GOOD, "setup.sh": b"#!/bin/sh\r\n"}, "line ends of Windows"),
    ],
)
def test_gradescope_refuses_an_autograder(files: dict[str, bytes], why: str) -> None:
    with pytest.raises(Refused, match=why):
        gradescope_autograder(zipped(files))


def test_a_zip_can_hold_one_name_twice() -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        content = zipped([("a", b"1"), ("a", b"2")])
    assert zipfile.ZipFile(io.BytesIO(content)).namelist() == ["a", "a"]
