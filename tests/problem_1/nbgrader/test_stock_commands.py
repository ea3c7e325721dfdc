"""generate_assignment, autograde, generate_feedback and export, as an instructor types them."""

from __future__ import annotations

import base64
import csv
import json
import os
from html.parser import HTMLParser

import pytest

from autograder import checkout
from autograder.grading.grade import grade
from autograder.hand_in.submission import Submission, read
from autograder.nbgrader_plugins import autograde, gradebook
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.sandbox.selftest import choose

pytestmark = (
    pytest.mark.proof
)  # `tests/engine/test_stock_nbgrader.py` does it on the tiny assignment

SEED = 77
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(16)).decode()
CONFIG = f"""\
load_subconfig({str(checkout.NBGRADER_CONFIG)!r})
c = get_config()
c.CourseDirectory.root = {{root!r}}
c.GradeSubmission.seed = {SEED}
c.LateSubmissionPlugin.penalty_method = "zero"
"""
EXPLOIT = "<script>alert(1)</script><img src=x onerror=alert(2)>"
MANUAL = {
    "compare_sgd_momentum_question",
    "compare_optimizers_question",
    "compare_optimizers_plot",
}


def cell(notebook, grade_id):
    return next(c for c in notebook["cells"] if c["metadata"]["nbgrader"]["grade_id"] == grade_id)


def spoilt(notebook):
    """A notebook with many tricks to get points or to run code in a grader's browser."""
    for each in notebook["cells"]:
        each["metadata"]["tags"] = ["skip-execution", "raises-exception"]
    marked = cell(notebook, "fc_forward")
    marked["source"] = "print('all fine')"
    marked["metadata"]["nbgrader"] |= {"points": 1000, "grade": True}
    marked["outputs"] = [
        {
            "output_type": "execute_result",
            "execution_count": 1,
            "metadata": {},
            "data": {"text/plain": "1000", "text/html": EXPLOIT},
        }
    ]
    cell(notebook, "adam")["metadata"]["nbgrader"] |= {"grade": False, "locked": False}
    notebook["cells"].remove(cell(notebook, "rmsprop"))
    notebook["cells"].append(json.loads(json.dumps(cell(notebook, "fc_backward"))))
    cell(notebook, "cascade")["cell_type"] = "markdown"
    shown = cell(notebook, "train_tiny_net_curves")
    shown["outputs"] = [
        {
            "output_type": "display_data",
            "metadata": {},
            "data": {
                "image/png": PNG,
                "image/svg+xml": f"<svg>{EXPLOIT}</svg>",
                "application/javascript": "alert(3)",
            },
        },
        {"output_type": "stream", "name": "stderr", "text": EXPLOIT},
    ]
    question = cell(notebook, "compare_sgd_momentum_question")
    question["source"] = f"Because {EXPLOIT} [click](javascript:alert(4)) $\\href{{javascript:x}}$"
    return notebook


@pytest.fixture(scope="module")
def classroom(tmp_path_factory, a_course, source, hand_in):
    """The course, after all four commands."""
    root = tmp_path_factory.mktemp("course")
    (root / "nbgrader_config.py").write_text(CONFIG.format(root=str(root)), "utf-8")
    source_folder = root / "source" / P1.id
    source_folder.mkdir(parents=True)
    (source_folder / P1.notebook).write_bytes(P1.source.read_bytes())
    made = a_course(root)
    hand_in(made.work("right"), source())
    hand_in(
        made.work("wrong"),
        source(),
        patch=("lib/optim.py", "self.momentum * v -", "self.momentum * v +"),
    )
    hand_in(made.work("hostile"), spoilt(source()), stub=True)
    hand_in(made.work("damaged"), b'{"cells": [')
    hand_in(made.work("late"), source())
    (made.work("late") / "timestamp.txt").write_text("2026-11-21 00:10:00 UTC", "utf-8")
    made.nbgrader("generate_assignment", P1.id)
    made.nbgrader("db", "assignment", "add", P1.id, "--duedate=2026-11-20 23:59 UTC")
    made.nbgrader("autograde", P1.id)
    made.nbgrader("generate_feedback", P1.id)
    made.nbgrader("export")
    return made


STUDENTS = ("right", "wrong", "hostile", "damaged", "late")


@pytest.mark.parametrize("student", STUDENTS)
def test_the_gradebook_has_the_points_of_autograder_grade(classroom, points, student):
    expected = points(grade(P1, read(P1, classroom.work(student), student), SEED, choose()))
    found = classroom.marks(student)
    assert {name: found[name][0] for name in expected} == expected
    assert set(found) == set(expected) | MANUAL


def test_no_trick_earns_a_point(classroom):
    earned = {n: score for n, (score, _, _) in classroom.marks("hostile").items() if score}
    assert earned == {"activations": 3}  # honest work in an answer cell


def test_cells_for_manual_grading_wait_for_a_person(classroom):
    marks = classroom.marks("right")
    waiting = {name for name, (_, _, look) in marks.items() if look}
    assert waiting == MANUAL | {"train_tiny_net", "compare_sgd_momentum", "compare_optimizers"}


def test_every_graded_cell_occurs_once_in_its_released_form(classroom, source):
    released = {c["metadata"]["nbgrader"]["grade_id"]: c for c in source()["cells"]}
    for student in STUDENTS:
        cells = [c for c in classroom.notebook(student)["cells"] if c["metadata"]]
        ids = [c["metadata"]["nbgrader"]["grade_id"] for c in cells]
        assert len(ids) == len(set(ids))
        for name in classroom.marks(student):
            found = cells[ids.index(name)]
            assert found["cell_type"] == released[name]["cell_type"]
            actual = found["metadata"]["nbgrader"]
            expected = released[name]["metadata"]["nbgrader"]
            assert {k: actual[k] for k in ("points", "grade", "locked", "solution", "task")} == {
                k: expected[k] for k in ("points", "grade", "locked", "solution", "task")
            }
            assert set(found["metadata"]) == {"nbgrader"}


def test_each_graded_cell_shows_its_result(classroom):
    shown = cell(classroom.notebook("wrong"), "sgd_momentum")["outputs"]
    assert len(shown) == 1
    assert shown[0]["text"].startswith("SGD + Momentum: 0 of 2 points\n")
    assert "FAILED" in shown[0]["text"]
    assert cell(classroom.notebook("right"), "adam")["outputs"][0]["text"].startswith(
        "Adam: 2 of 2 points\n"
    )


def test_plots_stay_as_text_and_png(classroom):
    outputs = next(
        c for c in classroom.notebook("hostile")["cells"] if c.get("id") == "train_tiny_net_curves"
    )["outputs"]
    assert outputs[0]["data"] == {"image/png": PNG}
    assert outputs[1]["name"] == "stdout"


class Active(HTMLParser):
    """Finds active content of a page: scripts, handlers and javascript links."""

    def __init__(self):
        super().__init__()
        self.found, self._script = [], False

    def handle_starttag(self, tag, attrs):
        self._script = tag == "script"
        for name, value in attrs:
            if name.startswith("on") or (value or "").strip().lower().startswith("javascript"):
                self.found.append((tag, name, value))

    def handle_data(self, data):
        if self._script and "alert(" in data:
            self.found.append(("script", data))
        self._script = False


def test_no_student_content_runs_in_a_browser(classroom):
    page = classroom.root / "feedback" / "hostile" / P1.id / "Problem_1.html"
    text = page.read_text("utf-8")
    assert "click" in text
    assert "\\href{" not in text
    active = Active()
    active.feed(text)
    assert active.found == []


def test_feedback_has_no_mark_scheme_beside_an_answer(classroom):
    for student in STUDENTS:
        page = classroom.root / "feedback" / student / P1.id / "Problem_1.html"
        assert "mark-scheme" not in page.read_text("utf-8")


def test_a_late_hand_in_is_penalised_by_nbgraders_own_plugin(classroom):
    with open(classroom.root / "grades.csv", encoding="utf-8") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    assert (rows["late"]["raw_score"], rows["late"]["score"]) == ("29.0", "0.0")
    assert (rows["right"]["raw_score"], rows["right"]["score"]) == ("29.0", "29.0")


def test_a_resubmission_without_graded_cells_keeps_nothing(classroom, hand_in, source):
    student = "resubmitted"
    hand_in(classroom.work(student), source())
    classroom.nbgrader("autograde", P1.id, f"--student={student}")
    assert classroom.marks(student)["adam"][0] == 2
    with gradebook.opened(P1, classroom.book) as book:
        answer = ("compare_optimizers_question", "Problem_1", P1.id, student)
        book.find_grade(*answer).manual_score = 0.5
        book.find_comment(*answer).manual_comment = "Nearly."
        book.find_grade("activations", *answer[1:]).extra_credit = 0.25
        book.db.commit()

    empty = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    hand_in(classroom.work(student), empty, stub=True)
    classroom.nbgrader("autograde", P1.id, f"--student={student}", "--force")
    marks = classroom.marks(student)
    earned = {name: score for name, (score, _, _) in marks.items() if score}
    assert earned == {}
    assert marks["compare_optimizers_question"] == (0, 0.5, True)
    with gradebook.opened(P1, classroom.book) as book:
        assert book.find_comment(*answer).comment == "Nearly."
        assert book.find_grade("activations", *answer[1:]).extra_credit == 0.25


def test_a_resubmission_in_the_same_process_gets_another_seed(monkeypatch):
    """Formgrader grades in the server's process, which may keep one seed for weeks."""
    first, second = Submission("ada", {"lib/a.py": b"1"}, {}), Submission("ada", {}, {}, (), b"2")
    names = {"db_url": "sqlite://", "assignment": P1.id, "student": "ada"}
    step = autograde.GradeSubmission()
    monkeypatch.setattr(autograde, "_first_hand_ins", {})
    found = [step._own_seed(SEED, one, names) for one in (first, second, first, second)]
    assert found[0] == found[2] == SEED
    assert found[1] == found[3] != SEED
    assert step._own_seed(SEED, second, {**names, "student": "linus"}) == SEED


def test_files_beside_the_notebook_are_neither_copied_nor_waited_for(classroom, hand_in, source):
    """Links, pipes, endless files and an invalid time, all of which an exchange may contain."""
    secret = classroom.root / "gradebook.db"
    work = classroom.work("strange")
    hand_in(work, source())
    (work / "mine.db").symlink_to(secret)
    (work / "folder").symlink_to(classroom.root)
    (work / "endless").symlink_to("/dev/zero")
    os.mkfifo(work / "pipe")
    os.mkfifo(work / "timestamp.txt")
    with (work / "sparse.bin").open("wb") as file:
        file.truncate(2**40)
    replaced = classroom.work("linked")
    hand_in(replaced, source())
    (replaced / P1.notebook).unlink()
    (replaced / P1.notebook).symlink_to("/dev/zero")
    (replaced / "timestamp.txt").write_text("yesterday, I swear")

    for student in ("strange", "linked"):
        classroom.nbgrader("autograde", P1.id, f"--student={student}")
        graded = classroom.root / "autograded" / student / P1.id
        assert [path.name for path in graded.iterdir()] == [P1.notebook]
    assert classroom.marks("strange")["adam"][0] == 2
    assert classroom.marks("linked")["adam"][0] == 2
    assert classroom.marks("linked")["activations"][0] == 0
    assert "cannot be shown" in classroom.notebook("linked")["cells"][0]["source"]


def test_a_newer_hand_in_is_graded_again_without_being_forced(classroom, hand_in, source):
    student = "newer"
    for time, stub, points in (("2026-11-01 10:00:00", True, 0), ("2026-11-02 10:00:00", False, 2)):
        hand_in(classroom.work(student), source(), stub=stub)
        (classroom.work(student) / "timestamp.txt").write_text(f"{time} UTC")
        classroom.nbgrader("autograde", P1.id, f"--student={student}")
        assert classroom.marks(student)["adam"][0] == points


def test_no_student_id_shifts_columns_or_becomes_a_formula(classroom, tmp_path):
    ids = ("ada,,,,40,0,40,40", "=cmd('x')", "-2+3")
    with gradebook.opened(P1, classroom.book) as book:
        for student in ids:
            book.update_or_create_student(student)
    classroom.nbgrader("export", f"--to={tmp_path / 'all.csv'}")
    with (tmp_path / "all.csv").open(encoding="utf-8") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    for student in ids:
        shown = student if student[0].isalpha() else "'" + student
        assert (rows[shown]["score"], rows[shown]["max_score"]) == (
            "0.0",
            rows["right"]["max_score"],
        )
        assert None not in rows[shown]


def test_older_work_is_graded_as_older_work(classroom, hand_in, points):
    work = classroom.work("older")
    hand_in(work, {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    option = "--GradeSubmission.older_work=True"
    classroom.nbgrader("autograde", P1.id, "--student=older", option)
    expected = points(grade(P1, read(P1, work, "older"), SEED, choose(), older_work=True))
    assert (expected["cascade"], expected["small_network"]) == (2, 2)
    found = classroom.marks("older")
    assert {name: found[name][0] for name in expected} == expected


def test_a_killed_autograde_loses_only_the_current_submission(tmp_path, a_course, source, hand_in):
    """Finished grades are in the gradebook, and the same command continues with the others."""
    (tmp_path / "nbgrader_config.py").write_text(CONFIG.format(root=str(tmp_path)), "utf-8")
    (tmp_path / "source" / P1.id).mkdir(parents=True)
    (tmp_path / "source" / P1.id / P1.notebook).write_bytes(P1.source.read_bytes())
    made = a_course(tmp_path)
    for student in ("ada", "grace", "slow"):
        hand_in(made.work(student), source())
    optim = made.work("slow") / "lib" / "optim.py"
    right = optim.read_text("utf-8")
    optim.write_text("import time; time.sleep(600)\n", "utf-8")
    made.nbgrader("generate_assignment", P1.id)

    def points(student):
        return sum(score or 0 for score, _, _ in made.marks(student).values())

    with made.start("autograde", P1.id) as grader:
        for line in grader.stderr:
            if "grace: 29 of 29 points" in line:
                break
        assert grader.poll() is None
        grader.kill()
    assert [points(student) for student in ("ada", "grace")] == [29, 29]
    optim.write_text(right, "utf-8")
    said = made.nbgrader("autograde", P1.id)
    assert [points(student) for student in ("ada", "grace", "slow")] == [29, 29, 29]
    assert "ada: 29" not in said, "it was graded before"
