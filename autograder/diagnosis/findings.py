"""The diagnoses of a submission's failed checks, within the memory limit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from autograder.assignment import Assignment
from autograder.diagnosis.case import Diagnosis
from autograder.diagnosis.diagnose import diagnose
from autograder.judgement.suites import TOO_LARGE, Verdict
from autograder.observation.observe import Observations


@dataclass(frozen=True)
class Findings:
    """The diagnoses of failed checks.

    Attributes:
        diagnoses: diagnoses by section id.
        errors: messages if judging or diagnosing the submission exceeded the memory limit.
    """

    diagnoses: Mapping[str, Diagnosis]
    errors: tuple[str, ...] = ()


def findings(
    assignment: Assignment, student: Observations, verdicts: tuple[Verdict, ...]
) -> Findings:
    """Diagnoses the failed checks, within the memory limit."""
    too_large = [v.check.name for v in verdicts if v.failure == TOO_LARGE]
    errors = [f"{', '.join(too_large)}: {TOO_LARGE}"] if too_large else []
    try:
        return Findings(diagnose(assignment, student, verdicts), tuple(errors))
    except MemoryError:
        errors.append(
            "the diagnosis takes more memory than one submission may use: no mistake is named, and "
            "no check is excused"
        )
        return Findings({}, tuple(errors))
