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
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache

from autograder import checkout
from autograder.diagnosis.in_process import load, rehearse
from autograder.diagnosis.same import Reading, alike, read
from autograder.judgement.suites import manifest
from autograder.observation.observe import Observation
from autograder.problem_1.misconceptions import (
    SHOWS_IN,
    Unfit,
    Variant,
    applied,
    by_section,
    made_of,
    mistakes,
    solution,
)
from autograder.problem_1.probes import probes
from autograder.seeds import key_of

SEED = 2024
TABLE = checkout.MISCONCEPTIONS / "hidden.json"

Hidden = Mapping[str, tuple[str, ...]]
"""By probe, the names of the mistakes that it does not see."""


def sees_all(probe: str, section: str, beside: tuple[Variant, ...]) -> bool:
    """Whether a probe of a section still tells each mistake that it is there to tell.

    These are the section's own mistakes and those of the layers that it is made of, what is left
    unwritten among them.

    Args:
        beside: variants of earlier sections, all of which are in the library.
    """
    if any(probe in tabled()[variant.name] for variant in beside):
        return False
    return len(beside) == 1 or probe not in hidden(beside, (section,))


@cache
def tabled() -> Mapping[str, Hidden]:
    """The table: what is hidden by each variant that may show in later sections."""
    table: Mapping[str, Hidden] = json.loads(TABLE.read_text("utf-8"))["hidden"]
    return table


@lru_cache(maxsize=256)
def hidden(beside: tuple[Variant, ...], sections: tuple[str, ...]) -> Hidden:
    """What the probes of these sections tell from the solution, but not beside these variants."""
    found: dict[str, tuple[str, ...]] = {}
    without = _Library(beside)
    for other, telling in told(sections).items():
        if other in beside or not telling:
            continue
        try:
            both = _Library((*beside, other))
        except Unfit:  # the one stands where the other would: no library has both
            continue
        for probe in telling:
            if alike(both.reading(probe), without.reading(probe)):
                found[probe] = (*found.get(probe, ()), other.name)
    return found


@cache
def told(sections: tuple[str, ...]) -> Mapping[Variant, tuple[str, ...]]:
    """The mistakes that the probes of these sections are there to tell, and which of them do."""
    right, found = _Library(()), {}
    for mistake in concerning(sections):
        wrong = _Library((mistake,))
        asked = (p for s in sections if mistake.section in made_of(s) for p in probes_of(s))
        found[mistake] = tuple(p for p in asked if not alike(wrong.reading(p), right.reading(p)))
    return found


def concerning(sections: Iterable[str]) -> tuple[Variant, ...]:
    """The mistakes of these sections, and those of the layers that they are made of."""
    return tuple(dict.fromkeys(m for s in sections for part in made_of(s) for m in mistakes(part)))


@cache
def probes_of(section: str) -> tuple[str, ...]:
    """The probes that a section's checks look at."""
    asked = (name for check in manifest() if check.section == section for name in check.probes)
    return tuple(dict.fromkeys(asked))


class _Library:
    """The solution with variants in it, and what probes see of it."""

    def __init__(self, those: tuple[Variant, ...]) -> None:
        """Raises Unfit when they do not go together."""
        submission = applied(those)
        self._library, self._cells = load(submission.files), submission.cells
        self._readings: dict[str, Reading] = {}

    def reading(self, name: str) -> Reading:
        if name not in self._readings:
            probe = probes()[name]
            seen = rehearse(self._library, self._cells, probe, SEED)
            self._readings[name] = read(seen, probe.inputs(key_of(SEED)), _seen_of_solution(name))
        return self._readings[name]


@cache
def _seen_of_solution(name: str) -> Observation:
    right = solution()
    return rehearse(load(right.files), right.cells, probes()[name], SEED)


def hiders() -> tuple[Variant, ...]:
    """The misconceptions that may show in later sections, and so may hide others there."""
    return tuple(v for section in SHOWS_IN for v in by_section()[section] if not v.correct)


def hidden_later(variant: Variant) -> Hidden:
    """What one variant hides in all sections that it may show in."""
    return hidden((variant,), SHOWS_IN[variant.section])


def considered() -> list[str]:
    """The names of all mistakes that the table is about."""
    later = dict.fromkeys(section for sections in SHOWS_IN.values() for section in sections)
    return sorted(mistake.name for mistake in concerning(later))


def write(those: Iterable[Variant]) -> None:
    """Writes what these hide."""
    found = {variant.name: hidden_later(variant) for variant in those}
    table = {"considered": considered(), "hidden": found}
    TABLE.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
