"""A submission -> its Grade: read, observe, mark, diagnose, return.

assignment = checkout.assignment()
grade(assignment, read(assignment, Path("hand-ins/ada")), seed=7, sandbox=choose())
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from autograder.assignment import Assignment
from autograder.assignment.rubric import Section
from autograder.assignment.variant import Variant
from autograder.diagnosis.diagnose import Diagnosis, diagnose, require_sound_misconceptions
from autograder.diagnosis.variants import solution
from autograder.hand_in import older_work as other_year
from autograder.hand_in import version
from autograder.hand_in.notebook import printed_accuracy
from autograder.hand_in.submission import Submission
from autograder.judgement.points import rounded, total
from autograder.judgement.suites import TOO_LARGE, Verdict, earned, mark, suite_hash
from autograder.observation.observe import Observations, observe, observe_then_repeat_unfinished
from autograder.observation.shapes import trimmed
from autograder.sandbox.backend import Backend
from autograder.sandbox.limits import OURS, TRAINING
from autograder.training import fresh
from autograder.training.images import OFF, Images, plan_of
from autograder.training.judged import Trained, judged, mistakes_of
from autograder.training.replay import Replay, Task

SCHEMA = 1
LONGEST_MESSAGE = 600
FOR_A_PERSON = "for_a_person"
"""The name of a hint that is not about a misconception: no check can judge what was done here."""


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
    """What became of a section.

    Attributes:
        score: None when it was not judged.
    """

    id: str
    title: str
    score: float | None
    max_score: float
    tests: tuple[Test, ...]
    hints: tuple[Hint, ...] = ()

    @property
    def awaits_a_person(self) -> bool:
        """Whether somebody should look at it, and may give points by hand; a hint says why."""
        return any(hint.misconception == FOR_A_PERSON for hint in self.hints)


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
        errors: what is to be said of the submission as a whole, in sentences: what is missing or
            could not be read, that it was graded as work of another year, and what has changed in
            the assignment since the version that it says it was made from.
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
        submission = other_year.with_stand_ins(assignment, submission)
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
    trained = None
    if images is not None:
        trained = _trained(submission, student, found.diagnoses, sandbox, images)
        trained = trained.completed(replay)
        student = student.with_training(trained.as_dict())
    keep(student)
    elapsed_s = time.monotonic() - began
    return compiled(assignment, submission.name, student, verdicts, found, trained, elapsed_s)


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
    trained = None
    if training and kept.training is not None:
        trained = Trained.from_dict(kept.training).completed(replay)
        kept = kept.with_training(trained.as_dict())
    keep(kept)
    names = probe_names(assignment, trained is not None, kept.older_work)
    right = reference(assignment, kept.seed, sandbox, names)
    student = trimmed(assignment, kept.only(names), right)
    verdicts = mark(assignment, student, right)
    found = findings(assignment, student, verdicts)
    if trained is not None and trained.mistakes != mistakes_of(assignment, found.diagnoses):
        raise ValueError("its training was judged beside other mistakes; grade it afresh")
    elapsed_s = time.monotonic() - began
    return compiled(assignment, name, student, verdicts, found, trained, elapsed_s)


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
            if probe.training and name != plan_of(assignment).section
        )
    return other_year.without_new_cells(assignment, names) if older_work else names


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


def _trained(
    submission: Submission,
    student: Observations,
    found: Mapping[str, Diagnosis],
    sandbox: Backend,
    images: Images,
) -> Trained:
    """What the student's code does with a problem of its own, and what the recipe says."""
    assignment, plan, seed = images.assignment, images.plan, student.seed
    files, cells, names = submission.files, submission.cells, [plan.section]
    with fresh.drawn(assignment, seed).files() as data:
        own = observe(assignment, files, cells, seed, sandbox, TRAINING, names, data)
    printed = printed_accuracy(submission.notebook, plan.run_cell)
    recipe, mistakes = student[plan.recipe_probe], mistakes_of(assignment, found)
    return judged(own[plan.section], recipe, seed, images, mistakes, printed)


def compiled(
    assignment: Assignment,
    name: str,
    student: Observations,
    verdicts: tuple[Verdict, ...],
    found: Findings,
    trained: Trained | None,
    elapsed_s: float,
) -> Grade:
    """Puts verdicts, what is found out about the failed ones, and the training together."""
    sections = tuple(
        _section(
            assignment,
            section,
            [v for v in verdicts if v.check.section == section.id],
            found.diagnoses.get(section.id, Diagnosis()),
            trained,
        )
        for section in assignment.sections
    )
    scored = [(s.score, s.max_score) for s in sections if s.score is not None]
    made_from = version.remark(assignment, student.version)
    errors = (
        *student.errors,
        *found.errors,
        *((other_year.remark(assignment),) if student.older_work else ()),
        *((made_from,) if made_from else ()),
    )
    return Grade(
        schema=SCHEMA,
        submission=name,
        assignment=assignment.id,
        score=total(score for score, _ in scored),
        max_score=sum(most for _, most in scored),
        seed=student.seed,
        suite=suite_hash(assignment),
        training=OFF if trained is None else trained.mode,
        data=None if trained is None else trained.data,
        versions={"python": platform.python_version(), "numpy": np.__version__},
        sandbox=student.sandbox,
        elapsed_s=round(elapsed_s, 3),
        sections=sections,
        errors=tuple(_clean(error) for error in errors),
    )


@dataclass(frozen=True)
class Findings:
    """What is found out about failed checks.

    Attributes:
        diagnoses: by section.
        errors: what is wrong with the submission as a whole: that judging it takes too much.
    """

    diagnoses: Mapping[str, Diagnosis]
    errors: tuple[str, ...] = ()


def findings(
    assignment: Assignment, student: Observations, verdicts: tuple[Verdict, ...]
) -> Findings:
    """Diagnoses the failed checks, as far as memory goes."""
    too_large = [v.check.name for v in verdicts if v.failure == TOO_LARGE]
    errors = [f"{', '.join(too_large)}: {TOO_LARGE}"] if too_large else []
    try:
        return Findings(diagnose(assignment, student, verdicts), tuple(errors))
    except MemoryError:
        errors.append(
            "finding out what went wrong takes more memory than there is for one submission: "
            "no mistake is named, and none excuses another"
        )
        return Findings({}, tuple(errors))


def _section(
    assignment: Assignment,
    section: Section,
    verdicts: list[Verdict],
    diagnosis: Diagnosis,
    trained: Trained | None,
) -> SectionGrade:
    excused = diagnosis.excused if assignment.carry_forward else frozenset()
    tests = [_test(verdict, verdict.check.name in excused) for verdict in verdicts]
    share, hints = None, _hints(assignment, diagnosis)
    if trained is not None or not section.training:
        share = earned(verdicts, excused)
    if trained is not None and section.id == plan_of(assignment).section:
        told = trained.told(section.id)
        tests = [Test(name, passed, _clean(text)) for name, passed, text in told] + tests
        of_training = trained.share
        share = None if share is None or of_training is None else share * of_training
        hints += tuple(Hint(FOR_A_PERSON, _clean(text)) for text in trained.for_a_person())
    score = None if share is None else rounded(section.auto * share)
    return SectionGrade(section.id, section.title, score, section.auto, tuple(tests), hints)


def _test(verdict: Verdict, excused: bool) -> Test:
    message = _clean(verdict.failure or "")
    if excused:
        message = _clean(f"not counted, since it follows from a mistake above: {message}")
    return Test(verdict.check.name, verdict.failure is None or excused, message)


def _hints(assignment: Assignment, diagnosis: Diagnosis) -> tuple[Hint, ...]:
    """What was done here, and what was done elsewhere and shows here."""
    hints = [Hint(variant.name, variant.hint) for variant in diagnosis.found]
    if diagnosis.excused or diagnosis.hiding:
        costs = _what_it_costs(assignment, diagnosis)
        hints += [
            Hint(variant.name, _inherited(assignment, variant, costs))
            for variant in diagnosis.inherited
        ]
    return tuple(hints)


def _inherited(assignment: Assignment, variant: Variant, costs: str) -> str:
    title = assignment.by_id[variant.section].title
    return f"What was found in {title} shows here as well, {costs}."


def _what_it_costs(assignment: Assignment, diagnosis: Diagnosis) -> str:
    if not assignment.carry_forward:
        return "and is put right there"
    if diagnosis.hiding:
        return "and counts again where it hides whether the rest is right"
    return "and is not counted again"


def _clean(text: str) -> str:
    """Text that may hold a student's own: one paragraph of printable characters, bounded."""
    text = " ".join(text[: 2 * LONGEST_MESSAGE].split())
    text = "".join(c if c.isprintable() else "?" for c in text)
    return text if len(text) <= LONGEST_MESSAGE else text[: LONGEST_MESSAGE - 3] + "..."
