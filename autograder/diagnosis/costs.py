"""What each variant costs: the table that instructors can read and argue with.

usage: python -m autograder.diagnosis [SECTION ...]      (writes misconceptions/TABLE.md)
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from autograder.assignment import Assignment
from autograder.assignment.variant import Variant
from autograder.diagnosis.diagnose import diagnose
from autograder.diagnosis.in_process import rehearsed
from autograder.diagnosis.variants import applied, solution, variants
from autograder.hand_in.submission import Submission
from autograder.judgement.points import rounded
from autograder.judgement.suites import earned, mark
from autograder.observation.observe import Observations

SEED = 2024

HEADER = """\
# What each misconception costs

Written by `python -m autograder.diagnosis`; a test compares it with what grading does. Points, of \
the {without_training} that are judged without a training{and_of_training}. \
*Elsewhere* are later sections that run the same code: \
what they would lose if every check were judged by itself, and what they lose with `CARRY_FORWARD` \
in `rubric.py`, by which a mistake that is recognised is paid for once. Where something remains, \
the mistake keeps the later section from answering at all, or hides other mistakes there, which \
hidden.json lists: what nobody can see is not excused.{trained}

| misconception | own section | elsewhere, by itself | elsewhere, carried forward |
|---|---|---|---|
"""
OF_TRAINING = ", and of the {} of a training that reaches its target"
TRAINED = (
    " Mistakes in what is trained cost what their checks weigh, and besides what the training then "
    "fails to learn."
)


@dataclass(frozen=True)
class Cost:
    """Points that a variant loses.

    Attributes:
        variant: whose they are.
        own: in its own section.
        elsewhere: in other sections, each check judged by itself.
        carried: in other sections, what is recognised being paid for once.
        found: names of the variants that the diagnosis found, by section.
        failed: names of the checks that failed, by section.
    """

    variant: Variant
    own: float
    elsewhere: Mapping[str, float]
    carried: Mapping[str, float]
    found: Mapping[str, tuple[str, ...]]
    failed: Mapping[str, tuple[str, ...]]


def seen(assignment: Assignment) -> tuple[str, ...]:
    """Every probe but trainings, small ones included."""
    plan = assignment.training
    also = () if plan is None else plan.also_seen
    return tuple(n for n, probe in assignment.probes.items() if not probe.training or n in also)


def cost(assignment: Assignment, variant: Variant, seed: int = SEED) -> Cost:
    """Grades the solution with this variant in it."""
    student = observed(assignment, applied(assignment, (variant,)), seed)
    verdicts = mark(assignment, student, reference(assignment, seed))
    diagnoses = diagnose(assignment, student, verdicts)
    alone: dict[str, float] = {}
    carried: dict[str, float] = {}
    for section in assignment.sections:
        own = [v for v in verdicts if v.check.section == section.id]
        if not own:
            continue
        excused = diagnoses[section.id].excused if section.id in diagnoses else frozenset()
        for points, free in ((alone, frozenset()), (carried, excused)):
            lost = rounded(section.auto * (1 - earned(own, free)))
            if lost:
                points[section.id] = lost
    failed: dict[str, tuple[str, ...]] = {}
    for verdict in verdicts:
        if verdict.failure is not None:
            concerned = verdict.check.section
            failed[concerned] = (*failed.get(concerned, ()), verdict.check.name)
    return Cost(
        variant,
        carried.pop(variant.section, 0.0),
        {name: points for name, points in alone.items() if name != variant.section},
        carried,
        {name: tuple(v.name for v in d.found) for name, d in diagnoses.items() if d.found},
        failed,
    )


@dataclass(frozen=True)
class Outcome:
    """What a library's checks count.

    Attributes:
        passed: names of those that pass.
        excused: of those that fail and are not counted.
        points: by section; only of sections that can be judged without a training.
    """

    passed: frozenset[str]
    excused: frozenset[str]
    points: Mapping[str, float]

    def counted(self) -> frozenset[str]:
        """The checks that cost nothing."""
        return self.passed | self.excused


def outcome(
    assignment: Assignment, those: Sequence[Variant], probes: Sequence[str], seed: int = SEED
) -> Outcome:
    """Grades the solution with these variants in it, as far as these probes go.

    Raises:
        Unfit: they do not go together.
    """
    student = rehearsed(assignment, applied(assignment, those), seed, probes)
    verdicts = mark(assignment, student, reference(assignment, seed).only(probes))
    found = diagnose(assignment, student, verdicts)
    excused = frozenset(name for diagnosis in found.values() for name in diagnosis.excused)
    points = {}
    for section in assignment.sections:
        own = [v for v in verdicts if v.check.section == section.id]
        if own and not section.training:
            points[section.id] = rounded(section.auto * earned(own, excused))
    passed = frozenset(v.check.name for v in verdicts if v.failure is None)
    return Outcome(passed, excused, points)


@lru_cache(maxsize=2)
def reference(assignment: Assignment, seed: int) -> Observations:
    """What is seen of the solution."""
    return observed(assignment, solution(assignment), seed)


def observed(assignment: Assignment, submission: Submission, seed: int) -> Observations:
    """What is seen of one of our own libraries."""
    return rehearsed(assignment, submission, seed, seen(assignment))


def row(cost: Cost) -> str:
    """The variant's line of the table."""

    def listed(points: Mapping[str, float]) -> str:
        return ", ".join(f"{name} {lost:g}" for name, lost in points.items())

    elsewhere, carried = listed(cost.elsewhere), listed(cost.carried)
    return f"| {cost.variant.name} | {cost.own:g} | {elsewhere} | {carried} |"


def table(assignment: Assignment, rows: Iterable[str]) -> str:
    plan, words = assignment.training, {"and_of_training": "", "trained": ""}
    if plan is not None:
        of_training = assignment.by_id[plan.section].auto
        words = {"and_of_training": OF_TRAINING.format(of_training), "trained": TRAINED}
    header = HEADER.format(without_training=assignment.without_training, **words)
    return header + "".join(line + "\n" for line in rows)


def write(assignment: Assignment, changed: Collection[str] = ()) -> None:
    """Writes the table anew; with sections that have changed, only the rows that they concern."""
    path = assignment.misconceptions_folder / "TABLE.md"
    old = path.read_text("utf-8").splitlines() if changed and path.exists() else []
    kept = {line.split(" | ")[0].removeprefix("| "): line for line in old}
    rows = []
    for variant in variants(assignment):
        concerned = {variant.section, *assignment.shows_in.get(variant.section, ())}
        if not variant.correct:
            again = variant.name not in kept or not concerned.isdisjoint(changed)
            rows.append(row(cost(assignment, variant)) if again else kept[variant.name])
    path.write_text(table(assignment, rows), encoding="utf-8")
