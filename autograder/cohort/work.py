"""One submission of a class, from its files to its state on disk. Runs in a worker's process.

A state is a folder that is renamed into place when it is whole: it is all there, or not at all.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import threading
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from autograder.cohort.students import HandIn
from autograder.grade import Grade, grade, probe_names, reference
from autograder.graded_notebook import (
    Source,
    as_json,
    plain_notebook,
    restored,
    unanswered,
    with_results,
)
from autograder.mark import mark, suite_hash
from autograder.report.as_json import from_json, to_json
from autograder.sandbox.selftest import choose
from autograder.submission import Submission, read
from autograder.training import Images

FORMAT = 1
GRADE, OBSERVATIONS, STORY, NOTEBOOK = (
    "grade.json",
    "observations.npz",
    "state.json",
    "notebook.ipynb",
)
ONE_AT_A_TIME = threading.Lock()
"""pytest marks in this process, and a Dask worker has threads."""


@dataclass(frozen=True)
class Plan:
    """How a class is graded: the same for every submission.

    Attributes:
        states: the folder with a state for each student.
        sources: the assignment's cells, as the gradebook knows them.
        seed, training, sandbox: as in `grade`; the sandbox by its name.
        images: what is trained on, without the judged images: workers map those from their file.
        older_work: as in `grade`.
    """

    states: Path
    sources: tuple[Source, ...]
    seed: int
    training: str
    sandbox: str
    images: Images | None
    older_work: bool = False

    @classmethod
    def light(cls, images: Images | None) -> Images | None:
        """Images that can be sent to a worker."""
        if images is None:
            return None
        return Images(images.mode, images.files, np.empty(0), images.labels, images.data)


@dataclass(frozen=True)
class State:
    """What is kept of a graded submission beside its observations and its notebook.

    Attributes:
        grade: the Grade.
        fingerprint: of everything that decided it.
        accuracies: epochs of the training, and what was judged after them.
        unanswered: ids of cells that hold what was released.
    """

    grade: Grade
    fingerprint: str
    accuracies: tuple[tuple[int, float], ...]
    unanswered: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """What the parent learns: little, so that a large class needs no more memory than a small one.

    Attributes:
        score, max_score: of the Grade.
        kept: whether the state of an earlier run was still right.
        elapsed_s: seconds that the grading took, or had taken.
    """

    score: float
    max_score: float
    kept: bool
    elapsed_s: float


def prove(seed: int, sandbox: str, older_work: bool = False) -> None:
    """Try the grader on the solution; what is learnt of it is kept for the submissions to come.

    Raises:
        SandboxError, SuiteBroken: here, once, rather than for every submission.
    """
    with ONE_AT_A_TIME:
        right = reference(seed, choose(sandbox), probe_names(False, older_work))
        mark(right, right)


def work(hand_in: HandIn, plan: Plan) -> Outcome:
    """Grade a submission, unless its state is right already.

    Raises:
        SandboxError, SuiteBroken: the grader could not work; there is no state then.
    """
    with ONE_AT_A_TIME:
        submission = read(hand_in.path, hand_in.student)
        place = plan.states / hand_in.student
        print_ = fingerprint(submission, plan)
        kept = loaded(place)
        if kept is not None and kept.fingerprint == print_:
            return _outcome(kept.grade, kept=True)
        return _outcome(_graded(submission, plan, place, print_), kept=False)


def _outcome(found: Grade, *, kept: bool) -> Outcome:
    return Outcome(found.score, found.max_score, kept, found.elapsed_s)


def _graded(submission: Submission, plan: Plan, place: Path, print_: str) -> Grade:
    accuracies: dict[int, float] = {}
    plan.states.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".state-", dir=plan.states) as name:
        folder = Path(name, "state")
        folder.mkdir()
        found = grade(
            submission,
            plan.seed,
            choose(plan.sandbox),
            _with_judged(plan.images),
            progress=lambda progress: accuracies.update({progress.epoch: progress.accuracy}),
            keep=lambda observations: observations.save(folder / OBSERVATIONS),
            older_work=plan.older_work,
        )
        notebook = restored(plain_notebook(submission.notebook or b"{}"), plan.sources)
        story = {
            "format": FORMAT,
            "fingerprint": print_,
            "accuracies": [(epoch, round(value, 4)) for epoch, value in accuracies.items()],
            "unanswered": sorted(unanswered(notebook, plan.sources)),
        }
        (folder / NOTEBOOK).write_text(as_json(with_results(notebook, found)), "utf-8")
        (folder / GRADE).write_text(to_json([found]), "utf-8")
        (folder / STORY).write_text(json.dumps(story), "utf-8")
        _put(folder, place)
    return found


def _put(folder: Path, place: Path) -> None:
    """Rename a whole state into place; a state that was there before is no longer right."""
    while True:
        try:
            folder.rename(place)
        except OSError:  # it is there; perhaps a worker that was thought dead has just put it there
            if not place.exists():
                raise
            shutil.rmtree(place, ignore_errors=True)
        else:
            return


def loaded(place: Path) -> State | None:
    """The state in a folder; None when there is none, or none of ours."""
    try:
        story = json.loads((place / STORY).read_text("utf-8"))
        (found,) = from_json((place / GRADE).read_text("utf-8"))
        if story["format"] != FORMAT or not (place / OBSERVATIONS).exists():
            return None
        accuracies = tuple((epoch, value) for epoch, value in story["accuracies"])
        return State(found, story["fingerprint"], accuracies, tuple(story["unanswered"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def fingerprint(submission: Submission, plan: Plan) -> str:
    """Of all that a state follows from: a state with another one is stale."""
    digest = hashlib.sha256()

    def add(*parts: str | bytes) -> None:
        for part in parts:
            content = part.encode("utf-8", "replace") if isinstance(part, str) else part
            digest.update(f"{len(content)}:".encode() + content)

    add(suite_hash(), str(plan.seed), plan.training, plan.sandbox, str(plan.older_work))
    add("" if plan.images is None else plan.images.data)
    add(submission.name, submission.notebook, *submission.errors)
    for parts in (*sorted(submission.files.items()), *sorted(submission.cells.items())):
        add(*parts)
    add(*(json.dumps(asdict(source), sort_keys=True) for source in plan.sources))
    return digest.hexdigest()


def _with_judged(images: Images | None) -> Images | None:
    """The images that a plan speaks of, with those that are judged."""
    if images is None:
        return None
    judged = np.load(images.files["judged_images"], mmap_mode="r")
    return Images(images.mode, images.files, judged, images.labels, images.data)
