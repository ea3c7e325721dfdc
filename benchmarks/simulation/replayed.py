"""Gradings that are kept once, and given again under other ids after the time that they took."""

from __future__ import annotations

import io
import json
import os
import pickle
import shutil
import signal
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import cache
from itertools import cycle
from pathlib import Path
from unittest.mock import patch

from hostile_class import HOSTILE, join, student_of
from rich.console import Console

from autograder.cohort import agenda, run, state, work
from autograder.cohort.plan import Plan
from autograder.cohort.pool import Failed
from autograder.cohort.work import Graded, Outcome, Work
from autograder.hand_in.students import HandIn
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.problem_1 import demo_class
from autograder.report.as_json import to_json

SEED = 2026
HOSTILE_EVERY, LEAVES_EVERY, LEAVES_AT = 50, 250, 110
SLOW = ("call sleeps", "call forks", "call prints")
"""Hostile works that are not among the kept ones, because they take up to five minutes."""
HOSTILE_IN_THE_DEMO = {"weyl", "=HYPERLINK('x')", "zeno", "xeno"}
KILLER = "kills-its-worker"
"""The hostile work whose grading kills the worker, as if it took all memory."""


def really_graded(root: Path) -> tuple[list[str], list[str]]:
    """Grades each work once; returns the names of the honest ones and of the hostile ones."""
    works = root / "works"
    works.mkdir()
    demo_class.make(works)
    join(works, [name for name in HOSTILE if not name.startswith(SLOW)])
    with patch.object(agenda, "carry_out", keeping):
        quiet = Console(file=io.StringIO())
        run.run(P1, works, root / "kept", seed=SEED, due=demo_class.DUE, console=quiet)
    for path in filter(Path.is_dir, list(works.iterdir())):  # a class can have many links to a zip
        shutil.make_archive(str(path), "zip", path / P1.id if any(path.iterdir()) else path)
    shutil.copy(works / "ada.zip", works / f"{KILLER}.zip")
    shutil.copy(root / "kept" / "ada.pickle", root / "kept" / f"{KILLER}.pickle")
    names = sorted(path.stem for path in root.glob("kept/*.pickle"))
    return [n for n in names if not is_hostile(n)], [n for n in names if is_hostile(n)]


def is_hostile(name: str) -> bool:
    return name in {student_of(known) for known in HOSTILE} | HOSTILE_IN_THE_DEMO | {KILLER}


def keeping(hand_in: HandIn, plan: Plan) -> Outcome | Failed:
    """Grades, and keeps how long that took and what it gave.

    The second time counts: what a class has in common is cached by then. Hostile works are graded
    once, as most of them take their limits.
    """
    given = work.prepared(hand_in, plan)
    if not isinstance(given, Work):
        return given
    for _ in range(1 if is_hostile(hand_in.student) else 2):
        began = time.perf_counter()
        found = work.graded(given, plan)
    kept = pickle.dumps((time.perf_counter() - began, found))
    (plan.states.parent / f"{hand_in.student}.pickle").write_bytes(kept)
    return work.keep(given, found, plan)


@cache
def grading(kept: Path, name: str) -> tuple[float, Graded]:
    found: tuple[float, Graded] = pickle.loads((kept / f"{name}.pickle").read_bytes())
    return found


def a_class(root: Path, honest: Sequence[str], hostile: Sequence[str], size: int) -> Path:
    """The works in turn, under so many ids."""
    folder, good, bad = root / f"class-{size}", cycle(honest), cycle(hostile)
    if not folder.exists():
        folder.mkdir()
        for number in range(size):
            name = next(bad if number % HOSTILE_EVERY == 0 else good)
            os.link(root / "works" / f"{name}.zip", folder / f"s{number:05}-{name}.zip")
    return folder


def original(student: str) -> str:
    return student.partition("-")[2]


def replayed(given: Work, plan: Plan, *, kept: Path) -> Graded:
    """Takes the time of the kept grading, and gives its result under the student's id."""
    began, student = time.monotonic(), given.hand_in.student
    seconds, found = grading(kept, original(student))
    if original(student) == KILLER or leaves(student, kept.parent / "left"):
        time.sleep(seconds / 2)
        os.kill(os.getpid(), signal.SIGKILL)
    grade = replace(found.state.grade, submission=given.submission.name)
    made = replace(found.state, grade=grade, fingerprints=given.fingerprints)
    content = json.loads(found.files[state.STATE]) | {"fingerprints": asdict(given.fingerprints)}
    changed = {state.GRADE: to_json([grade]), state.STATE: json.dumps(content)}
    files = {**found.files, **{name: text.encode() for name, text in changed.items()}}
    time.sleep(max(0.0, began + seconds - time.monotonic()))
    return Graded(made, files, corrected=False)


def leaves(student: str, left: Path) -> bool:
    """Whether a worker goes while it grades this submission: only the first that does."""
    if int(student[1:6]) % LEAVES_EVERY != LEAVES_AT or (left / student).exists():
        return False
    (left / student).touch()
    return True


def no_trial(*_: object) -> None:
    """In place of the trial on the solution: these workers do not grade."""
