"""Work of other years, whose notebook had not all of today's cells; graded as such by an option.

What the option changes is which probes are asked and what they are given. Both are decided here,
and nothing that a submission says or leaves out has a part in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from autograder.hand_in.submission import Submission

NEW_CELLS = ("cascade_names", "small_network_names")
"""Cells, and the probes that run them, in which a student writes what parameters are called.

Their checks do not count, so that the other checks of a section share its points."""

PUBLISHED_RUN = {
    "train_tiny_net_hyperparameters": (
        "batch_size = 100\nepochs = 30\nlr_decay = 0.99\nlr_decay_every = 50\n"
    )
}
"""Stands in for a cell that is not there: the run that the assignment was published with."""

REMARK = (
    "graded as work of another year (--older-work): the checks of "
    f"{' and '.join(NEW_CELLS)} do not count"
)


def with_hyperparameters(submission: Submission) -> Submission:
    """The submission, with those of the published run where its notebook states none."""
    return replace(submission, cells={**PUBLISHED_RUN, **submission.cells})


def without_new_cells(probes: Iterable[str]) -> tuple[str, ...]:
    """Those of these probes that can be asked of older work."""
    return tuple(probe for probe in probes if probe not in NEW_CELLS)
