"""Work of other years, whose notebook had not all of today's cells; graded as such by an option.

What the option changes is which probes are asked and what they are given. The assignment says both,
and nothing that a submission says or leaves out has a part in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from autograder.assignment import Assignment, OlderWork
from autograder.hand_in.submission import Submission


def remark(assignment: Assignment) -> str:
    """What a Grade says of it."""
    names = " and ".join(lacking(assignment).new_cells)
    return f"graded as work of another year (--older-work): the checks of {names} do not count"


def lacking(assignment: Assignment) -> OlderWork:
    """What the notebooks of other years lacked."""
    return assignment.older_work or OlderWork(())


def with_stand_ins(assignment: Assignment, submission: Submission) -> Submission:
    """The submission, with the assignment's text for cells that its notebook has not."""
    stand_ins = lacking(assignment).stand_ins
    return replace(submission, cells={**stand_ins, **submission.cells})


def without_new_cells(assignment: Assignment, probes: Iterable[str]) -> tuple[str, ...]:
    """Those of these probes that can be asked of older work."""
    new = lacking(assignment).new_cells
    return tuple(probe for probe in probes if probe not in new)
