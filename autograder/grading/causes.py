"""Causes that fail many checks at once: modules that cannot be imported, and unwritten code.

Such a cause is said once, with what it costs. The checks that it fails point to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from autograder.assignment.rubric import Section
from autograder.assignment.stub import place_of
from autograder.judgement.checks import how_it_ended
from autograder.judgement.points import rounded
from autograder.judgement.suites import Verdict
from autograder.observation.observe import Observation, Observations

MISSING = "No module named 'lib"
"""A file of the library is missing. Whoever read the submission has said so already."""


@dataclass(frozen=True)
class Cause:
    """Why many checks fail.

    Attributes:
        brief: what a check's message says.
        reason: the same with the exception and its lines; equal to `brief` for unwritten code.
    """

    brief: str
    reason: str


def common_causes(verdicts: Iterable[Verdict], student: Observations) -> Mapping[str, Cause]:
    """The common cause of each check that fails by one, by the check's name."""
    found: dict[str, Cause] = {}
    for verdict in verdicts:
        for probe in verdict.check.probes:
            cause = _cause(student[probe])
            if cause is not None and _is_failed_by(verdict, student[probe]):
                found.setdefault(verdict.check.name, cause)
    return found


def _is_failed_by(verdict: Verdict, observation: Observation) -> bool:
    return verdict.failure is not None and how_it_ended(observation) in verdict.failure


def _cause(observation: Observation) -> Cause | None:
    raised = observation.ending.raised
    if raised is None:
        return None
    if raised.importing:
        return Cause(f"{raised.importing} could not be imported", how_it_ended(observation))
    if raised.type == "NotImplementedError" and (place := place_of(raised.message)):
        return Cause(f"{place} is not written yet", f"{place} is not written yet")
    return None


def remarks(
    judged: Sequence[Section], verdicts: Sequence[Verdict], causes: Mapping[str, Cause]
) -> Iterator[str]:
    """A sentence for each import that failed, and one for all code that is not written.

    Args:
        judged: the sections that count in this grading.
        verdicts: of all checks.
        causes: as `common_causes` returns them.
    """
    distinct = dict.fromkeys(causes.values())
    for cause in distinct:
        if cause.reason != cause.brief and MISSING not in cause.reason:
            checks = {name for name, each in causes.items() if each == cause}
            yield f"{cause.reason}. {_cost(judged, verdicts, checks)}"
    unwritten = [cause for cause in distinct if cause.reason == cause.brief]
    if unwritten:
        checks = {name for name, cause in causes.items() if cause in unwritten}
        places = [cause.brief.removesuffix(" is not written yet") for cause in unwritten]
        listed = _listed(places, "parts")
        yield f"Not written yet: {listed}. {_cost(judged, verdicts, checks)}"


def _cost(judged: Sequence[Section], verdicts: Sequence[Verdict], checks: set[str]) -> str:
    """What these checks cost, in which sections."""
    lost, titles = Fraction(0), []
    for section in judged:
        own = [v for v in verdicts if v.check.section == section.id]
        failed = [v for v in own if v.check.name in checks]
        if failed:
            titles.append(section.title)
            weights = sum(v.check.weight for v in failed), sum(v.check.weight for v in own)
            lost += Fraction(section.auto) * Fraction(*weights)
    if not titles:
        return "That alone costs no points."
    points = rounded(lost)
    return f"That alone costs {points:g} points, in {_listed(titles, 'sections')}."


def _listed(names: Sequence[str], kind: str) -> str:
    if len(names) > 3:
        return f"{names[0]} and {len(names) - 1} other {kind}"
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]
