"""Finds the small changes of the solution that together give a student's numbers.

A change that is part of the mistake makes some wrong values equal to the student's and leaves the
right ones alone. So changes are found one after the other, each by what it explains, and not by
trying all combinations.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import product

from autograder.assignment import Assignment
from autograder.assignment.variant import Patch, Variant
from autograder.diagnosis.mutation.mutants import mutants
from autograder.diagnosis.mutation.source import Edit, Mutant, edited
from autograder.diagnosis.variants import blocks, by_section, solution, text_of

WIDEST = (4, 2)
"""How many combinations of one and of two changes are continued, the most promising first. So at
most three changes are combined."""

LEAST = 2
"""How many values a change must explain to be part of an explanation that leaves others."""

Difference = frozenset[tuple[str, str]]
"""The (probe, value) pairs in which two libraries differ."""

Combined = tuple[Difference, tuple[Mutant, ...]]
"""Changes, after the values that they leave unexplained."""


@dataclass(frozen=True)
class Explanation:
    """Changes that make wrong values equal to the student's.

    Attributes:
        variant: the changes as one variant.
        left: the values in which the student differs from the variant.
    """

    variant: Variant
    left: Difference


def explanation(
    assignment: Assignment,
    section: str,
    wrong: Difference,
    left_by: Callable[[Variant, Difference], Difference | None],
    equal: Callable[[Variant, Variant], bool],
    most: int,
) -> Explanation | None:
    """The changes that explain most of the wrong values.

    None if they explain less than half, or if others that are not equal explain the same: then
    nothing tells which of them the student made.

    Args:
        assignment, section: where the values are wrong.
        wrong: the values in which the student differs from the solution.
        left_by: the values in which the student differs from a variant; None if the variant does
            not fit, or if there are others than the given ones.
        equal: whether two variants give the same values everywhere.
        most: how many variants may be tried.
    """
    parts: list[Combined] = []
    for explained, (left, changes) in _tried(assignment, section, wrong, left_by, most):
        if not left:
            return Explanation(_variant(assignment, section, changes), left)
        if explained >= LEAST:
            parts.append((left, changes))
    left, changes, rivals = _best_part(parts, wrong)
    if 2 * len(left) > len(wrong):  # too little to go by
        return None
    found = _variant(assignment, section, changes)
    if not all(equal(found, _variant(assignment, section, rival)) for rival in rivals):
        return None
    return Explanation(found, left)


def _tried(
    assignment: Assignment,
    section: str,
    wrong: Difference,
    left_by: Callable[[Variant, Difference], Difference | None],
    most: int,
) -> Iterator[tuple[int, Combined]]:
    """Combinations that explain something: how many values their last change explains."""
    candidates: Sequence[Mutant] = _candidates(assignment, section)
    tries = iter(range(most))
    level: list[Combined] = [(wrong, ())]
    for widest in (*WIDEST, 0):
        better: list[Combined] = []
        fitting: dict[Mutant, None] = {}
        for (left, chosen), mutant in product(level, candidates):
            if not all(mutant.compatible(other) for other in chosen):
                continue
            if next(tries, None) is None:
                return
            changes = (*chosen, mutant)
            now = left_by(_variant(assignment, section, changes), left)
            if now is None:
                continue
            fitting[mutant] = None
            if now != left:
                better.append((now, changes))
                yield len(left) - len(now), (now, changes)
        candidates = tuple(fitting)  # what changes right values changes them in combinations too
        level = sorted(_distinct(better), key=lambda each: len(each[0]))[:widest]


def _best_part(
    parts: Sequence[Combined], wrong: Difference
) -> tuple[Difference, tuple[Mutant, ...], Sequence[tuple[Mutant, ...]]]:
    """What the best combination leaves, the combination, and others that explain the same."""
    # a known mistake's hint says what was done, so it must explain all values; other correct forms
    # say nothing, and are found before changes that amount to the same
    named = [each for each in parts if all(m.as_part for m in each[1])]
    left, changes = min(named, key=lambda each: len(each[0]), default=(wrong, ()))
    rivals = [c for rest, c in parts if rest == left and len(c) == len(changes)]
    known = [c for c in rivals if not all(m.as_part for m in c)]  # the likelier ones
    return left, changes, known or rivals


def _distinct(found: Iterable[Combined]) -> list[Combined]:
    """The first combination for each set of values that is left."""
    by_rest: dict[Difference, tuple[Mutant, ...]] = {}
    for rest, combination in found:
        by_rest.setdefault(rest, combination)
    return list(by_rest.items())


def rivals(assignment: Assignment, section: str) -> Iterator[Variant]:
    """All single changes of a section, as variants."""
    for mutant in _candidates(assignment, section):
        yield mutant.variant or _variant(assignment, section, (mutant,))


@cache
def _candidates(assignment: Assignment, section: str) -> tuple[Mutant, ...]:
    """The known variants of a section, then its mutants."""
    known = by_section(assignment)[section]
    return (*(_as_mutant(assignment, v) for v in known), *mutants(assignment, section))


def _as_mutant(assignment: Assignment, variant: Variant) -> Mutant:
    edits = []
    for patch in variant.patches:
        begin = text_of(solution(assignment), patch.file).index(patch.old)
        edits.append(Edit(patch.file, begin, begin + len(patch.old), patch.new))
    return Mutant("", tuple(edits), variant, as_part=variant.correct)


@lru_cache(maxsize=2048)
def _variant(assignment: Assignment, section: str, combination: tuple[Mutant, ...]) -> Variant:
    """The changes as one variant, which replaces whole blocks."""
    by_file: dict[str, list[Edit]] = {}
    for edit in (edit for mutant in combination for edit in mutant.edits):
        by_file.setdefault(edit.file, []).append(edit)
    patches = [
        patch for file, edits in by_file.items() for patch in _patches(assignment, file, edits)
    ]
    digest = hashlib.sha256(repr(patches).encode()).hexdigest()[:12]
    first, *further = patches
    return Variant(
        f"{section}_derived_{digest}",
        first.file,
        first.old,
        first.new,
        hint=_hint([m.text for m in combination if m.variant is None]),
        further=tuple(further),
        section=section,
        parts=tuple(m.variant for m in combination if m.variant and not m.variant.correct),
        derived=True,
    )


def _patches(assignment: Assignment, file: str, edits: Sequence[Edit]) -> list[Patch]:
    """A patch for each block that the edits change, and for each edit outside of the blocks."""
    text, rest, patches = text_of(solution(assignment), file), list(edits), []
    for begin, end in _ranges(assignment)[file]:
        within = [edit for edit in rest if begin <= edit.begin and edit.end <= end]
        if within:
            rest = [edit for edit in rest if edit not in within]
            patches.append(Patch(file, text[begin:end], edited(text, begin, end, within)))
    return patches + [Patch(file, text[e.begin : e.end], e.new) for e in rest]


@cache
def _ranges(assignment: Assignment) -> Mapping[str, tuple[tuple[int, int], ...]]:
    """The offsets of all blocks, by file."""
    found: dict[str, list[tuple[int, int]]] = {}
    for file, block in blocks(assignment).values():
        begin = text_of(solution(assignment), file).index(block.source)
        found.setdefault(file, []).append((begin, begin + len(block.source)))
    return {file: tuple(ranges) for file, ranges in found.items()}


def _hint(texts: Sequence[str]) -> str:
    if not texts:
        return ""
    return f"the right formula {'; and '.join(texts)}"
