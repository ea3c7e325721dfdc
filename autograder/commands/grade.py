"""The command `grade`: paths in, tables or JSON out."""

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
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from autograder.assignment import Assignment
from autograder.atomic import write_whole
from autograder.grading.grade import grade, regrade
from autograder.grading.result import Grade
from autograder.hand_in.files import Inaccessible, printable
from autograder.hand_in.submission import Submission, read
from autograder.observation.observe import Observations
from autograder.report.as_json import streamed, to_json
from autograder.report.terminal import shown
from autograder.sandbox.selftest import choose
from autograder.seeds import new_seed
from autograder.training.images import OFF, opened
from autograder.training.replay import Progress as Epoch
from autograder.training.replay import Replay, Task, replayed

LONGEST_NAME = 200
"""Bytes of a file's name before its endings."""


class NotKept(Exception):  # noqa: N818 - a fact about what was asked for
    """A file does not hold what an earlier grading kept; the message says which."""


class Unwritable(Exception):  # noqa: N818
    """Results cannot be put where they were asked for; the message says where."""


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
    """Grade every path and show the Grades, or write them as JSON.

    Raises:
        Unwritable: `json` or `keep` cannot be written.
        SandboxError, SuiteBroken, ChangelogError, DataError: grading itself could not work.
    """
    _prepare(json, keep)  # now, and not when hours of grading are to be written down
    _ = assignment.versions
    seed = new_seed() if seed is None else seed
    backend = choose(sandbox, assignment.probes_folder)
    console = Console(stderr=json == Path("-"))
    images = None if training == OFF else opened(assignment, training)
    with _results(console, json) as result, _bar(console) as bar:
        task = bar.add_task("grading", total=len(paths), doing="")
        for path, name in zip(paths, _names(paths), strict=True):
            submission = _read(assignment, path, name)
            bar.update(task, doing=submission.name)

            def replay(wanted: Task, name: str = submission.name) -> Replay:
                def tell(epoch: Epoch) -> None:
                    bar.update(task, doing=f"{name}: epoch {epoch.epoch}, {epoch.accuracy:.1%}")

                assert images is not None  # else nothing is wanted
                return replayed(wanted, images, tell)

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
    """Grade again what `run` kept, each under its seed and without running student code.

    Args:
        training: None judges the trainings that were kept.

    Raises:
        NotKept: a path holds no observations, or those of a training unlike the others'.
        Unwritable: `json` cannot be written.
        SandboxError, SuiteBroken, ChangelogError, DataError: grading itself could not work.
    """
    _prepare(json, None)
    _ = assignment.versions
    kept = [_kept(path) for path in paths]
    training = training or _trained(kept)
    if training != OFF and len({observations.seed for observations in kept}) > 1:
        raise NotKept("these were trained under several seeds; grade those of one seed at a time")
    backend = choose(sandbox, assignment.probes_folder)
    names = _names([Path(str(path).removesuffix(".npz")) for path in paths])
    judge_training = (training or _trained(kept)) != OFF
    with _results(Console(stderr=json == Path("-")), json) as result:
        for path, name, observations in zip(paths, names, kept, strict=True):
            if judge_training and training not in (None, _mode(observations)):
                raise NotKept(f"{path}: its training was {_mode(observations)}, not {training}")
            replay = partial(_replay, assignment, mode=_mode(observations))
            try:
                again = regrade(assignment, name, observations, backend, judge_training, replay)
            except ValueError as error:
                raise NotKept(f"{path}: {error}") from error
            result(again)


def _replay(assignment: Assignment, task: Task, mode: str) -> Replay:
    return replayed(task, opened(assignment, mode))


def _read(assignment: Assignment, path: Path, name: str) -> Submission:
    """What was handed in; what cannot be read has nothing in it, and the reason beside it."""
    try:
        return read(assignment, path, name)
    except Inaccessible as reason:
        return Submission(name, {}, {}, (str(reason),))


def _mode(observations: Observations) -> str:
    """How it was trained, "off" for not at all."""
    return OFF if observations.training is None else str(observations.training["mode"])


def _kept(path: Path) -> Observations:
    try:
        return Observations.load(path)
    except (OSError, ValueError) as error:
        raise NotKept(str(error)) from error


def _trained(kept: Sequence[Observations]) -> str:
    """How those were trained that were."""
    modes = {_mode(observations) for observations in kept} - {OFF}
    if len(modes) > 1:
        raise NotKept("these were trained in several ways; grade those of one at a time")
    return modes.pop() if modes else OFF


def _names(paths: Sequence[Path]) -> list[str]:
    """What to call each: many hand-ins have the assignment's name, so as much as tells them apart.

    Never absolute: what is kept is kept under these names.
    """
    resolved = [Path(os.path.realpath(path)) for path in paths]
    parts = {path: [_of_a_file(part) for part in path.parts[1:]] or [""] for path in resolved}
    names = {path: each[-1] for path, each in parts.items()}
    for depth in range(2, max(map(len, parts.values())) + 1):
        times = Counter(names.values())
        names |= {
            path: os.sep.join(each[-depth:])
            for path, each in parts.items()
            if times[names[path]] > 1
        }
    found: list[str] = []
    for path in resolved:  # given twice, or called otherwise in what cannot be shown
        numbered = (f"{names[path]} ({number})" for number in count(2))
        found.append(next(n for n in chain([names[path]], numbered) if n not in found))
    return found


def _of_a_file(part: str) -> str:
    """A part of a name that a file can have with something behind it."""
    shown = printable(part)
    while len(shown.encode()) > LONGEST_NAME:
        shown = shown[:-4] + "..."
    return shown


def _prepare(json: Path | None, keep: Path | None) -> None:
    """Sees that what is asked for can be written."""
    json = None if json == Path("-") else json
    try:
        if json is not None:
            json.parent.mkdir(parents=True, exist_ok=True)
        if keep is not None:
            keep.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unwritable(f"{error.filename} cannot be made a folder: {error.strerror}") from None
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
    """Whether a new file takes its place; not that of a pipe or a device."""
    return json.is_file() or not json.exists()


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


@contextmanager
def _results(console: Console, json: Path | None) -> Iterator[Callable[[Grade], None]]:
    """Shows or writes a Grade when it is made: whatever ends the rest, what was graded is there."""
    if json is None:
        yield lambda grade: console.print(shown(grade), end="\n\n")
    elif json == Path("-"):
        with streamed(sys.stdout) as write:
            yield write
    elif not _is_replaced(json):
        with json.open("w", encoding="utf-8") as file, streamed(file) as write:
            yield write
    else:
        grades: list[Grade] = []

        def add(grade: Grade) -> None:
            grades.append(grade)
            write_whole(json, to_json(grades))

        try:
            yield add
        finally:
            if grades:
                console.print(f"{json}: {len(grades)} Grades", highlight=False)
