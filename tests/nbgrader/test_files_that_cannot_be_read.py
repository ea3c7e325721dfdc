"""`nbgrader autograde` continues whatever is wrong with a student's files, and follows no link."""

from __future__ import annotations

import json
import os
import shutil

import pytest
from nbgrader_course import nbgrader, new_course

from autograder.nbgrader_plugins import autograde, gradebook

SETTINGS = "c.GradeSubmission.seed = 5\n"
NBGRADER = "import sys; from nbgrader.apps.nbgraderapp import main; sys.argv[0] = 'x'; main()"
AWAITS = (None, None, True)


@pytest.fixture
def root(public_path):
    """A course's folder, with its assignment."""
    (public_path / "course").mkdir()
    return new_course(public_path / "course", SETTINGS)


@pytest.fixture
def place(root, tiny):
    """`place(student)`: the folder of a student's work."""
    return lambda student: root / "submitted" / student / tiny.id


@pytest.fixture
def marks(root, tiny):
    """`marks(student)`: by cell, the automatic and the manual score, and whether it waits."""

    def found(student):
        with gradebook.opened(tiny, gradebook.url(root / "gradebook.db")) as book:
            notebook = book.find_submission_notebook("Tiny", tiny.id, student)
            return {
                mark.name: (mark.auto_score, mark.manual_score, mark.needs_manual_grade)
                for mark in notebook.grades
            }

    return found


@pytest.mark.proof
def test_an_unreadable_submission_is_set_aside_and_the_others_are_graded(
    root, place, marks, tiny, work, stub, hand_in, as_ordinary_user
):
    for student in ("ada", "closed", "half-closed", "library-closed", "notebook-closed", "zoe"):
        hand_in(place(student), work())
    hand_in(place("linked"), stub)
    submitted = root / "submitted"
    (submitted / "round").symlink_to("round")
    shutil.copytree(submitted / "ada", submitted / os.fsdecode(b"\xff\xfe"))
    shutil.copytree(submitted / "ada", submitted / "two\nlines")
    place("linked").rename(submitted / "real")
    place("linked").symlink_to(submitted / "ada" / tiny.id)
    os.chmod(submitted / "closed", 0)
    os.chmod(place("half-closed"), 0)
    os.chmod(place("library-closed") / "lib", 0)
    os.chmod(place("notebook-closed") / tiny.notebook, 0)
    if os.geteuid() == 0:
        for path in (root, root / "source"):
            os.chown(path, 65534, 65534)
    for words in (["generate_assignment"], ["autograde", "--log-level=WARN"]):
        said = as_ordinary_user(NBGRADER, *words, tiny.id, cwd=root, errors=True)
    points = {student: marks(student) for student in ("ada", "zoe")}
    for found in points.values():
        assert (found["scale"][0], found["step"][0]) == (3, 2)
    assert marks("library-closed")["scale"][0] == 0
    assert marks("library-closed")["step"][0] == 0.5, "its answer in the notebook"
    assert marks("notebook-closed")["scale"][0] == 3
    assert set(marks("linked").values()) == {AWAITS}
    page = root / "autograded" / "linked" / tiny.id / tiny.notebook
    assert "it is a link" in json.loads(page.read_text("utf-8"))["cells"][0]["source"]
    assert "linked was set aside: it is a link" in said
    for path in ("closed", "half-closed", "two?lines"):
        assert f"{submitted / path}" in said
    assert "Traceback" not in said


@pytest.mark.filterwarnings("ignore:Object of type")  # nbgrader's own use of SQLAlchemy
@pytest.mark.proof
@pytest.mark.parametrize("when", ["the notebook is read", "the library is read"])
def test_a_folder_that_becomes_a_link_during_a_run_is_not_followed(
    root, place, marks, tiny, work, stub, hand_in, monkeypatch, tmp_path, when
):
    """It changes after nbgrader has found the notebook, or between nbgrader's two passes."""
    other = hand_in(tmp_path / "other", work())
    hand_in(place("swapped"), stub)
    assert nbgrader(root, "generate_assignment", tiny.id).returncode == 0

    def swap():
        if not place("swapped").is_symlink():
            place("swapped").rename(place("swapped").with_name("was"))
            place("swapped").symlink_to(other)

    function = (
        (autograde.PlainNotebook, "from_filename")
        if when == "the notebook is read"
        else (autograde.GradeSubmission, "preprocess")
    )
    real = getattr(*function)
    monkeypatch.setattr(*function, lambda *words, **more: swap() or real(*words, **more))
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import PyFileConfigLoader

    monkeypatch.chdir(root)
    config = PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config()
    done = NbGraderAPI(config=config).autograde(tiny.id, "swapped")
    assert done["success"], done
    assert set(marks("swapped").values()) == {AWAITS}
