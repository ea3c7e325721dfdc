"""A class by way of a platform: downloaded, graded, and given back, on the tiny assignment."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
import rosters
import uploads
from downloads import download, made
from people import CLASS, PERSON, TEXT, WORKS
from rich.console import Console

from autograder.cohort.run import CohortError, run
from autograder.commands import export
from autograder.diagnosis.variants import applied, named, released
from autograder.hand_in import origin
from autograder.hand_in.submission import Submission, write
from autograder.nbgrader_plugins import gradebook

sys.path.append(str(Path(__file__).parents[1]))  # also for processes that are started from here

from tiny_assignment import ASSIGNMENT as TINY

SEED, DUE = 4, "2026-11-20 23:59 UTC"
MISTAKES = ((), ("scale_adds",), ("step_goes_uphill",), ("step_rate_is_too_large",))
POINTS = (5.0, 4.0, 3.5, 4.5)
COLUMNS = {
    "canvas": f"Problem 1 ({rosters.CANVAS_ASSIGNMENT})",
    "blackboard": f"Problem 1 [Total Pts: 40 Score] |{rosters.BLACKBOARD_COLUMN}",
    "brightspace": None,
    "moodle": None,
}


def _files(submission: Submission) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as name:
        write(TINY, submission, Path(name))
        paths = [path for path in Path(name).rglob("*") if path.is_file()]
        return {path.relative_to(name).as_posix(): path.read_bytes() for path in paths}


@pytest.fixture(scope="session")
def works() -> dict[str, dict[str, bytes]]:
    """Works of four kinds, and an earlier attempt with nothing in it."""
    kinds = [_files(applied(TINY, (named(TINY, m) for m in mistakes))) for mistakes in MISTAKES]
    found = {key: kinds[number % len(kinds)] for number, key in enumerate(WORKS)}
    return {**found, "mia_first": _files(released(TINY))}


def expected(key: str) -> float:
    return POINTS[WORKS.index(key) % len(POINTS)]


def graded(path: Path, out: Path, *lists: bytes, **options: object) -> tuple[dict, str]:
    """What stands in grades.csv by student, and what was said."""
    paths = []
    for number, content in enumerate(lists):
        paths.append(out.parent / f"roster_{number}.csv")
        paths[-1].write_bytes(content)
    console = Console(file=io.StringIO(), width=200)
    run(TINY, path, out, workers=1, seed=SEED, due=DUE, rosters=paths, console=console, **options)
    return rows_of(out), console.file.getvalue()


def rows_of(out: Path) -> dict[str, dict[str, str]]:
    text = (out / "report" / "grades.csv").read_text("utf-8")
    return {row["student"]: row for row in csv.DictReader(text.splitlines())}


LAYOUTS = {
    "canvas": rosters.canvas_gradebook(),
    "canvas_loose": rosters.canvas_gradebook(),
    "moodle": rosters.moodle_worksheet(),
    "blackboard": rosters.blackboard_grades(),
    "brightspace_folders": rosters.brightspace_grades(),
    "gradescope": rosters.plain_roster(),
    "sakai": rosters.plain_roster(),
    "nbgrader_inbound": rosters.plain_roster(),
    "plain": rosters.plain_roster(),
    "plain_zips": rosters.plain_roster(),
}


IN_MAKE_TEST = ("canvas", "moodle", "gradescope")
"""The others are proofs: each one grades a class."""


@pytest.fixture(scope="session")
def class_of(works, made_once) -> Callable[[str], Path]:
    """`class_of(layout)`: results of a platform's class, which tests must not change.

    `said.txt` beside them is what was said.
    """

    def of(layout: str) -> Path:
        def make(place: Path) -> None:
            as_zip = not layout.startswith("plain")
            path = download(layout, works, place, as_zip=as_zip, folder=TINY.id)
            _, said = graded(path, place / "out", LAYOUTS[layout])
            (place / "said.txt").write_text(said, "utf-8")

        return made_once(f"class of {layout}", make) / "out"

    return of


@pytest.fixture(
    params=[
        pytest.param(layout, marks=[pytest.mark.proof] * (layout not in IN_MAKE_TEST))
        for layout in LAYOUTS
    ],
)
def a_class(request, class_of) -> tuple[str, Path, dict]:
    """A class of each platform: its layout, results and table."""
    out = class_of(request.param)
    return request.param, out, rows_of(out)


def id_of(layout: str, key: str) -> str:
    person = PERSON[key]
    if layout.startswith("moodle"):
        return person.sis or person.email.partition("@")[0]
    return person.login


def handed_in(layout: str, works: dict) -> dict[str, str]:
    """By person: the work that must be graded, for those of whom the download tells."""
    unclear = {"sam_a", "sam_b"} if layout.startswith("brightspace") else set()
    return {
        key: hand_in.work
        for hand_in in made(layout, works, folder=TINY.id).hand_ins
        for key in hand_in.told
        if hand_in.work != TEXT and key not in unclear
    }


def test_every_platform_gives_the_same_grades(a_class, works):
    layout, _, rows = a_class
    told = handed_in(layout, works)
    assert len(told) >= 9
    found = {key: float(rows[id_of(layout, key)]["score"]) for key in told}
    assert found == {key: expected(work) for key, work in told.items()}


def test_late_work_is_late_by_whatever_the_platform_tells(a_class):
    layout, _, rows = a_class
    late = {key: rows[id_of(layout, key)]["seconds_late"] for key in ("bo", "ada")}
    if layout == "moodle" or layout == "plain_zips":
        assert late == {"bo": "unknown", "ada": "unknown"}
    elif layout.startswith("canvas"):
        assert late == {"bo": "late", "ada": "0"}
    elif layout == "blackboard":  # whose clock says CET
        assert late == {"bo": "0", "ada": "0"}
    else:
        assert late["ada"] == "0"
        assert int(late["bo"]) == pytest.approx(1872, abs=13)


def test_what_came_from_where_is_written_down(a_class):
    layout, out, _ = a_class
    told = json.loads((out / origin.NAME).read_text("utf-8"))
    assert told["layout"] == {"nbgrader_inbound": "exchange"}.get(layout, layout.split("_")[0])
    read = origin.read(out / origin.NAME)
    ada = next(one for one in read.sources if one.people[0].id == id_of(layout, "ada"))
    if not layout.startswith("plain"):
        assert set(ada.sha256) == set(ada.files) != set()


TARGETS = {
    "canvas": lambda after, before: uploads.canvas_gradebook(after, CLASS, before=before),
    "moodle": lambda after, before: uploads.moodle_worksheet(before, after),
    "blackboard": lambda after, before: uploads.blackboard_grades(after, CLASS, before=before),
    "brightspace": lambda after, before: uploads.brightspace_grades(after, CLASS, before=before),
}
"""What each platform makes of the filled file."""


def test_given_back_every_student_has_the_right_points(a_class, works, tmp_path):
    layout, out, _ = a_class
    target = layout.partition("_")[0]
    if target not in TARGETS:
        pytest.skip("takes no file back")
    template = tmp_path / "template.csv"
    template.write_bytes(LAYOUTS[layout])
    console = Console(file=io.StringIO(), width=80)
    export.run(
        TINY, target, template, out, tmp_path / "export", column=COLUMNS[target], console=console
    )
    after = (tmp_path / "export" / template.name).read_bytes()
    taken = TARGETS[target](after, template.read_bytes())
    told = handed_in(layout, works)
    key = "moodle" if target == "moodle" else "key"
    right = {getattr(PERSON[who], key): Decimal(str(expected(work))) for who, work in told.items()}
    if target == "moodle":  # the worksheet says that this grade cannot be changed
        del right[PERSON[rosters.LOCKED].moodle]
        assert "locked in Moodle" in (tmp_path / "export" / "export.txt").read_text("utf-8")
    assert dict(taken.points) == right
    assert all(len(line) <= 80 for line in console.file.getvalue().splitlines())
    assert (tmp_path / "export" / "export.txt").exists()


@pytest.mark.parametrize("target", ["canvas", "moodle"])
def test_feedback_goes_back_under_the_names_of_the_download(class_of, works, tmp_path, target):
    export.run(
        TINY, target, None, class_of(target), tmp_path / "export", with_feedback=True,
        console=Console(file=io.StringIO()),
    )  # fmt: skip
    content = (tmp_path / "export" / f"{target}-feedback.zip").read_bytes()
    told = set(handed_in(target, works))
    if target == "moodle":
        files = uploads.moodle_feedback(content, {person.moodle for person in CLASS})
        assert set(files.files) == {PERSON[key].moodle for key in told}
        assert files.reported == ()
    else:
        names = set(zipfile.ZipFile(io.BytesIO(content)).namelist())
        assert names == {
            name for one in made(target, works, folder=TINY.id).hand_ins for name in one.entries
            if one.work != TEXT
        }  # fmt: skip


def test_the_gradebook_knows_names_and_addresses_of_the_roster(a_class):
    layout, out, _ = a_class
    with gradebook.opened(TINY, gradebook.url(out / "gradebook.db")) as book:
        ada = book.find_student(id_of(layout, "ada"))
        assert (ada.first_name, ada.last_name) == ("Ada", "Lindgren")
        assert layout.startswith("canvas") or layout == "blackboard" or ada.email


def test_every_member_of_a_group_has_the_grade(class_of):
    out = class_of("gradescope")
    rows = rows_of(out)
    assert rows["gadler"]["score"] == rows["iweiss"]["score"] == str(expected("team"))
    assert "1 group" in (out.parent / "said.txt").read_text("utf-8")
    for student in ("gadler", "iweiss"):
        assert (out / "feedback" / student / "tiny" / "Tiny.html").exists()


@pytest.mark.parametrize("layout", ["canvas", "moodle_teams"])
def test_members_whom_a_list_names_have_the_grade_and_get_it_back(layout, works, tmp_path):
    target = layout.partition("_")[0]
    template = tmp_path / "template.csv"
    worksheet = rosters.moodle_worksheet(default_group="Default group")
    template.write_bytes(worksheet if target == "moodle" else rosters.canvas_gradebook())
    more = rosters.plain_roster() if target == "moodle" else rosters.canvas_groups()
    path = download(layout, works, tmp_path, as_zip=True, folder=TINY.id)
    rows, said = graded(path, tmp_path / "out", template.read_bytes(), more)
    assert "group" in said
    assert rows["gadler"]["score"] == rows["iweiss"]["score"] == str(expected("team"))
    export.run(
        TINY, target, template, tmp_path / "out", tmp_path / "export", column=COLUMNS[target],
        with_feedback=True, console=Console(file=io.StringIO(), width=80),
    )  # fmt: skip
    after = (tmp_path / "export" / template.name).read_bytes()
    points = TARGETS[target](after, template.read_bytes()).points
    key = "moodle" if target == "moodle" else "key"
    team = {getattr(PERSON[who], key) for who in ("gus", "ipek")}
    assert {points[who] for who in team} == {Decimal(str(expected("team")))}
    if target == "moodle":  # which knows no group: a folder for each member
        pages = (tmp_path / "export" / "moodle-feedback.zip").read_bytes()
        numbers = {person.moodle for person in CLASS}
        assert set(uploads.moodle_feedback(pages, numbers).files) == numbers


def test_points_given_by_hand_are_given_back_too(class_of, tmp_path):
    out = shutil.copytree(class_of("canvas"), tmp_path / "out")
    with gradebook.opened(TINY, gradebook.url(out / "gradebook.db")) as book:
        book.find_grade("step_question", "Tiny", TINY.id, "ada").manual_score = 0.75
        book.db.commit()
    template = tmp_path / "canvas.csv"
    template.write_bytes(LAYOUTS["canvas"])
    column = COLUMNS["canvas"]
    export.run(TINY, "canvas", template, out, tmp_path / "export", column=column)
    taken = uploads.canvas_gradebook((tmp_path / "export" / "canvas.csv").read_bytes(), CLASS)
    assert taken.points["ada"] == Decimal("5.75")


def test_a_graded_student_without_a_row_is_named_and_the_command_fails(class_of, tmp_path):
    template = tmp_path / "canvas.csv"
    lines = rosters.canvas_gradebook().decode().splitlines(keepends=True)
    template.write_text("".join(line for line in lines if "Lindgren" not in line), "utf-8")
    console = Console(file=io.StringIO(), width=80)
    status = export.run(
        TINY, "canvas", template, class_of("sakai"), tmp_path / "export",
        column=COLUMNS["canvas"], console=console,
    )  # fmt: skip
    assert status == 1
    assert "ada" in console.file.getvalue()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"class_": "nothing"}, "origin.json is missing"),
        ({"template": b"id,name\n1,x\n"}, "not a Canvas gradebook"),
    ],
)
def test_what_cannot_be_exported_says_why(class_of, tmp_path, change, says):
    out = tmp_path / "out" if "class_" in change else class_of("sakai")
    template = tmp_path / "t.csv"
    template.write_bytes(change.get("template") or LAYOUTS["canvas"])
    given = None if "template" in change and change["template"] is None else template
    with pytest.raises(export.ExportError, match=says):
        export.run(TINY, "canvas", given, out, tmp_path / "export")


@pytest.fixture(scope="module")
def of_canvas(works, tmp_path_factory):
    """A graded class of Canvas, without a roster."""
    place = tmp_path_factory.mktemp("of_canvas")
    graded(download("canvas", works, place, as_zip=True, folder=TINY.id), place / "out")
    return place / "out"


def exported(target: str, class_: Path, out: Path, **options: object) -> tuple[int, str, bytes]:
    console = Console(file=io.StringIO(), width=80)
    status = export.run(TINY, target, None, class_, out, console=console, **options)
    return status, console.file.getvalue(), (out / f"{target}.csv").read_bytes()


def test_without_a_file_canvas_gets_the_smallest_that_it_takes(of_canvas, works, tmp_path):
    column = COLUMNS["canvas"]
    status, said, after = exported("canvas", of_canvas, tmp_path, column=column)
    assert status == 0
    assert "new assignment" not in said
    taken = uploads.canvas_gradebook(after, CLASS)
    right = {key: Decimal(str(expected(w))) for key, w in handed_in("canvas", works).items()}
    assert dict(taken.points) == right


def test_a_column_that_canvas_may_not_know_is_mentioned(of_canvas, tmp_path):
    status, said, after = exported("canvas", of_canvas, tmp_path)
    assert status == 0
    assert "new assignment" in " ".join(said.split())
    assert after.decode().splitlines()[0] == (
        f"Student,ID,SIS User ID,SIS Login ID,Section,{TINY.title}"
    )


def test_without_a_file_brightspace_gets_the_smallest_that_it_takes(class_of, works, tmp_path):
    options = {"missing": "zero", "column": "Problem 1 Points Grade"}
    status, _, after = exported("brightspace", class_of("sakai"), tmp_path / "export", **options)
    assert status == 0
    taken = uploads.brightspace_grades(after, CLASS)
    right = {key: Decimal(str(expected(w))) for key, w in handed_in("sakai", works).items()}
    absent = {"vera": Decimal(0)}
    assert dict(taken.points) == right | absent


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("moodle", "moodle takes points only in its own file"),
        ("blackboard", "blackboard takes points only in its own file"),
        ("brightspace", "no graded student has an id that brightspace knows"),
    ],
)
def test_where_no_file_can_be_made_the_command_says_what_it_needs(
    of_canvas, tmp_path, target, says
):
    with pytest.raises(export.ExportError, match=says):
        export.run(TINY, target, None, of_canvas, tmp_path / "export")


def test_a_class_that_cannot_be_read_says_why(tmp_path):
    (tmp_path / "class.zip").write_bytes(b"PK\x03\x04")
    (tmp_path / "roster.csv").write_bytes(b"a,b\n1,2\n")
    (tmp_path / "empty").mkdir()
    for path, options, says in (
        ("class.zip", {}, "cannot be read as a class"),
        ("empty", {"rosters": [tmp_path / "roster.csv"]}, "has the columns a, b"),
        ("empty", {"zone": "Nowhere/Land"}, "--zone: Nowhere/Land is no known time zone"),
        ("empty", {}, "is empty"),
    ):
        with pytest.raises(CohortError, match=says):
            run(TINY, tmp_path / path, tmp_path / "out", **options)
