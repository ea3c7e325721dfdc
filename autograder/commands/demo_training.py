"""The training of the demo: as much of it as there is time for, shown while it runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from math import ceil
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from autograder.assignment import Assignment
from autograder.report.terminal import curve_of
from autograder.training.images import open_images
from autograder.training.judged import solution_recipe
from autograder.training.replay import Progress as Epochs
from autograder.training.replay import Task, train

MODE = "full"
MEASURED_S = 2.0
"""How long the training is tried, to tell how long an epoch will take."""
SILENCE_S = 10.0
"""Between two lines about the training, where the output is not a terminal."""
MINUTES_WITHOUT_TRAINING = 5
"""Ample for the demo's other steps."""


class DemoTraining:
    """The solution's training, shown while it runs."""

    def __init__(
        self, assignment: Assignment, console: Console, directory: Path, epochs: int
    ) -> None:
        """Opens the images.

        Args:
            assignment: whose solution to train.
            console: to show the progress on.
            directory: of the images.
            epochs: after about so many, the target is reached.

        Raises:
            the plan's `error`: there are no images, or too few.
        """
        # a grading accepts an accuracy that is `spread` below the target; the demo reaches it
        plan = assignment.training_plan
        mode = replace(plan.modes[MODE], target=plan.modes[MODE].target + plan.spread)
        self._images = open_images(assignment, mode, directory)
        self._recipe, self._console, self._epochs = solution_recipe(assignment), console, epochs
        self.ended_early = False

    def run(self, seconds: float) -> list[float]:
        """Train for about so many seconds at most, but at least for one epoch.

        Returns the accuracy after each epoch. The last reaches the target, unless the time was too
        short (then `ended_early` is set) or the solution cannot do it.
        """
        epoch_s = self._seconds_of_an_epoch()
        expected = f"about {self._epochs} epochs of {epoch_s:.0f} s on this machine"
        recipe, fitting = self._recipe, max(1, int(seconds / epoch_s))
        if shortened := fitting < self._epochs:
            recipe = replace(recipe, epochs=fitting)
            expected += f"; time for {fitting} is left"
        self._say(f"{expected}, measured by a short try")
        with self._progress(recipe.epochs) as show:
            curve = train(Task(recipe), self._images, show).curve
        target = self._images.plan.modes[MODE].target
        epochs = "1 epoch" if len(curve) == 1 else f"{len(curve)} epochs"
        self._say(f"{curve_of(curve, target)}  {curve[-1]:.1%} after {epochs}")
        self.ended_early = shortened and curve[-1] < target
        if self.ended_early:
            needed = ceil((2 * self._epochs * epoch_s) / 60) + MINUTES_WITHOUT_TRAINING
            self._say(f"[yellow]ended early[/]; all of it: autograder demo --minutes {needed}")
        return list(curve)

    def _say(self, text: str) -> None:
        self._console.print(f"   {text}", highlight=False)

    def _seconds_of_an_epoch(self) -> float:
        """Measured in the first steps of a training, which is then given up."""
        seen = [(time.perf_counter(), 0.0)]

        def show(now: Epochs) -> None:
            seen.append((time.perf_counter(), now.epochs))
            if seen[-1][0] - seen[0][0] > MEASURED_S:
                raise _Measured

        with suppress(_Measured):
            train(Task(replace(self._recipe, epochs=1)), self._images, show)
        # the first report comes after the start, which is not part of every epoch
        (began, done), (ended, further) = seen[len(seen) > 2], seen[-1]
        return (ended - began) / (further - done)

    @contextmanager
    def _progress(self, epochs: int) -> Iterator[Callable[[Epochs], None]]:
        if not self._console.is_terminal:
            yield self._lines()
            return
        columns = (
            TextColumn("   accuracy {task.fields[accuracy]:.3f}"),
            BarColumn(),
            TextColumn("epoch {task.completed:.1f}"),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self._console) as bar:
            task = bar.add_task("", total=min(epochs, self._epochs), accuracy=0.0)
            yield lambda now: bar.update(task, completed=now.epochs, accuracy=now.accuracy)

    def _lines(self) -> Callable[[Epochs], None]:
        """Prints a line from time to time, as a file shows no bar."""
        began = last = time.monotonic()

        def show(now: Epochs) -> None:
            nonlocal last
            if (moment := time.monotonic()) - last >= SILENCE_S:
                last = moment
                accuracy = f", accuracy {now.accuracy:.3f}" if now.epochs >= 1 else ""
                self._say(f"{moment - began:3.0f} s: epoch {now.epochs:.1f}{accuracy}")

        return show


class _Measured(BaseException):
    """Ends the training that was only tried."""
