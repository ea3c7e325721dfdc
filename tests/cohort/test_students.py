"""Student ids from the names of folders and zips, which are untrusted input."""

import os

import pytest

from autograder.hand_in.students import handed_in, is_id


def folder(root, name):
    work = root / name / "tiny"
    work.mkdir(parents=True)
    return work


def reasons(root):
    return {one.student: one.reason for one in handed_in(root, "tiny")}


def several(*names):
    return f"several submissions have this name: {' and '.join(names)}; keep the one that counts"


def test_folders_and_zips_are_listed_in_order_of_their_ids(tmp_path):
    for name in ("linus", "ada"):
        folder(tmp_path, name)
    (tmp_path / "grace.ZIP").write_bytes(b"")
    (tmp_path / ".DS_Store").write_bytes(b"")
    found = handed_in(tmp_path, "tiny")
    assert [(one.student, one.path.name, one.reason) for one in found] == [
        ("ada", "tiny", None),
        ("grace", "grace.ZIP", None),
        ("linus", "tiny", None),
    ]


def test_a_collected_zip_is_assigned_to_the_student_in_its_name(tmp_path):
    (tmp_path / "ada_tiny.zip").write_bytes(b"")
    (tmp_path / "linus_tiny.zip").write_bytes(b"")
    (tmp_path / "linus.zip").write_bytes(b"other")
    (tmp_path / "_tiny.zip").write_bytes(b"")
    folder(tmp_path, "grace_tiny")
    assert reasons(tmp_path) == {
        "ada": None,
        "linus": several("linus.zip", "linus_tiny.zip"),
        "_tiny": "its name is not a valid student id; rename it",
        "grace_tiny": None,
    }


@pytest.mark.parametrize(
    "student",
    ["ada", "=cmd|' /C calc'!A0".replace("|", "").replace("!", "").replace("/", ""), "s123",
     "Ünï Cøde", "Jose\u0301", "राम", "ประยุทธ์", "o'hara", "O’Brien",
     "a.b@school.edu", "-rf", "+49", "x" * 100],
)  # fmt: skip
def test_an_unusual_id_is_valid(student):
    assert is_id(student)


@pytest.mark.parametrize(
    "student",
    ["..", ".", "", ".hidden", "../x", "a/b", "a\\b", "a\nb", "a\0b", "*", "a[b]", "a?", "<b>",
     "a:b", " a", "a ", "a.", "x" * 101, "\u202eada", "a\u200bb", "\u0301a", "a" + 100 * "\u0301"],
)  # fmt: skip
def test_ids_that_are_paths_or_deceptive_are_invalid(student):
    assert not is_id(student)


def test_an_ungradable_entry_is_listed_with_its_reason(tmp_path):
    folder(tmp_path, "<script>")
    folder(tmp_path, "line\nbreak")
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / "nothing").mkdir()
    other = folder(tmp_path, "ada")
    (tmp_path / "linked").symlink_to(tmp_path / "ada")
    (tmp_path / "copied").mkdir()
    (tmp_path / "copied" / "tiny").symlink_to(other)
    assert reasons(tmp_path) == {
        "<script>": "its name is not a valid student id; rename it",
        "line?break": "its name is not a valid student id; rename it",
        "notes.txt": "it is neither a folder nor a zip file",
        "nothing": "it has no folder tiny",
        "ada": None,
        "linked": "it is a link",
        "copied": "it is a link",
    }


def test_a_name_that_is_not_valid_text_is_listed(tmp_path):
    os.mkdir(os.fsencode(tmp_path) + b"/\xff\xfe")
    ((student, reason),) = reasons(tmp_path).items()
    assert student.isprintable()
    assert "not a valid student id" in reason


def test_two_submissions_with_one_name_are_both_set_aside(tmp_path):
    folder(tmp_path, "ada")
    folder(tmp_path, "ADA")
    folder(tmp_path, "linus")
    (tmp_path / "linus.zip").write_bytes(b"")
    folder(tmp_path, "grace")
    assert reasons(tmp_path) == {
        "ADA": several("ADA", "ada"),
        "ada": several("ADA", "ada"),
        "linus": several("linus", "linus.zip"),
        "grace": None,
    }


AGAIN = {
    "by a browser": ("ada.zip", "ada (1).zip"),
    "without a blank": ("ada.zip", "ada(2).zip"),
    "as collected": ("ada_tiny.zip", "ada_tiny (1).zip"),
    "as collected, without the first": ("ada_tiny (1).zip", "ada_tiny (2).zip"),
    "once with the assignment's name": ("ada.zip", "ada_tiny (1).zip"),
}


@pytest.mark.parametrize("names", AGAIN.values(), ids=AGAIN)
def test_a_second_download_is_the_same_students_and_different_ones_are_set_aside(tmp_path, names):
    for name in names:
        (tmp_path / name).write_bytes(name.encode())
    assert reasons(tmp_path) == {"ada": several(*sorted(names, key=lambda n: (len(n), n)))}


@pytest.mark.parametrize("names", AGAIN.values(), ids=AGAIN)
def test_a_second_download_of_the_same_bytes_is_read_once_and_named(tmp_path, names):
    for name in names:
        (tmp_path / name).write_bytes(b"the same")
    (one,) = handed_in(tmp_path, "tiny")
    assert (one.student, one.reason) == ("ada", None)
    assert {one.path.name, *one.copies} == set(names)


def test_a_folder_beside_one_with_a_number_is_the_same_students(tmp_path):
    folder(tmp_path, "ada")
    folder(tmp_path, "ada (1)")
    assert list(reasons(tmp_path)) == ["ada"]
    assert "several submissions" in reasons(tmp_path)["ada"]


def test_numbers_that_tell_ids_apart_are_kept(tmp_path):
    for name in ("team (1).zip", "team (2).zip", "only (1).zip", "none (0).zip", "none.zip"):
        (tmp_path / name).write_bytes(b"the same")
    assert reasons(tmp_path) == dict.fromkeys(
        ("team (1)", "team (2)", "only (1)", "none (0)", "none")
    )
