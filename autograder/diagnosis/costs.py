"""What each variant costs: a table for instructors to review.

usage: python -m autograder.diagnosis [SECTION ...]      (writes misconceptions/TABLE.md)
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from autograder.assignment import Assignment
from autograder.assignment.variant import Variant
from autograder.diagnosis.diagnose import diagnose
from autograder.diagnosis.in_process import observe_trusted
from autograder.diagnosis.variants import applied, solution, variants
from autograder.hand_in.submission import Submission
from autograder.judgement.points import rounded
from autograder.judgement.suites import earned, judge
from autograder.observation.observe import Observations

SEED = 2024

HEADER = """\
# What each misconception costs

Written by `python -m autograder.diagnosis`; a test compares it with actual grades. \
The numbers are lost points, out of the {without_training} that need no training{and_of_training}. \
*Elsewhere* means later sections that run the same code: first the points that they would lose if \
every check were judged independently, then those that they lose with the assignment's \
`carry_forward`, by which a recognised mistake costs points only once. \
Where points are still lost, the mistake stops the later section, or hides other mistakes there \
(see hidden.json). A check in which other mistakes may be hidden is not excused.{trained}

| misconception | own section | elsewhere, independently | elsewhere, carried forward |
|---|---|---|---|
"""
OF_TRAINING = ", and the {} of a training that reaches its target"
TRAINED = (
    " Mistakes in trained code cost the points of the failed checks, plus the points for accuracy "
    "that the training then does not reach."
)


@dataclass(frozen=True)
class Cost:
    """The points that a variant loses.

    Attributes:
        variant: the variant.
        own: points lost in its own section.
        elsewhere: points lost in other sections if every check is judged independently.
        carried: points lost in other sections if a recognised mistake costs points only once.
        found: names of the variants that the diagnosis found, by section.
        failed: names of the failed checks, by section.
    """

    variant: Variant
    own: float
    elsewhere: Mapping[str, float]
    carried: Mapping[str, float]
    found: Mapping[str, tuple[str, ...]]
    failed: Mapping[str, tuple[str, ...]]


def seen(assignment: Assignment) -> tuple[str, ...]:
    """The probes that costs are computed from: all except long trainings."""
    plan = assignment.training
    also = () if plan is None else plan.also_seen
    return tuple(n for n, probe in assignment.probes.items() if not probe.training or n in also)


def cost(assignment: Assignment, variant: Variant, seed: int = SEED) -> Cost:
    """Grades the solution with this variant applied."""
    student = observed(assignment, applied(assignment, (variant,)), seed)
    verdicts = judge(assignment, student, reference(assignment, seed))
    diagnoses = diagnose(assignment, student, verdicts)
    independent: dict[str, float] = {}
    carried: dict[str, float] = {}
    for section in assignment.sections:
        own = [v for v in verdicts if v.check.section == section.id]
        if not own:
            continue
        excused = diagnoses[section.id].excused if section.id in diagnoses else frozenset()
        for points, not_counted in ((independent, frozenset()), (carried, excused)):
            lost = rounded(section.auto * (1 - earned(own, not_counted)))
            if lost:
                points[section.id] = lost
    failed: dict[str, tuple[str, ...]] = {}
    for verdict in verdicts:
        if verdict.failure is not None:
            section_id = verdict.check.section
            failed[section_id] = (*failed.get(section_id, ()), verdict.check.name)
    return Cost(
        variant,
        carried.pop(variant.section, 0.0),
        {name: points for name, points in independent.items() if name != variant.section},
        carried,
        {name: tuple(v.name for v in d.found) for name, d in diagnoses.items() if d.found},
        failed,
    )


@dataclass(frozen=True)
class Outcome:
    """The results of a library's checks.

    Attributes:
        passed: names of the passed checks.
        excused: names of the failed checks that cost no points.
        points: points by section, only for sections that can be judged without a training.
    """

    passed: frozenset[str]
    excused: frozenset[str]
    points: Mapping[str, float]

    def costing_nothing(self) -> frozenset[str]:
        """The checks that cost no points."""
        return self.passed | self.excused


def outcome(
    assignment: Assignment, combination: Sequence[Variant], probes: Sequence[str], seed: int = SEED
) -> Outcome:
    """Grades the solution with these variants applied, using these probes only.

    Raises:
        PatchDoesNotApply: the variants are incompatible.
    """
    student = observe_trusted(assignment, applied(assignment, combination), seed, probes)
    verdicts = judge(assignment, student, reference(assignment, seed).only(probes))
    diagnoses = diagnose(assignment, student, verdicts)
    excused = frozenset(name for diagnosis in diagnoses.values() for name in diagnosis.excused)
    points = {}
    for section in assignment.sections:
        own = [v for v in verdicts if v.check.section == section.id]
        if own and not section.training:
            points[section.id] = rounded(section.auto * earned(own, excused))
    passed = frozenset(v.check.name for v in verdicts if v.failure is None)
    return Outcome(passed, excused, points)


@lru_cache(maxsize=2)
def reference(assignment: Assignment, seed: int) -> Observations:
    """The observations of the solution."""
    return observed(assignment, solution(assignment), seed)


def observed(assignment: Assignment, submission: Submission, seed: int) -> Observations:
    """The observations of a trusted library."""
    return observe_trusted(assignment, submission, seed, seen(assignment))


def row(cost: Cost) -> str:
    """The variant's row in the table."""

    def listed(points: Mapping[str, float]) -> str:
        return ", ".join(f"{name} {lost:g}" for name, lost in points.items())

    elsewhere, carried = listed(cost.elsewhere), listed(cost.carried)
    return f"| {cost.variant.name} | {cost.own:g} | {elsewhere} | {carried} |"


def table(assignment: Assignment, rows: Iterable[str]) -> str:
    plan, texts = assignment.training, {"and_of_training": "", "trained": ""}
    if plan is not None:
        of_training = assignment.by_id[plan.section].auto
        texts = {"and_of_training": OF_TRAINING.format(of_training), "trained": TRAINED}
    header = HEADER.format(without_training=assignment.without_training, **texts)
    return header + "".join(line + "\n" for line in rows)


def write(assignment: Assignment, changed: Collection[str] = ()) -> None:
    """Writes the table. If sections are given, only the rows that depend on them are recomputed."""
    path = assignment.misconceptions_folder / "TABLE.md"
    old = path.read_text("utf-8").splitlines() if changed and path.exists() else []
    old_rows = {line.split(" | ")[0].removeprefix("| "): line for line in old}
    rows = []
    for variant in variants(assignment):
        affected = {variant.section, *assignment.used_by.get(variant.section, ())}
        if not variant.correct:
            outdated = variant.name not in old_rows or not affected.isdisjoint(changed)
            rows.append(row(cost(assignment, variant)) if outdated else old_rows[variant.name])
    path.write_text(table(assignment, rows), encoding="utf-8")
