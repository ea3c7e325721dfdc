"""Works with fingerprints -> pairs, the most alike first, and groups of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from autograder.similar.calibration import Tail, tail_of, taken_with
from autograder.similar.fingerprints import Prints
from autograder.similar.rarity import Shared, shared_by
from autograder.similar.works import Work

MOST_PAIRS = 1000
"""Pairs that are listed; a class of a thousand has half a million."""
LEAST_EVIDENCE = 1e-9
"""So that works without any can be divided by it."""
STANDS_OUT = 0.05
"""Pairs that are less likely than this make groups."""


@dataclass(frozen=True)
class Pair:
    """Two works.

    Attributes:
        a: a work of the class.
        b: another, or a reference.
        likeness: from 0 to 1: what they share of what tells works apart.
        unlikely: the probability that any pair would be so alike if all had worked apart.
    """

    a: Work
    b: Work
    likeness: float
    unlikely: float

    @property
    def stands_out(self) -> bool:
        return self.unlikely <= STANDS_OUT


@dataclass(frozen=True)
class Comparison:
    """The result.

    Attributes:
        works: the class's, then the references.
        students: how many are the class's.
        compared: how many pairs were compared.
        pairs: the most alike first, at most MOST_PAIRS.
        groups: works that pairs which stand out connect, the largest group first.
        tail: of the likeness by chance; None if there are too few pairs.
        shared: what pairs share, by block.
    """

    works: tuple[Work, ...]
    students: int
    compared: int
    pairs: tuple[Pair, ...]
    groups: tuple[tuple[Work, ...], ...]
    tail: Tail | None
    shared: Shared


def compared(
    prints: Mapping[Work, Prints], advance: Callable[[], object] = lambda: None
) -> Comparison:
    """Compare each work of the class with each other one and with the references."""
    works = sorted(prints, key=_order)
    students = sum(not work.is_reference for work in works)
    shared = shared_by([prints[work] for work in works], students, advance)
    likeness = _likeness(shared, students)
    rows, columns = np.nonzero(np.arange(len(works))[None, :] > np.arange(students)[:, None])
    values = likeness[rows, columns]
    tail = tail_of(values[columns < taken_with(students, len(works))], len(rows))
    first = np.lexsort((columns, rows, -values))[:MOST_PAIRS]
    first = first[values[first] > 0]
    unlikely = np.ones(len(first)) if tail is None else tail.unlikely(values[first])
    pairs = tuple(
        Pair(works[rows[at]], works[columns[at]], round(float(values[at]), 4), float(chance))
        for at, chance in zip(first, unlikely, strict=True)
    )
    return Comparison(tuple(works), students, len(rows), pairs, _groups(pairs), tail, shared)


def _order(work: Work) -> tuple[bool, str]:
    return work.is_reference, work.name


def _likeness(shared: Shared, students: int) -> np.ndarray:
    """The evidence of each pair as a share of what the lesser of the two works could give.

    For a work that has little of its own, what is usual in the class counts, too, as a geometric
    mean: to share one rare line of two is not to share half of the assignment, but to share all
    that there is says more than to share a part of much.
    """
    usual = float(np.median(shared.own[:students])) if students else 0.0
    most = np.minimum(shared.own[:students, None], shared.own[None, :])
    scale = np.maximum(most, np.sqrt(most * usual))
    found: np.ndarray = shared.evidence / np.maximum(scale, LEAST_EVIDENCE)
    return found


def _groups(pairs: Sequence[Pair]) -> tuple[tuple[Work, ...], ...]:
    group: dict[Work, set[Work]] = {}
    for pair in pairs:
        if pair.stands_out:
            together = group.get(pair.a, {pair.a}) | group.get(pair.b, {pair.b})
            group |= dict.fromkeys(together, together)
    distinct = {id(each): each for each in group.values()}.values()
    ordered = [tuple(sorted(each, key=_order)) for each in distinct]
    return tuple(sorted(ordered, key=lambda each: (-len(each), each[0].name)))
