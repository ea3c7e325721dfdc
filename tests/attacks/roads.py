"""The roads by which works are handed in and graded: each takes works and says what became of them.

Each runs the command that an instructor runs, in a process of its own, with its files in a folder
of its own: `handed_in` is what students wrote, `out` all that came back.
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
from autograder.training import recipe
from autograder.training.images import opened
from autograder.training.replay import replayed

SMALL = Mode("small", 1500, 300, 0.35, standardised=True)
"""A training of one or two seconds."""
HOUR = 2e12
"""Operations of the longest of them: half a minute in the place of an hour."""

AUTOGRADER = (sys.executable, "-m", "autograder")
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
"""Attacks hand in sparse terabytes."""
CONTROL = re.compile(r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f\x80-\x9f]")


@dataclass(frozen=True)
class Terms:
    """How works are graded: the same for all that are compared.

    Attributes:
        backend: the sandbox's name.
        seed: the grading seed.
        training: "off" or "short".
        place: a fresh folder; `handed_in` and `out` are made in it.
        spent_s: seconds after which a command counts as hanging.
    """

    backend: str
    seed: int
    training: str
    place: Path
    spent_s: float

    @property
    def handed_in(self) -> Path:
        return self.place / "handed_in"

    @property
    def out(self) -> Path:
        return self.place / "out"


@dataclass(frozen=True)
class Outcome:
    """What became of one hand-in.

    Attributes:
        points: by section, of those that were judged.
        most: the points that could be had.
        grade: without name and time, so that two gradings of one work are equal; None where the
            road leaves none behind.
        seconds: that its grading took; 0 where the road does not tell.
        aside: why it was not graded, if its name or place was the reason.
    """

    points: Mapping[str, float] = field(default_factory=dict)
    most: float = 0.0
    grade: Grade | None = None
    seconds: float = 0.0
    aside: str = ""

    @classmethod
    def of(cls, grade: Grade) -> Outcome:
        judged = {s.id: s.score for s in grade.sections if s.score is not None}
        anonymous = replace(grade, submission="", elapsed_s=0.0)
        return cls(judged, grade.max_score, anonymous, grade.elapsed_s)

    @property
    def score(self) -> float:
        return round(sum(self.points.values()), 2)


class Fell(Exception):  # noqa: N818 - what the suite looks for
    """The grader itself did not do its work; the message says how it ended."""


def by_directory(works: Sequence[tuple[str, Work]], terms: Terms) -> list[Outcome]:
    """`autograder grade FOLDER ...`, in this order; one that comes twice is graded twice."""
    for student, work in dict(works).items():
        write(work, terms.handed_in / student)
    folders = [terms.handed_in / student for student, _ in works]
    return _trained(folders, terms) if terms.training == SMALL.name else _graded(folders, terms)


def _trained(folders: list[Path], terms: Terms) -> list[Outcome]:
    """The same in this process, with a training of seconds that no command offers."""
    twin = terms.place / "twin"
    twin.mkdir()
    svhn.draw(twin, train=SMALL.training + SMALL.validation, test=20)
    images, backend = opened(P1, SMALL, twin), choose(terms.backend)
    before, recipe.HOUR = recipe.HOUR, HOUR
    try:
        return [
            Outcome.of(
                grade(
                    P1,
                    read(P1, f),
                    terms.seed,
                    backend,
                    images,
                    lambda task: replayed(task, images),
                )
            )
            for f in folders
        ]
    finally:
        recipe.HOUR = before


def by_zip(works: Sequence[tuple[str, Work]], terms: Terms) -> list[Outcome]:
    """`autograder grade FILE.zip ...`."""
    for student, work in dict(works).items():
        write(work, terms.place / "unpacked" / student)
        terms.handed_in.mkdir(exist_ok=True)
        pack(work, terms.place / "unpacked" / student, terms.handed_in / f"{student}.zip")
    return _graded([terms.handed_in / f"{student}.zip" for student, _ in works], terms)


def _graded(paths: list[Path], terms: Terms) -> list[Outcome]:
    told = terms.out / "grades.json"
    _run(
        [*AUTOGRADER, "grade", *paths, "--json", told, "--keep", terms.out / "kept"],
        terms,
        *_as_options(terms),
    )
    return [Outcome.of(grade) for grade in from_json(told.read_text("utf-8"))]


def by_cohort(works: Sequence[tuple[str, Work]], terms: Terms) -> list[Outcome]:
    """`autograder cohort`: all in one class, four at a time: many attacks sleep."""
    for student, work in works:
        folder = terms.place / "unpacked" / student if work.archives else terms.handed_in / student
        write(work, folder / P1.id)
        if work.archives:
            terms.handed_in.mkdir(exist_ok=True)
            pack(work, folder / P1.id, terms.handed_in / f"{student}.zip")
    _run(
        [*AUTOGRADER, "cohort", terms.handed_in, "--out", terms.out, "--workers", 4],
        terms,
        *_as_options(terms),
    )
    places = {one.path: one for one in handed_in(terms.handed_in, P1.id)}
    marks = _marks(terms.out / "gradebook.db")
    return [_of_class(places, student, marks, terms) for student, _ in works]


def _of_class(places: Mapping, student: str, marks: Mapping, terms: Terms) -> Outcome:
    candidates = (student, f"{student}/{P1.id}", f"{student}.zip")
    (one,) = (places[path] for name in candidates if (path := terms.handed_in / name) in places)
    if one.reason is not None:
        return Outcome(aside=one.reason)
    state = terms.out / "observations" / one.student / "grade.json"
    if not state.exists():
        raise Fell(f"{one.student} was not graded by {terms.backend} in a class")
    (grade,) = from_json(state.read_text("utf-8"))
    outcome = Outcome.of(grade)
    written = {k: v for k, v in marks[one.student].items() if k in P1.by_id and v is not None}
    if written != dict(outcome.points):
        raise Fell(f"the gradebook does not have {one.student}'s points: {written}")
    return outcome


def by_nbgrader(works: Sequence[tuple[str, Work]], terms: Terms) -> list[Outcome]:
    """Stock `nbgrader autograde`, with the checkout's configuration."""
    terms.out.mkdir(parents=True)
    config = CONFIG.format(
        config=str(checkout.NBGRADER_CONFIG),
        root=str(terms.out),
        seed=terms.seed,
        sandbox=terms.backend,
        training=terms.training,
    )
    (terms.out / "nbgrader_config.py").write_text(config, "utf-8")
    source = terms.out / "source" / P1.id
    source.mkdir(parents=True)
    shutil.copy(P1.source, source)
    for student, work in works:
        write(work, terms.out / "submitted" / student / P1.id)
    nbgrader = Path(sys.executable).parent / "nbgrader"
    for command in ("generate_assignment", "autograde"):
        _run([nbgrader, command, P1.id], terms, cwd=terms.out)
    _run([nbgrader, "export"], terms, cwd=terms.out)
    shutil.move(terms.out / "submitted", terms.handed_in)
    marks = _marks(terms.out / "gradebook.db")
    trained = terms.training != "off"
    return [_of_book(student, marks, trained) for student, _ in works]


def _of_book(
    student: str, marks: Mapping[str, Mapping[str, float | None]], trained: bool
) -> Outcome:
    if student not in marks:
        raise Fell(f"{student} is not in nbgrader's gradebook")
    judged = [section for section in SECTIONS if trained or not section.training]
    points = {section.id: marks[student][section.id] for section in judged}
    if None in points.values():
        raise Fell(f"{student} has no score for {[k for k, v in points.items() if v is None]}")
    return Outcome(points, float(sum(section.auto for section in judged)))


def _marks(book: Path) -> dict[str, dict[str, float | None]]:
    """What a gradebook holds: scores by student and cell."""
    found: dict[str, dict[str, float | None]] = {}
    with sqlite3.connect(f"file:{book}?mode=ro", uri=True) as opened:
        for student, cell, score in opened.execute(MARKS):
            found.setdefault(student, {})[cell] = score
    return found


def _as_options(terms: Terms) -> list[object]:
    return ["--seed", terms.seed, "--sandbox", terms.backend, "--training", terms.training]


def _run(
    command: Sequence[object], terms: Terms, *options: object, cwd: Path | None = None
) -> None:
    """Runs a command of the grader's, which must end well, in time, and say nothing strange."""
    terms.out.mkdir(parents=True, exist_ok=True)
    before = _contents(terms.handed_in)
    try:
        done = subprocess.run(
            [str(word) for word in (*command, *options)],
            cwd=cwd,
            capture_output=True,
            timeout=terms.spent_s,
            env={**os.environ, "COLUMNS": "80", "OPENBLAS_NUM_THREADS": "1"},
        )
    except subprocess.TimeoutExpired:
        raise Fell(f"{command[1:4]} did not end within {terms.spent_s:g} s") from None
    said = (done.stdout + done.stderr).decode("utf-8", "replace")
    (terms.out / "said.txt").write_text(said, "utf-8")
    if done.returncode != 0:
        raise Fell(f"it ended with status {done.returncode}: {said[-1500:]}")
    if strange := CONTROL.search(said):
        before_it = said[max(0, strange.start() - 80) : strange.start()]
        raise Fell(f"it wrote {strange[0]!r} to the terminal, after {before_it!r}")
    if _contents(terms.handed_in) != before:
        raise Fell("what was handed in was changed")


def _contents(folder: Path) -> dict[str, tuple]:
    """Of every file: what kind it is, when it was changed and what is in it, unless it is huge."""
    found = {}
    for path in folder.rglob("*"):
        status = path.lstat()
        is_plain = stat.S_ISREG(status.st_mode) and status.st_size <= LARGEST_LOOKED_AT
        content = path.read_bytes() if is_plain else status.st_size
        found[str(path)] = (status.st_mode, status.st_mtime_ns, hash(content))
    return found


ROADS: Mapping[str, Callable[[Sequence[tuple[str, Work]], Terms], list[Outcome]]] = {
    DIRECTORY: by_directory,
    COHORT: by_cohort,
    ZIP: by_zip,
    NBGRADER: by_nbgrader,
}
