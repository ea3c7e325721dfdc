"""The progress of grading a class as lines of JSON, for a program that watches it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import IO

from autograder.cohort.pool import Failed
from autograder.cohort.work import Outcome
from autograder.hand_in.students import HandIn
from autograder.training.replay import Replay


class Lines:
    """Prints a line for each submission and each training when it is done.

    {"event": "graded", "student": "ada", "points": 29.0, "of": 29.0, "done": 1, "total": 26}
    {"event": "set aside", "student": "zeno", "reason": "...", "done": 2, "total": 26}
    {"event": "trained", "accuracy": 0.7631, "done": 1, "total": 4}
    """

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    @contextmanager
    def grading(
        self, total: int, set_aside: Mapping[HandIn, str]
    ) -> Iterator[Callable[[HandIn, Outcome | Failed], None]]:
        """Yields a function to call after each submission."""
        done = 0

        def say(event: str, hand_in: HandIn, **more: object) -> None:
            nonlocal done
            done += 1
            self._print(event=event, student=hand_in.student, **more, done=done, total=total)

        def advance(hand_in: HandIn, outcome: Outcome | Failed) -> None:
            if isinstance(outcome, Failed):
                say("set aside", hand_in, reason=outcome.reason)
            else:
                say("graded", hand_in, points=outcome.score, of=outcome.max_score)

        for hand_in, reason in set_aside.items():
            say("set aside", hand_in, reason=reason)
        yield advance

    @contextmanager
    def training(self, total: int) -> Iterator[Callable[[Replay], None]]:
        """Yields a function to call after each training of a distinct recipe."""
        done = 0

        def advance(replay: Replay) -> None:
            nonlocal done
            done += 1
            self._print(event="trained", accuracy=replay.accuracy, done=done, total=total)

        yield advance

    def _print(self, **line: object) -> None:
        # ASCII, so that any name can be written; flushed, as the reader waits for it
        print(json.dumps(line), file=self._stream, flush=True)
