"""The command `demo`: runs everything once, on SVHN if it is there or on its synthetic twin.

The training comes last and gets the time that is left. On a slow machine, it ends early.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from rich.console import Console

from autograder.assignment import Assignment
from autograder.commands.demo_training import MODE, DemoTraining
from autograder.report.terminal import console_on, near

SEED = 2026
SHEET_IMAGES = 300
"""Test images to draw. The sheet of samples shows ten of each class; nothing else uses them."""


def run(assignment: Assignment, out: Path, minutes: float) -> int:
    """Run every step and show its progress; return the exit status.

    Args:
        assignment: what to demonstrate.
        out: the folder for the results.
        minutes: for all steps; a training that would take longer ends early.
    """
    started, console = time.monotonic(), console_on(sys.stdout)
    out.mkdir(parents=True, exist_ok=True)
    demo_class = assignment.part("demo_class")
    target = assignment.training_plan.modes[MODE].target
    with _step(console, "1. The release: what students receive, and the proof that nothing leaks"):
        if not _release(assignment, console):
            return 1
    with _step(console, "2. A class of made-up students, graded"):
        graded = _class(assignment, demo_class, console, out / "class")
    files = [
        ("the release", assignment.release / "README.md"),
        ("the class report", graded / "report" / "index.html"),
        *((name, _page(assignment, graded, student)) for name, student in demo_class.SHOWN),
    ]
    with _step(console, "3. The data"):
        directory = _data(assignment, console, out)
    with _step(console, f"4. Training the solution to an accuracy of {target:.0%}"):
        training = DemoTraining(assignment, console, directory, demo_class.EPOCHS)
        left = 60 * minutes - (time.monotonic() - started)
        accuracies = training.run(left)
    files += [
        ("a sheet of samples", out / "samples.png"),
        ("the learning curve", _plot(accuracies, target, out / "learning_curve.png")),
    ]
    console.rule("Files to open")
    for name, path in files:
        console.print(f"   {name:20} {near(path)}", highlight=False, soft_wrap=True)
    return 0 if training.ended_early or accuracies[-1] >= target else 1


@contextmanager
def _step(console: Console, title: str) -> Iterator[None]:
    console.rule(f"[bold]{title}", align="left")
    started = time.perf_counter()
    yield
    console.print(f"   [dim]{time.perf_counter() - started:.0f} s[/]", highlight=False)


def _release(assignment: Assignment, console: Console) -> bool:
    from autograder.release.build import build
    from autograder.release.verify import verify

    with console.status("") as status:
        report = build(assignment, progress=status.update)
        findings = verify(assignment, progress=status.update)
    console.print(f"   {report.files} files, {report.solutions} solutions removed")
    for finding in findings:
        console.print(f"   [red]{finding}[/]")
    if not findings:
        console.print("   [green]verified[/]: the solution passes, the stub fails, nothing leaks")
    return not findings


def _class(assignment: Assignment, demo_class: ModuleType, console: Console, out: Path) -> Path:
    """Create a new made-up class and grade it; return the folder of the results."""
    from autograder.cohort.run import run as grade_class

    shutil.rmtree(out, ignore_errors=True)
    submitted, graded = out / "submitted", out / "graded"
    submitted.mkdir(parents=True)
    console.print(
        f"   {demo_class.make(submitted)} hand-ins, in {near(submitted)}", highlight=False
    )
    grade_class(assignment, submitted, graded, seed=SEED, due=demo_class.DUE, console=console)
    return graded


def _data(assignment: Assignment, console: Console, out: Path) -> Path:
    """The folder of the images; synthetic ones are drawn into `out` if there are none."""
    data = assignment.data_module
    assert data is not None  # the demo needs data to train on
    directory, drawn = assignment.data_folder(), out / "data"
    if not (found := data.identify(directory)).trainable:
        directory = drawn
        if not data.identify(drawn).trainable:
            data.draw(drawn, test=SHEET_IMAGES)
        found = data.identify(drawn)
    console.print(f"   {found.text}", highlight=False)
    data.preview(directory, out / "samples.png")
    return directory


def _page(assignment: Assignment, graded: Path, student: str) -> Path:
    """A student's feedback page."""
    page = graded / "feedback" / student / assignment.id / assignment.notebook
    return page.with_suffix(".html")


def _plot(accuracies: Sequence[float], target: float, path: Path) -> Path:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    axis = figure.add_subplot()
    axis.plot(range(1, len(accuracies) + 1), accuracies, "-o", label="on the validation images")
    axis.axhline(target, color="gray", linestyle="--", label=f"{target:.0%}")
    axis.set(xlabel="Epoch", ylabel="Accuracy", title="The solution, epoch by epoch", ylim=(0, 1))
    axis.legend(loc="lower right")
    axis.grid(alpha=0.3)
    figure.savefig(path, dpi=120)
    return path
