"""The roads: functions that have works graded and return their outcomes.

Each road runs an instructor's command in a separate process. Its files are in a new folder:
`handed_in` contains the students' files, `out` all output.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from attack import COHORT, DIRECTORY, NBGRADER, ZIP, Work
from hand_in import pack, write

from autograder import checkout
from autograder.assignment.training import Mode
from autograder.grading.grade import grade
from autograder.grading.result import Grade
from autograder.hand_in.students import handed_in
from autograder.hand_in.submission import read
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.problem_1 import svhn
from autograder.problem_1.rubric import SECTIONS
from autograder.report.as_json import from_json
from autograder.sandbox.selftest import choose
from autograder.training.images import open_images
from autograder.training.replay import replayed

SMALL = Mode("small", 1500, 300, 0.35, 0.5, standardised=True)
"""A training of one or two seconds."""

AUTOGRADER = (sys.executable, "-m", "autograder")
HURRIED = (sys.executable, Path(__file__).with_name("hurried.py"))
CONFIG = """\
load_subconfig({config!r})
c = get_config()
c.CourseDirectory.root = {root!r}
c.GradeSubmission.seed = {seed}
c.GradeSubmission.sandbox = {sandbox!r}
c.GradeSubmission.training = {training!r}
"""
MARKS = """
    select student.id, cell.name, grade.auto_score from grade
    join base_cell as cell on cell.id = grade.cell_id
    join submitted_notebook on submitted_notebook.id = grade.notebook_id
    join submitted_assignment on submitted_assignment.id = submitted_notebook.assignment_id
    join student on student.id = submitted_assignment.student_id
"""
LARGEST_LOOKED_AT = 2**26
"""Larger files are not read, because some attacks hand in sparse terabytes."""
CONTROL = re.compile(r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f\x80-\x9f]")


@dataclass(frozen=True)
class Settings:
    """How works are graded. Outcomes are comparable only under equal settings.

    Attributes:
        backend: the sandbox's name.
        seed: the grading seed.
        training: "off", "short" or "small".
        place: a new folder, for `handed_in` and `out`.
        patience_s: seconds after which a command counts as hanging.
        hurried: whether to grade with small budgets, where a command of ours grades.
    """

    backend: str
    seed: int
    training: str
    place: Path
    patience_s: float
    hurried: bool = False

    @property
    def autograder(self) -> tuple[str | Path, ...]:
        return HURRIED if self.hurried else AUTOGRADER

    @property
    def handed_in(self) -> Path:
        return self.place / "handed_in"

    @property
    def out(self) -> Path:
        return self.place / "out"


@dataclass(frozen=True)
class Outcome:
    """The outcome of grading one submission.

    Attributes:
        points: points by section, for the sections that were judged.
        max_score: the maximum of points.
        grade: the Grade without name and time, so that two gradings of one work are equal; None
            where the road writes no Grade.
        seconds: the time that the grading took; 0 where the road does not report it.
        set_aside: why the submission was set aside, if it was because of its name or location.
    """

    points: Mapping[str, float] = field(default_factory=dict)
    max_score: float = 0.0
    grade: Grade | None = None
    seconds: float = 0.0
    set_aside: str = ""

    @classmethod
    def of(cls, grade: Grade) -> Outcome:
        judged = {s.id: s.score for s in grade.sections if s.score is not None}
        anonymous = replace(grade, submission="", elapsed_s=0.0)
        return cls(judged, grade.max_score, anonymous, grade.elapsed_s)

    @property
    def score(self) -> float:
        return round(sum(self.points.values()), 2)


class GraderFailed(Exception):  # noqa: N818 - a verdict of the suite, not an error in it
    """The grader itself failed; the message says how."""


def by_directory(works: Sequence[tuple[str, Work]], settings: Settings) -> list[Outcome]:
    """`autograder grade FOLDER ...`, in this order. A work may be listed several times."""
    for student, work in dict(works).items():
        write(work, settings.handed_in / student)
    folders = [settings.handed_in / student for student, _ in works]
    return (
        _trained(folders, settings)
        if settings.training == SMALL.name
        else _graded(folders, settings)
    )


def _trained(folders: list[Path], settings: Settings) -> list[Outcome]:
    """The same in this process, with a training of a second or two, which no command offers."""
    twin = settings.place / "twin"
    twin.mkdir()
    svhn.draw(twin, train=SMALL.training + SMALL.validation, test=20)
    images, backend = open_images(P1, SMALL, twin), choose(settings.backend)

    def trained(folder: Path) -> Grade:
        work = read(P1, folder)
        return grade(P1, work, settings.seed, backend, images, lambda task: replayed(task, images))

    return [Outcome.of(trained(folder)) for folder in folders]


def by_zip(works: Sequence[tuple[str, Work]], settings: Settings) -> list[Outcome]:
    """`autograder grade FILE.zip ...`."""
    for student, work in dict(works).items():
        write(work, settings.place / "unpacked" / student)
        settings.handed_in.mkdir(exist_ok=True)
        pack(work, settings.place / "unpacked" / student, settings.handed_in / f"{student}.zip")
    return _graded([settings.handed_in / f"{student}.zip" for student, _ in works], settings)


def _graded(paths: list[Path], settings: Settings) -> list[Outcome]:
    report = settings.out / "grades.json"
    _run(
        [*settings.autograder, "grade", *paths, "--json", report, "--keep", settings.out / "kept"],
        settings,
        *_as_options(settings),
    )
    return [Outcome.of(grade) for grade in from_json(report.read_text("utf-8"))]


def by_cohort(works: Sequence[tuple[str, Work]], settings: Settings) -> list[Outcome]:
    """`autograder cohort`: all in one class, more at a time than cores because attacks sleep."""
    for student, work in works:
        folder = (
            settings.place / "unpacked" / student if work.archives else settings.handed_in / student
        )
        write(work, folder / P1.id)
        if work.archives:
            settings.handed_in.mkdir(exist_ok=True)
            pack(work, folder / P1.id, settings.handed_in / f"{student}.zip")
    workers = 2 if settings.hurried else 4  # each one rehearses the mistakes anew
    _run(
        [
            *settings.autograder,
            "cohort",
            settings.handed_in,
            "--out",
            settings.out,
            "--workers",
            workers,
        ],
        settings,
        *_as_options(settings),
    )
    places = {one.path: one for one in handed_in(settings.handed_in, P1.id)}
    marks = _marks(settings.out / "gradebook.db")
    return [_of_class(places, student, marks, settings) for student, _ in works]


def _of_class(places: Mapping, student: str, marks: Mapping, settings: Settings) -> Outcome:
    candidates = (student, f"{student}/{P1.id}", f"{student}.zip")
    (one,) = (places[path] for name in candidates if (path := settings.handed_in / name) in places)
    if one.reason is not None:
        return Outcome(set_aside=one.reason)
    state = settings.out / "observations" / one.student / "grade.json"
    if not state.exists():
        raise GraderFailed(f"{one.student} was not graded by {settings.backend} in a class")
    (grade,) = from_json(state.read_text("utf-8"))
    outcome = Outcome.of(grade)
    written = {k: v for k, v in marks[one.student].items() if k in P1.by_id and v is not None}
    if written != dict(outcome.points):
        raise GraderFailed(f"the gradebook does not have {one.student}'s points: {written}")
    return outcome


def by_nbgrader(works: Sequence[tuple[str, Work]], settings: Settings) -> list[Outcome]:
    """Stock `nbgrader autograde`, with the checkout's configuration."""
    settings.out.mkdir(parents=True)
    config = CONFIG.format(
        config=str(checkout.NBGRADER_CONFIG),
        root=str(settings.out),
        seed=settings.seed,
        sandbox=settings.backend,
        training=settings.training,
    )
    (settings.out / "nbgrader_config.py").write_text(config, "utf-8")
    source = settings.out / "source" / P1.id
    source.mkdir(parents=True)
    shutil.copy(P1.source, source)
    for student, work in works:
        write(work, settings.out / "submitted" / student / P1.id)
    nbgrader = Path(sys.executable).parent / "nbgrader"
    for command in ("generate_assignment", "autograde"):
        _run([nbgrader, command, P1.id], settings, cwd=settings.out)
    _run([nbgrader, "export"], settings, cwd=settings.out)
    shutil.move(settings.out / "submitted", settings.handed_in)
    marks = _marks(settings.out / "gradebook.db")
    trained = settings.training != "off"
    return [_of_book(student, marks, trained) for student, _ in works]


def _of_book(
    student: str, marks: Mapping[str, Mapping[str, float | None]], trained: bool
) -> Outcome:
    if student not in marks:
        raise GraderFailed(f"{student} is not in nbgrader's gradebook")
    judged = [section for section in SECTIONS if trained or not section.training]
    points = {section.id: marks[student][section.id] for section in judged}
    if None in points.values():
        raise GraderFailed(
            f"{student} has no score for {[k for k, v in points.items() if v is None]}"
        )
    return Outcome(points, float(sum(section.auto for section in judged)))


def _marks(book: Path) -> dict[str, dict[str, float | None]]:
    """The scores in a gradebook, by student and cell."""
    found: dict[str, dict[str, float | None]] = {}
    with sqlite3.connect(f"file:{book}?mode=ro", uri=True) as opened:
        for student, cell, score in opened.execute(MARKS):
            found.setdefault(student, {})[cell] = score
    return found


def _as_options(settings: Settings) -> list[object]:
    return ["--seed", settings.seed, "--sandbox", settings.backend, "--training", settings.training]


def _run(
    command: Sequence[object], settings: Settings, *options: object, cwd: Path | None = None
) -> None:
    """Runs a command of the grader, and checks its status, its time and its output.

    Raises:
        GraderFailed: the command failed, hung, printed control characters or changed a submission.
    """
    settings.out.mkdir(parents=True, exist_ok=True)
    before = _contents(settings.handed_in)
    try:
        done = subprocess.run(
            [str(word) for word in (*command, *options)],
            cwd=cwd,
            capture_output=True,
            timeout=settings.patience_s,
            env={**os.environ, "COLUMNS": "80", "OPENBLAS_NUM_THREADS": "1"},
        )
    except subprocess.TimeoutExpired:
        raise GraderFailed(f"{command[1:4]} did not end within {settings.patience_s:g} s") from None
    said = (done.stdout + done.stderr).decode("utf-8", "replace")
    (settings.out / "said.txt").write_text(said, "utf-8")
    if done.returncode != 0:
        raise GraderFailed(f"it ended with status {done.returncode}: {said[-1500:]}")
    if strange := CONTROL.search(said):
        before_it = said[max(0, strange.start() - 80) : strange.start()]
        raise GraderFailed(f"it wrote {strange[0]!r} to the terminal, after {before_it!r}")
    if _contents(settings.handed_in) != before:
        raise GraderFailed("what was handed in was changed")


def _contents(folder: Path) -> dict[str, tuple]:
    """Mode, modification time and content of every file; the size instead of a huge content."""
    found = {}
    for path in folder.rglob("*"):
        status = path.lstat()
        is_plain = stat.S_ISREG(status.st_mode) and status.st_size <= LARGEST_LOOKED_AT
        content = path.read_bytes() if is_plain else status.st_size
        found[str(path)] = (status.st_mode, status.st_mtime_ns, hash(content))
    return found


ROADS: Mapping[str, Callable[[Sequence[tuple[str, Work]], Settings], list[Outcome]]] = {
    DIRECTORY: by_directory,
    COHORT: by_cohort,
    ZIP: by_zip,
    NBGRADER: by_nbgrader,
}
