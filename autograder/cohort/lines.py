"""The progress of grading a class as lines of JSON, for a program that watches it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO

from autograder.cohort.pool import Failed
from autograder.cohort.work import Outcome
from autograder.hand_in.students import HandIn
from autograder.training.replay import Progress, Replay


class Lines:
    """Prints a line for each submission and each training when it is done.

    {"event": "graded", "student": "ada", "points": 29.0, "of": 29.0, "done": 1, "total": 26}
    {"event": "set aside", "student": "zeno", "reason": "...", "done": 2, "total": 26}
    {"event": "trained", "accuracy": 0.7631, "done": 1, "total": 4}

    Trainings begin while submissions are graded, so their total grows until all are graded.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._done = self._total = self._trained = self._recipes = 0

    @contextmanager
    def shown(self, total: int, set_aside: Mapping[HandIn, str]) -> Iterator[Lines]:
        """Yields what to call, see `agenda.Shown`. Those set aside before are done already."""
        self._total = total
        for hand_in, reason in set_aside.items():
            self.graded(hand_in, Failed(reason))
        yield self

    def graded(self, hand_in: HandIn, outcome: Outcome | Failed) -> None:
        self._done += 1
        count = {"done": self._done, "total": self._total}
        student = hand_in.student
        if isinstance(outcome, Failed):
            self._print(event="set aside", student=student, reason=outcome.reason, **count)
        else:
            points, of = outcome.score, outcome.max_score
            self._print(event="graded", student=student, points=points, of=of, **count)

    def recipes(self, total: int) -> None:
        self._recipes = total

    def training(self, key: str, epochs: int, progress: Progress) -> None:
        """Only what is done is a line."""

    def trained(self, key: str, replay: Replay) -> None:
        self._trained += 1
        count = {"done": self._trained, "total": self._recipes}
        self._print(event="trained", accuracy=replay.accuracy, **count)

    def _print(self, **line: object) -> None:
        # ASCII, so that any name can be written; flushed, as the reader waits for it
        print(json.dumps(line), file=self._stream, flush=True)
