"""Feedback goes back under the names by which each platform finds its students, and no others."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from autograder.export.feedback import Member, Returned, write


@pytest.fixture
def page(tmp_path) -> Path:
    path = tmp_path / "page.html"
    path.write_text("<p>37 of 37</p>")
    return path


def given_back(target: str, *hand_ins: Returned):
    """What was written, the zip's names and contents, and its bytes."""
    file = io.BytesIO()
    result = write(target, hand_ins, file)
    with zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        content = {name: archive.read(name) for name in archive.namelist()}
    return result, content, file.getvalue()


def inner(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


ONE = {
    # target, the download's entries, platform ids, the name, and what is in the zip
    "Canvas": (
        "canvas",
        ["lovelaceada_LATE_101_9001_ada-1.zip"],
        {"canvas": "101", "attachment": "9001"},
        "lovelaceada_LATE_101_9001_ada-1.zip",
    ),
    "Canvas, anonymous": (
        "canvas",
        ["LATE_anon_aB3xY_9001_ada.zip"],
        {"anonymous": "aB3xY"},
        "LATE_anon_aB3xY_9001_ada.zip",
    ),
    "Canvas, a zip among loose files": (
        "canvas",
        ["z_101_9001_a.ipynb", "z_101_9002_b.zip"],
        {"canvas": "101"},
        "z_101_9002_b.zip",
    ),
    "Canvas, unpacked into a folder": (
        "canvas",
        ["submissions/z_101_9002_b.ZIP"],
        {},
        "z_101_9002_b.ZIP",
    ),
    "Moodle": (
        "moodle",
        ["Ada Lovelace_1001_assignsubmission_file/ada.zip"],
        {"moodle": "1001"},
        "Ada Lovelace_1001_assignsubmission_file/feedback.html",
    ),
    "Moodle before 4.1": (
        "moodle",
        ["Ada Lovelace_1001_assignsubmission_file_/lib/a.py"],
        {},
        "Ada Lovelace_1001_assignsubmission_file_/feedback.html",
    ),
    "Moodle without folders": (
        "moodle",
        ["Ada Lovelace_1001_assignsubmission_file_ada_9_assignsubmission_file_.zip"],
        {"moodle": "1001"},
        "Ada Lovelace_1001_assignsubmission_file/feedback.html",
    ),
    "Moodle, blind": (
        "moodle",
        ["Participant_1001_assignsubmission_file/ada.zip"],
        {"moodle": "1001"},
        "Participant_1001_assignsubmission_file/feedback.html",
    ),
    "Moodle, online text": (
        "moodle",
        ["Ada_1001_assignsubmission_onlinetext/onlinetext.html"],
        {"moodle": "1001"},
        "Ada_1001_assignsubmission_file/feedback.html",
    ),
    "Brightspace": (
        "brightspace",
        ["13394-80551 - Ada Lovelace - Mar 29, 2018 1205 PM - ada.zip"],
        {"brightspace": "13394"},
        "13394-80551 - Ada Lovelace - Mar 29, 2018 1205 PM - ada.zip",
    ),
    "Brightspace, folders": (
        "brightspace",
        ["13394-80551 - Ada - Mar 29, 2018 1205 PM/a.ipynb"],
        {},
        "13394-80551 - Ada - Mar 29, 2018 1205 PM/feedback.html",
    ),
}


@pytest.mark.parametrize(("target", "entries", "ids", "name"), ONE.values(), ids=ONE)
def test_a_page_has_the_name_by_which_the_platform_finds_its_student(
    page, target, entries, ids, name
):
    hand_in = Returned("ada", tuple(entries), page, "", ids)
    result, content, _ = given_back(target, hand_in)
    assert list(content) == [name]
    found = inner(content[name]) if name.lower().endswith(".zip") else content
    assert list(found.values()) == [page.read_bytes()]
    assert [student for student, _ in result.written] == ["ada"]
    assert result.left_out == ()
    assert result.notes


LEFT_OUT = {
    "Canvas, a loose notebook": ("canvas", ["z_101_9001_a.ipynb"], {}, "under the name of z_101"),
    "Canvas, a text": ("canvas", ["z_101_text.html"], {}, "is no zip"),
    "Canvas, no attachment": ("canvas", ["z_101_a.zip"], {}, "could not tell whose"),
    "Canvas, another student": ("canvas", ["z_7_9_a.zip"], {"canvas": "8"}, "could not tell whose"),
    "Canvas, ignored there": ("canvas", ["._z_7_9_a.zip"], {}, "could not tell whose"),
    "Canvas, nothing": ("canvas", [], {}, "is no zip"),
    "Moodle, no number": ("moodle", ["ada.zip"], {}, "no participant number"),
    "Moodle, another number": ("moodle", ["ada.zip"], {"moodle": "1x"}, "no participant number"),
    "Brightspace, loose": ("brightspace", ["1-2 - A - B - a.ipynb"], {}, "is no zip"),
    "leads out": ("brightspace", ["../../1-2 - A.zip"], {}, "cannot stand in a zip"),
    "is absolute": ("brightspace", ["/1-2 - A.zip"], {}, "cannot stand in a zip"),
    "is a drive": ("brightspace", ["C:\\1-2 - A.zip"], {}, "cannot stand in a zip"),
    "control characters": ("canvas", ["z_1_2_\x1b[2J\0.zip"], {}, "cannot stand in a zip"),
    "no text": ("canvas", ["z_1_2_\udcff.zip"], {}, "cannot stand in a zip"),
    "too long": ("canvas", [f"z_1_2_{'x' * 1000}.zip"], {}, "cannot stand in a zip"),
}


@pytest.mark.parametrize(("target", "entries", "ids", "said"), LEFT_OUT.values(), ids=LEFT_OUT)
def test_what_a_platform_could_not_give_back_is_left_out_with_the_reason(
    page, target, entries, ids, said
):
    result, content, _ = given_back(target, Returned("ada", tuple(entries), page, "", ids))
    assert content == {}
    assert [student for student, _ in result.left_out] == ["ada"]
    assert said in result.left_out[0][1]
    assert result.left_out[0][1].isprintable()


def test_every_member_of_a_moodle_group_has_a_folder(page):
    members = (
        Member("Ada_Lovelace", {"moodle": "1001"}),
        Member("../..\x1b", {"moodle": "1002"}),
        Member("Eve", {}),
        Member("Bob / Bab", {"moodle": "1003"}),
    )
    group = ("Team 1_77_assignsubmission_file/a.zip",)
    result, content, _ = given_back("moodle", Returned("team", group, page, members=members))
    assert sorted(content) == [
        "Ada Lovelace_1001_assignsubmission_file/feedback.html",
        "Bob Bab_1003_assignsubmission_file/feedback.html",
        "Participant_1002_assignsubmission_file/feedback.html",
    ]
    assert len(result.written) == 3
    assert "of Eve no participant number" in result.left_out[0][1]


@pytest.mark.parametrize(
    ("target", "entries"),
    [
        ("canvas", ["z_1_2_a.zip", "z_1_2_A.ZIP"]),
        ("moodle", ["Ada_7_assignsubmission_file/a", "Bob_7_assignsubmission_file/b"]),
        ("brightspace", ["1-2 - A - B/a.zip", "1-2 - A - B/b.ipynb"]),
    ],
)
def test_a_name_that_two_hand_ins_have_is_nobody_s(page, target, entries):
    hand_ins = [Returned(f"s{i}", (entry,), page) for i, entry in enumerate(entries)]
    other = ("y_8_9_a.zip", "C_8_assignsubmission_file/a", "8-9 - C - D - a.zip")
    mine = other[["canvas", "moodle", "brightspace"].index(target)]
    result, content, _ = given_back(target, *hand_ins, Returned("carl", (mine,), page))
    assert len(content) == 1
    assert [student for student, _ in result.written] == ["carl"]
    assert [student for student, _ in result.left_out] == ["s0", "s1"]


def test_a_page_comes_with_what_lies_beside_it(tmp_path):
    folder = tmp_path / "pages"
    (folder / "assets").mkdir(parents=True)
    (folder / "Problem_1.html").write_text("page")
    (folder / "assets" / "style.css").write_text("style")
    (folder / ".DS_Store").write_text("x")
    (folder / "link.html").symlink_to("/etc/passwd")
    for target, entry in (("canvas", "z_1_2_a.zip"), ("moodle", "A_1_assignsubmission_file/a")):
        _, content, _ = given_back(target, Returned("ada", (entry,), folder))
        found = inner(content[entry]) if target == "canvas" else content
        assert [name.removeprefix("A_1_assignsubmission_file/") for name in found] == [
            "Problem_1.html",
            "assets/style.css",
        ]


def test_a_hand_in_without_a_page_is_said(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "link.html").symlink_to("/etc/passwd")
    for name in ("none.html", "empty", "link.html"):
        result, content, _ = given_back("canvas", Returned("a", ("z_1_2_a.zip",), tmp_path / name))
        assert content == {}
        assert result.left_out == (("a", "there is no feedback page"),)


def test_the_same_pages_give_the_same_zip(page):
    hand_ins = [Returned(f"s{i}", (f"z_{i}_2_a.zip",), page) for i in range(3)]
    once = given_back("canvas", *hand_ins)[2]
    page.touch()
    assert given_back("canvas", *reversed(hand_ins))[2] == once


def test_platforms_without_feedback_files_are_not_known(page):
    with pytest.raises(KeyError):
        given_back("blackboard", Returned("ada", ("a.zip",), page))
