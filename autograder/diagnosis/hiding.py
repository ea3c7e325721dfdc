"""Which mistakes a probe no longer detects if the library contains other mistakes.

For example, a fully connected layer that clips at 0 outputs only positive numbers. A wrong Leaky
ReLU after it returns the same as a correct one. A failed check is excused if it would pass without
the inherited mistake. If that mistake hides others, this is unknown, so the check is not excused.

Finding out takes many runs. What is hidden does not depend on the inputs, so a fixed seed is
used, and the results for single variants are stored in misconceptions/hidden.json by `python -m
autograder.diagnosis`. What several variants hide together is computed when needed.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from functools import cache, lru_cache
from pathlib import Path

from autograder.assignment import Assignment
from autograder.assignment.variant import PatchDoesNotApply, Variant
from autograder.diagnosis.in_process import load, run_trusted
from autograder.diagnosis.same import Reading, alike, read
from autograder.diagnosis.variants import applied, by_section, mistakes, solution
from autograder.judgement.suites import all_checks
from autograder.observation.observe import Observation
from autograder.seeds import key_of

SEED = 2024

Hidden = Mapping[str, tuple[str, ...]]
"""For each probe, the names of the mistakes that it does not detect."""


def sees_all(assignment: Assignment, probe: str, section: str, beside: tuple[Variant, ...]) -> bool:
    """Whether a probe still detects every mistake that it is meant to detect.

    These are the mistakes of its section and of the earlier sections whose code it runs, including
    code that was not written.

    Args:
        assignment: the assignment.
        probe, section: the names of the probe and its section.
        beside: variants of earlier sections, all of which are in the library.
    """
    known = tabled(assignment)
    if any(probe in known.get(variant.name, ()) for variant in beside):
        return False
    if len(beside) == 1 and beside[0].name in known:
        return True
    return probe not in hidden(assignment, beside, (section,))


def table_file(assignment: Assignment) -> Path:
    """The path of hidden.json."""
    return assignment.misconceptions_folder / "hidden.json"


@cache
def tabled(assignment: Assignment) -> Mapping[str, Hidden]:
    """The table: what each variant hides, for variants that later sections may inherit."""
    text = table_file(assignment).read_text("utf-8")
    table: Mapping[str, Hidden] = json.loads(text)["hidden"]
    return table


@lru_cache(maxsize=256)
def hidden(
    assignment: Assignment, beside: tuple[Variant, ...], sections: tuple[str, ...]
) -> Hidden:
    """The mistakes that probes of these sections detect in the solution, but not with `beside`."""
    hidden_by_probe: dict[str, tuple[str, ...]] = {}
    without = _Library(assignment, beside)
    for other, detecting in telling_probes(assignment, sections).items():
        if other in beside or not detecting:
            continue
        try:
            both = _Library(assignment, (*beside, other))
        except PatchDoesNotApply:  # both change the same code, so no library has both
            continue
        for probe in detecting:
            if alike(both.reading(probe), without.reading(probe)):
                hidden_by_probe[probe] = (*hidden_by_probe.get(probe, ()), other.name)
    return hidden_by_probe


@cache
def telling_probes(
    assignment: Assignment, sections: tuple[str, ...]
) -> Mapping[Variant, tuple[str, ...]]:
    """For each mistake that these sections are meant to detect, the probes that detect it."""
    reference, detecting = _Library(assignment, ()), {}
    for mistake in concerning(assignment, sections):
        wrong = _Library(assignment, (mistake,))
        affected = (s for s in sections if mistake.section in assignment.with_earlier_sections(s))
        probes = (p for s in affected for p in probes_of(assignment, s))
        detecting[mistake] = tuple(
            p for p in probes if not alike(wrong.reading(p), reference.reading(p))
        )
    return detecting


def concerning(assignment: Assignment, sections: Iterable[str]) -> tuple[Variant, ...]:
    """The mistakes of these sections and of the earlier sections whose code they run."""
    parts = dict.fromkeys(
        part for section in sections for part in assignment.with_earlier_sections(section)
    )
    return tuple(mistake for part in parts for mistake in mistakes(assignment, part))


@cache
def probes_of(assignment: Assignment, section: str) -> tuple[str, ...]:
    """The probes that a section's checks use."""
    checks = (check for check in all_checks(assignment) if check.section == section)
    return tuple(dict.fromkeys(name for check in checks for name in check.probes))


class _Library:
    """The solution with variants applied, and its readings."""

    def __init__(self, assignment: Assignment, combination: tuple[Variant, ...]) -> None:
        """Raises PatchDoesNotApply if the variants are incompatible."""
        submission = applied(assignment, combination)
        self._assignment = assignment
        self._library, self._cells = load(assignment, submission.files), submission.cells
        self._readings: dict[str, Reading] = {}

    def reading(self, name: str) -> Reading:
        if name not in self._readings:
            probe = self._assignment.probes[name]
            observed = run_trusted(self._library, self._cells, probe, SEED)
            reference = _solution_observation(self._assignment, name)
            special = self._assignment.special.get(name)
            self._readings[name] = read(observed, probe.inputs(key_of(SEED)), reference, special)
        return self._readings[name]


@cache
def _solution_observation(assignment: Assignment, name: str) -> Observation:
    solved = solution(assignment)
    library = load(assignment, solved.files)
    return run_trusted(library, solved.cells, assignment.probes[name], SEED)


def hiders(assignment: Assignment) -> tuple[Variant, ...]:
    """The misconceptions that later sections may inherit and that may hide others there."""
    known = by_section(assignment)
    return tuple(v for section in assignment.used_by for v in known[section] if not v.correct)


def hidden_later(assignment: Assignment, variant: Variant) -> Hidden:
    """What one variant hides in the later sections that may inherit it."""
    return hidden(assignment, (variant,), assignment.used_by[variant.section])


def considered(assignment: Assignment) -> list[str]:
    """The names of all mistakes that the table covers."""
    later = dict.fromkeys(s for sections in assignment.used_by.values() for s in sections)
    return sorted(mistake.name for mistake in concerning(assignment, later))


def write(assignment: Assignment, changed: Collection[str] = ()) -> None:
    """Writes the table. If sections are given, only entries that depend on them are recomputed."""
    path = table_file(assignment)
    old = json.loads(path.read_text("utf-8"))["hidden"] if changed and path.exists() else {}
    entries: dict[str, Hidden] = {}
    for variant in hiders(assignment):
        affected = {variant.section, *assignment.used_by[variant.section]}
        outdated = variant.name not in old or not affected.isdisjoint(changed)
        entries[variant.name] = hidden_later(assignment, variant) if outdated else old[variant.name]
    table = {"considered": considered(assignment), "hidden": entries}
    path.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
