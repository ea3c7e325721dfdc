"""One submission of a class, from its files to its state on disk. Runs in a worker's process.

A state is a folder that is renamed into place when it is whole: it is all there, or not at all.
Where only what judges has changed since, the next one is made from what this one observed.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
import threading
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path

from autograder.assignment import Assignment
from autograder.atomic import write_whole
from autograder.cohort.pool import Failed
from autograder.grading.evidence import digest_of, observing_hash
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

FORMAT = 3
FIRST = "first_hand_ins"
"""The folder beside the states that says which hand-in of a student came first."""
GRADE, EARLIER, OBSERVATIONS, STORY, NOTEBOOK = (
    "grade.json",
    "earlier.json",
    "observations.npz",
    "state.json",
    "notebook.ipynb",
)
WAS = ".was-"
"""What the folder of a state is called, before the student's id, while another takes its place."""
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
class Fingerprints:
    """Of what a state follows from, each of the one before it and of more.

    Attributes:
        work: of what was handed in, and of how it was asked to be graded.
        evidence: of what decided what was observed, too: with the same one nothing else would be.
        state: of all: a state with another one is stale.
    """

    work: str
    evidence: str
    state: str


@dataclass(frozen=True)
class State:
    """What is kept of a graded submission beside its observations and its notebook.

    Attributes:
        grade: the Grade.
        prints: of everything that decided it.
        curve: the accuracy after each epoch of the replay.
        unanswered: ids of cells that hold what was released.
        wants: the replay that the Grade still waits for.
        earlier: what the same work had from other suites, the oldest first. It is in the state, so
            that a run that is killed forgets nobody's change.
    """

    grade: Grade
    prints: Fingerprints
    curve: tuple[float, ...]
    unanswered: tuple[str, ...]
    wants: Task | None = None
    earlier: tuple[Grade, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What the parent learns: little, so that a large class needs no more memory than a small one.

    Attributes:
        score, max_score: of the Grade.
        kept: whether the state of an earlier run was still right.
        elapsed_s: seconds that the grading took, or had taken.
        wants: the replay that the Grade still waits for.
        corrected: whether it was graded again from kept evidence, because what judges has changed.
    """

    score: float
    max_score: float
    kept: bool
    elapsed_s: float
    wants: Task | None = None
    corrected: bool = False


def prove(assignment: Assignment, seed: int, sandbox: str, older_work: bool = False) -> None:
    """Try the grader on the solution; what is learnt of it is kept for the submissions to come.

    Raises:
        SandboxError, SuiteBroken, ChangelogError: here, once, rather than for every submission.
    """
    _ = assignment.versions
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
        prints, before = fingerprints(submission, plan), loaded(place)
        earlier = _earlier(before, prints, plan)
        if before is not None and before.prints.evidence == prints.evidence:
            stale = before.prints != prints
            if not stale and not _is_trained(before.wants, plan):
                return _outcome(before, kept=True)
            with contextlib.suppress(OSError, ValueError):  # damaged, or out of date
                seen = Observations.load(place / OBSERVATIONS)
                found = _graded(submission, plan, place, prints, earlier, seen)
                return _outcome(found, kept=False, corrected=stale)
        return _outcome(_graded(submission, plan, place, prints, earlier), kept=False)


def _is_trained(wants: Task | None, plan: Plan) -> bool:
    """Whether a replay that a Grade waits for is there by now."""
    images = plan.images
    return wants is not None and images is not None and kept(wants, images) is not None


def _earlier(before: State | None, prints: Fingerprints, plan: Plan) -> tuple[Grade, ...]:
    """What the same work, graded in the same way, had from suites before this one."""
    if before is None or before.prints.work != prints.work:
        return ()
    if before.grade.suite == suite_hash(plan.assignment):
        return before.earlier
    return (*before.earlier, before.grade)


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
        write_whole(kept, submission.digest)
    return seed_of_hand_in(plan.seed, submission.name, submission.digest, kept.read_text())


def _outcome(state: State, *, kept: bool, corrected: bool = False) -> Outcome:
    found = state.grade
    told = found.score, found.max_score, kept, found.elapsed_s
    return Outcome(*told, state.wants, corrected)


def _graded(
    submission: Submission,
    plan: Plan,
    place: Path,
    prints: Fingerprints,
    earlier: tuple[Grade, ...],
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
            prints,
            trained.replay.curve if trained and trained.replay else (),
            tuple(sorted(unanswered(notebook, plan.sources))),
            wants,
            earlier,
        )
        story = {
            "format": FORMAT,
            "fingerprints": asdict(prints),
            "curve": state.curve,
            "unanswered": state.unanswered,
            "wants": wants and wants.as_dict(),
        }
        (folder / NOTEBOOK).write_text(as_json(with_results(notebook, found)), "utf-8")
        (folder / GRADE).write_text(to_json([found]), "utf-8")
        (folder / EARLIER).write_text(to_json(earlier), "utf-8")
        (folder / STORY).write_text(json.dumps(story), "utf-8")
        _put(folder, place)
    return state


def _put(folder: Path, place: Path) -> None:
    """Rename a whole state into place, and the one that was there before out of it.

    That one is removed afterwards: the evidence in it cannot be had again without running student
    code, so there is no moment at which a run that is killed has lost it, see `recover`.
    """
    was = place.with_name(f"{WAS}{place.name}")
    while True:
        try:
            folder.rename(place)
        except OSError:  # it is there; perhaps a worker that was thought dead has just put it there
            if not place.exists():
                raise
            shutil.rmtree(was, ignore_errors=True)
            with contextlib.suppress(OSError):
                place.rename(was)
        else:
            shutil.rmtree(was, ignore_errors=True)
            return


def recover(states: Path) -> None:
    """Undo what a run that was killed had begun: a state without a successor is put back."""
    for left in states.glob(".state-*"):
        shutil.rmtree(left, ignore_errors=True)
    for was in states.glob(f"{WAS}*"):
        place = was.with_name(was.name.removeprefix(WAS))
        if place.exists():
            shutil.rmtree(was, ignore_errors=True)
        else:
            was.rename(place)


def loaded(place: Path) -> State | None:
    """The state in a folder; None when there is none, or none of ours."""
    try:
        story = json.loads((place / STORY).read_text("utf-8"))
        (found,) = from_json((place / GRADE).read_text("utf-8"))
        if story["format"] != FORMAT or not (place / OBSERVATIONS).exists():
            return None
        wants = story["wants"] and Task.from_dict(story["wants"])
        unanswered_ = tuple(story["unanswered"])
        prints = Fingerprints(**story["fingerprints"])
        earlier = tuple(from_json((place / EARLIER).read_text("utf-8")))
        return State(found, prints, tuple(story["curve"]), unanswered_, wants, earlier)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def fingerprints(submission: Submission, plan: Plan) -> Fingerprints:
    """Of all that a state follows from."""
    assignment, images = plan.assignment, plan.images
    asked = str(plan.seed), plan.training, plan.sandbox, str(plan.older_work)
    data = "" if images is None else images.digest
    cells = (part for cell in sorted(submission.cells.items()) for part in cell)
    work = digest_of([*asked, data, submission.digest, *submission.errors, *cells])
    observing = observing_hash(assignment, images is not None, plan.older_work)
    evidence = digest_of([work, observing])
    sources = (json.dumps(asdict(source), sort_keys=True) for source in plan.sources)
    state = digest_of([evidence, suite_hash(assignment), submission.name, *sources])
    return Fingerprints(work, evidence, state)
