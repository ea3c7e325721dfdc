"""What decides the evidence of a Grade, and what only judges it.

Where suites, points or misconceptions have changed and nothing else, a submission would be observed
today as it was observed then: it can be graded again without running any of its code.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Iterable, Iterator
from dataclasses import fields, replace
from functools import cache
from pathlib import Path

from autograder import checkout
from autograder.assignment import Assignment
from autograder.assignment.training import TrainingPlan
from autograder.diagnosis.variants import solution, variants
from autograder.grading.grade import probe_names
from autograder.judgement.suites import DECIDE, files_of

JUDGES = ("judgement", "diagnosis", "release/markers.py", "release/strip.py")
"""Parts of the engine that look at evidence and have no part in it; a test holds that nothing that
observes imports them. Any other part counts, so that what nobody thought of costs time and no more.
"""


def digest_of(parts: Iterable[str | bytes]) -> str:
    """The same for the same parts in the same order, and for no others."""
    digest = hashlib.sha256()
    for part in parts:
        content = part.encode("utf-8", "replace") if isinstance(part, str) else part
        digest.update(f"{len(content)}:".encode() + content)
    return digest.hexdigest()


@cache
def observing_hash(assignment: Assignment, training: bool, older_work: bool) -> str:
    """Of all that decides what is observed of a submission, but for the submission and the seed.

    Args:
        assignment: whose submissions.
        training: whether their training was judged. What is kept of it is no raw observation, which
            would take 128 MiB, but what was found beside the solution with the student's mistakes:
            then what finds and repeats them counts as well. (The suites do not: `regrade` sees
            whether the mistakes are still the same.)
        older_work: whether they were graded as work of another year.
    """
    return digest_of(_deciding(assignment, training, older_work))


def _deciding(assignment: Assignment, training: bool, older_work: bool) -> Iterator[str | bytes]:
    engine = files_of(part for part in DECIDE if training or part not in JUDGES)
    for file in sorted([*engine, *assignment.probes_folder.rglob("*.py")]):
        root = checkout.PACKAGE if file.is_relative_to(checkout.PACKAGE) else assignment.folder
        yield file.relative_to(root).as_posix()
        yield file.read_bytes()
    yield from assignment.modules
    yield from probe_names(assignment, training, older_work)
    right = solution(assignment)  # a value of another shape than the solution's was not kept
    yield right.digest
    for cell in sorted(right.cells.items()):
        yield from cell
    if training and assignment.training is not None:
        yield from _told(assignment.training)
        for variant in variants(assignment):
            yield repr(replace(variant, hint=""))


def _told(plan: TrainingPlan) -> Iterator[str | bytes]:
    """A plan as text: its figures, and the files of its functions."""
    for name in (field.name for field in fields(plan)):
        value = getattr(plan, name)
        yield name
        yield Path(inspect.getfile(value)).read_bytes() if callable(value) else repr(value)
