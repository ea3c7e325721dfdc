"""Observations of a submission -> what its sections did wrong, by name, where a variant did it too.

A section that failed is compared with the solution into which a variant was patched, or two, on the
same inputs. A variant is named when the submission did the same as it wherever the variant differs
from the solution at all: arrays of numbers do not agree by chance, so nothing right is accused.
Mistakes found in an earlier section stand beside every later section that they show in; what is
explained by them alone is no mistake of the later section, and its points are not taken twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from itertools import combinations
from typing import Any

from autograder.assignment import Assignment
from autograder.assignment.probe import Library
from autograder.assignment.variant import Unfit, Variant
from autograder.diagnosis.hiding import hiders, sees_all, tabled
from autograder.diagnosis.in_process import load, rehearse
from autograder.diagnosis.kept import Kept
from autograder.diagnosis.same import Reading, alike, differences, read, tells_something
from autograder.diagnosis.variants import applied, by_section, goes_together, variants
from autograder.judgement.memory import limited
from autograder.judgement.suites import SuiteBroken, Verdict, manifest
from autograder.observation.observe import Observation, Observations
from autograder.seeds import key_of

PAIRS_OF_A_SECTION, PAIRS_IN_ALL = 64, 256
"""How many pairs of variants are tried, the likeliest first: see `Case._likeliest`.

Each takes a hundredth of a second; a section has up to 254, and a submission that is a little wrong
everywhere would ask for 1,200. Of the pairs of our own variants that no single one explains,
patched into the solution, all but 19 of 690 stand among the first 64 of their section, and all
those of the sections that later ones inherit mistakes from, and points with them, among the first
36. Four sections that nobody understands come before the rest goes short."""

LIBRARIES, COMPARISONS, READINGS = 64, 8192, 32 * 2**20
"""How many are kept from submission to submission; of readings, how many bytes."""


@dataclass(frozen=True)
class Diagnosis:
    """What was found out about a section that failed.

    Attributes:
        found: the variants that it shows, those that explain most of it first.
        inherited: variants found in earlier sections that show here, too.
        complete: the section does exactly what these variants do, and nothing else is wrong.
        excused: names of checks that fail because of what is inherited, and of nothing else.
        hiding: names of checks that fail so, too, but in which what is inherited hides whether
            anything else is wrong. They are not excused.
    """

    found: tuple[Variant, ...] = ()
    inherited: tuple[Variant, ...] = ()
    complete: bool = False
    excused: frozenset[str] = frozenset()
    hiding: frozenset[str] = frozenset()


@cache
def require_sound_misconceptions(assignment: Assignment) -> None:
    """Whoever adds a misconception, or changes the solution, is told before anybody is graded.

    Raises:
        SuiteBroken: one is of no section, its patch does not fit the solution any more, or nobody
            has found out what it hides.
    """
    try:
        for variant in variants(assignment):
            applied(assignment, (variant,))
    except ValueError as problem:
        raise SuiteBroken(f"misconceptions: {problem}") from None
    if unknown := [v.name for v in hiders(assignment) if v.name not in tabled(assignment)]:
        raise SuiteBroken(
            f"misconceptions: what {', '.join(unknown)} may hide is not known; "
            "`python -m autograder.diagnosis` finds it out"
        )


def diagnose(
    assignment: Assignment, student: Observations, verdicts: Iterable[Verdict]
) -> Mapping[str, Diagnosis]:
    """A diagnosis by section, for sections of which there is something to say.

    Raises:
        MemoryError: it takes more than there is for one submission.
    """
    with limited():
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
    left = PAIRS_IN_ALL
    for section in assignment.sections:
        seen = {p for v in failed.get(section.id, ()) for p in v.check.probes if p in set(student)}
        if all(_says_nothing(student[p]) for p in seen):  # and so where nothing failed
            continue
        inherited = tuple(v for v in known if section.id in assignment.shows_in.get(v.section, ()))
        case = Case(assignment, section.id, student, failed[section.id], inherited)
        diagnosis = case.diagnosed(min(left, PAIRS_OF_A_SECTION))
        left -= case.pairs_tried
        if diagnosis.found or diagnosis.excused or diagnosis.hiding:
            diagnoses[section.id] = diagnosis
        if diagnosis.complete and goes_together(assignment, (*known, *diagnosis.found)):
            known += diagnosis.found
    return diagnoses


class Case:
    """One section of one submission that failed, and what is known from earlier sections.

    Attributes:
        pairs_tried: how many pairs of variants it took to find out what there is to find.
    """

    def __init__(
        self,
        assignment: Assignment,
        section: str,
        student: Observations,
        failed: list[Verdict],
        inherited: tuple[Variant, ...],
    ) -> None:
        self.pairs_tried = 0
        self._assignment = assignment
        self._section = section
        self._failed = failed
        self._inherited = inherited
        self._rehearsals = rehearsals(assignment, student.seed)
        concerned = [p for v in failed for p in v.check.probes]
        others = [p for c in manifest(assignment) if c.section == section for p in c.probes]
        self._probes = [p for p in dict.fromkeys((*concerned, *others)) if p in set(student)]
        self._student = {p: self._rehearsals.read(student[p]) for p in self._probes}
        self._wrong = {p for p in concerned if p in self._student and not self._is_like((), p)}
        self._telling = [p for p in self._probes if p in self._wrong]
        self._telling = [p for p in self._telling if not _says_nothing(student[p])]

    def diagnosed(self, most_pairs: int) -> Diagnosis:
        """Fewest assumptions first: what is inherited alone, then single variants, then pairs."""
        following = self._following()
        excused = frozenset(v.check.name for v in following if self._sees_all(v))
        hiding = frozenset(v.check.name for v in following) - excused
        left = set(self._wrong)
        found: list[Variant] = []
        for together in (1, 2):
            if not left.intersection(self._telling):
                break
            concerned = [
                v for v in by_section(self._assignment)[self._section] if self._concerns(v)
            ]
            if together == 1:
                candidates: list[Those] = [(variant,) for variant in concerned]
            else:
                candidates = self._likeliest(concerned)[:most_pairs]
                self.pairs_tried = len(candidates)
            fits = sorted(self._fitting(candidates), key=lambda fit: -len(fit[1]))
            while fits := [fit for fit in fits if fit[1] & left]:
                those, touched = min(fits, key=lambda fit: len(set(fit[0]) - set(found)))
                found += [v for v in those if v not in found]
                left -= touched
        return Diagnosis(
            tuple(v for v in found if not v.correct), self._inherited, not left, excused, hiding
        )

    def _following(self) -> list[Verdict]:
        """Failed checks, all of whose probes saw what the inherited mistakes do to the solution.

        None where the section does anything else: what is not understood is judged by itself.
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
        """Whether a check would see every mistake that it is there for: else it excuses nothing."""
        return all(
            sees_all(self._assignment, probe, self._section, self._inherited)
            for probe in verdict.check.probes
        )

    def _concerns(self, variant: Variant) -> bool:
        """Whether a variant shows in what is wrong."""
        try:
            return any(self._shows((variant,), probe) for probe in self._telling)
        except Unfit:
            return False

    def _likeliest(self, concerned: list[Variant]) -> list[tuple[Variant, ...]]:
        """Pairs of them, those first that the fewest values speak against.

        Where one of the two shows by itself and the other does not, the student should have what
        the one has. Now and then that is otherwise: the one shows only where the other is, or hides
        it.
        """
        shows = {v: self._in_values(partial(self._shows, (v,))) for v in concerned}
        unlike = {v: self._in_values(partial(self._unlike, (v,))) for v in concerned}

        def against(pair: tuple[Variant, ...]) -> int:
            one, other = pair
            alone = (shows[one] - shows[other]) & unlike[one]
            return len(alone | (shows[other] - shows[one]) & unlike[other])

        pairs = (
            pair
            for pair in combinations(concerned, 2)
            if goes_together(self._assignment, (*self._inherited, *pair))
        )
        return sorted(pairs, key=against)

    def _in_values(self, of: Callable[[str], frozenset[str]]) -> set[tuple[str, str]]:
        """Names of values, by probe, of all probes."""
        return {(probe, name) for probe in self._probes for name in of(probe)}

    def _fitting(
        self, candidates: Iterable[tuple[Variant, ...]]
    ) -> Iterator[tuple[tuple[Variant, ...], set[str]]]:
        """Candidates that the student did the same as wherever they differ, and where that is."""
        for those in candidates:
            try:
                touched = self._touched(those)
            except Unfit:
                continue
            if touched:
                yield those, touched

    def _touched(self, those: tuple[Variant, ...]) -> set[str]:
        """The probes that show these variants; none when the student did otherwise in one."""
        touched = set()
        for probe in self._probes:
            if self._is_like(those, probe):
                if not self._shows(those, probe):
                    continue
                touched.add(probe)
            elif self._shows(those, probe):
                return set()
        return touched

    def _is_like(self, those: tuple[Variant, ...], probe: str) -> bool:
        return alike(self._student[probe], self._reading(those, probe))

    def _unlike(self, those: tuple[Variant, ...], probe: str) -> frozenset[str]:
        """The values of a probe in which the student did otherwise than these variants."""
        return differences(self._student[probe], self._reading(those, probe))

    def _shows(self, those: tuple[Variant, ...], probe: str) -> frozenset[str]:
        """The values of a probe in which these variants show."""
        return self._rehearsals.shows((*self._inherited, *those), self._inherited, probe)

    def _reading(self, those: tuple[Variant, ...], probe: str) -> Reading:
        return self._rehearsals.readings[(*self._inherited, *those), probe]


def _says_nothing(seen: Observation) -> bool:
    """Whether the code was not written, not imported or stopped: no variant does any of these."""
    raised = seen.ending.raised
    if seen.values:
        return False
    return raised is None or bool(raised.importing) or raised.type == "NotImplementedError"


Those = tuple[Variant, ...]


class Rehearsals:
    """What probes see, under one seed, of the solution with variants in it."""

    def __init__(self, assignment: Assignment, seed: int) -> None:
        self._assignment = assignment
        self._seed = seed
        self._given: dict[str, Mapping[str, Any]] = {}
        self._right: dict[str, Observation] = {}
        self._libraries = Kept(LIBRARIES, self._load, lambda library: 1)
        self.readings = Kept(READINGS, self._rehearse, _bytes_of)
        """By variants and probe. Unfit is raised when the variants do not go together."""
        self._shown = Kept(COMPARISONS, self._compare, lambda names: 1)

    def read(self, seen: Observation) -> Reading:
        """The reading of what a probe saw of somebody's library."""
        special = self._assignment.special.get(seen.probe)
        return read(seen, self._inputs(seen.probe), self._solution(seen.probe), special)

    def shows(self, those: Those, without: Those, probe: str) -> frozenset[str]:
        """The values in which the probe tells the two apart."""
        return self._shown[those, without, probe]

    def _compare(self, asked: tuple[Those, Those, str]) -> frozenset[str]:
        those, without, probe = asked
        return differences(self.readings[those, probe], self.readings[without, probe])

    def _rehearse(self, asked: tuple[Those, str]) -> Reading:
        those, probe = asked
        if not those:
            return self.read(self._solution(probe))
        return self.read(self._performed(those, probe))

    def _solution(self, probe: str) -> Observation:
        if probe not in self._right:
            self._right[probe] = self._performed((), probe)
        return self._right[probe]

    def _performed(self, those: Those, probe: str) -> Observation:
        library, cells = self._libraries[those]
        return rehearse(library, cells, self._assignment.probes[probe], self._seed)

    def _inputs(self, probe: str) -> Mapping[str, Any]:
        if probe not in self._given:
            self._given[probe] = self._assignment.probes[probe].inputs(key_of(self._seed))
        return self._given[probe]

    def _load(self, those: Those) -> tuple[Library, Mapping[str, str]]:
        submission = applied(self._assignment, those)
        return load(self._assignment, submission.files), submission.cells


def _bytes_of(reading: Reading) -> int:
    """About what it takes, with the objects around its arrays."""
    return 1024 + sum(256 + value.nbytes for value in reading.values.values())


@lru_cache(maxsize=2)
def rehearsals(assignment: Assignment, seed: int) -> Rehearsals:
    """Those of a grading seed, kept from submission to submission: a class has one, and what
    replaces a hand-in has another."""
    return Rehearsals(assignment, seed)
