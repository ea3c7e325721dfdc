"""Decides whether stored observations are still valid, so that regrading need not run student code.

Some changes affect what is observed of a submission, others only how it is judged. If nothing but
suites, points or misconceptions has changed, a new run would observe the same.
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
from autograder.judgement.suites import DECIDING_PARTS, files_of

JUDGING_PARTS = ("judgement", "diagnosis", "release/markers.py", "release/strip.py")
"""The parts of the engine that judge observations and do not affect them. A test checks that no
code that observes imports them. All other parts are hashed: a part missing from this list costs
unnecessary new runs, never a wrong Grade.
"""


def digest_of(parts: Iterable[str | bytes]) -> str:
    """A hash of a sequence of texts, in which the boundaries between them count."""
    digest = hashlib.sha256()
    for part in parts:
        content = part.encode("utf-8", "replace") if isinstance(part, str) else part
        digest.update(f"{len(content)}:".encode() + content)
    return digest.hexdigest()


@cache
def observing_hash(assignment: Assignment, training: bool, older_work: bool) -> str:
    """A hash of everything that affects observations, except the submission and the seed.

    Args:
        assignment: the assignment.
        training: whether the training was judged. Its raw observations would take 128 MiB, so only
            the result of comparing them with the solution is stored. The solution then contains the
            student's mistakes, so the code that finds and applies mistakes is hashed as well. The
            suites are not: `regrade` checks whether the mistakes found are still the same.
        older_work: whether the submissions were graded as work of an earlier year.
    """
    return digest_of(_parts(assignment, training, older_work))


def _parts(assignment: Assignment, training: bool, older_work: bool) -> Iterator[str | bytes]:
    engine = files_of(part for part in DECIDING_PARTS if training or part not in JUDGING_PARTS)
    for file in sorted([*engine, *assignment.probes_folder.rglob("*.py")]):
        root = checkout.PACKAGE if file.is_relative_to(checkout.PACKAGE) else assignment.folder
        yield file.relative_to(root).as_posix()
        yield file.read_bytes()
    yield from assignment.modules
    yield from probe_names(assignment, training, older_work)
    reference = solution(assignment)  # it decides which values of a wrong shape were not stored
    yield reference.digest
    for cell in sorted(reference.cells.items()):
        yield from cell
    if training and assignment.training is not None:
        yield from _plan_parts(assignment.training)
        for variant in variants(assignment):
            yield repr(replace(variant, hint=""))


def _plan_parts(plan: TrainingPlan) -> Iterator[str | bytes]:
    """The values of a plan as text, and the files in which its functions are defined."""
    for name in (field.name for field in fields(plan)):
        value = getattr(plan, name)
        yield name
        yield Path(inspect.getfile(value)).read_bytes() if callable(value) else repr(value)
