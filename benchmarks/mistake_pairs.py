"""Checks every pair of known mistakes: two mistakes never earn more than one of them alone.

usage: python benchmarks/mistake_pairs.py [--seed N] [part of a mistake's name ...]

Mistakes are the variants, unwritten blocks, and blocks with code that does nothing. For each
compatible pair, all sections that run the code of either mistake are graded. A check that counts
with both mistakes, because it passes or is excused, must also count with each one alone. So no
section and no total earns more. Pairs that cancel each other out are listed by name, because their
results are right. Pairs without a section that runs both are counted but not tried. Trainings and
probes of TinyNet's size are left out.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from itertools import combinations

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from results import machine, write_section

from autograder.assignment.variant import PatchDoesNotApply, Variant
from autograder.diagnosis import costs
from autograder.diagnosis.hiding import probes_of
from autograder.diagnosis.variants import rewritten, unwritten, variants
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.problem_1.misconceptions.pairs import UNDONE, UNNAMED

SLOW = ("train_tiny_net_network", "train_tiny_net_loop")
TRAINING_SIZE = ("fc_forward_training_size", "fc_backward_training_size")


@dataclass(frozen=True)
class Gain:
    """Checks that count with both mistakes, but not with one of them alone.

    Attributes:
        early, later: the mistakes, in the order of their sections.
        alone: the mistake with which alone the checks do not count.
        excused: those checks that are excused with both mistakes.
        passed: those checks that pass with both mistakes.
    """

    early: Variant
    later: Variant
    alone: Variant
    excused: frozenset[str]
    passed: frozenset[str]

    @property
    def known(self) -> bool:
        """Whether the mistakes are known to cancel each other out."""
        undone = UNDONE.get((self.early.name, self.later.name), ())
        return not self.excused and self.passed <= set(undone)

    def __str__(self) -> str:
        how = [f"excused {', '.join(sorted(self.excused))}"] if self.excused else []
        how += [f"passed {', '.join(sorted(self.passed))}"] if self.passed else []
        return f"{self.early.name} + {self.later.name}, not {self.alone.name}: {'; '.join(how)}"


def mistakes() -> tuple[Variant, ...]:
    """Every mistake, in the order of the rubric."""
    idle = [
        rewritten(P1, place, code, f"idle_{number}")
        for place, codes in UNNAMED.items()
        for number, code in enumerate(codes)
    ]
    every = [v for v in variants(P1) if not v.correct] + [*unwritten(P1), *idle]
    order = list(P1.by_id)
    return tuple(sorted(every, key=lambda mistake: order.index(mistake.section)))


def pairs(those: Sequence[Variant]) -> Iterator[tuple[Variant, Variant]]:
    """All pairs, the earlier mistake first."""
    return combinations(those, 2)


def gains(early: Variant, later: Variant, seed: int, slow: Iterable[str] = SLOW) -> list[Gain]:
    """What two mistakes gain over each one alone.

    Raises:
        PatchDoesNotApply: the mistakes are not compatible.
    """
    asked = concerned((early, later), tuple(slow))
    both = costs.outcome(P1, (early, later), asked, seed)
    found = []
    for alone in (early, later):
        one = outcome_alone(alone, asked, seed)
        more = both.costing_nothing() - one.costing_nothing()
        if more:
            found.append(Gain(early, later, alone, more & both.excused, more & both.passed))
        else:
            higher = {s: p for s, p in both.points.items() if p > one.points[s]}
            assert not higher, f"{higher} without a check that counts"
    return found


@cache
def outcome_alone(alone: Variant, asked: tuple[str, ...], seed: int) -> costs.Outcome:
    return costs.outcome(P1, (alone,), asked, seed)


def concerned(those: Iterable[Variant], slow: tuple[str, ...]) -> tuple[str, ...]:
    """The probes of all sections that run the code of any of these mistakes."""
    asked = {p for mistake in those for section in runs_in(mistake) for p in probes_of(P1, section)}
    return tuple(name for name in costs.seen(P1) if name in asked and name not in slow)


def runs_in(mistake: Variant) -> frozenset[str]:
    """The sections that run the code with this mistake."""
    return frozenset((mistake.section, *P1.used_by.get(mistake.section, ())))


def meet(early: Variant, later: Variant) -> bool:
    """Whether some section runs the code of both mistakes."""
    return bool(runs_in(early) & runs_in(later))


def gained(pair: tuple[Variant, Variant], seed: int) -> list[Gain] | None:
    """What two mistakes gain; None if they are not compatible."""
    try:
        return gains(*pair, seed)
    except PatchDoesNotApply:
        return None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", help="parts of the earlier mistake's name")
    parser.add_argument("--seed", type=int, default=costs.SEED, help="(default: %(default)s)")
    asked = parser.parse_args()
    every = [
        pair
        for pair in pairs(mistakes())
        if not asked.parts or any(part in pair[0].name for part in asked.parts)
    ]
    those = [pair for pair in every if meet(*pair)]
    began, unfit, found = time.monotonic(), 0, []
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        tried = pool.map(partial(gained, seed=asked.seed), those, chunksize=50)
        for number, more in enumerate(tried, start=1):
            unfit += more is None
            found += more or []
            for gain in more or []:
                print("known:" if gain.known else "NEW:", gain, flush=True)
            if number % 500 == 0:
                print(f"{number} of {len(those)}, {time.monotonic() - began:.0f} s", flush=True)
    counts = {
        "mistakes: misconceptions, unwritten blocks, blocks that do nothing": len(mistakes()),
        "pairs of mistakes": len(every),
        "pairs without a section that runs both": len(every) - len(those),
        "pairs that no library can have, because they change the same place": unfit,
        "pairs tried": len(those) - unfit,
        **summary(found),
    }
    text = section(counts)
    print(text)
    if not asked.parts:
        write_section("mistake pairs", text)
    return int(any(not gain.known for gain in found))


def summary(found: Sequence[Gain]) -> dict[str, int]:
    """The numbers of checks and pairs with a gain."""
    undone = {(gain.early.name, gain.later.name) for gain in found if gain.known}
    return {
        "checks excused with both mistakes but not with one alone": sum(
            len(gain.excused) for gain in found
        ),
        "pairs that cancel each other out, so that a check passes": len(undone),
        "other pairs with a check that passes with both but not with one alone": sum(
            not gain.known and not gain.excused for gain in found
        ),
    }


def section(counts: Mapping[str, int]) -> str:
    """The section of RESULTS.md."""
    rows = "\n".join(f"| {what} | {count:,} |" for what, count in counts.items())
    return (
        f"## Two mistakes at a time\n\n`python benchmarks/mistake_pairs.py`. "
        f"{machine()}.\n\n| | |\n|---|---|\n{rows}"
    )


if __name__ == "__main__":
    raise SystemExit(main())
