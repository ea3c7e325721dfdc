"""A submission -> its Grade: read, observe, mark, diagnose, return.

grade(read(Path("hand-ins/ada")), seed=7, sandbox=choose())
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np

from autograder import course
from autograder.checks import how_it_ended
from autograder.diagnose import Diagnosis, diagnose
from autograder.mark import Verdict, mark, suite_hash
from autograder.observe import (
    Observation,
    Observations,
    observe,
    observe_then_repeat_unfinished,
)
from autograder.probes import probes
from autograder.rubric import BY_ID, CARRY_FORWARD, SECTIONS, Section, training_share
from autograder.sandbox.backend import Backend
from autograder.sandbox.limits import OURS
from autograder.submission import Submission
from autograder.training import PROBE, Images, Progress, claimed, judged_accuracy, train
from autograder.variants import Variant, solution

SCHEMA = 1
LONGEST_MESSAGE = 600
HUNDREDTHS = 2
"""Decimals of a section's score, which is rounded once; totals add what was rounded."""

WITH_TRAINING = tuple(name for name, probe in probes().items() if probe.training and name != PROBE)
"""Probes that are short, but only judged where there is a training: the comparisons, and others."""


@dataclass(frozen=True)
class Test:
    """One check of a section: passed, or failed with a message for the student."""

    __test__ = False  # a result, whatever its name makes pytest think

    name: str
    passed: bool
    message: str


@dataclass(frozen=True)
class Hint:
    """A misconception that a section shows, and what to look at."""

    misconception: str
    text: str


@dataclass(frozen=True)
class SectionGrade:
    """What became of a section; the score is None when it was not judged."""

    id: str
    title: str
    score: float | None
    max_score: float
    tests: tuple[Test, ...]
    hints: tuple[Hint, ...] = ()


@dataclass(frozen=True)
class Grade:
    """All that is to be said of one submission. A function of (submission, suite, seed, data).

    Attributes:
        schema: version of this format.
        submission: its name.
        score, max_score: of the automatic points, over the sections that were judged.
        seed: of the random inputs; grading again with it gives the same Grade.
        suite: hash of all that decides a verdict.
        training: "full", "short" or "off".
        data: what was trained on; None when nothing was.
        sandbox: the backend's name.
        elapsed_s: seconds of wall time: the only field that differs between two runs.
        errors: what is wrong with the submission as a whole, in sentences.
    """

    schema: int
    submission: str
    assignment: str
    score: float
    max_score: float
    seed: int
    suite: str
    training: str
    data: str | None
    versions: Mapping[str, str]
    sandbox: str
    elapsed_s: float
    sections: tuple[SectionGrade, ...]
    errors: tuple[str, ...]


def grade(
    submission: Submission,
    seed: int,
    sandbox: Backend,
    images: Images | None = None,
    progress: Callable[[Progress], None] = lambda _: None,
    keep: Callable[[Observations], None] = lambda _: None,
) -> Grade:
    """Grades one submission.

    Args:
        submission: what was handed in, see `submission.read`.
        seed: the grading seed; the reference's side of it is kept for the next submission.
        sandbox: a backend that passed its self-test.
        images: what to train on; without it, what needs a training is not judged.
        progress: is told of every epoch.
        keep: is given all that was observed, the training included: the evidence of this Grade.

    Raises:
        SandboxError, SuiteBroken: the grader itself could not work; never a student's fault.
    """
    began = time.monotonic()
    names = probe_names(images is not None)
    with ThreadPoolExecutor(1) as beside:
        right = beside.submit(reference, seed, sandbox, names)
        student = observe_then_repeat_unfinished(
            submission.files, submission.cells, seed, sandbox, names
        )
    verdicts = mark(student, right.result())
    learnt = None
    if images is not None:
        learnt = _learnt(submission, sandbox, images, verdicts, progress)
        keep(student.with_training(learnt, images.mode.name, images.data))
    else:
        keep(student)
    return compiled(submission, student, verdicts, images, learnt, time.monotonic() - began)


def regrade(
    submission: Submission, kept: Observations, sandbox: Backend, images: Images | None = None
) -> Grade:
    """Grades what was observed before, without running student code.

    Args:
        submission: whose observations these are; its files are not looked at.
        kept: what `grade` handed to `keep`.
        sandbox: for the reference's side.
        images: of the same seed; without it, what needs a training is not judged.

    Raises:
        ValueError: they lack something, or their training was done on other images.
    """
    began = time.monotonic()
    learnt = kept[PROBE] if images is not None and PROBE in kept.by_probe else None
    told = kept.training, kept.data
    if learnt is not None and kept.data and told != (images.mode.name, images.data):
        raise ValueError(
            f"it was trained with --training {kept.training} on {kept.data} "
            f"Here it would be judged with {images.mode.name} on {images.data}"
        )
    names = probe_names(learnt is not None)
    student = kept.only(names)
    verdicts = mark(student, reference(kept.seed, sandbox, names))
    images = images if learnt is not None else None
    return compiled(submission, student, verdicts, images, learnt, time.monotonic() - began)


def probe_names(training: bool) -> tuple[str, ...]:
    """The probes of a grading, apart from the training itself."""
    always = (name for name, probe in probes().items() if not probe.training)
    return (*always, *WITH_TRAINING) if training else tuple(always)


@lru_cache(maxsize=8)
def reference(seed: int, sandbox: Backend, names: tuple[str, ...]) -> Observations:
    """What the probes see of the solution, kept for every submission under one seed."""
    right = solution()
    return observe(right.files, right.cells, seed, sandbox, OURS, names, together=True)


def _learnt(
    submission: Submission,
    sandbox: Backend,
    images: Images,
    verdicts: Iterable[Verdict],
    progress: Callable[[Progress], None],
) -> Observation:
    """Trains the submission; not past what is enough, if its `train_net` would return the best."""
    failed = {verdict.check.name for verdict in verdicts if verdict.failure is not None}
    return train(
        submission.files,
        submission.cells,
        images,
        sandbox,
        stop_early="train_tiny_net_best_parameters" not in failed,
        progress=progress,
    )


def compiled(
    submission: Submission,
    student: Observations,
    verdicts: tuple[Verdict, ...],
    images: Images | None,
    learnt: Observation | None,
    elapsed_s: float,
) -> Grade:
    """Puts verdicts, what is found out about the failed ones, and the training together."""
    found = diagnose(student, verdicts)
    sections = tuple(
        _section(
            section,
            [v for v in verdicts if v.check.section == section.id],
            found.get(section.id, Diagnosis()),
            images,
            learnt,
        )
        for section in SECTIONS
    )
    judged = [section for section in sections if section.score is not None]
    return Grade(
        schema=SCHEMA,
        submission=submission.name,
        assignment=course.ASSIGNMENT,
        score=round(sum(section.score for section in judged), HUNDREDTHS),
        max_score=sum(section.max_score for section in judged),
        seed=student.seed,
        suite=suite_hash(),
        training="off" if images is None else images.mode.name,
        data=None if images is None else images.data,
        versions={"python": platform.python_version(), "numpy": np.__version__},
        sandbox=student.sandbox,
        elapsed_s=round(elapsed_s, 3),
        sections=sections,
        errors=tuple(_clean(error) for error in submission.errors),
    )


def _section(
    section: Section,
    verdicts: list[Verdict],
    diagnosis: Diagnosis,
    images: Images | None,
    learnt: Observation | None,
) -> SectionGrade:
    excused = diagnosis.excused if CARRY_FORWARD else frozenset()
    tests = [_test(verdict, verdict.check.name in excused) for verdict in verdicts]
    if section.training and images is None:
        share = None
    elif section.id == PROBE:
        share, test = _accuracy(images, learnt)
        tests.insert(0, test)
    else:
        share = earned(verdicts, excused)
    score = None if share is None else float(round(section.auto * share, HUNDREDTHS))
    return SectionGrade(
        section.id, section.title, score, section.auto, tuple(tests), _hints(diagnosis)
    )


def _test(verdict: Verdict, excused: bool) -> Test:
    message = _clean(verdict.failure or "")
    if excused:
        message = _clean(f"not counted, since it follows from a mistake above: {message}")
    return Test(verdict.check.name, verdict.failure is None or excused, message)


def _hints(diagnosis: Diagnosis) -> tuple[Hint, ...]:
    """What was done here, and what was done elsewhere and shows here."""
    hints = [Hint(variant.name, variant.hint) for variant in diagnosis.found]
    if diagnosis.excused or diagnosis.hiding:
        costs = _what_it_costs(diagnosis)
        hints += [Hint(variant.name, _inherited(variant, costs)) for variant in diagnosis.inherited]
    return tuple(hints)


def _inherited(variant: Variant, costs: str) -> str:
    return f"What was found in {BY_ID[variant.section].title} shows here as well, {costs}."


def _what_it_costs(diagnosis: Diagnosis) -> str:
    if not CARRY_FORWARD:
        return "and is put right there"
    if diagnosis.hiding:
        return "and counts again where it hides whether the rest is right"
    return "and is not counted again"


def earned(verdicts: list[Verdict], excused: frozenset[str] = frozenset()) -> Fraction:
    """The part of a section's points that its checks earn, by their weights."""
    passed = sum(v.check.weight for v in verdicts if v.failure is None or v.check.name in excused)
    return Fraction(passed, sum(v.check.weight for v in verdicts))


def _accuracy(images: Images, learnt: Observation) -> tuple[Fraction, Test]:
    """The part of the points that the training earns, and what is said of it."""
    accuracy = judged_accuracy(learnt.values, images)
    told, epochs = (claimed(learnt.values, name) for name in ("told_accuracy", "epoch"))
    message = f"judged accuracy {accuracy:.1%} (all points from {images.mode.target:.0%} on)"
    if epochs is not None:
        message += f", after {epochs:.0f} epochs"
    if told is not None:
        message += f"; your code printed {told:.1%}"
    if learnt.ending.how != "finished":
        message += f"; {how_it_ended(learnt)}"
    share = Fraction(training_share(accuracy, images.mode.target)).limit_denominator(10**6)
    test = Test(f"{PROBE}_accuracy", accuracy >= images.mode.target, _clean(message))
    return share, test


def _clean(text: str) -> str:
    """Text that may hold a student's own: one paragraph of printable characters, bounded."""
    text = " ".join(text[: 2 * LONGEST_MESSAGE].split())
    text = "".join(c if c.isprintable() else "?" for c in text)
    return text if len(text) <= LONGEST_MESSAGE else text[: LONGEST_MESSAGE - 3] + "..."
