"""The command `grade`: paths in, tables or JSON out."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from autograder import training as trainings
from autograder.gauge import new_seed
from autograder.grade import Grade, grade, regrade
from autograder.observe import Observations
from autograder.report.as_json import to_json
from autograder.report.terminal import shown
from autograder.sandbox.selftest import choose
from autograder.submission import Submission, read


class NotKept(Exception):  # noqa: N818 - a fact about what was asked for
    """A file does not hold what an earlier grading kept; the message says which."""


def run(
    paths: Sequence[Path],
    *,
    json: Path | None,
    training: str,
    seed: int | None,
    sandbox: str | None,
    keep: Path | None,
) -> None:
    """Grade every path and show the Grades, or write them as JSON.

    Raises:
        SandboxError, SuiteBroken, DataError: grading itself could not work.
    """
    for folder in (json.parent if json else None, keep):
        if folder is not None:  # now, and not when hours of grading are to be written down
            folder.mkdir(parents=True, exist_ok=True)
    seed = new_seed() if seed is None else seed
    backend = choose(sandbox)
    console = Console(stderr=json == Path("-"))
    grades, taken = [], set()
    with _images(training, seed) as images, _bar(console) as bar:
        task = bar.add_task("grading", total=len(paths), doing="")
        for path in paths:
            submission = read(path)
            bar.update(task, doing=submission.name)

            def tell(progress: trainings.Progress, name: str = submission.name) -> None:
                said = f"{name}: epoch {progress.epoch}, {progress.accuracy:.1%}"
                bar.update(task, doing=said)

            file = f"{_unlike(submission.name, taken)}.npz"

            def save(observations: Observations, file: str = file) -> None:
                if keep is not None:
                    observations.save(keep / file)

            grades.append(grade(submission, seed, backend, images, tell, save))
            bar.advance(task)
    _show(grades, console, json)


def run_again(
    paths: Sequence[Path], *, json: Path | None, training: str, sandbox: str | None
) -> None:
    """Grade again what `run` kept, under its seed and without running student code.

    Raises:
        NotKept: a path holds no observations, or those of another seed than the first.
        SandboxError, SuiteBroken, DataError: grading itself could not work.
    """
    kept = [_kept(path) for path in paths]
    if len({observations.seed for observations in kept}) > 1:
        raise NotKept("these were kept under several seeds; grade those of one seed at a time")
    backend = choose(sandbox)
    with _images(training, kept[0].seed) as images:
        try:
            grades = [
                regrade(Submission(path.stem, {}, {}), observations, backend, images)
                for path, observations in zip(paths, kept, strict=True)
            ]
        except ValueError as error:
            raise NotKept(str(error)) from error
    _show(grades, Console(stderr=json == Path("-")), json)


def _kept(path: Path) -> Observations:
    try:
        return Observations.load(path)
    except (OSError, ValueError) as error:
        raise NotKept(str(error)) from error


def _unlike(name: str, taken: set[str]) -> str:
    """The name, or with a number where it is taken: many hand-ins are called `problem_1`."""
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{name}-{number}"
    taken.add(found)
    return found


@contextmanager
def _images(training: str, seed: int) -> Iterator[trainings.Images | None]:
    """What to train on, in a folder that goes when the grading ends."""
    if training == "off":
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="images-") as folder:
        os.chmod(folder, 0o711)  # the sandbox's user reads the files in it
        yield trainings.prepare(trainings.MODES[training], seed, Path(folder))


def _bar(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[doing]}", markup=False),
        console=console,
        transient=True,
    )


def _show(grades: list[Grade], console: Console, json: Path | None) -> None:
    if json is None:
        for grade_ in grades:
            console.print(shown(grade_))
            console.print()
    elif json == Path("-"):
        sys.stdout.write(to_json(grades))
    else:
        json.write_text(to_json(grades), encoding="utf-8")
        console.print(f"{json}: {len(grades)} Grades", highlight=False)
