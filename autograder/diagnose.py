"""Observations of a submission -> what its sections did wrong, by name, where a variant did it too.

A section that failed is compared with the solution into which a variant was patched, or two, on the
same inputs. A variant is named when the submission did the same as it wherever the variant differs
from the solution at all: arrays of numbers do not agree by chance, so nothing right is accused.
Mistakes found in an earlier section stand beside every later section that they show in; what is
explained by them alone is no mistake of the later section, and its points are not taken twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

from autograder.hiding import sees_all
from autograder.mark import Verdict, manifest
from autograder.observe import Observation, Observations
from autograder.probes import key_of, probes
from autograder.readings import Reading, alike, read, tells_something
from autograder.rehearse import load, rehearse
from autograder.rubric import SECTIONS
from autograder.variants import SHOWS_IN, Unfit, Variant, applied, by_section


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


def diagnose(student: Observations, verdicts: Iterable[Verdict]) -> Mapping[str, Diagnosis]:
    """A diagnosis by section, for sections of which there is something to say."""
    failed: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        if verdict.failure is not None:
            failed.setdefault(verdict.check.section, []).append(verdict)
    diagnoses: dict[str, Diagnosis] = {}
    known: list[Variant] = []
    for section in SECTIONS:
        seen = {p for v in failed.get(section.id, ()) for p in v.check.probes if p in set(student)}
        if all(_says_nothing(student[p]) for p in seen):  # and so where nothing failed
            continue
        inherited = tuple(v for v in known if section.id in SHOWS_IN.get(v.section, ()))
        case = Case(section.id, student, failed[section.id], inherited)
        diagnosis = case.diagnosed()
        if diagnosis.found or diagnosis.excused or diagnosis.hiding:
            diagnoses[section.id] = diagnosis
        if diagnosis.complete and _go_together((*known, *diagnosis.found)):
            known += diagnosis.found
    return diagnoses


class Case:
    """One section of one submission that failed, and what is known from earlier sections."""

    def __init__(
        self,
        section: str,
        student: Observations,
        failed: list[Verdict],
        inherited: tuple[Variant, ...],
    ) -> None:
        self._section = section
        self._failed = failed
        self._inherited = inherited
        self._rehearsals = rehearsals(student.seed)
        concerned = [p for v in failed for p in v.check.probes]
        others = [p for c in manifest() if c.section == section for p in c.probes]
        self._probes = [p for p in dict.fromkeys((*concerned, *others)) if p in set(student)]
        self._student = {p: read(student[p], self._rehearsals.given(p)) for p in self._probes}
        self._wrong = {p for p in concerned if p in self._student and not self._is_like((), p)}
        self._telling = {p for p in self._wrong if not _says_nothing(student[p])}

    def diagnosed(self) -> Diagnosis:
        """Fewest assumptions first: what is inherited alone, then single variants, then pairs."""
        following = self._following()
        excused = frozenset(v.check.name for v in following if self._sees_all(v))
        hiding = frozenset(v.check.name for v in following) - excused
        left, found = set(self._wrong), []
        for together in (1, 2):
            if not left & self._telling:
                break
            concerned = [v for v in by_section()[self._section] if self._concerns(v)]
            fits = self._fitting(combinations(concerned, together))
            fits = sorted(fits, key=lambda fit: -len(fit[1]))
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
        return all(sees_all(p, self._section, self._inherited) for p in verdict.check.probes)

    def _concerns(self, variant: Variant) -> bool:
        """Whether a variant shows in what is wrong."""
        try:
            return any(self._shows((variant,), probe) for probe in self._telling)
        except Unfit:
            return False

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

    def _shows(self, those: tuple[Variant, ...], probe: str) -> bool:
        return self._rehearsals.differ((*self._inherited, *those), self._inherited, probe)

    def _reading(self, those: tuple[Variant, ...], probe: str) -> Reading:
        return self._rehearsals.reading((*self._inherited, *those), probe)


def _go_together(those: tuple[Variant, ...]) -> bool:
    """Whether there is one solution with all of these in it."""
    try:
        applied(those)
    except Unfit:
        return False
    return True


def _says_nothing(seen: Observation) -> bool:
    """Whether the code was not written, not imported or stopped: no variant does any of these."""
    raised = seen.ending.raised
    if seen.values:
        return False
    unwritten = ("NotImplementedError", "LookupError")  # a block, or a cell of the notebook
    return raised is None or bool(raised.importing) or raised.type in unwritten


class Rehearsals:
    """What probes see, under one seed, of the solution with variants in it; each looked at once."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._libraries: dict = {}
        self._readings: dict[tuple[tuple[Variant, ...], str], Reading] = {}
        self._differences: dict[tuple, bool] = {}
        self._given: dict[str, Mapping] = {}

    def given(self, probe: str) -> Mapping:
        """The probe's inputs."""
        if probe not in self._given:
            self._given[probe] = probes()[probe].inputs(key_of(self._seed))
        return self._given[probe]

    def reading(self, those: tuple[Variant, ...], probe: str) -> Reading:
        """Raises Unfit when the variants do not go together."""
        if (those, probe) not in self._readings:
            library, cells = self._library(those)
            seen = rehearse(library, cells, probes()[probe], self._seed)
            self._readings[those, probe] = read(seen, self.given(probe))
        return self._readings[those, probe]

    def differ(self, those: tuple[Variant, ...], without: tuple[Variant, ...], probe: str) -> bool:
        """Whether the probe tells the two apart."""
        asked = those, without, probe
        if asked not in self._differences:
            self._differences[asked] = not alike(
                self.reading(those, probe), self.reading(without, probe)
            )
        return self._differences[asked]

    def _library(self, those: tuple[Variant, ...]) -> tuple:
        if those not in self._libraries:
            submission = applied(those)
            self._libraries[those] = load(submission.files), submission.cells
        return self._libraries[those]


@lru_cache(maxsize=1)
def rehearsals(seed: int) -> Rehearsals:
    """Those of a grading seed, kept from submission to submission: one seed is graded at a time."""
    return Rehearsals(seed)
