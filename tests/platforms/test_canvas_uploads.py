"""Canvas's readers take a correct file, and refuse or report each kind of wrong one."""

from __future__ import annotations

from decimal import Decimal

import pytest
import rosters
from downloads import made
from people import CLASS, sample_works
from points import EXPECTED, POINTS, VARIANTS, Edit, edited
from uploads import (
    Refused,
    canvas_comments,
    canvas_gradebook,
)


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
