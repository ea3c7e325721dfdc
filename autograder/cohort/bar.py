"""Progress bars that are shown while a class is graded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
from autograder.training.replay import Replay


class _Rate(ProgressColumn):
    """Submissions per minute."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{60 * speed:.0f}/min")


class Bar:
    """Progress: graded, failing (below half the points), set aside, rate and time left."""

    def __init__(self, total: int, set_aside: int, console: Console) -> None:
        self._failing, self._set_aside = 0, set_aside
        self._progress = Progress(
            TextColumn("grading"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TextColumn("{task.fields[status]}"),
            _Rate(),
            TimeRemainingColumn(),
            console=console,
        )
        self._task = self._progress.add_task("", total=total, completed=set_aside, status="")

    def __enter__(self) -> Bar:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def advance(self, outcome: Outcome | Failed) -> None:
        """Count one more submission."""
        if isinstance(outcome, Failed):
            self._set_aside += 1
        else:
            self._failing += outcome.score < outcome.max_score / 2
        status = f"[red]{self._failing} failing[/]" if self._failing else "0 failing"
        if self._set_aside:
            status += f", [yellow]{self._set_aside} set aside[/]"
        self._progress.update(self._task, advance=1, status=status)


@contextmanager
def trainings_bar(total: int, console: Console) -> Iterator[Callable[[Replay], None]]:
    """Progress of training a class's distinct recipes. Yields a function to call after each."""
    columns = (
        TextColumn("training"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TextColumn("distinct recipes{task.fields[status]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("", total=total, status="")

        def advance(replay: Replay) -> None:
            progress.update(task, advance=1, status=f", last accuracy {replay.accuracy:.1%}")

        yield advance
