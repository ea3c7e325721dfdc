"""Progress bars that are shown while a class is graded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import islice

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
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
from autograder.report.terminal import curve_of
from autograder.training.replay import Progress as Epochs
from autograder.training.replay import Replay

MOST_CURVES = 8
"""How many of the trainings that run are shown; a cluster may run more than fit the terminal."""
MOST_EPOCHS = 40
"""How many epochs of a curve are shown, the last ones."""


class _Rate(ProgressColumn):
    """Submissions per minute."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{60 * speed:.0f}/min")


class Bars:
    """Shows a bar for submissions, one for distinct recipes, and the curves of the trainings."""

    def __init__(self, console: Console) -> None:
        self._console = console

    @contextmanager
    def shown(self, total: int, set_aside: Mapping[HandIn, str]) -> Iterator[Display]:
        """Yields what to call, see `agenda.Shown`."""
        display = Display(total, len(set_aside))
        with Live(display, console=self._console):
            yield display
            display.close()


class Display:
    """What is shown now."""

    def __init__(self, total: int, set_aside: int) -> None:
        self._grading = Progress(
            TextColumn("grading"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TextColumn("{task.fields[status]}"),
            _Rate(),
            TimeRemainingColumn(),
        )
        self._training = Progress(
            TextColumn("training"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TextColumn("distinct recipes{task.fields[status]}"),
            TimeRemainingColumn(),
        )
        self._submissions = self._grading.add_task("", total=total, completed=set_aside, status="")
        self._recipes = self._training.add_task("", total=0, status="", visible=False)
        self._failing, self._set_aside = 0, set_aside
        self._curves: dict[str, _Curve] = {}

    def graded(self, hand_in: HandIn, outcome: Outcome | Failed) -> None:
        """Shows how many are graded, failing (below half the points) and set aside."""
        if isinstance(outcome, Failed):
            self._set_aside += 1
        else:
            self._failing += outcome.score < outcome.max_score / 2
        status = f"[red]{self._failing} failing[/]" if self._failing else "0 failing"
        if self._set_aside:
            status += f", [yellow]{self._set_aside} set aside[/]"
        self._grading.update(self._submissions, advance=1, status=status)

    def recipes(self, total: int) -> None:
        self._training.update(self._recipes, total=total, visible=True)

    def training(self, key: str, epochs: int, progress: Epochs) -> None:
        self._curves.setdefault(key, _Curve(epochs)).add(progress)

    def trained(self, key: str, replay: Replay) -> None:
        self._curves.pop(key, None)
        status = f", last accuracy {replay.accuracy:.1%}"
        self._training.update(self._recipes, advance=1, status=status)

    def close(self) -> None:
        """All trainings have ended, also those that failed."""
        self._curves.clear()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield self._grading
        if self._training.tasks[0].visible:
            yield self._training
        for curve in islice(self._curves.values(), MOST_CURVES):
            yield curve.text
        if (more := len(self._curves) - MOST_CURVES) > 0:
            yield Text(f"  and {more} more")


class _Curve:
    """The curve of a training that runs."""

    def __init__(self, epochs: int) -> None:
        self._epochs, self._done = epochs, 0.0
        self._accuracies: list[float] = []

    def add(self, progress: Epochs) -> None:
        if progress.epochs < self._done:  # begun again, on another worker
            self._accuracies.clear()
        self._done = progress.epochs
        if progress.epochs.is_integer() and progress.epochs >= 1:
            self._accuracies.append(progress.accuracy)

    @property
    def text(self) -> Text:
        blocks = curve_of(self._accuracies[-MOST_EPOCHS:], 1.0)
        last = f" {self._accuracies[-1]:.1%}" if self._accuracies else ""
        return Text(f"  epoch {self._done:4.1f} of {self._epochs}  {blocks}{last}")
