"""Many gradings with many seeds: right work loses nothing, and every misconception is found.

usage: python benchmarks/gradings.py [gradings of right work] [gradings of misconceptions]

Gradings run in this process, without a sandbox, because all submissions are trusted and the sandbox
draws nothing at random. 1,000 gradings are shared among the solution and the alternatives of
tests/problem_1/alternatives, and 500 among the misconceptions. Ten random misconceptions are graded
often, to find any that escape only sometimes.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from results import machine, write_section

from autograder import checkout
from autograder.diagnosis import costs
from autograder.diagnosis.variants import solution, variants
from autograder.hand_in.submission import Submission
from autograder.judgement.suites import judge

sys.path.append(str(checkout.ROOT / "tests" / "problem_1" / "alternatives"))  # for the alternatives

from right_work import ALTERNATIVES, written

from autograder.problem_1 import ASSIGNMENT as P1

OFTEN = 10


def main() -> None:
    right, wrong = (int(argument) for argument in (*sys.argv[1:], "1000", "500")[:2])
    rng = np.random.default_rng(2026)
    lost = right_work(right, rng)
    escaped, unnamed, sections = misconceptions(wrong, rng)
    named = 1 - sum(unnamed.values()) / wrong
    write_section(
        "gradings",
        "## Gradings under many seeds\n\n"
        f"`python benchmarks/gradings.py {right} {wrong}`, training off, a new seed for each "
        f"grading. {machine()}.\n\n"
        "| | |\n|---|---|\n"
        f"| gradings of the solution and {len(ALTERNATIVES)} alternatives | {right:,} |\n"
        f"| with a failed check | {sum(lost.values())} {listed(lost)} |\n"
        f"| gradings of misconceptions | {wrong:,} |\n"
        f"| found by no check of their section | {sum(escaped.values())} "
        f"{listed(escaped)} |\n"
        f"| named first in their section | {named:.1%} {listed(unnamed)} |\n"
        f"| given a name in another section as well | {sum(sections.values())} "
        f"{listed(sections)} |",
    )


def listed(counts: Counter[str]) -> str:
    return "" if not counts else "(" + ", ".join(f"{n} {k}" for k, n in counts.items()) + ")"


def works() -> Iterator[tuple[str, Submission]]:
    """The solution, and every alternative."""
    yield "solution", solution(P1)
    for alternative in ALTERNATIVES:
        yield alternative.name, written(alternative)


def right_work(count: int, rng: np.random.Generator) -> Counter[str]:
    """The number of gradings with a failed check, by name."""
    everything, lost = list(works()), Counter()
    for number in range(count):
        name, work = everything[number % len(everything)]
        seed = int(rng.integers(2**32))
        verdicts = judge(P1, costs.observed(P1, work, seed), costs.reference(P1, seed))
        failed = [verdict for verdict in verdicts if verdict.failure is not None]
        if failed:
            lost[name] += 1
            print(name, "seed", seed, [(v.check.name, v.failure) for v in failed], flush=True)
    return lost


def misconceptions(
    count: int, rng: np.random.Generator
) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """By name, the numbers of gradings without a failed check in the mistake's section, with a
    wrong name first, and with a name in another section."""
    everything = [variant for variant in variants(P1) if not variant.correct]
    often = rng.choice(len(everything), size=OFTEN, replace=False)
    escaped, unnamed, elsewhere = Counter(), Counter(), Counter()
    for number in range(count):
        which = rng.integers(len(everything)) if number % 2 else rng.choice(often)
        variant, seed = everything[which], int(rng.integers(2**32))
        cost = costs.cost(P1, variant, seed)
        escaped[variant.name] += variant.section not in cost.failed
        unnamed[variant.name] += cost.found.get(variant.section, ())[:1] != (variant.name,)
        elsewhere[variant.name] += bool(set(cost.found) - {variant.section})
    return +escaped, +unnamed, +elsewhere


if __name__ == "__main__":
    main()
