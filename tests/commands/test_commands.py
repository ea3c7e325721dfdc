"""The command line, run in new processes as users run it, on the tiny assignment."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from tiny_assignment import ASSIGNMENT

from autograder.cli import LayoutName, Target
from autograder.commands.gradescope import LAYOUT
from autograder.export.targets import TARGETS
from autograder.hand_in.layouts import LAYOUTS, PLAIN
from autograder.sandbox.selftest import BACKENDS

ON_TINY = Path(__file__).parents[1] / "on_tiny.py"


def run(*words, **environment):
    return subprocess.run(
        [sys.executable, ON_TINY, *map(str, words)],
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "80", **environment},
        timeout=300,
    )


@pytest.fixture(scope="module")
def solution(tmp_path_factory, work, hand_in):
    """The solution as a student's submission: a zip with `lib` and the notebook."""
    root = tmp_path_factory.mktemp("hand-in")
    folder = hand_in(root / "ada", work())
    return Path(shutil.make_archive(str(folder), "zip", folder))


COMMANDS = ("data", "release", "grade", "cohort", "export", "doctor", "demo")


def test_every_layout_that_can_be_read_can_be_asked_for():
    assert {name.value for name in LayoutName} == {PLAIN, *LAYOUTS}
    assert {target.value for target in Target} == {LAYOUT, *TARGETS}


@pytest.mark.parametrize(
    "command", [[], *([name] for name in COMMANDS), ["gradescope"], ["gradescope", "build"]]
)
def test_every_command_explains_itself(command):
    result = run(*command, "--help")
    assert result.returncode == 0
    assert "Usage: " in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_grade_writes_the_documented_fields_as_json(solution):
    result = run("grade", solution, "--json", "-", "--seed", 5)
    assert result.returncode == 0, result.stderr
    (grade,) = json.loads(result.stdout)
    assert list(grade) == [
        "schema",
        "submission",
        "assignment",
        "score",
        "max_score",
        "seed",
        "suite",
        "training",
        "data",
        "versions",
        "sandbox",
        "elapsed_s",
        "sections",
        "errors",
    ]
    assert (grade["submission"], grade["assignment"]) == ("ada.zip", "tiny")
    assert (grade["score"], grade["max_score"], grade["seed"]) == (5, 5, 5)
    assert (grade["training"], grade["errors"]) == ("off", [])
    assert set(grade["versions"]) == {"python", "numpy"}
    for section in grade["sections"]:
        assert list(section) == ["id", "title", "score", "max_score", "tests", "hints"]
        assert all(list(test) == ["name", "passed", "message"] for test in section["tests"])


def test_grade_shows_a_table_that_fits_80_columns(solution):
    result = run("grade", solution)
    assert result.returncode == 0, result.stderr
    assert "5 of 5 points" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


@pytest.mark.proof
def test_the_same_seed_gives_the_same_json_in_either_sandbox(solution):
    grades = []
    for sandbox in ("bubblewrap", "sandlock", "sandlock"):
        result = run("grade", solution, "--json", "-", "--seed", 9, "--sandbox", sandbox)
        assert result.returncode == 0, result.stderr
        (grade,) = json.loads(result.stdout)
        assert grade.pop("sandbox") == sandbox
        grade.pop("elapsed_s")
        grades.append(grade)
    assert grades[0] == grades[1] == grades[2]


def test_kept_observations_are_regraded_without_the_submission(solution, tmp_path):
    json_file, kept = tmp_path / "new" / "grades.json", tmp_path / "kept"
    result = run("grade", solution, "--json", json_file, "--keep", kept, "--seed", 4)
    assert result.returncode == 0, result.stderr
    (first,) = json.loads(json_file.read_text())
    result = run("grade", "--from-observations", kept / "ada.zip.npz", "--json", "-")
    assert result.returncode == 0, result.stderr
    (again,) = json.loads(result.stdout)
    for grade in (first, again):
        grade.pop("elapsed_s")
    assert again == first


@pytest.fixture
def two_and_one_that_hangs(solution, tmp_path):
    """Three submissions, of which the last takes minutes."""
    paths = [tmp_path / f"{student}.zip" for student in ("ada", "grace", "slow")]
    for path in paths[:2]:
        path.write_bytes(solution.read_bytes())
    with zipfile.ZipFile(solution) as right, zipfile.ZipFile(paths[2], "w") as archive:
        for name in right.namelist():
            hangs = "import time; time.sleep(600)" if name == "lib/optim.py" else None
            archive.writestr(name, hangs or right.read(name))
    return paths


def killed(paths, *options, when):
    """The output of a grading that is killed as soon as `when` holds; its processes end, too."""
    with subprocess.Popen(
        [sys.executable, ON_TINY, "grade", *map(str, paths), *map(str, options)],
        stdout=subprocess.PIPE,
        text=True,
    ) as grader:
        try:
            return when(grader.stdout)
        finally:
            grader.kill()


def until(enough):
    def read(file):
        content = b""
        while not enough(content.decode(errors="ignore")):
            more = file.buffer.read1()  # without waiting for the end of a line
            assert more, "the grader ended by itself"
            content += more
        return content.decode(errors="ignore")

    return read


def test_a_grader_that_is_killed_has_written_what_it_graded(two_and_one_that_hangs, tmp_path):
    file, kept = tmp_path / "grades.json", tmp_path / "kept"
    file.write_text("what was there before")

    def two_are_written(_):
        deadline, texts = time.monotonic() + 60, []
        while time.monotonic() < deadline:
            texts.append(file.read_text())
            if texts[-1] != "what was there before" and len(json.loads(texts[-1])) == 2:
                return texts
            time.sleep(0.01)
        raise AssertionError(texts[-1])

    killed(two_and_one_that_hangs, "--json", file, "--keep", kept, when=two_are_written)
    assert [(g["submission"], g["score"]) for g in json.loads(file.read_text())] == [
        ("ada.zip", 5),
        ("grace.zip", 5),
    ]
    assert sorted(path.name for path in kept.iterdir()) == ["ada.zip.npz", "grace.zip.npz"]
    assert sorted(p.name for p in tmp_path.iterdir() if p.name.startswith(".")) == []


def test_a_grader_that_is_killed_has_shown_what_it_graded(two_and_one_that_hangs):
    shown = killed(
        two_and_one_that_hangs, when=until(lambda text: text.count("5 of 5 points") == 2)
    )
    assert shown.index("ada.zip") < shown.index("grace.zip")


def test_a_grader_that_is_killed_has_piped_what_it_graded(two_and_one_that_hangs):
    result = killed(
        two_and_one_that_hangs,
        *("--json", "-"),
        when=until(lambda text: text.count("\n  }") == 2),
    )
    assert [grade["score"] for grade in json.loads(result.rstrip(",\n") + "]")] == [5, 5]


def test_json_goes_to_a_pipe_as_to_a_file(solution, tmp_path):
    """`--json >(jq ...)` and `--json /dev/stdout` must not be replaced by a file."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE, text=True) as reader:
        result = run("grade", solution, solution, "--json", pipe, "--seed", 5)
        assert result.returncode == 0, result.stderr
        piped = reader.communicate(timeout=60)[0]
    assert pipe.is_fifo()
    file = tmp_path / "grades.json"
    assert run("grade", solution, solution, "--json", file, "--seed", 5).returncode == 0
    result = [re.sub(r'"elapsed_s": .*', "", text) for text in (piped, file.read_text())]
    assert result[0] == result[1]


def test_a_link_to_the_output_file_is_kept(solution, tmp_path):
    (tmp_path / "results").mkdir()
    file, link = tmp_path / "results" / "grades.json", tmp_path / "grades.json"
    file.write_text("[]")
    file.chmod(0o640)
    link.symlink_to(file)
    assert run("grade", solution, "--json", link).returncode == 0
    assert link.is_symlink()
    assert len(json.loads(file.read_text())) == 1
    assert file.stat().st_mode & 0o777 == 0o640


def test_submissions_with_the_same_name_are_kept_separately(tmp_path):
    for student in ("ada", "grace"):
        (tmp_path / student / "tiny" / "lib").mkdir(parents=True)
    ada, grace = (tmp_path / student / "tiny" for student in ("ada", "grace"))
    result = run("grade", ada, grace, ada, "--keep", tmp_path / "kept")
    assert result.returncode == 0, result.stderr
    kept = sorted((tmp_path / "kept").rglob("*.npz"))
    expected = ("ada/tiny (2).npz", "ada/tiny.npz", "grace/tiny.npz")
    assert kept == [tmp_path / "kept" / name for name in expected]
    assert sorted(path.name for path in tmp_path.rglob("*.npz")) == sorted(p.name for p in kept)
    result = run("grade", "--from-observations", *kept, "--json", "-")
    assert [grade["submission"] for grade in json.loads(result.stdout)] == [
        "tiny (2)",
        "ada/tiny",
        "grace/tiny",
    ]


@pytest.mark.parametrize("content", [b"", b"PK nonsense", None])
def test_a_file_without_observations_is_refused_with_a_message(tmp_path, content):
    path = tmp_path / "ada.npz"
    if content is not None:
        path.write_bytes(content)
    result = run("grade", "--from-observations", path)
    assert result.returncode == (2 if content is None else 1)
    assert "ada.npz" in result.stderr
    assert "Traceback" not in result.stderr


def test_an_unreadable_submission_has_a_grade_of_0_and_the_reason(tmp_path):
    empty = tmp_path / "grace.zip"
    empty.write_bytes(b"")
    result = run("grade", empty, "--json", "-")
    assert result.returncode == 0, result.stderr
    (grade,) = json.loads(result.stdout)
    assert grade["score"] == 0
    assert grade["errors"]


WORK = ASSIGNMENT.source.parent


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["grade"], 2, "Missing argument"),
        (["grade", WORK, "--training", "some"], 2, "--training"),
        (["grade", WORK, "--sandbox", "sandpit"], 1, "there is no sandbox called 'sandpit'"),
        (["doctor", "--sandbox", "sandpit"], 1, "there is no sandbox called 'sandpit'"),
        (["grade", WORK, "--json", "."], 1, "is a folder; --json writes a file"),
        (["grade", WORK, "--json", "/dev/null/x.json"], 1, "cannot create the folder /dev/null"),
        (["grade", WORK, "--from-observations", "--seed", "1"], 2, "no --seed, --keep or"),
        (["grade", WORK, "--from-observations", "--older-work"], 2, "--older-work"),
        (["cohort", ".", "--out", "/dev/null/x"], 1, "/dev/null/x cannot be written to"),
        (["frobnicate"], 2, "No such command"),
    ],
)
def test_wrong_use_gives_an_error_message(words, status, said):
    result = run(*words)
    assert result.returncode == status
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_doctor_tries_every_sandbox_line_by_line():
    result = run("doctor")
    assert result.returncode == 0, result.stdout + result.stderr
    here = [backend for backend in BACKENDS if backend.unavailable() is None]
    for backend in BACKENDS:
        confines = f"{backend.name} confines student code" in result.stdout
        assert confines == (backend in here)
    assert result.stdout.count("✓") > 20
    for line in ("cannot fork without end", "can compute with numpy"):
        assert result.stdout.count(f"✓ {line}") == len(here)
    assert result.stdout.count("✗") == len(BACKENDS) - len(here)


def test_a_path_that_does_not_exist_is_an_error_and_nothing_is_graded(solution, tmp_path):
    out = tmp_path / "grades.json"
    done = run("grade", solution, tmp_path / "nobody", tmp_path / "nobody.zip", "--json", out)
    assert done.returncode == 2
    said = " ".join(done.stderr.split())
    assert "no such file or directory" in said
    assert "nobody" in said
    assert "nobody.zip" in said
    assert not out.exists()
    done = run("grade", tmp_path / "kept.npz", "--from-observations")
    assert (done.returncode, done.stdout) == (2, "")
