"""What is seen of a class while it is graded."""

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
    """Submissions a minute."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{60 * speed:.0f}/min")


class Bar:
    """Done, failing (below half of the points), set aside, rate and time left."""

    def __init__(self, total: int, set_aside: int, console: Console) -> None:
        self._failing, self._set_aside = 0, set_aside
        self._progress = Progress(
            TextColumn("grading"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TextColumn("{task.fields[said]}"),
            _Rate(),
            TimeRemainingColumn(),
            console=console,
        )
        self._task = self._progress.add_task("", total=total, completed=set_aside, said="")

    def __enter__(self) -> Bar:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def advance(self, outcome: Outcome | Failed) -> None:
        """One more is done."""
        if isinstance(outcome, Failed):
            self._set_aside += 1
        else:
            self._failing += outcome.score < outcome.max_score / 2
        said = f"[red]{self._failing} failing[/]" if self._failing else "0 failing"
        if self._set_aside:
            said += f", [yellow]{self._set_aside} set aside[/]"
        self._progress.update(self._task, advance=1, said=said)


@contextmanager
def trainings_bar(total: int, console: Console) -> Iterator[Callable[[Replay], None]]:
    """Progress of the distinct recipes of a class; call what it gives with each that is trained."""
    columns = (
        TextColumn("training"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TextColumn("distinct recipes{task.fields[said]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("", total=total, said="")

        def advance(replay: Replay) -> None:
            progress.update(task, advance=1, said=f", the last one {replay.accuracy:.1%}")

        yield advance
