"""The sections of an assignment and their points."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Section:
    """A graded part of the notebook.

    Attributes:
        id: the grade id of its check cell; names of probes and checks begin with it.
        title: the heading in the notebook.
        auto: points awarded by the hidden suites.
        by_hand: grade ids and points of the manually graded cells.
        training: whether judging the section needs a training run.
        answers: grade ids of the cells in which students write code for the section.
    """

    id: str
    title: str
    auto: int
    by_hand: tuple[tuple[str, int], ...] = ()
    training: bool = False
    answers: tuple[str, ...] = ()

    @property
    def points(self) -> int:
        return self.auto + sum(points for _, points in self.by_hand)
