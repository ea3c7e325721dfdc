"""The command `demo`: runs everything once, on SVHN if it is there or on its synthetic twin."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from autograder.assignment import Assignment
from autograder.report.terminal import near

SEED, MODE = 2026, "full"
BLOCKS = " ▁▂▃▄▅▆▇█"


def run(assignment: Assignment, out: Path) -> int:
    """Run every step and show its progress; return the exit status."""
    console = Console()
    out.mkdir(parents=True, exist_ok=True)
    target = assignment.training_plan.modes[MODE].target
    demo_class = assignment.part("demo_class")
    with _step(console, "1. The data"):
        directory = _data(assignment, console, out)
    with _step(console, "2. The release: what students receive, and the proof that nothing leaks"):
        if not _release(assignment, console):
            return 1
    with _step(console, f"3. Training the solution to an accuracy of {target:.0%}"):
        accuracies = _train(assignment, console, directory)
    plot = _plot(accuracies, target, out / "learning_curve.png")
    curve = _curve(accuracies, target)
    console.print(f"   {curve}  {accuracies[-1]:.1%} after {len(accuracies)} epochs")
    with _step(console, "4. A class of made-up students, graded with short trainings"):
        graded = _class(assignment, demo_class, console, out / "class")
    console.rule("Files to open")
    for name, path in (
        ("a sheet of samples", out / "samples.png"),
        ("the learning curve", plot),
        ("the release", assignment.release / "README.md"),
        ("the class report", graded / "report" / "index.html"),
        *((name, _page(assignment, graded, student)) for name, student in demo_class.SHOWN),
    ):
        console.print(f"   {name:20} {near(path)}", highlight=False, soft_wrap=True)
    return 0 if accuracies[-1] >= target else 1


@contextmanager
def _step(console: Console, title: str) -> Iterator[None]:
    console.rule(f"[bold]{title}", align="left")
    started = time.perf_counter()
    yield
    console.print(f"   [dim]{time.perf_counter() - started:.0f} s[/]", highlight=False)


def _data(assignment: Assignment, console: Console, out: Path) -> Path:
    """The folder of the images; synthetic ones are drawn if there are none."""
    data, directory = assignment.data_module, assignment.data_folder()
    assert data is not None  # the demo needs data to train on
    found = data.identify(directory)
    if not found.complete:
        data.draw(directory)
        found = data.identify(directory)
    console.print(f"   {found.text}", highlight=False)
    data.preview(directory, out / "samples.png")
    return directory


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


def _train(assignment: Assignment, console: Console, directory: Path) -> list[float]:
    """The solution's accuracy after each epoch, up to the first that reaches the target."""
    from autograder.training.images import open_images
    from autograder.training.judged import solution_recipe
    from autograder.training.replay import Progress as Epoch
    from autograder.training.replay import Task, replayed

    columns = (
        TextColumn("   accuracy {task.fields[accuracy]:.3f}"),
        BarColumn(),
        TextColumn("epoch {task.completed}"),
        TimeElapsedColumn(),
    )
    # a grading accepts an accuracy that is `spread` below the target; the demo reaches the target
    plan = assignment.training_plan
    mode = replace(plan.modes[MODE], target=plan.modes[MODE].target + plan.spread)
    images, recipe = open_images(assignment, mode, directory), solution_recipe(assignment)
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("", total=recipe.epochs, accuracy=0.0)

        def show(epoch: Epoch) -> None:
            bar.update(task, completed=epoch.epoch, accuracy=epoch.accuracy)

        return list(replayed(Task(recipe), images, show).curve)


def _class(assignment: Assignment, demo_class: ModuleType, console: Console, out: Path) -> Path:
    """Create a new made-up class and grade it; return the folder of the results."""
    from autograder.cohort.run import run as grade_class

    shutil.rmtree(out, ignore_errors=True)
    submitted, graded = out / "submitted", out / "graded"
    submitted.mkdir(parents=True)
    console.print(f"   {demo_class.make(submitted)} hand-ins, in {submitted}", highlight=False)
    grade_class(
        assignment,
        submitted,
        graded,
        training="short",
        seed=SEED,
        due=demo_class.DUE,
        console=console,
    )
    return graded


def _page(assignment: Assignment, graded: Path, student: str) -> Path:
    """A student's feedback page."""
    page = graded / "feedback" / student / assignment.id / assignment.notebook
    return page.with_suffix(".html")


def _curve(accuracies: Sequence[float], target: float) -> str:
    """The curve as a row of block characters, scaled from 0 to the target."""
    top = len(BLOCKS) - 1
    return "".join(BLOCKS[min(top, round(top * accuracy / target))] for accuracy in accuracies)


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
