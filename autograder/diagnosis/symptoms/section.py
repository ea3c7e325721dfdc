"""Puts what holds about the wrong values of a section into sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.assignment import Assignment
from autograder.assignment.variant import Variant
from autograder.assignment.words import Described
from autograder.diagnosis.symptoms.compared import Compared
from autograder.diagnosis.symptoms.factors import named_factor
from autograder.diagnosis.symptoms.places import place_of
from autograder.diagnosis.symptoms.relations import GENERAL, Clause, clause_of, general
from autograder.observation.observe import Observation

MOST = 2
"""How many statements a section gets."""

RANKS = {kind: rank for rank, kind in enumerate(("place", "steps", "nearly", *GENERAL), start=1)}
"""The kinds that say less than the others, and how little they say."""

EXACT = 1e-6
"""The relative tolerance for a single number, of which many expressions could come close."""


@dataclass(frozen=True)
class Seen:
    """A probe of a failed section.

    Attributes:
        student, reference: what it observed. The reference has the same inherited mistakes.
        given: the probe's inputs.
    """

    student: Observation
    reference: Observation
    given: Mapping[str, Any]


@dataclass(frozen=True)
class Statement:
    """A sentence about a student's numbers that is true by test.

    Attributes:
        kind: the kind of statement, as `Clause.kind`.
        text: one to three sentences.
        of_its_own: whether it would hold beside correct code of earlier sections, too, because it
            compares the student's values with each other.
    """

    kind: str
    text: str
    of_its_own: bool = False


def of_a_part(variant: Variant) -> tuple[Statement, ...]:
    """The statement that some of the wrong values are a variant's."""
    known = [f"what this mistake gives: {part.hint}" for part in variant.parts]
    if variant.hint:
        known.append(f"exactly those of {variant.hint}.")
    text = (
        f"Some of your numbers are {' Others are '.join(known)} The rest is wrong in another way."
    )
    return (Statement("formula", text),)


def of_all(variant: Variant) -> str:
    """The sentence that the numbers are a derived variant's; empty if its parts say it all."""
    return f"Your numbers are exactly those of {variant.hint}." if variant.hint else ""


def of_nothing(assignment: Assignment, probes: Mapping[str, Seen]) -> tuple[Statement, ...]:
    """The statement that values are None, for code that was begun and not finished."""
    missing: dict[str, None] = {}
    for name, seen in probes.items():
        described = _described(assignment, name, seen)
        for value, why in seen.student.refused.items():
            if why.startswith("returned None"):
                missing[described.values.get(value, value.replace("_", " "))] = None
    if not missing:
        return ()
    first, *rest = missing
    text = f"{first[0].upper()}{first[1:]} is None: it was not computed, or not stored or returned."
    if rest:
        text += f" The same holds for {_joined(rest)}."
    return (Statement("none", text),)


@dataclass(frozen=True)
class _Wrong:
    """A wrong value: what holds about it, and the condition under which it was observed."""

    words: str
    when: str
    clause: Clause | None


def statements(assignment: Assignment, probes: Mapping[str, Seen]) -> tuple[Statement, ...]:
    """What holds about the wrong values of a section's probes, the most specific first."""
    wrong: list[_Wrong] = []
    right: list[str] = []
    found: list[Statement] = []
    for name, seen in probes.items():
        if (own := assignment.symptoms.get(name)) is not None:
            values = _numeric(seen)
            found += [Statement(kind, text, True) for kind, text in own(values, seen.given)]
        if name in assignment.special or (own is not None and name not in assignment.words):
            continue
        described = _described(assignment, name, seen)
        found += _changed_in_place(seen, described)
        for value in described.values:
            if (compared := _compared(value, seen, described)) is not None:
                wrong.append(
                    _Wrong(
                        described.values[value],
                        described.when.get(value, ""),
                        _clause(compared),
                    )
                )
            elif value in seen.student:
                right.append(described.when.get(value, ""))
    only = _condition(wrong, right)
    wrong.sort(key=lambda each: bool(each.when))
    return tuple(dict.fromkeys([*found, *_sentences(wrong, only)]))[:MOST]


def _changed_in_place(seen: Seen, described: Described) -> Iterator[Statement]:
    for value, words in described.untouched.items():
        if value in seen.student and value in seen.reference:
            before, after = np.asarray(seen.reference[value]), np.asarray(seen.student[value])
            if before.shape == after.shape and not np.array_equal(before, after):
                text = (
                    f"{words[0].upper()}{words[1:]} is changed in place; it belongs to the caller."
                )
                yield Statement("in_place", f"{text} Work on a copy.")


def _described(assignment: Assignment, name: str, seen: Seen) -> Described:
    if (words := assignment.words.get(name)) is not None:
        return words(seen.given)
    return Described({n: n.replace("_", " ") for n in seen.reference.values})


def _numeric(seen: Seen) -> dict[str, np.ndarray]:
    """The student's values, without those of a wrong shape where another is expected."""
    return {
        name: np.asarray(value)
        for name, value in seen.student.values.items()
        if name in seen.reference
        and not isinstance(value, str)
        and (np.ndim(value) == 1 or np.shape(value) == np.shape(seen.reference[name]))
    }


def _compared(name: str, seen: Seen, described: Described) -> Compared | None:
    """The value beside the reference's, if it is wrong."""
    if name not in seen.student or name not in seen.reference:
        return None
    student, reference = seen.student[name], seen.reference[name]
    if isinstance(student, str) or isinstance(reference, str):
        return None
    others = {
        words: np.asarray(seen.reference[other], dtype=float)
        for other, words in described.values.items()
        if other != name and other in seen.reference
    }
    if reference.ndim == 0 and student.size == 1:
        student = student.reshape(())
    floats = student.astype(float), reference.astype(float)
    value = Compared(name, described.values[name], *floats, described, others)
    return value if not value.fits or value.wrong.any() else None


def _clause(value: Compared) -> Clause | None:
    with np.errstate(all="ignore"):
        if value.reference.ndim == 0:
            return _of_a_number(value)
        return clause_of(value) or place_of(value) or next(general(value), None)


def _of_a_number(value: Compared) -> Clause | None:
    if not value.fits:
        return Clause("shape", f"has the shape {value.student.shape}; expected a single number")
    ours, right = float(value.student), float(value.reference)
    if not np.isfinite(ours):
        return Clause("not_finite", f"is {'NaN' if np.isnan(ours) else 'infinite'}")
    if abs(ours + right) <= EXACT * abs(right):
        return Clause("opposite_sign", "has the opposite sign", "Look at each minus")
    name = named_factor(ours / right, value.described.numbers, EXACT) if right else None
    if name is not None:
        look = "Look for a factor, a sum or a mean that is missing or counted twice"
        return Clause("scaled", f"is {name} times what it should be", look)
    if ours * right < 0:
        return Clause("wrong_sign", "has the wrong sign", "Look at each minus")
    return Clause("too_large_or_small", f"is too {'large' if ours > right else 'small'}")


def _condition(wrong: Iterable[_Wrong], right: Iterable[str]) -> str:
    """The condition that all wrong values share and no right one has, if there is one."""
    conditions = {each.when for each in wrong}
    if len(conditions) != 1 or "" not in right:
        return ""
    (condition,) = conditions
    return condition


def _sentences(wrong: list[_Wrong], only: str) -> Iterator[Statement]:
    by_clause: dict[Clause, list[_Wrong]] = {}
    said: dict[str, Clause] = {}
    for each in wrong:
        if each.clause is None:
            continue
        first = said.setdefault(each.words, each.clause)
        if first == each.clause or not each.when:  # a special condition adds little
            by_clause.setdefault(each.clause, []).append(each)
    specific = {c: having for c, having in by_clause.items() if c.kind not in GENERAL}
    for clause in sorted(specific or by_clause, key=lambda clause: RANKS.get(clause.kind, 0)):
        having = by_clause[clause]
        yield Statement(clause.kind, _sentence(clause, having, only))
    if not by_clause and only and wrong:
        yield Statement("condition", f"Everything is right except {only}.")


def _sentence(clause: Clause, having: list[_Wrong], only: str) -> str:
    first, *rest = having
    subject = first.words if only or not first.when else f"{first.words} {first.when}"
    text = f"{subject} {clause.text}."
    text = f"everything is right except {only}: there, {text}" if only else text
    text = text[0].upper() + text[1:]
    same = dict.fromkeys(each.words for each in rest if each.words != first.words)
    if same:
        text += f" The same holds for {_joined(list(same))}."
    return text + (f" {clause.look}." if clause.look else "")


def _joined(words: list[str]) -> str:
    if len(words) > MOST:
        words = [words[0], f"{len(words) - 1} other values"]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
