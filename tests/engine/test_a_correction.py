"""After a wrong check is fixed, the class is graded again from stored observations."""

from __future__ import annotations

import ast
import csv
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from rich.console import Console

from autograder import checkout
from autograder.cohort import state as states
from autograder.cohort import work as grading
from autograder.cohort.plan import Plan
from autograder.cohort.state import State, load_state, recover
from autograder.cohort.work import Outcome, grade_hand_in
from autograder.grading.evidence import JUDGING_PARTS, digest_of
from autograder.grading.result import Grade
from autograder.hand_in.students import HandIn
from autograder.judgement.suites import DECIDING_PARTS, files_of
from autograder.report import changes
from autograder.report.as_json import from_json
from autograder.sandbox.selftest import choose

SEED = 11
STUDENTS = {"ada": (), "bob": ("scale_adds",), "mia": ("step_rate_is_too_large",)}
SCORES = {"ada": 5.0, "bob": 4.0, "mia": 4.5}

SUITE, RUBRIC, VARIANTS = "tests/hidden/test_step.py", "__init__.py", "misconceptions/step.py"
FIXED = (SUITE, "rate < 1", "rate <= 2")
"""Accepts a rate of 2, which the first version of the check refused."""
WEIGHT = (SUITE, "weight=3", "weight=1")
POINTS = (RUBRIC, '"A layer that scales", 3', '"A layer that scales", 6')
HINT = (VARIANTS, "is larger than 1.", "is too large.")
PROBE = ("probes/step.py", "lib.optim.SGD(layer, 0.25)", "lib.optim.SGD(layer, 0.125)")
MODULES = (RUBRIC, '("lib.layers", "lib.optim")', '("lib.optim", "lib.layers")')
SOLUTION = ("lib_solution/lib/optim.py", "Gradient descent.", "A step of it.")

SCRIPT = """
import sys
sys.path[:0] = {path!r}
from pathlib import Path
import autograder.cohort.work as work
from autograder.cohort.run import run
from a_course import ASSIGNMENT

def refused(*args, **kw):
    raise AssertionError("student code would have been run")

if {only_evidence}:
    work.grade = refused  # also in workers, which import this file
if __name__ == "__main__":
    run(ASSIGNMENT, Path({folder!r}), Path({out!r}), workers=1, seed={seed}, resume=True)
"""


@dataclass(frozen=True)
class Course:
    """A copy of the tiny assignment that tests may edit, and its class."""

    folder: Path

    @property
    def assignment(self) -> Path:
        return self.folder / "a_course"

    @property
    def out(self) -> Path:
        return self.folder / "out"

    @property
    def submitted(self) -> Path:
        return self.folder / "submitted"

    def grade(self, only_evidence: bool = False) -> str:
        """Grades the class in a new process, as after an edit."""
        script = self.folder / f"class_{only_evidence}.py"
        text = SCRIPT.format(
            path=[str(checkout.ROOT), str(self.folder)],
            folder=str(self.submitted),
            out=str(self.out),
            seed=SEED,
            only_evidence=only_evidence,
        )
        script.write_text(text, "utf-8")
        done = subprocess.run(
            [sys.executable, script],
            capture_output=True,
            text=True,
            env={**os.environ, "COLUMNS": "120"},
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def grades(self) -> dict[str, Grade]:
        found = self.out.glob("observations/*/grade.json")
        return {p.parent.name: from_json(p.read_text("utf-8"))[0] for p in found}

    def scores(self) -> dict[str, float]:
        return {student: found.score for student, found in self.grades().items()}

    def changes(self) -> list[dict[str, str]]:
        text = (self.out / "report" / "changes.csv").read_text("utf-8")
        return list(csv.DictReader(text.splitlines()))

    def evidence(self) -> dict[str, bytes]:
        found = self.out.glob("observations/*/observations.npz")
        return {path.parent.name: path.read_bytes() for path in found}


@pytest.fixture(scope="module")
def course(tmp_path_factory, tiny, work, hand_in) -> Course:
    """A graded class."""
    made = Course(tmp_path_factory.mktemp("course"))
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(tiny.folder, made.assignment, ignore=ignored)
    for student, mistakes in STUDENTS.items():
        hand_in(made.submitted / student / tiny.id, work(*mistakes))
    said = made.grade()
    assert made.scores() == SCORES
    assert "Graded again" not in said
    assert not (made.out / "report" / "changes.csv").exists()
    assert "changes.csv" not in (made.out / "report" / "index.html").read_text("utf-8")
    return made


@pytest.fixture(scope="module")
def before(course) -> tuple[dict[str, Grade], dict[str, bytes]]:
    """The Grades and the evidence of the class before any correction."""
    return course.grades(), course.evidence()


@pytest.fixture(scope="module")
def corrected(course, before, edit) -> tuple[Course, str]:
    """The class after a check was fixed, and the output of the regrading."""
    edit(course.assignment, FIXED)
    return course, course.grade(only_evidence=True)


def test_after_a_fixed_check_the_class_is_regraded_without_running_student_code(corrected, before):
    course, said = corrected
    grades, evidence = before
    assert course.scores() == SCORES | {"mia": 5.0}
    assert course.evidence() == evidence
    assert "3 graded again from stored observations: no student code was run." in said
    assert "Graded again: points changed for 1 of 3 students" in said
    assert "1.5 / 2 → 2 / 2" in said
    assert "rate: failed, now passed" in said
    assert 'href="changes.csv"' in (course.out / "report" / "index.html").read_text("utf-8")
    (line,) = course.changes()
    assert line == {
        "student": "mia",
        "section": "step",
        "old_score": "1.5",
        "old_max_score": "2",
        "new_score": "2.0",
        "new_max_score": "2",
        "check": "step_rate",
        "old_verdict": "failed",
        "new_verdict": "passed",
        "why": "a learning rate lies between 0 and 1",
        "old_suite": grades["mia"].suite,
        "new_suite": course.grades()["mia"].suite,
    }


@pytest.mark.proof
def test_a_kill_between_two_renames_loses_no_change_and_no_evidence(corrected, before):
    """The files are as after a kill between two renames, before anything else was written."""
    course, evidence = corrected[0], before[1]
    whole, found = course.changes(), course.out / "observations"
    (found / "mia").rename(found / ".was-mia")
    (found / ".state-half").mkdir()
    for derived in ("report", "feedback", "autograded"):
        shutil.rmtree(course.out / derived)
    said = course.grade(only_evidence=True)
    assert course.scores() == SCORES | {"mia": 5.0}
    assert (course.changes(), course.evidence()) == (whole, evidence)
    assert sorted(path.name for path in found.iterdir()) == sorted(STUDENTS)
    assert "1.5 / 2 → 2 / 2" in said
    assert "stored observations" not in said


@pytest.mark.proof
def test_the_table_keeps_every_correction_and_the_terminal_shows_the_last(corrected, edit):
    course = corrected[0]
    edit(course.assignment, (SUITE, "rate <= 2", "rate < 1"), WEIGHT)
    said = course.grade(only_evidence=True)
    first, last = course.changes()
    assert (first["old_verdict"], first["new_verdict"]) == ("failed", "passed")
    assert (last["old_verdict"], last["new_verdict"]) == ("passed", "failed")
    assert (last["old_score"], last["new_score"]) == ("2.0", "1.0")
    assert "2 / 2 → 1 / 2" in said
    assert "1.5 / 2" not in said


Update = Callable[..., tuple[Outcome, State]]


@pytest.fixture
def update(tmp_path, tiny, monkeypatch) -> Update:
    """`update(folder, assignment)` updates the state of a submission. With `from_evidence`, it
    fails if student code would run."""

    sandbox = choose(None, tiny.probes_folder).name

    def updated(folder: Path, assignment, from_evidence: bool = False, **asked):
        def refused(*_, **kw):
            raise AssertionError("student code would have been run")

        observations = tmp_path / "observations"
        plan = Plan(assignment, observations, (), SEED, "off", sandbox, tmp_path / "replays")
        with monkeypatch.context() as patched:
            if from_evidence:
                patched.setattr(grading, "grade", refused)
            hand_in = HandIn(folder.name, folder, folder.parent)
            outcome = grade_hand_in(hand_in, replace(plan, **asked))
        state = load_state(observations / folder.name)
        assert isinstance(outcome, Outcome)
        assert state is not None
        return outcome, state

    return updated


@pytest.fixture
def mia(work, hand_in, tmp_path) -> Path:
    return hand_in(tmp_path / "mia", work(*STUDENTS["mia"]))


@pytest.mark.parametrize(
    ("edits", "score"),
    [([FIXED], 5), ([WEIGHT], 4), ([POINTS], 7.5), ([HINT], 4.5), ([FIXED, POINTS], 8)],
    ids=["a check", "a weight", "points", "a hint", "both"],
)
def test_regrading_from_evidence_gives_the_same_grade_as_grading_from_scratch(
    edition, update, mia, tmp_path, edits, score
):
    _, first = update(mia, edition())
    after = edition(*edits)
    outcome, again = update(mia, after, from_evidence=True)
    assert (again.grade.score, outcome.corrected, outcome.kept) == (score, True, False)
    assert again.earlier == (first.grade,)
    assert update(mia, after, from_evidence=True)[0].kept
    shutil.rmtree(tmp_path / "observations")
    _, afresh = update(mia, after)
    assert replace(afresh.grade, elapsed_s=0) == replace(again.grade, elapsed_s=0)


@pytest.mark.parametrize("edit_", [PROBE, MODULES, SOLUTION], ids=["probe", "modules", "solution"])
def test_a_change_to_what_is_observed_runs_student_code_again(edition, update, mia, edit_):
    _, first = update(mia, edition())
    after = edition(edit_, FIXED)
    with pytest.raises(AssertionError, match="student code would have been run"):
        update(mia, after, from_evidence=True)
    outcome, state = update(mia, after)
    assert (outcome.corrected, state.grade.score) == (False, 5)
    assert state.earlier == (first.grade,)  # it still counts as a correction


def test_a_resubmission_or_another_seed_is_not_a_correction(edition, update, mia, work, hand_in):
    update(mia, edition())
    after = edition(FIXED)
    assert update(mia, after, seed=SEED + 1)[1].earlier == ()
    hand_in(mia, work())
    assert update(mia, after)[1].earlier == ()


def test_damaged_evidence_is_collected_again(edition, update, mia, tmp_path):
    _, first = update(mia, edition())
    (tmp_path / "observations" / "mia" / "observations.npz").write_bytes(b"PK nothing")
    outcome, state = update(mia, edition(FIXED))
    assert (outcome.corrected, state.grade.score, state.earlier) == (False, 5, (first.grade,))


def test_a_state_is_replaced_atomically(tmp_path):
    def state(place: Path, text: str) -> Path:
        place.mkdir()
        (place / "grade.json").write_text(text)
        return place

    place = state(tmp_path / "mia", "old")
    states._replace_state(state(tmp_path / "new", "new"), place)
    assert (place / "grade.json").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["mia"]

    state(tmp_path / ".was-mia", "older")
    state(tmp_path / ".was-bob", "put back")
    recover(tmp_path)
    assert (place / "grade.json").read_text() == "new"
    assert (tmp_path / "bob" / "grade.json").read_text() == "put back"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bob", "mia"]


def imported(file: Path) -> Iterator[Path]:
    """The modules of the package that a module imports, also inside functions."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("autograder"):
            for name in (node.module, *(f"{node.module}.{alias.name}" for alias in node.names)):
                place = checkout.ROOT.joinpath(*str(name).split(".")).with_suffix(".py")
                yield from [place] if place.is_file() else []


def test_code_that_observes_does_not_import_code_that_only_judges():
    judges = set(files_of(JUDGING_PARTS))
    ahead, reached = set(files_of(["observation", "sandbox", "hand_in", "assignment"])), set()
    while ahead:
        file = ahead.pop()
        reached.add(file)
        ahead |= set(imported(file)) - reached
    assert len(reached) > 30
    assert not reached & judges
    assert set(JUDGING_PARTS) <= set(DECIDING_PARTS)


def test_parts_of_a_digest_are_kept_apart():
    assert digest_of(["ab", "c"]) != digest_of(["a", "bc"])
    assert digest_of(["ab", b"c"]) == digest_of([b"ab", "c"])


@pytest.fixture(scope="module")
def two(before) -> tuple[Grade, Grade]:
    """A Grade in which the check of the rate failed, and one in which all checks passed."""
    return before[0]["mia"], before[0]["ada"]


def test_added_and_removed_sections_and_checks_are_listed(two):
    old, new = two
    scale, step = old.sections
    fewer = replace(step, score=2.0, tests=step.tests[:1])
    (gone,) = changes.of("ada", old, replace(new, sections=(scale, fewer)))
    assert (gone.check, gone.was, gone.now) == ("step_rate", "failed", "no such check")
    found = changes.of("ada", replace(old, sections=(scale,)), replace(new, sections=(step,)))
    assert [(one.section, one.why) for one in found] == [
        ("step", "a new section"),
        ("scale", "the section was removed"),
    ]
    (weight,) = changes.of("ada", old, replace(old, sections=(scale, replace(step, score=0.5))))
    assert (weight.check, weight.why) == ("", "its points are computed differently now")
    unjudged = replace(step, score=None)
    assert not list(changes.of("ada", replace(old, sections=(scale, unjudged)), new))


def test_student_text_is_neither_markup_nor_a_formula(two):
    old, new = two
    scale, step = old.sections
    hostile = tuple(replace(test, message="=cmd() [red]") for test in step.tests)
    one = next(
        changes.of("=ada", replace(old, sections=(scale, replace(step, tests=hostile))), new)
    )
    assert "'=cmd() [red]" in changes.csv_of([one])
    assert '"\'=ada"' in changes.csv_of([one])
    console = Console(file=io.StringIO(), width=100)
    console.print(changes.shown([replace(one, check="", why="[red]")], 1))
    assert "[red]" in console.file.getvalue()


def test_a_long_table_is_shortened_in_the_terminal(two):
    one = next(changes.of("ada", *two))
    console = Console(file=io.StringIO(), width=100)
    many = [replace(one, student=f"student {number}") for number in range(200)]
    console.print(changes.shown(many, 300))
    said = console.file.getvalue()
    assert "points changed for 200 of 300 students" in said
    assert "and 180 more" in said
    assert len(said.splitlines()) < 30


def test_a_regrading_without_changes_says_so():
    console = Console(file=io.StringIO(), width=100)
    console.print(changes.shown([], 3))
    assert "points changed for none of 3 students" in console.file.getvalue()
