"""Work of other years, whose notebook had not all of today's cells; graded as such by an option.

What the option changes is which probes are asked and what they are given. The assignment says both,
and nothing that a submission says or leaves out has a part in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from autograder.assignment import Assignment
from autograder.hand_in.submission import Submission


def remark(assignment: Assignment) -> str:
    """What a Grade says of it."""
    said, names = "graded as work of another year (--older-work)", assignment.older_work.new_cells
    return f"{said}: the checks of {' and '.join(names)} do not count" if names else said


def with_stand_ins(assignment: Assignment, submission: Submission) -> Submission:
    """The submission, with the assignment's text for cells that its notebook has not."""
    return replace(submission, cells={**assignment.older_work.stand_ins, **submission.cells})


def without_new_cells(assignment: Assignment, probes: Iterable[str]) -> tuple[str, ...]:
    """Those of these probes that can be asked of older work."""
    return tuple(p for p in probes if p not in assignment.older_work.new_cells)
