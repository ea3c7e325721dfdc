"""Puts what holds about the wrong values of a section into sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.assignment import Assignment
from autograder.assignment.words import Described
from autograder.diagnosis.symptoms.compared import Compared
from autograder.diagnosis.symptoms.factors import named_factor
from autograder.diagnosis.symptoms.places import place_of
from autograder.diagnosis.symptoms.relations import GENERAL, Clause, clause_of, general
from autograder.observation.observe import Observation

MOST = 2
"""How many statements a section gets."""

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
    """

    kind: str
    text: str


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
            values = _of_right_shape(seen)
            found += [Statement(kind, text) for kind, text in own(values, seen.given)]
            continue
        described = _described(assignment, name, seen)
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
    return tuple([*found, *_sentences(wrong, only)][:MOST])


def _described(assignment: Assignment, name: str, seen: Seen) -> Described:
    if (words := assignment.words.get(name)) is not None:
        return words(seen.given)
    return Described({n: n.replace("_", " ") for n in seen.reference.values})


def _of_right_shape(seen: Seen) -> dict[str, np.ndarray]:
    return {
        name: np.asarray(value)
        for name, value in seen.student.values.items()
        if name in seen.reference and np.shape(value) == np.shape(seen.reference[name])
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
        return clause_of(value)
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
    for each in wrong:
        if each.clause is not None:
            by_clause.setdefault(each.clause, []).append(each)
    specific = {c: having for c, having in by_clause.items() if c.kind not in GENERAL}
    for clause, having in (specific or by_clause).items():
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
