"""A submission -> its Grade: read, observe, judge, diagnose, compile.

assignment = checkout.assignment()
grade(assignment, read(assignment, Path("hand-ins/ada")), seed=7, sandbox=choose())
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import lru_cache

from autograder.assignment import Assignment
from autograder.diagnosis.diagnose import require_sound_misconceptions
from autograder.diagnosis.findings import findings
from autograder.diagnosis.variants import solution
from autograder.grading.compiled import compiled
from autograder.grading.result import Grade
from autograder.hand_in.older_work import with_stand_ins, without_new_cells
from autograder.hand_in.submission import Submission
from autograder.judgement.suites import mark
from autograder.observation.observe import Observations, observe, observe_then_repeat_unfinished
from autograder.observation.shapes import trimmed
from autograder.sandbox.backend import Backend
from autograder.sandbox.limits import OURS
from autograder.training.images import Images
from autograder.training.judged import require_same_mistakes, with_replay, with_training
from autograder.training.replay import Replay, Task


def grade(
    assignment: Assignment,
    submission: Submission,
    seed: int,
    sandbox: Backend,
    images: Images | None = None,
    replay: Callable[[Task], Replay | None] = lambda _: None,
    keep: Callable[[Observations], None] = lambda _: None,
    older_work: bool = False,
) -> Grade:
    """Grades one submission.

    Args:
        assignment: whose it is.
        submission: what was handed in, see `submission.read`.
        seed: the grading seed; the reference's side of it is kept for the next submission.
        sandbox: a backend that passed its self-test.
        images: what recipes are trained on; without it, what needs a training is not judged.
        replay: trains a recipe, or knows what came out of it; where it gives None, the points of
            the training are left unjudged until `regrade`.
        keep: is given all that was observed, the training included: the evidence of this Grade.
        older_work: whether it is of another year, whose notebook lacked some cells.

    Raises:
        SandboxError, SuiteBroken: the grader itself could not work; never a student's fault.
    """
    began = time.monotonic()
    names = probe_names(assignment, images is not None, older_work)
    if older_work:
        submission = with_stand_ins(assignment, submission)
    with ThreadPoolExecutor(1) as beside:
        right = beside.submit(reference, assignment, seed, sandbox, names)
        student = observe_then_repeat_unfinished(
            assignment, submission.files, submission.cells, seed, sandbox, names
        )
    student = trimmed(assignment, student, right.result())
    student = replace(
        student,
        older_work=older_work,
        errors=submission.errors,
        version=submission.version,
    )
    verdicts = mark(assignment, student, right.result())
    found = findings(assignment, student, verdicts)
    if images is not None:
        student = with_training(submission, student, found.diagnoses, sandbox, images, replay)
    keep(student)
    elapsed_s = time.monotonic() - began
    return compiled(assignment, submission.name, student, verdicts, found, elapsed_s)


def regrade(
    assignment: Assignment,
    name: str,
    kept: Observations,
    sandbox: Backend,
    training: bool = False,
    replay: Callable[[Task], Replay | None] = lambda _: None,
    keep: Callable[[Observations], None] = lambda _: None,
) -> Grade:
    """Grades what was observed before, without running student code.

    Args:
        assignment: whose it is.
        name: of the submission.
        kept: what `grade` handed to `keep`.
        sandbox: for the reference's side.
        training: whether to judge what needs a training.
        replay: as in `grade`; asked only where what was kept has no replay yet.
        keep: is given what was kept, with the replay in it.

    Raises:
        ValueError: they lack something, or what they say of the training is out of date.
    """
    began = time.monotonic()
    if training:
        kept = with_replay(kept, replay)
    keep(kept)
    kept = kept if training else replace(kept, training=None)
    names = probe_names(assignment, kept.training is not None, kept.older_work)
    right = reference(assignment, kept.seed, sandbox, names)
    student = trimmed(assignment, kept.only(names), right)
    verdicts = mark(assignment, student, right)
    found = findings(assignment, student, verdicts)
    require_same_mistakes(assignment, kept, found.diagnoses)
    elapsed_s = time.monotonic() - began
    return compiled(assignment, name, student, verdicts, found, elapsed_s)


def probe_names(
    assignment: Assignment, training: bool, older_work: bool = False
) -> tuple[str, ...]:
    """The probes of a grading, apart from the training itself; checks of others do not count.

    Some are short, but only judged where there is a training: the comparisons, and others.
    """
    names = tuple(name for name, probe in assignment.probes.items() if not probe.training)
    if training:
        names += tuple(
            name
            for name, probe in assignment.probes.items()
            if probe.training and name != assignment.training_plan.section
        )
    return without_new_cells(assignment, names) if older_work else names


@lru_cache(maxsize=8)
def reference(
    assignment: Assignment, seed: int, sandbox: Backend, names: tuple[str, ...]
) -> Observations:
    """What the probes see of the solution, kept for every submission under one seed.

    Raises:
        SuiteBroken: what diagnoses would name does not fit the solution.
    """
    require_sound_misconceptions(assignment)
    right = solution(assignment)
    return observe(assignment, right.files, right.cells, seed, sandbox, OURS, names, together=True)
