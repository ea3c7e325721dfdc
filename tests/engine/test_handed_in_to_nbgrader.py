"""Stock nbgrader reads what students hand in as `autograder grade` does, however it is named."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest
from nbgrader_course import marks, nbgrader, new_course

RENAMED = "Copy of Tiny.ipynb"


def zipped(folder: Path, path: Path, prefix: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, prefix + file.relative_to(folder).as_posix())


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """A course without a gradebook."""
    return new_course(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="module")
def told(fresh, tiny):
    """What autograde says before anything was generated."""
    return nbgrader(fresh, "autograde", tiny.id)


@pytest.fixture(scope="module")
def collected(fresh, told, tiny, work, hand_in, tmp_path_factory):
    """What zip_collect says of zips that students made."""
    assert nbgrader(fresh, "generate_assignment", tiny.id, "--force").returncode == 0
    place = tmp_path_factory.mktemp("zips")
    archive = fresh / "downloaded" / tiny.id / "archive"
    right, wrong = hand_in(place / "right", work()), hand_in(place / "wrong", work("scale_adds"))
    shutil.copytree(right, place / "renamed")
    (place / "renamed" / tiny.notebook).rename(place / "renamed" / RENAMED)
    zipped(right, archive / f"ada_{tiny.id}.zip")
    zipped(place / "renamed", archive / "bob.zip")
    zipped(right, archive / "deep.zip", prefix="course-main/homework/")
    zipped(right, archive / "eve.zip")
    zipped(wrong, archive / "eve (1).zip")
    return nbgrader(fresh, "zip_collect", tiny.id)


@pytest.fixture(scope="module")
def graded(fresh, collected, tiny):
    """What autograde says of them."""
    return nbgrader(fresh, "autograde", tiny.id)


def test_without_a_gradebook_a_sentence_says_what_to_run(told, tiny):
    assert told.returncode == 1
    assert f"run `nbgrader generate_assignment {tiny.id} --force` first" in told.stderr
    assert "Traceback" not in told.stderr


def test_zips_are_collected_with_the_library_under_their_students_ids(fresh, collected, tiny):
    assert collected.returncode == 0, collected.stderr
    submitted = fresh / "submitted"
    assert sorted(path.name for path in submitted.iterdir()) == ["ada", "bob", "deep"]
    for path in (*tiny.answered_in, tiny.notebook):
        assert (submitted / "ada" / tiny.id / path).is_file()
    assert (submitted / "bob" / tiny.id / RENAMED).is_file()


def test_two_zips_of_one_student_are_set_aside_with_one_sentence_each(collected):
    for name in ("eve", "eve (1)"):
        assert collected.stderr.count(f"{name} was set aside: there are several zips of eve") == 1


@pytest.mark.parametrize("student", ["ada", "bob", "deep"])
def test_whatever_the_notebook_is_called_it_is_graded(fresh, graded, tiny, student):
    assert graded.returncode == 0, graded.stderr
    assert "Traceback" not in graded.stderr
    found = marks(fresh, student)
    assert {name: found[name] for name in tiny.by_id} == {s.id: s.auto for s in tiny.sections}


def test_no_points_of_an_earlier_hand_in_stay_when_the_next_one_is_empty(fresh, graded, tiny):
    work = fresh / "submitted" / "ada" / tiny.id
    shutil.rmtree(work)
    work.mkdir()
    again = nbgrader(fresh, "autograde", tiny.id, "--student", "ada", "--force")
    assert again.returncode == 0, again.stderr
    assert "there is no notebook" in again.stderr
    found = marks(fresh, "ada")
    assert {found[name] for name in tiny.by_id} == {0}


def test_a_student_without_a_folder_is_named_in_a_sentence(fresh, graded, tiny):
    nobody = nbgrader(fresh, "autograde", tiny.id, "--student", "nobody")
    assert nobody.returncode == 1
    assert "No submission was found" in nobody.stderr
    assert "Traceback" not in nobody.stderr
