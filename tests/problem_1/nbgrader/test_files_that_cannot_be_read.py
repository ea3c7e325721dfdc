"""`nbgrader autograde` continues whatever is wrong with a student's files, and follows no link."""

from __future__ import annotations

import os
import shutil

import pytest

from autograder import checkout
from autograder.nbgrader_plugins import autograde
from autograder.problem_1 import ASSIGNMENT as P1

CONFIG = f"""\
load_subconfig({str(checkout.NBGRADER_CONFIG)!r})
c = get_config()
c.CourseDirectory.root = {{root!r}}
c.GradeSubmission.seed = 5
"""
NBGRADER = "import sys; from nbgrader.apps.nbgraderapp import main; sys.argv[0] = 'x'; main()"
AWAITS = (None, None, True)


@pytest.fixture
def classroom(public_path, a_course, source, hand_in):
    """A course with its assignment and two honest submissions, one of which comes last."""
    root = public_path / "course"
    (root / "source" / P1.id).mkdir(parents=True)
    shutil.copy(P1.source, root / "source" / P1.id)
    (root / "nbgrader_config.py").write_text(CONFIG.format(root=str(root)), "utf-8")
    opened = a_course(root)
    for student in ("ada", "zoe"):
        hand_in(opened.work(student), source())
    return opened


def test_an_unreadable_submission_is_set_aside_and_the_others_are_graded(
    classroom, hand_in, source, as_ordinary_user
):
    for student in ("closed", "half-closed", "library-closed", "linked", "notebook-closed"):
        hand_in(classroom.work(student), source(), stub=student == "linked")
    submitted = classroom.root / "submitted"
    (submitted / "round").symlink_to("round")
    shutil.copytree(submitted / "ada", submitted / os.fsdecode(b"\xff\xfe"))
    shutil.copytree(submitted / "ada", submitted / "two\nlines")
    classroom.work("linked").rename(submitted / "real")
    classroom.work("linked").symlink_to(submitted / "ada" / P1.id)
    os.chmod(submitted / "closed", 0)
    os.chmod(classroom.work("half-closed"), 0)
    os.chmod(classroom.work("library-closed") / "lib", 0)
    os.chmod(classroom.work("notebook-closed") / P1.notebook, 0)
    if os.geteuid() == 0:
        for path in (classroom.root, classroom.root / "source"):
            os.chown(path, 65534, 65534)
    for words in (["generate_assignment"], ["autograde", "--log-level=WARN"]):
        said = as_ordinary_user(NBGRADER, *words, P1.id, cwd=classroom.root, errors=True)
    for student in ("ada", "zoe"):
        assert classroom.marks(student)["adam"][0] == 2
    assert classroom.marks("library-closed")["adam"][0] == 0
    assert classroom.marks("library-closed")["activations"][0] > 0
    assert classroom.marks("notebook-closed")["adam"][0] == 2
    assert set(classroom.marks("linked").values()) == {AWAITS}
    assert "it is a link" in classroom.notebook("linked")["cells"][0]["source"]
    assert "linked was set aside: it is a link" in said
    for path in ("closed", "half-closed", "two?lines"):
        assert f"{submitted / path}" in said
    assert "Traceback" not in said


@pytest.mark.filterwarnings("ignore:Object of type")  # nbgrader's own use of SQLAlchemy
@pytest.mark.proof
@pytest.mark.parametrize("when", ["the notebook is read", "the library is read"])
def test_a_folder_that_becomes_a_link_during_a_run_is_not_followed(
    classroom, hand_in, source, monkeypatch, tmp_path, when
):
    """It changes after nbgrader has found the notebook, or between nbgrader's two passes."""
    other = tmp_path / "other"
    hand_in(other, source())
    hand_in(classroom.work("swapped"), None, stub=True)
    shutil.copy(P1.release / P1.notebook, classroom.work("swapped"))
    classroom.nbgrader("generate_assignment", P1.id)

    def swap():
        work = classroom.work("swapped")
        if not work.is_symlink():
            work.rename(work.with_name("was"))
            work.symlink_to(other)

    function = (
        (autograde.PlainNotebook, "from_filename")
        if when == "the notebook is read"
        else (autograde.GradeSubmission, "preprocess")
    )
    real = getattr(*function)
    monkeypatch.setattr(*function, lambda *words, **more: swap() or real(*words, **more))
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import PyFileConfigLoader

    monkeypatch.chdir(classroom.root)
    config = PyFileConfigLoader("nbgrader_config.py", path=str(classroom.root)).load_config()
    done = NbGraderAPI(config=config).autograde(P1.id, "swapped")
    assert done["success"], done
    assert set(classroom.marks("swapped").values()) == {AWAITS}
