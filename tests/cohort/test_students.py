"""Who handed in what: names of folders and zips are input like any other."""

import os
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from autograder.hand_in.students import handed_in, is_id, utc


def folder(root, name, timestamp=None):
    work = root / name / "problem_1"
    work.mkdir(parents=True)
    if timestamp is not None:
        (work / "timestamp.txt").write_bytes(timestamp)
    return work


def reasons(root):
    return {one.student: one.reason for one in handed_in(root, "problem_1")}


def test_folders_and_zips_are_found_in_order_of_their_ids(tmp_path):
    for name in ("linus", "ada"):
        folder(tmp_path, name)
    (tmp_path / "grace.ZIP").write_bytes(b"")
    (tmp_path / ".DS_Store").write_bytes(b"")
    found = handed_in(tmp_path, "problem_1")
    assert [(one.student, one.path.name, one.reason) for one in found] == [
        ("ada", "problem_1", None),
        ("grace", "grace.ZIP", None),
        ("linus", "problem_1", None),
    ]


def test_a_zip_that_a_student_made_is_that_students(tmp_path):
    (tmp_path / "ada_problem_1.zip").write_bytes(b"")
    (tmp_path / "linus_problem_1.zip").write_bytes(b"")
    (tmp_path / "linus.zip").write_bytes(b"")
    (tmp_path / "_problem_1.zip").write_bytes(b"")
    folder(tmp_path, "grace_problem_1")
    assert reasons(tmp_path) == {
        "ada": None,
        "linus": "several submissions have this name",
        "_problem_1": "its name is no student id; rename it",
        "grace_problem_1": None,
    }


@pytest.mark.parametrize(
    "student",
    ["ada", "=cmd|' /C calc'!A0".replace("|", "").replace("!", "").replace("/", ""), "s123",
     "Ünï Cøde", "Jose\u0301", "राम", "ประยุทธ์", "o'hara", "O’Brien",
     "a.b@school.edu", "-rf", "+49", "x" * 100],
)  # fmt: skip
def test_an_odd_id_is_still_an_id(student):
    assert is_id(student)


@pytest.mark.parametrize(
    "student",
    ["..", ".", "", ".hidden", "../x", "a/b", "a\\b", "a\nb", "a\0b", "*", "a[b]", "a?", "<b>",
     "a:b", " a", "a ", "a.", "x" * 101, "\u202eada", "a\u200bb", "\u0301a", "a" + 100 * "\u0301"],
)  # fmt: skip
def test_what_leads_elsewhere_or_deceives_is_no_id(student):
    assert not is_id(student)


def test_what_cannot_be_graded_is_listed_with_its_reason(tmp_path):
    folder(tmp_path, "<script>")
    folder(tmp_path, "line\nbreak")
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / "nothing").mkdir()
    other = folder(tmp_path, "ada")
    (tmp_path / "linked").symlink_to(tmp_path / "ada")
    (tmp_path / "copied").mkdir()
    (tmp_path / "copied" / "problem_1").symlink_to(other)
    assert reasons(tmp_path) == {
        "<script>": "its name is no student id; rename it",
        "line?break": "its name is no student id; rename it",
        "notes.txt": "it is neither a folder nor a zip file",
        "nothing": "it has no folder problem_1",
        "ada": None,
        "linked": "it is a link",
        "copied": "it is a link",
    }


def test_a_name_that_is_no_text_is_listed_too(tmp_path):
    os.mkdir(os.fsencode(tmp_path) + b"/\xff\xfe")
    ((student, reason),) = reasons(tmp_path).items()
    assert student.isprintable()
    assert "no student id" in reason


def test_of_two_with_one_name_neither_is_taken_for_the_other(tmp_path):
    folder(tmp_path, "ada")
    folder(tmp_path, "ADA")
    folder(tmp_path, "linus")
    (tmp_path / "linus.zip").write_bytes(b"")
    folder(tmp_path, "grace")
    assert reasons(tmp_path) == {
        "ADA": "several submissions have this name",
        "ada": "several submissions have this name",
        "linus": "several submissions have this name",
        "grace": None,
    }


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"2026-11-21 00:10:00 UTC\n", "2026-11-21 00:10:00"),
        (b"2026-11-21 01:10:00 +0100", "2026-11-21 00:10:00"),
        (b"2026-11-21 01:10:00.123456 CET", "2026-11-21 00:10:00"),
        (b"2026-07-21T00:10 America/New_York", "2026-07-21 04:10:00"),
        (b"2026-11-20 19:10:00 EST\n", "2026-11-21 00:10:00"),
        (b"2026-11-21 00:10:00", "2026-11-21 00:10:00"),
        (b"2026-11-21 00:10:00 UTC+1", None),  # is it before or after?
        (b"2026-11-21 00:10:00 Nowhere", None),
        (b"2026-11-21 00:10:00 /etc/passwd", None),
        (b"2026-11-21", None),
        (b"23:59", None),
        (b"0001-01-01 00:00 +2359", None),
        (b"9" * 29 + b"m", None),
        (b"", None),
        (b"yesterday", None),
        (b"\xff\xfe\x00", None),
        (b"9" * 100_000, None),
    ],
)
def test_the_time_is_read_as_nbgrader_writes_it(tmp_path, content, expected):
    folder(tmp_path, "ada", content)
    (found,) = handed_in(tmp_path, "problem_1")
    assert found.timestamp == expected


def test_a_time_behind_a_link_is_not_read(tmp_path):
    (tmp_path / "class").mkdir()
    work = folder(tmp_path / "class", "ada")
    (tmp_path / "real.txt").write_text("2026-11-21 00:10:00 UTC")
    (work / "timestamp.txt").symlink_to(tmp_path / "real.txt")
    (found,) = handed_in(tmp_path / "class", "problem_1")
    assert found.timestamp is None


@given(st.text() | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9:. +-]*[A-Za-z/+-]*"))
@example("9" * 29 + "m")
def test_whatever_is_given_as_a_time_is_one_or_refused(text):
    try:
        found = utc(text)
    except ValueError:
        return
    assert time.strptime(found, "%Y-%m-%d %H:%M:%S")


def test_a_zone_may_be_called_as_this_machines_clock_does(monkeypatch):
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    try:
        assert utc("2026-07-01 12:00:00 CEST") == "2026-07-01 10:00:00"
        assert utc("2026-12-01 12:00:00 CET") == "2026-12-01 11:00:00"
    finally:
        monkeypatch.undo()
        time.tzset()
