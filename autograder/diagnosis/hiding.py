"""Which mistakes a probe cannot see any more once other mistakes are in the library.

A fully connected layer that clips at 0 hands only positive numbers on, so that behind it a wrong
Leaky ReLU does what a right one does. Where a mistake hides others it excuses nothing: excused is
what would be right without it, and nobody knows that of what nobody can see.

To find out takes many rehearsals, under a seed of its own: what is hidden does not depend on the
inputs. So for every single variant it is written down, in misconceptions/hidden.json, by
`python -m autograder.diagnosis`; what two or more hide together is found out when it is asked.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from functools import cache, lru_cache
from pathlib import Path

from autograder.assignment import Assignment
from autograder.assignment.variant import Unfit, Variant
from autograder.diagnosis.in_process import load, rehearse
from autograder.diagnosis.same import Reading, alike, read
from autograder.diagnosis.variants import applied, by_section, mistakes, solution
from autograder.judgement.suites import manifest
from autograder.observation.observe import Observation
from autograder.seeds import key_of

SEED = 2024

Hidden = Mapping[str, tuple[str, ...]]
"""By probe, the names of the mistakes that it does not see."""


def sees_all(assignment: Assignment, probe: str, section: str, beside: tuple[Variant, ...]) -> bool:
    """Whether a probe of a section still tells each mistake that it is there to tell.

    These are the section's own mistakes and those of the layers that it is made of, what is left
    unwritten among them.

    Args:
        assignment: whose they are.
        probe, section: their names.
        beside: variants of earlier sections, all of which are in the library.
    """
    if any(probe in tabled(assignment)[variant.name] for variant in beside):
        return False
    return len(beside) == 1 or probe not in hidden(assignment, beside, (section,))


def table_file(assignment: Assignment) -> Path:
    """Where it is written down."""
    return assignment.misconceptions_folder / "hidden.json"


@cache
def tabled(assignment: Assignment) -> Mapping[str, Hidden]:
    """The table: what is hidden by each variant that may show in later sections."""
    text = table_file(assignment).read_text("utf-8")
    table: Mapping[str, Hidden] = json.loads(text)["hidden"]
    return table


@lru_cache(maxsize=256)
def hidden(
    assignment: Assignment, beside: tuple[Variant, ...], sections: tuple[str, ...]
) -> Hidden:
    """What the probes of these sections tell from the solution, but not beside these variants."""
    found: dict[str, tuple[str, ...]] = {}
    without = _Library(assignment, beside)
    for other, telling in telling_probes(assignment, sections).items():
        if other in beside or not telling:
            continue
        try:
            both = _Library(assignment, (*beside, other))
        except Unfit:  # the one stands where the other would: no library has both
            continue
        for probe in telling:
            if alike(both.reading(probe), without.reading(probe)):
                found[probe] = (*found.get(probe, ()), other.name)
    return found


@cache
def telling_probes(
    assignment: Assignment, sections: tuple[str, ...]
) -> Mapping[Variant, tuple[str, ...]]:
    """The mistakes that the probes of these sections are there to tell, and which of them do."""
    right, found = _Library(assignment, ()), {}
    for mistake in concerning(assignment, sections):
        wrong = _Library(assignment, (mistake,))
        run_it = (s for s in sections if mistake.section in assignment.made_of(s))
        asked = (p for s in run_it for p in probes_of(assignment, s))
        found[mistake] = tuple(p for p in asked if not alike(wrong.reading(p), right.reading(p)))
    return found


def concerning(assignment: Assignment, sections: Iterable[str]) -> tuple[Variant, ...]:
    """The mistakes of these sections, and those of the layers that they are made of."""
    parts = dict.fromkeys(part for section in sections for part in assignment.made_of(section))
    return tuple(mistake for part in parts for mistake in mistakes(assignment, part))


@cache
def probes_of(assignment: Assignment, section: str) -> tuple[str, ...]:
    """The probes that a section's checks look at."""
    checks = (check for check in manifest(assignment) if check.section == section)
    return tuple(dict.fromkeys(name for check in checks for name in check.probes))


class _Library:
    """The solution with variants in it, and what probes see of it."""

    def __init__(self, assignment: Assignment, those: tuple[Variant, ...]) -> None:
        """Raises Unfit when they do not go together."""
        submission = applied(assignment, those)
        self._assignment = assignment
        self._library, self._cells = load(assignment, submission.files), submission.cells
        self._readings: dict[str, Reading] = {}

    def reading(self, name: str) -> Reading:
        if name not in self._readings:
            probe = self._assignment.probes[name]
            seen = rehearse(self._library, self._cells, probe, SEED)
            right = _seen_of_solution(self._assignment, name)
            special = self._assignment.special.get(name)
            self._readings[name] = read(seen, probe.inputs(key_of(SEED)), right, special)
        return self._readings[name]


@cache
def _seen_of_solution(assignment: Assignment, name: str) -> Observation:
    right = solution(assignment)
    library = load(assignment, right.files)
    return rehearse(library, right.cells, assignment.probes[name], SEED)


def hiders(assignment: Assignment) -> tuple[Variant, ...]:
    """The misconceptions that may show in later sections, and so may hide others there."""
    known = by_section(assignment)
    return tuple(v for section in assignment.shows_in for v in known[section] if not v.correct)


def hidden_later(assignment: Assignment, variant: Variant) -> Hidden:
    """What one variant hides in all sections that it may show in."""
    return hidden(assignment, (variant,), assignment.shows_in[variant.section])


def considered(assignment: Assignment) -> list[str]:
    """The names of all mistakes that the table is about."""
    later = dict.fromkeys(s for sections in assignment.shows_in.values() for s in sections)
    return sorted(mistake.name for mistake in concerning(assignment, later))


def write(assignment: Assignment, changed: Collection[str] = ()) -> None:
    """Writes the table anew; with sections that have changed, only what they concern."""
    path = table_file(assignment)
    kept = json.loads(path.read_text("utf-8"))["hidden"] if changed and path.exists() else {}
    found: dict[str, Hidden] = {}
    for variant in hiders(assignment):
        concerned = {variant.section, *assignment.shows_in[variant.section]}
        again = variant.name not in kept or not concerned.isdisjoint(changed)
        found[variant.name] = hidden_later(assignment, variant) if again else kept[variant.name]
    table = {"considered": considered(assignment), "hidden": found}
    path.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
