"""Progress bars that are shown while a class is graded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from autograder.cohort.pool import Failed
from autograder.cohort.work import Outcome
from autograder.hand_in.students import HandIn
from autograder.training.replay import Replay


class _Rate(ProgressColumn):
    """Submissions per minute."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{60 * speed:.0f}/min")


class Bars:
    """Shows a bar while submissions are graded, and one while recipes are trained."""

    def __init__(self, console: Console) -> None:
        self._console = console

    @contextmanager
    def grading(
        self, total: int, set_aside: Mapping[HandIn, str]
    ) -> Iterator[Callable[[HandIn, Outcome | Failed], None]]:
        """Shows how many are graded, failing (below half the points) and set aside.

        Yields a function to call after each submission.
        """
        columns = (
            TextColumn("grading"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TextColumn("{task.fields[status]}"),
            _Rate(),
            TimeRemainingColumn(),
        )
        failing, aside = 0, len(set_aside)
        with Progress(*columns, console=self._console) as progress:
            task = progress.add_task("", total=total, completed=aside, status="")

            def advance(hand_in: HandIn, outcome: Outcome | Failed) -> None:
                nonlocal failing, aside
                if isinstance(outcome, Failed):
                    aside += 1
                else:
                    failing += outcome.score < outcome.max_score / 2
                status = f"[red]{failing} failing[/]" if failing else "0 failing"
                if aside:
                    status += f", [yellow]{aside} set aside[/]"
                progress.update(task, advance=1, status=status)

            yield advance

    @contextmanager
    def training(self, total: int) -> Iterator[Callable[[Replay], None]]:
        """Shows how many distinct recipes are trained. Yields a function to call after each."""
        columns = (
            TextColumn("training"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TextColumn("distinct recipes{task.fields[status]}"),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=self._console) as progress:
            task = progress.add_task("", total=total, status="")

            def advance(replay: Replay) -> None:
                progress.update(task, advance=1, status=f", last accuracy {replay.accuracy:.1%}")

            yield advance
