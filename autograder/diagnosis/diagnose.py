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

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache, partial
from itertools import combinations
from typing import Any

import numpy as np

from autograder.assignment import Assignment
from autograder.assignment.probe import Library
from autograder.assignment.variant import PatchDoesNotApply, Variant
from autograder.diagnosis.bounded_cache import BoundedCache
from autograder.diagnosis.hiding import hiders, sees_all, tabled
from autograder.diagnosis.in_process import load, run_trusted
from autograder.diagnosis.mutation.search import Difference, Explanation, explanation, rivals
from autograder.diagnosis.same import Reading, alike, differences, read, tells_something
from autograder.diagnosis.symptoms.compared import FEW
from autograder.diagnosis.symptoms.section import (
    MOST,
    Seen,
    Statement,
    of_a_part,
    of_nothing,
    statements,
)
from autograder.diagnosis.variants import applied, by_section, compatible, variants
from autograder.judgement.memory import memory_limited
from autograder.judgement.suites import SuiteBroken, Verdict, all_checks
from autograder.observation.observe import Observation, Observations
from autograder.seeds import key_of

PAIRS_OF_A_SECTION, PAIRS_IN_ALL = 64, 256
"""The largest number of pairs of variants that are tried, in the order of `Case._likeliest`.

A pair takes a hundredth of a second. A section has up to 254 pairs, and a submission with small
mistakes everywhere would need 1,200. The limits were checked by patching pairs into the solution:
of the 690 pairs that no single variant explains, 671 are among the first 64 of their section. In
sections whose mistakes later sections inherit, all are among the first 36. Four unexplained
sections use up the total limit."""

CHANGES_OF_A_SECTION, CHANGES_IN_ALL = 400, 800
"""The largest numbers of combinations of small changes that are tried, see `search`. Each takes
less than a hundredth of a second."""

LIBRARIES, COMPARISONS, READINGS = 64, 8192, 32 * 2**20
"""Cache sizes: the numbers of libraries and comparisons, and the bytes of readings."""


@dataclass(frozen=True)
class Diagnosis:
    """The diagnosis of a failed section.

    Attributes:
        found: variants that match the section, combination that explain most of it first.
        inherited: variants found in earlier sections whose code this section runs.
        complete: whether these variants explain everything that is wrong.
        excused: names of checks that fail only because of inherited variants.
        hiding: names of further checks that the inherited variants explain, but in which they may
            hide other mistakes. These checks are not excused.
        symptoms: what holds about the values that `found` does not explain.
        beneath: earlier sections that this one runs the code of, and whose mistake is unknown. The
            values of this section may be wrong because of them alone.
    """

    found: tuple[Variant, ...] = ()
    inherited: tuple[Variant, ...] = ()
    complete: bool = False
    excused: frozenset[str] = frozenset()
    hiding: frozenset[str] = frozenset()
    symptoms: tuple[Statement, ...] = ()
    beneath: tuple[str, ...] = ()


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
        if all(_has_no_values(student[p]) for p in seen):  # also if nothing failed
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


class Case:
    """A failed section of one submission, with the variants found in earlier sections.

    Attributes:
        pairs_tried: the number of pairs of variants that the diagnosis tried.
        changes_tried: the number of combinations of small changes that it tried.
    """

    def __init__(
        self,
        assignment: Assignment,
        section: str,
        student: Observations,
        failed: list[Verdict],
        inherited: tuple[Variant, ...],
    ) -> None:
        self.pairs_tried = self.changes_tried = 0
        self._assignment = assignment
        self._section = section
        self._failed = failed
        self._inherited = inherited
        self._observations = student
        self._readings = variant_readings(assignment, student.seed)
        of_failed = [p for v in failed for p in v.check.probes]
        others = [p for c in all_checks(assignment) if c.section == section for p in c.probes]
        self._probes = [p for p in dict.fromkeys((*of_failed, *others)) if p in set(student)]
        self._student = {p: self._readings.read(student[p]) for p in self._probes}
        self._small_first = sorted(self._probes, key=lambda p: _bytes_of(self._student[p]))
        self._wrong = {p for p in of_failed if p in self._student and not self._is_like((), p)}
        self._informative = [p for p in self._probes if p in self._wrong]
        self._informative = [p for p in self._informative if not _has_no_values(student[p])]

    def diagnosed(self, most_pairs: int, most_changes: int) -> Diagnosis:
        """Tries the inherited variants alone first, then one more variant, then two more."""
        explained = self._explained_by_inherited()
        excused = frozenset(v.check.name for v in explained if self._sees_all(v))
        hiding = frozenset(v.check.name for v in explained) - excused
        unexplained = set(self._wrong)
        found: list[Variant] = []
        for size in (1, 2):
            if not unexplained.intersection(self._informative):
                break
            relevant = [
                v for v in by_section(self._assignment)[self._section] if self._is_relevant(v)
            ]
            if size == 1:
                candidates: list[Combination] = [(variant,) for variant in relevant]
            else:
                candidates = self._likeliest(relevant)[:most_pairs]
                self.pairs_tried = len(candidates)
            fits = [fit for fit in self._fitting(candidates) if self._is_evident(fit)]
            fits.sort(key=lambda fit: -len(fit[1]))
            while fits := [fit for fit in fits if fit[1] & unexplained]:
                combination, matched = min(fits, key=lambda fit: len(set(fit[0]) - set(found)))
                found += [v for v in combination if v not in found]
                unexplained -= matched
        partly: Explanation | None = None
        if unexplained.intersection(self._informative) and not found:
            partly = self._explanation(most_changes)
            if partly is not None and not partly.left:
                found, unexplained, partly = [partly.variant], set(), None
        return Diagnosis(
            tuple(v for v in found if not v.correct),
            self._inherited,
            not unexplained,
            excused,
            hiding,
            self._symptoms(unexplained, partly),
        )

    def _explanation(self, most: int) -> Explanation | None:
        """The small changes that explain most of the wrong values."""
        wrong = frozenset(self._all_values(partial(self._unlike, ())))
        return explanation(self._assignment, self._section, wrong, self._left_by, most)

    def _left_by(self, variant: Variant, within: Difference) -> Difference | None:
        """The values in which the student differs from a variant.

        None if the variant does not fit, if there are others than those in `within`, or if those
        that it explains are too few numbers to be more than a coincidence.
        """
        left: set[tuple[str, str]] = set()
        self.changes_tried += 1
        try:
            for probe in self._small_first:
                left |= {(probe, name) for name in self._unlike((variant,), probe)}
                if not left <= within:
                    return None
        except (PatchDoesNotApply, SyntaxError):
            return None
        explained = [
            self._student[probe].values[name].astype(float, copy=False)
            for probe, name in within - left
            if name in self._student[probe].values
        ]
        if sum(int(np.isfinite(v).sum()) for v in explained if v.any()) < FEW:
            return None
        return frozenset(left)

    def _symptoms(self, unexplained: set[str], partly: Explanation | None) -> tuple[Statement, ...]:
        """What holds about the values in these probes and, for contrast, in the right ones."""
        if not unexplained:
            return ()
        combination, said = self._inherited, tuple[Statement, ...]()
        if partly is not None:
            combination += (partly.variant,)
            said = of_a_part(partly.variant)
            unexplained = {probe for probe, _ in partly.left}
        own = self._assignment.symptoms
        extra = [p for p in self._observations if p in own and p not in self._probes]
        extra = [p for p in extra if self._assignment.section_of(p) == self._section]
        others = [*(p for p in self._probes if p not in unexplained), *extra]
        probes = {
            probe: Seen(
                self._observations[probe],
                self._readings.observation(combination, probe),
                self._readings.inputs(probe),
            )
            for probe in sorted(
                (*(p for p in self._probes if p in unexplained), *others),
                key=lambda probe: probe != self._section,
            )
        }
        return (*said, *statements(self._assignment, probes, contrast=partly is None))[:MOST]

    def _explained_by_inherited(self) -> list[Verdict]:
        """The failed checks whose probes all match the solution with the inherited variants.

        Empty if any probe of the failed checks deviates from that, because then the section has an
        unknown mistake and is judged independently.
        """
        if self._wrong or not self._inherited:
            return []
        return [
            verdict
            for verdict in self._failed
            if all(
                p in self._student and self._is_like((), p) and tells_something(self._student[p])
                for p in verdict.check.probes
            )
        ]

    def _sees_all(self, verdict: Verdict) -> bool:
        """Whether a check would still detect every mistake that it is meant to detect."""
        return all(
            sees_all(self._assignment, probe, self._section, self._inherited)
            for probe in verdict.check.probes
        )

    def _is_relevant(self, variant: Variant) -> bool:
        """Whether a variant changes values of a probe in which the student is wrong."""
        try:
            return any(self._shows((variant,), probe) for probe in self._informative)
        except PatchDoesNotApply:
            return False

    def _likeliest(self, relevant: list[Variant]) -> list[tuple[Variant, ...]]:
        """Pairs of variants, those with the fewest contradicting values first.

        A value that only one of the two variants changes should be the same in the student's work
        as with that variant alone. This is a heuristic: one variant may have an effect only in
        combination with the other, or may hide it.
        """
        shows = {v: self._all_values(partial(self._shows, (v,))) for v in relevant}
        unlike = {v: self._all_values(partial(self._unlike, (v,))) for v in relevant}

        def contradictions(pair: tuple[Variant, ...]) -> int:
            one, other = pair
            of_one = (shows[one] - shows[other]) & unlike[one]
            return len(of_one | (shows[other] - shows[one]) & unlike[other])

        pairs = (
            pair
            for pair in combinations(relevant, 2)
            if compatible(self._assignment, (*self._inherited, *pair))
        )
        return sorted(pairs, key=contradictions)

    def _all_values(self, names: Callable[[str], frozenset[str]]) -> set[tuple[str, str]]:
        """The (probe, name) pairs of all probes, where `names(probe)` gives the names."""
        return {(probe, name) for probe in self._probes for name in names(probe)}

    def _fitting(self, candidates: Iterable[tuple[Variant, ...]]) -> Iterator[Fit]:
        """The candidates that match the student, each with the probes in which it has an effect."""
        for combination in candidates:
            try:
                matched = self._matched(combination)
            except PatchDoesNotApply:
                continue
            if matched:
                yield combination, matched

    def _is_evident(self, fit: Fit) -> bool:
        """Whether a fit is more than an agreement in NaN or in exceptions.

        Otherwise it counts only if nothing else would explain the same.
        """
        combination, matched = fit
        for probe in matched:
            reading = self._reading(combination, probe)
            shown = self._shows(combination, probe)
            if shown & reading.refused:  # what is not returned at all is telling, too
                return True
            for name in shown & reading.values.keys():
                if np.isfinite(reading.values[name].astype(float, copy=False)).any():
                    return True
        return not any(
            rival != combination[0] and self._explains_as_much((rival,), matched)
            for rival in rivals(self._assignment, self._section)
        )

    def _explains_as_much(self, combination: Combination, matched: set[str]) -> bool:
        with contextlib.suppress(PatchDoesNotApply, SyntaxError):
            return all(self._is_like(combination, probe) for probe in matched)
        return False

    def _matched(self, combination: tuple[Variant, ...]) -> set[str]:
        """The probes in which these variants have an effect, if the student matches all of them.

        Empty if the student's values differ from the variants' in one of those probes.
        """
        matched = set()
        for probe in self._probes:
            if self._is_like(combination, probe):
                if not self._shows(combination, probe):
                    continue
                matched.add(probe)
            elif self._shows(combination, probe):
                return set()
        return matched

    def _is_like(self, combination: tuple[Variant, ...], probe: str) -> bool:
        return alike(self._student[probe], self._reading(combination, probe))

    def _unlike(self, combination: tuple[Variant, ...], probe: str) -> frozenset[str]:
        """The values of a probe in which the student differs from these variants."""
        return differences(self._student[probe], self._reading(combination, probe))

    def _shows(self, combination: tuple[Variant, ...], probe: str) -> frozenset[str]:
        """The values of a probe that these variants change."""
        return self._readings.shows((*self._inherited, *combination), self._inherited, probe)

    def _reading(self, combination: tuple[Variant, ...], probe: str) -> Reading:
        return self._readings.readings[(*self._inherited, *combination), probe]


def _has_no_values(observation: Observation) -> bool:
    """Whether a probe has no values because the code is missing, not importable or was stopped.

    No variant does any of these.
    """
    raised = observation.ending.raised
    if observation.values:
        return False
    return raised is None or bool(raised.importing) or raised.type == "NotImplementedError"


Combination = tuple[Variant, ...]
Fit = tuple[Combination, set[str]]
"""Variants, and the probes that they explain."""


class VariantReadings:
    """What probes observe of the solution with variants applied, for one seed."""

    def __init__(self, assignment: Assignment, seed: int) -> None:
        self._assignment = assignment
        self._seed = seed
        self._drawn_inputs: dict[str, Mapping[str, Any]] = {}
        self._of_solution: dict[str, Observation] = {}
        self._libraries = BoundedCache(LIBRARIES, self._load, lambda library: 1)
        self.readings = BoundedCache(READINGS, self._read_variant, _bytes_of)
        """Readings by variants and probe. Incompatible variants raise PatchDoesNotApply."""
        self._differences = BoundedCache(COMPARISONS, self._compare, lambda names: 1)

    def read(self, seen: Observation) -> Reading:
        """The reading of an observation of any library."""
        special = self._assignment.special.get(seen.probe)
        return read(seen, self.inputs(seen.probe), self._solution(seen.probe), special)

    def observation(self, combination: Combination, probe: str) -> Observation:
        """What a probe observes of the solution with these variants."""
        return self._observe(combination, probe) if combination else self._solution(probe)

    def shows(self, combination: Combination, base: Combination, probe: str) -> frozenset[str]:
        """The values of a probe that differ between the two combinations."""
        return self._differences[combination, base, probe]

    def _compare(self, key: tuple[Combination, Combination, str]) -> frozenset[str]:
        combination, base, probe = key
        return differences(self.readings[combination, probe], self.readings[base, probe])

    def _read_variant(self, key: tuple[Combination, str]) -> Reading:
        combination, probe = key
        if not combination:
            return self.read(self._solution(probe))
        return self.read(self._observe(combination, probe))

    def _solution(self, probe: str) -> Observation:
        if probe not in self._of_solution:
            self._of_solution[probe] = self._observe((), probe)
        return self._of_solution[probe]

    def _observe(self, combination: Combination, probe: str) -> Observation:
        library, cells = self._libraries[combination]
        return run_trusted(library, cells, self._assignment.probes[probe], self._seed)

    def inputs(self, probe: str) -> Mapping[str, Any]:
        """A probe's inputs."""
        if probe not in self._drawn_inputs:
            self._drawn_inputs[probe] = self._assignment.probes[probe].inputs(key_of(self._seed))
        return self._drawn_inputs[probe]

    def _load(self, combination: Combination) -> tuple[Library, Mapping[str, str]]:
        submission = applied(self._assignment, combination)
        return load(self._assignment, submission.files), submission.cells


def _bytes_of(reading: Reading) -> int:
    """The approximate size of a reading, including the overhead of its objects."""
    return 1024 + sum(256 + value.nbytes for value in reading.values.values())


@lru_cache(maxsize=2)
def variant_readings(assignment: Assignment, seed: int) -> VariantReadings:
    """The readings for a grading seed, kept between submissions.

    Two are kept, because a class has one seed and a resubmission may have another.
    """
    return VariantReadings(assignment, seed)
