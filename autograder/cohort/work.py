"""Grades one submission of a class and keeps the result as its state.

There are three steps. The first and the last need the class's files, the second only the installed
package:

    prepared    reads the submission, and compares it with its state
    graded      grades it, or judges its stored observations again
    keep        writes its new state

A process of this machine takes all three. For a worker of a cluster, the process that distributes
the work takes the first and the last. When only the code that judges has changed, the new state is
made from the observations of the old one.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

from autograder.assignment import Assignment
from autograder.atomic import write_whole
from autograder.cohort.plan import Plan, fingerprints_of, sample_fingerprints
from autograder.cohort.pool import Failed, tell
from autograder.cohort.state import NOTEBOOK, OBSERVATIONS, Fingerprints, State, load_state, write
from autograder.grading.grade import grade, probe_names, reference, regrade
from autograder.grading.result import Grade
from autograder.hand_in.files import Inaccessible
from autograder.hand_in.students import HandIn
from autograder.hand_in.submission import Submission, read
from autograder.judgement.suites import judge, suite_hash
from autograder.nbgrader_plugins.graded_notebook import (
    as_json,
    plain_notebook,
    restored,
    unanswered,
    with_results,
)
from autograder.observation.observe import Observations
from autograder.sandbox.selftest import choose
from autograder.seeds import seed_of_hand_in
from autograder.training import replay as replays
from autograder.training.judged import Trained
from autograder.training.replay import Progress, Replay, Task, stored_replay

FIRST_HAND_INS = "first_hand_ins"
"""Name of the folder, beside the states, that records the first hand-in of each student."""
TELL_S = 1.0
"""The time between two reports of a training's progress."""
GRADING_LOCK = threading.Lock()
"""A Dask worker has several threads, and the suites run in pytest within this process."""


@dataclass(frozen=True)
class Outcome:
    """What the parent process receives: little, so that memory does not grow with the class.

    Attributes:
        score, max_score: of the Grade.
        kept: whether the state of an earlier run was still valid.
        elapsed_s: seconds that the grading took, in this run or the earlier one.
        missing_replay: the replay that the Grade still waits for.
        corrected: whether it was graded again from stored observations, because the judging
            changed.
    """

    score: float
    max_score: float
    kept: bool
    elapsed_s: float
    missing_replay: Task | None = None
    corrected: bool = False


@dataclass(frozen=True, eq=False)
class Work:
    """What a worker needs to grade a submission, besides the plan.

    Attributes:
        hand_in: where it came from.
        submission: what was handed in; its size is limited, see `hand_in`.
        seed: the seed of this submission.
        fingerprints: of all that decides the state, here; the worker compares them with its own.
        earlier: as in `State`.
        observations: the content of the file, if they are valid; then no student code is run.
        replay: a finished training, and its result.
        corrected: whether the observations are judged again because the judging has changed.
    """

    hand_in: HandIn
    submission: Submission
    seed: int
    fingerprints: Fingerprints
    earlier: tuple[Grade, ...] = ()
    observations: bytes | None = None
    replay: tuple[Task, Replay] | None = None
    corrected: bool = False


@dataclass(frozen=True)
class Graded:
    """What grading gives.

    Attributes:
        state: the new state.
        files: the content of its files by name.
        corrected: as in `Outcome`.
    """

    state: State
    files: Mapping[str, bytes]
    corrected: bool


@dataclass(frozen=True)
class Training:
    """A training for a worker: the task, and its key, which the worker compares with its own."""

    task: Task
    key: str


class DifferentWorkerError(Exception):
    """A worker has another version of the package, or other images."""

    def __init__(self) -> None:
        super().__init__(
            "its package or its images differ from those of the machine that runs "
            "`autograder cohort`; install the same wheel, and copy the images"
        )


def try_worker(plan: Plan, expected: Fingerprints) -> None:
    """Try everything that grading needs, so that a worker that lacks it is known by its name.

    Raises:
        DifferentWorkerError: fingerprints are not as `expected` from `sample_fingerprints`.
        the training plan's `error`: there are no images, or too few.
        and as `try_on_solution`.
    """
    if sample_fingerprints(plan) != expected:
        raise DifferentWorkerError
    try_on_solution(plan.assignment, plan.seed, plan.sandbox, plan.older_work)


def try_on_solution(
    assignment: Assignment, seed: int, sandbox: str, older_work: bool = False
) -> None:
    """Try the grader on the solution, and cache its observations for the submissions.

    Raises:
        SandboxError, SuiteBroken, ChangelogError: the grader cannot work. It is raised once here,
            rather than for every submission.
    """
    _ = assignment.versions
    with GRADING_LOCK:
        backend = choose(sandbox, assignment.probes_folder)
        names = probe_names(assignment, False, older_work)
        solution = reference(assignment, seed, backend, names)
        judge(assignment, solution, solution)


def carry_out(task: HandIn | Work | Training, plan: Plan) -> Outcome | Graded | Replay | Failed:
    """What workers do, by the kind of the task: all three steps, the second, or a training."""
    if isinstance(task, HandIn):
        return grade_hand_in(task, plan)
    return graded(task, plan) if isinstance(task, Work) else train(task, plan)


def grade_hand_in(hand_in: HandIn, plan: Plan) -> Outcome | Failed:
    """Grade a submission, unless its state is still valid, or say why it cannot be read.

    Raises:
        SandboxError, SuiteBroken: the grader could not work; no state is written.
    """
    work = prepared(hand_in, plan)
    return keep(work, graded(work, plan), plan) if isinstance(work, Work) else work


def prepared(hand_in: HandIn, plan: Plan) -> Work | Outcome | Failed:
    """Read a submission. If its state is still valid, there is nothing to do."""
    try:
        submission = read(
            plan.assignment, hand_in.path, hand_in.student, hand_in.folder, hand_in.files
        )
    except Inaccessible as reason:
        return Failed(str(reason))
    seed = _seed(submission, plan)
    folder = plan.states / hand_in.student
    fingerprints, old = fingerprints_of(submission, plan, seed), load_state(folder)
    work = Work(hand_in, submission, seed, fingerprints, _earlier_grades(old, fingerprints, plan))
    if old is None or old.fingerprints.evidence != fingerprints.evidence:
        return work
    stale, replay = old.fingerprints != fingerprints, _finished(old.missing_replay, plan)
    if not stale and replay is None:
        return _outcome(old, kept=True)
    try:
        observations = (folder / OBSERVATIONS).read_bytes()
    except OSError:  # damaged
        return work
    return replace(work, observations=observations, replay=replay, corrected=stale)


def _finished(missing_replay: Task | None, plan: Plan) -> tuple[Task, Replay] | None:
    """The replay that a Grade waits for, if it exists by now."""
    task, images = missing_replay, plan.images
    if task is None or images is None or (replay := stored_replay(task, images)) is None:
        return None
    return task, replay


def graded(work: Work, plan: Plan) -> Graded:
    """Grade a submission, or judge its observations again.

    Raises:
        DifferentWorkerError: this machine would give another Grade than the one that sent the work.
        SandboxError, SuiteBroken: the grader could not work.
    """
    if fingerprints_of(work.submission, plan, work.seed) != work.fingerprints:
        raise DifferentWorkerError
    with GRADING_LOCK:
        if work.observations is not None:
            with contextlib.suppress(ValueError):  # damaged, or out of date
                observations = Observations.from_bytes(work.observations)
                return _graded(work, plan, observations)
        return _graded(work, plan)


def _earlier_grades(old: State | None, fingerprints: Fingerprints, plan: Plan) -> tuple[Grade, ...]:
    """Grades that earlier suites gave the same work under the same options, oldest first."""
    if old is None or old.fingerprints.work != fingerprints.work:
        return ()
    if old.grade.suite == suite_hash(plan.assignment):
        return old.earlier
    return (*old.earlier, old.grade)


def train(training: Training, plan: Plan) -> Replay:
    """Train a recipe that some submissions chose, and tell how far it is.

    Raises:
        DifferentWorkerError: this machine would give another result than the one that asks.
    """
    images = plan.images
    assert images is not None  # no training is asked for without images
    if training.task.key(images) != training.key:
        raise DifferentWorkerError
    with GRADING_LOCK:
        return replays.train(training.task, images, Telling(training.key))


class Telling:
    """Tells the progress of a training, about once a second."""

    def __init__(self, key: str) -> None:
        self._key, self._next_s = key, 0.0

    def __call__(self, progress: Progress) -> None:
        if time.monotonic() >= self._next_s or progress.epochs.is_integer():
            self._next_s = time.monotonic() + TELL_S
            tell(json.dumps({"key": self._key, **asdict(progress)}))


def _seed(submission: Submission, plan: Plan) -> int:
    """The class's seed, or a different one for a hand-in that replaces another.

    The first hand-in is recorded outside the states: a state is deleted when its student is set
    aside.
    """
    if (
        not submission.files and not submission.notebook
    ):  # an empty hand-in learns nothing about the inputs
        return plan.seed
    first = plan.states.with_name(FIRST_HAND_INS) / submission.name
    if not first.exists():
        first.parent.mkdir(parents=True, exist_ok=True)
        write_whole(first, submission.digest)
    return seed_of_hand_in(plan.seed, submission.name, submission.digest, first.read_text())


def _outcome(state: State, *, kept: bool, corrected: bool = False) -> Outcome:
    grade = state.grade
    return Outcome(
        grade.score, grade.max_score, kept, grade.elapsed_s, state.missing_replay, corrected
    )


def _graded(work: Work, plan: Plan, observations: Observations | None = None) -> Graded:
    """The new state, made from earlier `observations` if they are given.

    It uses only replays that exist already, so that no worker waits for a training.
    """
    observed: list[Observations] = []
    assignment, images, submission = plan.assignment, plan.images, work.submission
    sandbox = choose(plan.sandbox, assignment.probes_folder)

    def replay(task: Task) -> Replay | None:
        if work.replay is not None and work.replay[0] == task:
            return work.replay[1]
        return None if images is None else stored_replay(task, images)

    if observations is None:
        result = grade(
            assignment,
            submission,
            work.seed,
            sandbox,
            images,
            replay,
            observed.append,
            plan.older_work,
        )
    else:
        name, training = submission.name, images is not None
        result = regrade(assignment, name, observations, sandbox, training, replay, observed.append)
    trained = observed[0].training and Trained.from_dict(observed[0].training)
    missing_replay = trained.pending if trained else None
    notebook = restored(plain_notebook(submission.notebook or b"{}"), plan.sources)
    state = State(
        result,
        work.fingerprints,
        trained.replay.curve if trained and trained.replay else (),
        tuple(sorted(unanswered(notebook, plan.sources))),
        missing_replay,
        work.earlier,
    )
    files = state.files | {
        NOTEBOOK: as_json(with_results(notebook, result)).encode("utf-8"),
        OBSERVATIONS: observed[0].to_bytes(),
    }
    return Graded(state, files, corrected=work.corrected and observations is not None)


def keep(work: Work, found: Graded, plan: Plan) -> Outcome:
    """Write the state of a submission."""
    write(plan.states / work.hand_in.student, found.files)
    return _outcome(found.state, kept=False, corrected=found.corrected)
