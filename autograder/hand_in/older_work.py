"""Work from earlier years, whose notebook lacks some of today's cells (option `--older-work`).

The option changes which probes run and which cells they are given. Both depend on the assignment
alone, never on what a submission contains.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from autograder.assignment import Assignment
from autograder.hand_in.submission import Submission


def remark(assignment: Assignment) -> str:
    """The remark that a Grade of older work contains."""
    names = _new(assignment)
    text = "graded as work of an earlier year (--older-work)"
    return f"{text}: the checks of {' and '.join(names)} do not count" if names else text


def with_stand_ins(assignment: Assignment, submission: Submission) -> Submission:
    """The submission, with the assignment's stand-ins for the cells that its notebook lacks."""
    return replace(submission, cells={**assignment.older_work.stand_ins, **submission.cells})


def without_new(assignment: Assignment, probes: Iterable[str]) -> tuple[str, ...]:
    """The probes whose checks count for older work."""
    return tuple(p for p in probes if p not in _new(assignment))


def _new(assignment: Assignment) -> tuple[str, ...]:
    """The probes of what older notebooks lack."""
    return (*assignment.older_work.new_cells, *assignment.older_work.new_probes)
