"""The comparison as a page for the person who decides, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from autograder.assignment import Assignment
from autograder.grading.result import Grade
from autograder.report.pages import page
from autograder.similar.comparison import Comparison, Pair
from autograder.similar.evidence import BlockOfPair, LostByBoth, blocks_of, lost_by_both
from autograder.similar.fingerprints import Traced
from autograder.similar.works import Work

MOST_IN_DETAIL, LEAST_IN_DETAIL = 40, 10
OTHERS_LISTED = 20
"""Pairs that do not stand out, to show where chance begins."""
SMALLEST = 1e-6
"""Smaller probabilities are too far from any pair of the class to be told in numbers."""


class Names:
    """What works are called; with `blind`, by numbers."""

    def __init__(self, comparison: Comparison, blind: bool) -> None:
        self._names = {work: work.name for work in comparison.works}
        if blind:
            # in the order of the pairs, since that of the names would tell too much
            paired = [work for pair in comparison.pairs for work in (pair.a, pair.b)]
            works = list(dict.fromkeys([*paired, *comparison.works]))
            students = [work for work in works if not work.is_reference]
            references = [work for work in works if work.is_reference]
            self._names = {
                work: f"{kind} {number}"
                for kind, each in (("student", students), ("reference", references))
                for number, work in enumerate(each, 1)
            }

    def __getitem__(self, work: Work) -> str:
        return self._names[work]


@dataclass(frozen=True)
class Detail:
    """A pair as the page shows it.

    Attributes:
        number: in the list of pairs, from 1.
        a, b: names.
        pair: the pair itself.
        times: when each was handed in, in UTC; None if it is unknown.
        blocks: side by side; None if the texts could not be read again.
        lost: what both lost points for.
    """

    number: int
    a: str
    b: str
    pair: Pair
    times: tuple[str | None, str | None]
    blocks: tuple[BlockOfPair, ...] | None
    lost: tuple[LostByBoth, ...]


def in_detail(comparison: Comparison) -> Sequence[Pair]:
    """The pairs that are shown side by side: those that stand out, and at least some."""
    standing_out = sum(pair.stands_out for pair in comparison.pairs)
    return comparison.pairs[: min(max(standing_out, LEAST_IN_DETAIL), MOST_IN_DETAIL)]


def page_of(
    assignment: Assignment,
    comparison: Comparison,
    traced: Mapping[str, Traced],
    grades: Mapping[str, Grade],
    not_compared: Sequence[tuple[str, str]],
    blind: bool,
) -> str:
    """One self-contained HTML page."""
    names = Names(comparison, blind)
    details = [
        Detail(
            number,
            names[pair.a],
            names[pair.b],
            pair,
            (pair.a.hand_in.timestamp, pair.b.hand_in.timestamp),
            blocks_of(comparison, pair, traced),
            lost_by_both(grades.get(pair.a.name), grades.get(pair.b.name)),
        )
        for number, pair in enumerate(in_detail(comparison), 1)
    ]
    standing_out = sum(pair.stands_out for pair in comparison.pairs)
    listed = [
        (names[pair.a], names[pair.b], pair)
        for pair in comparison.pairs[: standing_out + OTHERS_LISTED]
    ]
    return page(
        "similar.html",
        title=assignment.title,
        comparison=comparison,
        references=len(comparison.works) - comparison.students,
        groups=[[names[work] for work in group] for group in comparison.groups],
        details=details,
        listed=listed,
        graded=bool(grades),
        not_compared=[("a hand-in" if blind else name, why) for name, why in not_compared],
        blind=blind,
        chance=partial(chance, comparison),
        one_in=one_in,
    )


def json_of(comparison: Comparison, blind: bool) -> str:
    """The pairs as a list, the most alike first."""
    names = Names(comparison, blind)
    pairs = [
        {
            "a": names[pair.a],
            "b": names[pair.b],
            "likeness": pair.likeness,
            "unlikely": pair.unlikely,
        }
        for pair in comparison.pairs
    ]
    return json.dumps(pairs, indent=1, ensure_ascii=False) + "\n"


def chance(comparison: Comparison, pair: Pair) -> str:
    """How unlikely a pair is, in words; a dash if nobody can say."""
    return "–" if comparison.tail is None else in_words(pair.unlikely)


def in_words(unlikely: float) -> str:
    """A probability as a person says it: "1 in 2,000"."""
    if unlikely > 0.5:
        return "to be expected"
    if unlikely < SMALLEST:
        return f"less than {one_in(1 / SMALLEST)}"
    return one_in(1 / unlikely)


def one_in(number: float) -> str:
    """1 in so many, with two digits that mean something."""
    digits = max(0, len(str(int(number))) - 2)
    rounded = round(number, -digits) if digits else round(number)
    for size, word in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if rounded >= size:
            return f"1 in {rounded / size:.3g} {word}"
    return f"1 in {rounded:,.0f}"
