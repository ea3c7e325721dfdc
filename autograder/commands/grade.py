"""The command `grade`: grades paths and shows the Grades, or writes them as JSON."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import chain, count
from pathlib import Path

from rich.console import Console

from autograder.assignment import Assignment
from autograder.atomic import write_whole
from autograder.grading.grade import grade, regrade
from autograder.grading.result import Grade
from autograder.hand_in.files import Inaccessible, printable
from autograder.hand_in.submission import Submission, read
from autograder.observation.observe import Observations
from autograder.report.as_json import element, listed, streamed
from autograder.report.terminal import console_on, shown, steps_bar
from autograder.sandbox.selftest import choose
from autograder.seeds import new_seed
from autograder.training.images import OFF, open_images
from autograder.training.replay import Progress as Epoch
from autograder.training.replay import Replay, Task, replayed

LONGEST_NAME = 200
"""Bytes of a file name without its suffixes."""


class NotRegradable(Exception):  # noqa: N818
    """A file cannot be graded again; the message says which, and why."""


class Unwritable(Exception):  # noqa: N818
    """The results cannot be written where they were asked for; the message says where."""


def run(
    assignment: Assignment,
    paths: Sequence[Path],
    *,
    json: Path | None,
    training: str,
    seed: int | None,
    sandbox: str | None,
    keep: Path | None,
    older_work: bool = False,
) -> None:
    """Grade every path, and show the Grades or write them as JSON.

    Raises:
        Unwritable: `json` or `keep` cannot be written.
        SandboxError, SuiteBroken, ChangelogError, DataError: grading itself could not work.
    """
    _prepare(json, keep)  # fail now, not after hours of grading
    _ = assignment.versions
    seed = new_seed() if seed is None else seed
    backend = choose(sandbox, assignment.probes_folder)
    console = console_on(sys.stderr if json == Path("-") else sys.stdout)
    images = None if training == OFF else open_images(assignment, training)
    with _results(console, json) as result, steps_bar(console) as bar:
        task = bar.add_task("grading", total=len(paths), doing="")
        for path, name in zip(paths, _names(paths), strict=True):
            submission = _read(assignment, path, name)
            bar.update(task, doing=submission.name)

            def replay(missing: Task, name: str = submission.name) -> Replay:
                def show_progress(epoch: Epoch) -> None:
                    bar.update(
                        task, doing=f"{name}: epoch {epoch.epochs:.1f}, {epoch.accuracy:.1%}"
                    )

                assert images is not None  # no training is asked for without images
                return replayed(missing, images, show_progress)

            def save(observations: Observations, name: str = name) -> None:
                if keep is not None:
                    observations.save(keep / f"{name}.npz")

            result(grade(assignment, submission, seed, backend, images, replay, save, older_work))
            bar.advance(task)


def run_again(
    assignment: Assignment,
    paths: Sequence[Path],
    *,
    json: Path | None,
    training: str | None,
    sandbox: str | None,
) -> None:
    """Grade again what `run` kept, each with its own seed and without running student code.

    Args:
        training: the mode; None for the mode of the kept trainings.

    Raises:
        NotRegradable: a path holds no observations, or its training does not fit the others'.
        Unwritable: `json` cannot be written.
        SandboxError, SuiteBroken, ChangelogError, DataError: grading itself could not work.
    """
    _prepare(json, None)
    _ = assignment.versions
    kept = [_kept(path) for path in paths]
    training = training or _common_mode(kept)
    if training != OFF and len({observations.seed for observations in kept}) > 1:
        raise NotRegradable("these were trained with different seeds; grade one seed at a time")
    backend = choose(sandbox, assignment.probes_folder)
    names = _names([Path(str(path).removesuffix(".npz")) for path in paths])
    judge_training = (training or _common_mode(kept)) != OFF
    with _results(console_on(sys.stderr if json == Path("-") else sys.stdout), json) as result:
        for path, name, observations in zip(paths, names, kept, strict=True):
            if judge_training and training not in (None, _mode(observations)):
                raise NotRegradable(
                    f"{path}: its training mode was {_mode(observations)}, not {training}"
                )
            replay = partial(_replay, assignment, mode=_mode(observations))
            try:
                again = regrade(assignment, name, observations, backend, judge_training, replay)
            except ValueError as error:
                raise NotRegradable(f"{path}: {error}") from error
            result(again)


def _replay(assignment: Assignment, task: Task, mode: str) -> Replay:
    return replayed(task, open_images(assignment, mode))


def _read(assignment: Assignment, path: Path, name: str) -> Submission:
    """The submission; an unreadable one is empty, with the reason as its error."""
    try:
        return read(assignment, path, name)
    except Inaccessible as reason:
        return Submission(name, {}, {}, (str(reason),))


def _mode(observations: Observations) -> str:
    """The training mode; "off" without training."""
    return OFF if observations.training is None else str(observations.training["mode"])


def _kept(path: Path) -> Observations:
    try:
        return Observations.load(path)
    except (OSError, ValueError) as error:
        raise NotRegradable(str(error)) from error


def _common_mode(kept: Sequence[Observations]) -> str:
    """The one mode of all that were trained; "off" if none was."""
    modes = {_mode(observations) for observations in kept} - {OFF}
    if len(modes) > 1:
        raise NotRegradable("these were trained in different modes; grade one mode at a time")
    return modes.pop() if modes else OFF


def _names(paths: Sequence[Path]) -> list[str]:
    """A unique name for each path: its last part, and as many parent folders as tell it apart.

    Many hand-ins are named like the assignment. Names are never absolute paths, because
    observations are kept under them.
    """
    resolved = [Path(os.path.realpath(path)) for path in paths]
    parts = {path: [_shortened(part) for part in path.parts[1:]] or [""] for path in resolved}
    names = {path: each[-1] for path, each in parts.items()}
    for depth in range(2, max(map(len, parts.values())) + 1):
        times = Counter(names.values())
        names |= {
            path: os.sep.join(each[-depth:])
            for path, each in parts.items()
            if times[names[path]] > 1
        }
    found: list[str] = []
    for path in resolved:  # paths given twice, or that differ only in unprintable characters
        numbered = (f"{names[path]} ({number})" for number in count(2))
        found.append(next(n for n in chain([names[path]], numbered) if n not in found))
    return found


def _shortened(part: str) -> str:
    """A printable part of a path, short enough for a file name with a suffix."""
    shown = printable(part)
    while len(shown.encode()) > LONGEST_NAME:
        shown = shown[:-4] + "..."
    return shown


def _prepare(json: Path | None, keep: Path | None) -> None:
    """Check that the results can be written."""
    json = None if json == Path("-") else json
    try:
        if json is not None:
            json.parent.mkdir(parents=True, exist_ok=True)
        if keep is not None:
            keep.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unwritable(f"cannot create the folder {error.filename}: {error.strerror}") from None
    if json is not None and json.is_dir():
        raise Unwritable(f"{json} is a folder; --json writes a file")
    places = [] if keep is None else [keep]
    if json is not None and json.exists():
        places.append(json)
    if json is not None and _is_replaced(json):
        places.append(json.resolve().parent)
    for place in places:
        if not os.access(place, os.W_OK):
            raise Unwritable(f"{place} cannot be written to")


def _is_replaced(json: Path) -> bool:
    """Whether a new file replaces this path; a pipe or a device is written to instead."""
    return json.is_file() or not json.exists()


@contextmanager
def _results(console: Console, json: Path | None) -> Iterator[Callable[[Grade], None]]:
    """Show or write each Grade at once, so that an interruption loses none."""
    if json is None:
        yield lambda grade: console.print(shown(grade), end="\n\n")
    elif json == Path("-"):
        with streamed(sys.stdout) as write:
            yield write
    elif not _is_replaced(json):
        with json.open("w", encoding="utf-8") as file, streamed(file) as write:
            yield write
    else:
        written: list[str] = []

        def add(grade: Grade) -> None:
            written.append(element(grade))
            write_whole(json, listed(written))

        try:
            yield add
        finally:
            if written:
                console.print(f"{json}: {len(written)} Grades", highlight=False)
