"""Identifies the known mistakes in a submission by comparing its observations with variants.

A failed section is compared with the solution in which one or two variants were patched, on the
same inputs. A variant is reported if the submission's values equal the variant's wherever the
variant's differ from the solution's. Arrays of numbers do not agree by chance, so correct work is
not accused.

Mistakes found in an earlier section are also applied when the later sections that run its code are
compared. If they alone explain a later section's values, that section has no mistake of its own,
and the same mistake costs no points again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache

from autograder.assignment import Assignment
from autograder.assignment.variant import Variant
from autograder.diagnosis.case import Case, Diagnosis, has_no_values
from autograder.diagnosis.hiding import hiders, tabled
from autograder.diagnosis.symptoms.section import Seen, Statement, of_nothing
from autograder.diagnosis.variant_readings import variant_readings
from autograder.diagnosis.variants import applied, compatible, variants
from autograder.judgement.memory import memory_limited
from autograder.judgement.suites import SuiteBroken, Verdict
from autograder.observation.observe import Observations

PAIRS_OF_A_SECTION, PAIRS_IN_ALL = 64, 256
"""The largest number of pairs of variants that are tried, in the order of `Case._likeliest`.

A pair takes a hundredth of a second. A section has up to 254 pairs, and a submission with small
mistakes everywhere would need 1,200. The limits were checked by patching pairs into the solution:
of the 690 pairs that no single variant explains, 671 are among the first 64 of their section. In
sections whose mistakes later sections inherit, all are among the first 36. Four unexplained
sections use up the total limit."""

CHANGES_OF_A_SECTION, CHANGES_IN_ALL = 800, 1600
"""The largest numbers of combinations of small changes that are tried, see `search`. Each takes
less than a hundredth of a second."""


@cache
def require_sound_misconceptions(assignment: Assignment) -> None:
    """Checks the misconceptions before anything is graded.

    Raises:
        SuiteBroken: a misconception belongs to no section, its patch does not fit the solution, or
            hidden.json has no entry for it.
    """
    try:
        for variant in variants(assignment):
            applied(assignment, (variant,))
    except ValueError as problem:
        raise SuiteBroken(f"misconceptions: {problem}") from None
    if unknown := [v.name for v in hiders(assignment) if v.name not in tabled(assignment)]:
        raise SuiteBroken(
            f"misconceptions: hidden.json has no entry for {', '.join(unknown)}; "
            "run `python -m autograder.diagnosis`"
        )


def diagnose(
    assignment: Assignment, student: Observations, verdicts: Iterable[Verdict]
) -> Mapping[str, Diagnosis]:
    """The diagnoses by section id. Sections without any finding are left out.

    Raises:
        MemoryError: the diagnosis exceeds the memory limit for one submission.
    """
    with memory_limited():
        return _diagnosed(assignment, student, verdicts)


def _diagnosed(
    assignment: Assignment, student: Observations, verdicts: Iterable[Verdict]
) -> Mapping[str, Diagnosis]:
    failed: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        if verdict.failure is not None:
            failed.setdefault(verdict.check.section, []).append(verdict)
    diagnoses: dict[str, Diagnosis] = {}
    known: list[Variant] = []
    unknown: list[str] = []
    left, changes_left = PAIRS_IN_ALL, CHANGES_IN_ALL
    for section in assignment.sections:
        seen = {p for v in failed.get(section.id, ()) for p in v.check.probes if p in set(student)}
        if all(has_no_values(student[p]) for p in seen):  # also if nothing failed
            if section.id in failed:
                unknown.append(section.id)
                if none := _of_nothing(assignment, student, seen):
                    diagnoses[section.id] = Diagnosis(symptoms=none)
            continue
        inherited = tuple(v for v in known if section.id in assignment.used_by.get(v.section, ()))
        beneath = tuple(u for u in unknown if section.id in assignment.used_by.get(u, ()))
        case = Case(assignment, section.id, student, failed[section.id], inherited)
        diagnosis = case.diagnosed(
            min(left, PAIRS_OF_A_SECTION), min(changes_left, CHANGES_OF_A_SECTION)
        )
        left -= case.pairs_tried
        changes_left -= case.changes_tried
        if beneath and not diagnosis.complete:
            symptoms = tuple(each for each in diagnosis.symptoms if each.of_its_own)
            diagnosis = replace(diagnosis, beneath=beneath, symptoms=symptoms)
        if diagnosis != Diagnosis():
            diagnoses[section.id] = diagnosis
        if diagnosis.complete and compatible(assignment, (*known, *diagnosis.found)):
            known += diagnosis.found
        elif not diagnosis.complete and not beneath:
            unknown.append(section.id)
    return diagnoses


def _of_nothing(
    assignment: Assignment, student: Observations, probes: Iterable[str]
) -> tuple[Statement, ...]:
    trusted = variant_readings(assignment, student.seed)
    return of_nothing(
        assignment,
        {
            probe: Seen(student[probe], trusted.observation((), probe), trusted.inputs(probe))
            for probe in sorted(probes)
        },
    )
