"""What is found out about the failed checks of a submission, as far as memory goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from autograder.assignment import Assignment
from autograder.diagnosis.diagnose import Diagnosis, diagnose
from autograder.judgement.suites import TOO_LARGE, Verdict
from autograder.observation.observe import Observations


@dataclass(frozen=True)
class Findings:
    """What is found out about failed checks.

    Attributes:
        diagnoses: by section.
        errors: what is wrong with the submission as a whole: that judging it takes too much.
    """

    diagnoses: Mapping[str, Diagnosis]
    errors: tuple[str, ...] = ()


def findings(
    assignment: Assignment, student: Observations, verdicts: tuple[Verdict, ...]
) -> Findings:
    """Diagnoses the failed checks, as far as memory goes."""
    too_large = [v.check.name for v in verdicts if v.failure == TOO_LARGE]
    errors = [f"{', '.join(too_large)}: {TOO_LARGE}"] if too_large else []
    try:
        return Findings(diagnose(assignment, student, verdicts), tuple(errors))
    except MemoryError:
        errors.append(
            "finding out what went wrong takes more memory than there is for one submission: "
            "no mistake is named, and none excuses another"
        )
        return Findings({}, tuple(errors))
