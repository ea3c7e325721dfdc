"""A pair's blocks side by side, with the lines marked that share what is rare."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from autograder.grading.result import Grade
from autograder.similar.comparison import Comparison, Pair
from autograder.similar.fingerprints import COMMENTS, Traced
from autograder.similar.parts import ELSEWHERE
from autograder.similar.rarity import Block

SAYS_SOMETHING = math.log(20)
"""A block is shown if at most one pair in twenty shares as much there."""
RARE = 0.1
"""Lines are marked as rare for what at most this share of the works has."""
MOST_LINES = 80
LONGEST_LINE = 300


@dataclass(frozen=True)
class Line:
    """A line of a student's text.

    Attributes:
        mark: "rare" if it shares what few works have, "shared" for what is less rare, else empty.
    """

    text: str
    mark: str


@dataclass(frozen=True)
class Excerpt:
    """What a student wrote for a block, from one file or cell."""

    source: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class BlockOfPair:
    """A block of both works.

    Attributes:
        place: the block.
        one_in: of the class's pairs, one in so many shares as much in this block.
        left, right: the excerpts of either.
    """

    place: str
    one_in: float
    left: tuple[Excerpt, ...]
    right: tuple[Excerpt, ...]


@dataclass(frozen=True)
class LostByBoth:
    """A section in which both lost points.

    Attributes:
        title: of the section.
        checks: that failed for both, in words.
        hints: that both were given.
    """

    title: str
    checks: tuple[str, ...]
    hints: tuple[str, ...]


def blocks_of(
    comparison: Comparison, pair: Pair, traced: Mapping[str, Traced]
) -> tuple[BlockOfPair, ...] | None:
    """The blocks in which a pair shares what is rare, the rarest first.

    None if the texts of one of them could not be read again.
    """
    left, right = (traced.get(work.name) for work in (pair.a, pair.b))
    if left is None or right is None:
        return None
    rows = [comparison.works.index(work) for work in (pair.a, pair.b)]
    found = []
    for place, block in comparison.shared.blocks.items():
        columns = _shared_columns(block, rows)
        evidence = float(block.evidence(np.array(block.weights[columns].sum())))
        if evidence < SAYS_SOMETHING:
            continue
        rare = block.weights[columns] >= -math.log(RARE)
        marks = {
            int(block.columns[column]): "rare" if is_rare else "shared"
            for column, is_rare in zip(columns, rare, strict=True)
        }
        excerpts = (tuple(_excerpts(side, place, marks)) for side in (left, right))
        found.append(BlockOfPair(place, math.exp(evidence), *excerpts))
    return tuple(sorted(found, key=lambda one: (-one.one_in, one.place)))


def _shared_columns(block: Block, rows: list[int]) -> np.ndarray:
    one, other = (block.works[[row]].indices for row in rows)
    return np.intersect1d(one, other)


def _excerpts(traced: Traced, place: str, marks: Mapping[int, str]) -> Iterator[Excerpt]:
    marked: dict[int, dict[int, str]] = defaultdict(dict)
    for source in (place, ELSEWHERE):
        lines = traced.lines.get(source, {})
        for each, mark in marks.items():
            for text, line in lines.get(each, ()):
                if marked[text].get(line) != "rare":
                    marked[text][line] = mark
    own = {text for lines in traced.lines.get(place, {}).values() for text, _ in lines}
    for text in sorted(own | set(marked)):
        source, content = traced.texts[text]
        only = marked[text] if place == COMMENTS else None
        yield Excerpt(source, tuple(_lines(content, marked[text], only)))


def _lines(content: str, marked: Mapping[int, str], only: Collection[int] | None) -> Iterator[Line]:
    shown = 0
    for number, text in enumerate(content.split("\n"), 1):
        if only is not None and number not in only:
            continue
        if shown == MOST_LINES:
            yield Line("...", "")
            return
        shown += 1
        yield Line(text[:LONGEST_LINE], marked.get(number, ""))


def lost_by_both(a: Grade | None, b: Grade | None) -> tuple[LostByBoth, ...]:
    """The sections in which both lost points; empty if one of them is not graded."""
    if a is None or b is None:
        return ()
    others = {section.id: section for section in b.sections}
    found = []
    for section in a.sections:
        other = others.get(section.id)
        if other is None or section.score is None or other.score is None:
            continue
        if section.score < section.max_score and other.score < other.max_score:
            passed = {test.name for one in (section, other) for test in one.tests if test.passed}
            checks = [t.label(section.id) for t in section.tests if t.name not in passed]
            named = {hint.misconception for hint in other.hints}
            hints = [hint.text for hint in section.hints if hint.misconception in named]
            found.append(LostByBoth(section.title, tuple(checks), tuple(hints)))
    return tuple(found)
