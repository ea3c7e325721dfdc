"""One submission of a class, from its files to its state on disk. Runs in a worker's process.

A state is a folder that is renamed into place when it is whole: it is all there, or not at all.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import threading
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path

from autograder.assignment import Assignment
from autograder.cohort.pool import Failed
from autograder.grading.grade import grade, probe_names, reference, regrade
from autograder.grading.result import Grade
from autograder.hand_in.files import Inaccessible
from autograder.hand_in.students import HandIn
from autograder.hand_in.submission import Submission, read
from autograder.judgement.suites import mark, suite_hash
from autograder.nbgrader_plugins.graded_notebook import (
    Source,
    as_json,
    plain_notebook,
    restored,
    unanswered,
    with_results,
)
from autograder.observation.observe import Observations
from autograder.report.as_json import from_json, to_json
from autograder.sandbox.selftest import choose
from autograder.seeds import seed_of_hand_in
from autograder.training.images import Images, opened
from autograder.training.judged import Trained
from autograder.training.replay import Replay, Task, kept, replayed

FORMAT = 2
FIRST = "first_hand_ins"
"""The folder beside the states that says which hand-in of a student came first."""
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
        assignment: what is graded.
        states: the folder with a state for each student.
        sources: the assignment's cells, as the gradebook knows them.
        seed: the class's, see `seeds.seed_of_hand_in`.
        training, sandbox: as in `grade`; the sandbox by its name.
        data: the folder with the images, where something is trained; each process maps them.
        replays: the folder in which all workers find what was trained.
        older_work: as in `grade`.
    """

    assignment: Assignment
    states: Path
    sources: tuple[Source, ...]
    seed: int
    training: str
    sandbox: str
    data: Path | None
    replays: Path
    older_work: bool = False

    @property
    def images(self) -> Images | None:
        if self.data is None:
            return None
        return _images(self.assignment, self.training, self.data, self.replays)


@cache
def _images(assignment: Assignment, mode: str, data: Path, replays: Path) -> Images:
    return opened(assignment, mode, data, replays)


@dataclass(frozen=True)
class State:
    """What is kept of a graded submission beside its observations and its notebook.

    Attributes:
        grade: the Grade.
        fingerprint: of everything that decided it.
        curve: the accuracy after each epoch of the replay.
        unanswered: ids of cells that hold what was released.
        wants: the replay that the Grade still waits for.
    """

    grade: Grade
    fingerprint: str
    curve: tuple[float, ...]
    unanswered: tuple[str, ...]
    wants: Task | None = None


@dataclass(frozen=True)
class Outcome:
    """What the parent learns: little, so that a large class needs no more memory than a small one.

    Attributes:
        score, max_score: of the Grade.
        kept: whether the state of an earlier run was still right.
        elapsed_s: seconds that the grading took, or had taken.
        wants: the replay that the Grade still waits for.
    """

    score: float
    max_score: float
    kept: bool
    elapsed_s: float
    wants: Task | None = None


def prove(assignment: Assignment, seed: int, sandbox: str, older_work: bool = False) -> None:
    """Try the grader on the solution; what is learnt of it is kept for the submissions to come.

    Raises:
        SandboxError, SuiteBroken: here, once, rather than for every submission.
    """
    with ONE_AT_A_TIME:
        backend = choose(sandbox, assignment.probes_folder)
        names = probe_names(assignment, False, older_work)
        right = reference(assignment, seed, backend, names)
        mark(assignment, right, right)


def work(hand_in: HandIn, plan: Plan) -> Outcome | Failed:
    """Grade a submission, unless its state is right already; or say why it cannot be read.

    Raises:
        SandboxError, SuiteBroken: the grader could not work; there is no state then.
    """
    with ONE_AT_A_TIME:
        try:
            submission = read(plan.assignment, hand_in.path, hand_in.student, hand_in.folder)
        except Inaccessible as reason:
            return Failed(str(reason))
        plan = replace(plan, seed=_seed(submission, plan))  # what is trained on stays the class's
        place = plan.states / hand_in.student
        print_ = fingerprint(submission, plan)
        before = loaded(place)
        if before is None or before.fingerprint != print_:
            return _outcome(_graded(submission, plan, place, print_), kept=False)
        wants, images = before.wants, plan.images
        if wants is not None and images is not None and kept(wants, images) is not None:
            seen = Observations.load(place / OBSERVATIONS)
            return _outcome(_graded(submission, plan, place, print_, seen), kept=False)
        return _outcome(before, kept=True)


def train(task: Task, plan: Plan) -> Replay:
    """Trains what some submissions chose, and keeps it for them."""
    with ONE_AT_A_TIME:
        images = plan.images
        assert images is not None  # else nothing is wanted
        return replayed(task, images)


def _seed(submission: Submission, plan: Plan) -> int:
    """The class's seed, or one of its own for a hand-in that replaces another.

    Which one came first is kept apart from the states: these go when a student is set aside.
    """
    if not submission.files and not submission.notebook:  # its result says nothing of the inputs
        return plan.seed
    kept = plan.states.with_name(FIRST) / submission.name
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        whole = kept.with_name(f".{kept.name}.new")
        whole.write_text(submission.digest)
        whole.replace(kept)
    return seed_of_hand_in(plan.seed, submission.name, submission.digest, kept.read_text())


def _outcome(state: State, *, kept: bool) -> Outcome:
    found = state.grade
    return Outcome(found.score, found.max_score, kept, found.elapsed_s, state.wants)


def _graded(
    submission: Submission,
    plan: Plan,
    place: Path,
    print_: str,
    seen: Observations | None = None,
) -> State:
    """Puts the state of a submission into its place; from what was `seen` before, if it was.

    Only replays that are kept already go into it: nobody waits here while others could be graded.
    """
    plan.states.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".state-", dir=plan.states) as name:
        folder = Path(name, "state")
        folder.mkdir()
        observed: list[Observations] = []
        assignment, images = plan.assignment, plan.images
        sandbox = choose(plan.sandbox, assignment.probes_folder)

        def replay(task: Task) -> Replay | None:
            return None if images is None else kept(task, images)

        if seen is None:
            found = grade(
                assignment,
                submission,
                plan.seed,
                sandbox,
                images,
                replay,
                observed.append,
                plan.older_work,
            )
        else:
            name, training = submission.name, images is not None
            found = regrade(assignment, name, seen, sandbox, training, replay, observed.append)
        observed[0].save(folder / OBSERVATIONS)
        trained = observed[0].training and Trained.from_dict(observed[0].training)
        wants = trained.wanted if trained else None
        notebook = restored(plain_notebook(submission.notebook or b"{}"), plan.sources)
        state = State(
            found,
            print_,
            trained.replay.curve if trained and trained.replay else (),
            tuple(sorted(unanswered(notebook, plan.sources))),
            wants,
        )
        story = {
            "format": FORMAT,
            "fingerprint": print_,
            "curve": state.curve,
            "unanswered": state.unanswered,
            "wants": wants and wants.as_dict(),
        }
        (folder / NOTEBOOK).write_text(as_json(with_results(notebook, found)), "utf-8")
        (folder / GRADE).write_text(to_json([found]), "utf-8")
        (folder / STORY).write_text(json.dumps(story), "utf-8")
        _put(folder, place)
    return state


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
        wants = story["wants"] and Task.from_dict(story["wants"])
        unanswered_ = tuple(story["unanswered"])
        return State(found, story["fingerprint"], tuple(story["curve"]), unanswered_, wants)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def fingerprint(submission: Submission, plan: Plan) -> str:
    """Of all that a state follows from: a state with another one is stale."""
    digest = hashlib.sha256()

    def add(*parts: str | bytes) -> None:
        for part in parts:
            content = part.encode("utf-8", "replace") if isinstance(part, str) else part
            digest.update(f"{len(content)}:".encode() + content)

    add(suite_hash(plan.assignment), str(plan.seed))
    add(plan.training, plan.sandbox, str(plan.older_work))
    add("" if plan.images is None else plan.images.digest)
    add(submission.name, submission.digest, *submission.errors)
    for parts in sorted(submission.cells.items()):
        add(*parts)
    add(*(json.dumps(asdict(source), sort_keys=True) for source in plan.sources))
    return digest.hexdigest()
