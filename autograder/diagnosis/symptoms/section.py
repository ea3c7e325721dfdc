"""Puts what holds about the wrong values of a section into sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from autograder.assignment import Assignment
from autograder.assignment.variant import Variant
from autograder.assignment.words import Described
from autograder.diagnosis.symptoms.clause import Clause
from autograder.diagnosis.symptoms.compared import FEW, Compared
from autograder.diagnosis.symptoms.relations import GENERAL
from autograder.diagnosis.symptoms.wrong_values import said_of
from autograder.observation.observe import Observation
from autograder.observation.shapes import LARGEST_MISFIT

MOST = 3
"""How many statements a section gets."""

RANKS = {kind: rank for rank, kind in enumerate(("place", "steps", "nearly", *GENERAL), start=1)}
"""The kinds that say less than the others, and how little they say."""


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
    """The statement that some of the wrong values are a derived variant's.

    None if the variant is only another correct form.
    """
    if not variant.hint:
        return ()
    text = f"Some of your numbers are exactly those of {variant.hint}. Others are not explained."
    return (Statement("formula", text),)


def of_all(variant: Variant) -> str:
    """The sentence that the numbers are a derived variant's; empty if its parts say it all."""
    if not variant.hint:
        return ""
    begin = "Apart from that, your" if variant.parts else "Your"
    return f"{begin} numbers are exactly those of {variant.hint}."


def of_nothing(assignment: Assignment, probes: Mapping[str, Seen]) -> tuple[Statement, ...]:
    """The statement that values are None, for code that was begun and not finished."""
    return tuple(
        dict.fromkeys(
            statement
            for name, seen in probes.items()
            for statement in _none(seen, _described(assignment, name, seen))
        )
    )[:MOST]


def _none(seen: Seen, described: Described) -> Iterator[Statement]:
    missing: dict[str, None] = {}
    for value, why in seen.student.refused.items():
        if why.startswith("returned None"):
            missing[_subject(described, value)] = None
    if missing:
        first, *rest = missing
        text = f"{_capital(first)} is None: it was not computed, or not stored or returned."
        more = f" The same holds for {_joined(rest)}." if rest else ""
        yield Statement("none", text + more, True)


def _raises(seen: Seen, described: Described) -> Iterator[Statement]:
    """During the computation of which value an exception was raised."""
    raised = seen.student.ending.raised
    if raised is None or raised.importing or raised.type == "NotImplementedError":
        return
    lacking = (n for n in seen.reference.values if n not in seen.student)
    first = next((n for n in lacking if n not in seen.student.refused), None)
    if first is not None and first in described.values:
        where = described.when.get(first) or f"while computing {described.values[first]}"
        yield Statement("raises", f"The code raises {raised.type} {where}.")


def _alike(seen: Seen, described: Described) -> Iterator[Statement]:
    """Values that should differ between conditions and do not."""
    for one, other in combinations(described.values, 2):
        if described.values[one] != described.values[other] or one not in described.when:
            continue
        names = one, other
        if any(n not in seen.student or n not in seen.reference for n in names):
            continue
        values = [np.asarray(seen.student[n]) for n in names]
        right = [np.asarray(seen.reference[n]) for n in names]
        if right[0].size < FEW or any(v.shape != right[0].shape for v in (*values, right[1])):
            continue
        if np.array_equal(values[0], values[1]) and not np.array_equal(right[0], right[1]):
            conditions = f"{described.when[one]} as {described.when.get(other, 'otherwise')}"
            text = f"{_capital(described.values[one])} is the same {conditions}."
            yield Statement("ignores", text)
            return


def _subject(described: Described, value: str) -> str:
    words = described.values.get(value, value.replace("_", " "))
    return f"{words} {described.when[value]}" if value in described.when else words


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


@dataclass(frozen=True)
class _Wrong:
    """A wrong value: what holds about it, and the condition under which it was observed."""

    words: str
    when: str
    clause: Clause | None
    independent: bool


def statements(
    assignment: Assignment, probes: Mapping[str, Seen], contrast: bool = True
) -> tuple[Statement, ...]:
    """What holds about the wrong values of a section's probes, the most specific first.

    Args:
        assignment: the assignment.
        probes: the section's probes by name, those with wrong values and the others.
        contrast: whether a value that equals the reference's may be called right.
    """
    wrong: list[_Wrong] = []
    right: list[str] = []
    found: list[Statement] = []
    ended: list[Statement] = []
    for name, seen in probes.items():
        own = assignment.symptoms.get(name)
        described = _described(assignment, name, seen)
        if own is not None:
            with np.errstate(all="ignore"):  # students choose the numbers, which may overflow
                said = list(own(_numeric(seen), seen.given))
            found += [Statement(kind, text, True) for kind, text in said]
        if name in assignment.words:
            ended += [*_none(seen, described), *_raises(seen, described)]
        if name in assignment.special or (own is not None and name not in assignment.words):
            continue
        in_place = list(_changed_in_place(seen, described))
        found += [*in_place, *_alike(seen, described)]
        for value in described.values:
            when = described.when.get(value, "")
            if (compared := _compared(value, seen, described)) is not None:
                independent = described.independent and not in_place
                clause = said_of(compared)
                wrong.append(_Wrong(described.values[value], when, clause, independent))
            elif value in seen.student:
                right.append(when)
    found += ended
    if not any(statement.kind == "in_place" for statement in found):  # what follows may come of it
        only = _condition(wrong, right) if contrast else ""
        wrong.sort(key=lambda each: bool(each.when))
        found += _sentences(wrong, only, right)
    return tuple(dict.fromkeys(found))[:MOST]


def _changed_in_place(seen: Seen, described: Described) -> Iterator[Statement]:
    for value, words in described.untouched.items():
        if value not in seen.student or value not in seen.reference:
            continue
        before, after = np.asarray(seen.reference[value]), np.asarray(seen.student[value])
        if before.shape == after.shape and not np.array_equal(before, after):
            text = f"{_capital(words)} is changed by the call. It should stay as it was."
            yield Statement("in_place", text)


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
        and (
            np.shape(value) == np.shape(seen.reference[name])
            or np.ndim(value) == np.ndim(seen.reference[name]) == 1
        )
    }


def _compared(name: str, seen: Seen, described: Described) -> Compared | None:
    """The value beside the reference's, if it is wrong."""
    if name not in seen.student or name not in seen.reference:
        return None
    student, reference = seen.student[name], seen.reference[name]
    if isinstance(student, str) or isinstance(reference, str):
        return None
    if student.shape != reference.shape and student.size > LARGEST_MISFIT:
        return None  # it says nothing, and would fill the memory
    own = described.values[name]
    others, elsewhere = dict[str, np.ndarray](), dict[str, np.ndarray]()
    for other, words in described.values.items():
        if other != name and other in seen.reference:
            array, when = np.asarray(seen.reference[other], dtype=float), described.when.get(other)
            if words == own:
                elsewhere[when or "in the first call"] = array
            else:
                others[f"{words} {when}" if when else words] = array
    if reference.ndim == 0 and student.size == 1:
        student = student.reshape(())
    floats = student.astype(float), reference.astype(float)
    value = Compared(name, own, *floats, described, others, elsewhere)
    return value if not value.fits or value.wrong.any() else None


def _condition(wrong: Iterable[_Wrong], right: Iterable[str]) -> str:
    """The condition that all wrong values share and no right one has, if there is one."""
    conditions = {each.when for each in wrong}
    if len(conditions) != 1 or "" not in right:
        return ""
    (condition,) = conditions
    return condition


def _sentences(wrong: list[_Wrong], only: str, right: list[str]) -> Iterator[Statement]:
    by_clause: dict[Clause, list[_Wrong]] = {}
    said: dict[str, Clause] = {}
    for each in wrong:
        if each.clause is None:
            continue
        first = said.setdefault(each.words, each.clause)
        both_general = first.kind in GENERAL and each.clause.kind in GENERAL
        # a special condition adds little, unless it is what keeps a statement from being general
        if first == each.clause or not each.when or both_general:
            by_clause.setdefault(each.clause, []).append(each)
    specific = {c: having for c, having in by_clause.items() if c.kind not in GENERAL}
    for clause in sorted(specific or by_clause, key=lambda clause: RANKS.get(clause.kind, 0)):
        having = by_clause[clause]
        of_its_own = all(each.independent for each in having)
        others_right = bool(only) and only in right and len(having) == len(wrong)
        yield Statement(clause.kind, _sentence(clause, having, only, others_right), of_its_own)
    if not by_clause and only and wrong:
        text = f"Every value that was checked is right except {only}."
        yield Statement("condition", text, all(each.independent for each in wrong))


def _sentence(clause: Clause, having: list[_Wrong], only: str, others_right: bool) -> str:
    first, *rest = having
    subject = first.words if only or not first.when else f"{first.words} {first.when}"
    text = f"{subject} {clause.text}."
    text = f"every value that was checked is right except {only}: there, {text}" if only else text
    text = _capital(text)
    same = dict.fromkeys(each.words for each in rest if each.words != first.words)
    if same:
        text += f" The same holds for {_joined(list(same))}."
    if others_right:
        text += " The other values there are right."
    return text + (f" {clause.look}." if clause.look else "")


def _joined(words: list[str]) -> str:
    if len(words) > 2:
        words = [words[0], f"{len(words) - 1} other values"]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
