"""Grades a submission: observe, judge, diagnose, compile.

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
from autograder.hand_in.older_work import with_stand_ins, without_new
from autograder.hand_in.submission import Submission
from autograder.judgement.suites import judge
from autograder.observation.observe import Observations, observe, observe_then_repeat_unfinished
from autograder.observation.shapes import without_unusable_values
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
        assignment: the assignment.
        submission: the submission, see `submission.read`.
        seed: the grading seed; the reference's observations for it are cached.
        sandbox: a backend that passed its self-test.
        images: the images to train on; without them, sections that need a training are not judged.
        replay: trains a recipe, or returns an earlier result. If it returns None, the points of the
            training stay open until `regrade`.
        keep: called with all observations, including the training: the evidence for this Grade.
        older_work: whether it is work of an earlier year, whose notebook lacks some cells.

    Raises:
        SandboxError, SuiteBroken: the grader itself failed; never a student's fault.
    """
    start = time.monotonic()
    names = probe_names(assignment, images is not None, older_work)
    if older_work:
        submission = with_stand_ins(assignment, submission)
    with ThreadPoolExecutor(1) as executor:
        expected = executor.submit(reference, assignment, seed, sandbox, names)
        student = observe_then_repeat_unfinished(
            assignment, submission.files, submission.cells, seed, sandbox, names
        )
    student = without_unusable_values(assignment, student, expected.result())
    student = replace(
        student,
        older_work=older_work,
        errors=submission.errors,
        version=submission.version,
    )
    verdicts = judge(assignment, student, expected.result())
    found = findings(assignment, student, verdicts)
    if images is not None:
        student = with_training(submission, student, found.diagnoses, sandbox, images, replay)
    keep(student)
    elapsed_s = time.monotonic() - start
    return compiled(assignment, submission.name, student, verdicts, found, elapsed_s)


def regrade(
    assignment: Assignment,
    name: str,
    stored: Observations,
    sandbox: Backend,
    training: bool = False,
    replay: Callable[[Task], Replay | None] = lambda _: None,
    keep: Callable[[Observations], None] = lambda _: None,
) -> Grade:
    """Grades stored observations, without running student code.

    Args:
        assignment: the assignment.
        name: the name of the submission.
        stored: the observations that `grade` passed to `keep`.
        sandbox: the backend for observing the reference.
        training: whether to judge sections that need a training.
        replay: as in `grade`; called only if the stored training has no replay yet.
        keep: called with the stored observations, to which the replay was added.

    Raises:
        ValueError: the observations lack a probe, or their training is out of date.
    """
    start = time.monotonic()
    if training:
        stored = with_replay(stored, replay)
    keep(stored)
    stored = stored if training else replace(stored, training=None)
    names = probe_names(assignment, stored.training is not None, stored.older_work)
    expected = reference(assignment, stored.seed, sandbox, names)
    student = without_unusable_values(assignment, stored.only(names), expected)
    verdicts = judge(assignment, student, expected)
    found = findings(assignment, student, verdicts)
    require_same_mistakes(assignment, stored, found.diagnoses)
    elapsed_s = time.monotonic() - start
    return compiled(assignment, name, student, verdicts, found, elapsed_s)


def probe_names(
    assignment: Assignment, training: bool, older_work: bool = False
) -> tuple[str, ...]:
    """The probes that a grading runs, except for the training itself.

    With `training`, these include short probes that are judged only together with a training, such
    as comparisons.
    """
    names = tuple(name for name, probe in assignment.probes.items() if not probe.training)
    if training:
        names += tuple(
            name
            for name, probe in assignment.probes.items()
            if probe.training and name != assignment.training_plan.section
        )
    return without_new(assignment, names) if older_work else names


@lru_cache(maxsize=8)
def reference(
    assignment: Assignment, seed: int, sandbox: Backend, names: tuple[str, ...]
) -> Observations:
    """The observations of the solution, cached for all submissions with the same seed.

    Raises:
        SuiteBroken: the misconceptions do not fit the solution.
    """
    require_sound_misconceptions(assignment)
    submission = solution(assignment)
    return observe(
        assignment, submission.files, submission.cells, seed, sandbox, OURS, names, together=True
    )
