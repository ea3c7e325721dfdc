"""Explains one failed section: known variants first, then small changes, then symptoms.

A variant is reported if the submission's values equal the variant's wherever the variant's differ
from the solution's. Arrays of numbers do not agree by chance, so correct work is not accused.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import combinations

import numpy as np

from autograder.assignment import Assignment
from autograder.assignment.variant import PatchDoesNotApply, Variant
from autograder.diagnosis.hiding import sees_all
from autograder.diagnosis.mutation.search import Difference, Explanation, explanation, rivals
from autograder.diagnosis.same import Reading, alike, differences, tells_something
from autograder.diagnosis.symptoms.compared import FEW
from autograder.diagnosis.symptoms.section import MOST, Seen, Statement, of_a_part, statements
from autograder.diagnosis.variant_readings import Combination, variant_readings
from autograder.diagnosis.variants import by_section, compatible
from autograder.judgement.suites import Verdict, all_checks
from autograder.observation.observe import Observation, Observations

Fit = tuple[Combination, set[str]]
"""Variants, and the probes that they explain."""


@dataclass(frozen=True)
class Diagnosis:
    """The diagnosis of a failed section.

    Attributes:
        found: variants that match the section, combination that explain most of it first.
        inherited: variants found in earlier sections that affect the failed checks of this one.
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
        self._quick_first = self._readings.quick_first(self._probes)
        self._wrong = {p for p in of_failed if p in self._student and not self._is_like((), p)}
        self._informative = [p for p in self._probes if p in self._wrong]
        self._informative = [p for p in self._informative if not has_no_values(student[p])]

    def diagnosed(self, most_pairs: int, most_changes: int) -> Diagnosis:
        """Tries the inherited variants alone first, then one more variant, then two more."""
        explained = self._explained_by_inherited()
        excused = frozenset(v.check.name for v in explained if self._sees_all(v))
        hiding = frozenset(v.check.name for v in explained) - excused
        found, unexplained = self._known_variants(most_pairs)
        partly: Explanation | None = None
        if unexplained.intersection(self._informative) and not found:
            partly = self._explanation(most_changes)
            if partly is not None and not partly.left:
                found, unexplained, partly = [partly.variant], set(), None
        return Diagnosis(
            tuple(v for v in found if not v.correct),
            tuple(v for v in self._inherited if self._affects(v)),
            not unexplained,
            excused,
            hiding,
            self._symptoms(unexplained, partly),
        )

    def _known_variants(self, most_pairs: int) -> tuple[list[Variant], set[str]]:
        """The known variants that match, and the wrong probes that none of them explains.

        Pairs are tried only for what no single variant explains.
        """
        unexplained, found = set(self._wrong), list[Variant]()
        for size in (1, 2):
            if not unexplained.intersection(self._informative):
                break
            fits = [
                f for f in self._fitting(self._candidates(size, most_pairs)) if self._is_evident(f)
            ]
            fits.sort(key=lambda fit: -len(fit[1]))
            while fits := [fit for fit in fits if fit[1] & unexplained]:
                combination, matched = min(fits, key=lambda fit: len(set(fit[0]) - set(found)))
                found += [v for v in combination if v not in found]
                unexplained -= matched
        return found, unexplained

    def _candidates(self, size: int, most_pairs: int) -> list[Combination]:
        """The section's variants that change what is wrong, alone or in the likeliest pairs."""
        relevant = [v for v in by_section(self._assignment)[self._section] if self._is_relevant(v)]
        if size == 1:
            return [(variant,) for variant in relevant]
        pairs = self._likeliest(relevant)[:most_pairs]
        self.pairs_tried = len(pairs)
        return pairs

    def _explanation(self, most: int) -> Explanation | None:
        """The small changes that explain most of the wrong values."""
        wrong = frozenset(self._all_values(partial(self._unlike, ())))
        return explanation(
            self._assignment, self._section, wrong, self._left_by, self._are_equal, most
        )

    def _are_equal(self, one: Variant, other: Variant) -> bool:
        return all(
            alike(self._reading((one,), probe), self._reading((other,), probe))
            for probe in self._probes
        )

    def _left_by(self, variant: Variant, within: Difference) -> Difference | None:
        """The values in which the student differs from a variant.

        None if the variant does not fit, if there are others than those in `within`, or if those
        that it explains are too few numbers to be more than a coincidence.
        """
        left: set[tuple[str, str]] = set()
        self.changes_tried += 1
        try:
            for probe in self._quick_first:
                left |= {(probe, name) for name in self._unlike((variant,), probe)}
                if not left <= within:
                    return None
        except (PatchDoesNotApply, SyntaxError):
            return None
        if left == within:
            return within
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

    def _affects(self, variant: Variant) -> bool:
        """Whether an inherited variant changes values that the failed checks look at."""
        others = tuple(v for v in self._inherited if v != variant)
        return any(
            self._readings.shows(self._inherited, others, probe)
            for verdict in self._failed
            for probe in verdict.check.probes
            if probe in self._student
        )

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

        Otherwise it counts only if the exceptions are the same and nothing else would explain the
        same.
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
        return all(self._raises_alike(combination, probe) for probe in matched) and not any(
            self._explains_as_much(rival, matched)
            and not any(self._are_equal(rival, variant) for variant in combination)
            for rival in rivals(self._assignment, self._section)
        )

    def _raises_alike(self, combination: Combination, probe: str) -> bool:
        """Whether exceptions come from the same function, with a message of more than a name."""
        variant = self._readings.observation((*self._inherited, *combination), probe)
        one, other = self._observations[probe].ending.raised, variant.ending.raised
        if one is None or other is None or not one.trace or not other.trace:
            return True
        ours, theirs = one.trace[-1], other.trace[-1]
        same_place = (ours.file, ours.function) == (theirs.file, theirs.function)
        says_more = self._student[probe].ending[-1] != ""
        return same_place and (says_more or one.message == other.message)

    def _explains_as_much(self, rival: Variant, matched: set[str]) -> bool:
        """Whether a variant matches the student, and these probes too."""
        with contextlib.suppress(PatchDoesNotApply, SyntaxError):
            return all(self._is_like((rival,), p) for p in matched) and bool(
                self._matched((rival,))
            )
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


def has_no_values(observation: Observation) -> bool:
    """Whether a probe has no values because the code is missing, not importable or was stopped.

    No variant does any of these.
    """
    raised = observation.ending.raised
    if observation.values:
        return False
    return raised is None or bool(raised.importing) or raised.type == "NotImplementedError"
