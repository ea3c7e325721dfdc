"""The command `cohort`: grades a class, and writes gradebook, feedback, observations and report.

The state of each submission is kept in `observations/`, see `work`. This process alone makes
everything else from the states. So to resume is to redo the states that are missing or stale.

Modules that need nbgrader are imported where they are used: the import takes seconds, during which
the workers start.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Future
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

from rich.console import Console

from autograder.assignment import Assignment
from autograder.atomic import write_whole
from autograder.cohort.agenda import bring_up_to_date
from autograder.cohort.bar import Bars
from autograder.cohort.cluster import Cluster
from autograder.cohort.lines import Lines
from autograder.cohort.plan import Plan, sample_fingerprints
from autograder.cohort.pool import Pool, Processes, WorkerError, closing, processors
from autograder.cohort.state import STATES, recover
from autograder.cohort.work import try_worker
from autograder.hand_in import origin
from autograder.hand_in.files import printable
from autograder.hand_in.students import HandIn
from autograder.hand_in.times import utc
from autograder.hand_in.whole_class import ClassError, ReadAs, WholeClass, class_in
from autograder.nbgrader_plugins.graded_notebook import Source
from autograder.sandbox.selftest import choose
from autograder.seeds import new_seed
from autograder.training.images import OFF, REPLAYS

if TYPE_CHECKING:
    from autograder.cohort.results import Summary

SETTINGS = "class.json"
LOCK = ".lock"
SOURCES = ".assignment"
BOOK = "gradebook.db"


class CohortError(Exception):
    """The class cannot be graded as asked; the message says what to do."""


@dataclass(frozen=True)
class Settings:
    """The options that a class was graded with, kept for `--resume`."""

    seed: int
    training: str
    sandbox: str
    older_work: bool


def run(
    assignment: Assignment,
    folder: Path,
    out: Path,
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    resume: bool = False,
    training: str | None = None,
    seed: int | None = None,
    sandbox: str | None = None,
    due: str | None = None,
    older_work: bool = False,
    layout: str | None = None,
    rosters: Sequence[Path] = (),
    zone: str | None = None,
    console: Console | None = None,
    lines: IO[str] | None = None,
) -> Summary:
    """Grade a class and write everything about it into `out`.

    Args:
        assignment: what was to be handed in.
        folder: the class's folder, or a platform's download as a folder or zip.
        out: the folder for the results.
        workers: processes that grade; by default one for each CPU.
        scheduler: the address of a Dask cluster that grades instead.
        resume: continue an earlier run.
        training, seed, sandbox, older_work: as in `grade`.
        due: the deadline.
        layout: the name of a platform's layout; recognised by default.
        rosters: lists of the class, as platforms export them.
        zone: the time zone of the platform's clock.
        console: for progress and results.
        lines: for progress as lines of JSON instead of bars, see `Lines`.

    Raises:
        CohortError, ClusterError: these options cannot be carried out.
        SandboxError, SuiteBroken, ChangelogError, DataError: the grader itself could not work.
    """
    console = console or Console()
    progress = Lines(lines) if lines else Bars(console)
    folder, out = (Path(os.path.realpath(path)) for path in (folder, out))
    class_, due = _class(assignment, folder, ReadAs(layout, rosters, zone)), _due(due)
    _announce(class_, zone, console)
    hand_ins = [one.hand_in for one in class_.received]
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CohortError(f"{out} cannot be written to: {error.strerror}") from None
    with _locked(out), closing(_pool(workers, scheduler, len(hand_ins), console)) as pool:
        settings = _settings(assignment, out, resume, training, seed, sandbox, older_work)
        _clean_up(out)
        origin.write(class_, folder, out / origin.NAME)
        plan = _plan(assignment, out, settings, sources=())
        with console.status("preparing the gradebook, and testing the grader on the solution"):
            expected = sample_fingerprints(plan)
            trials = pool.submit_to_every_worker(try_worker, plan, expected)
            plan = replace(plan, sources=_prepare_gradebook(assignment, out, due))
            _wait_for(trials)
        with _resume_hint(console):
            failed = _grade(hand_ins, plan, pool, console, progress)
        from autograder.cohort import results

        writing = console.status("writing gradebook, feedback and report")
        with writing, closing(_local(pool)) as writers:
            summary = results.write(assignment, class_, failed, out, writers)
        console.print(results.table(assignment, summary, out))
        return summary


def _class(assignment: Assignment, folder: Path, read_as: ReadAs) -> WholeClass:
    if not folder.exists():
        raise CohortError(
            f"{folder} does not exist; give a platform's download, or a folder with one folder or "
            "zip per student"
        )
    try:
        class_ = class_in(assignment, folder, read_as)
    except ClassError as error:
        raise CohortError(str(error)) from None
    if not class_.received:
        raise CohortError(
            f"{folder} is empty; "
            f"expected <student>/{assignment.id}/ or <student>.zip for each student"
        )
    return class_


def _announce(class_: WholeClass, zone: str | None, console: Console) -> None:
    """Say how the class was read, and whatever a person should look at."""
    console.print(str(class_), highlight=False, markup=False)
    if class_.zone_assumed and zone is None:
        console.print(
            "Its times have no time zone and were read as UTC; set another with --zone.",
            highlight=False,
        )
    for one in (received.hand_in for received in class_.received):
        if one.copies:
            copies = " and ".join(map(printable, one.copies))
            said = f"Read once, as they are the same: {printable(one.entry)} and {copies}"
            console.print(said, highlight=False, markup=False)
    if class_.absent:
        names = ", ".join(person.id for person in class_.absent)
        console.print(f"No hand-in from: {names}", highlight=False, markup=False)


def _due(text: str | None) -> str | None:
    try:
        return None if text is None else utc(text, later=True)
    except ValueError:
        raise CohortError(
            f'--due {text!r} is not a valid time; write it as "2026-11-20 23:59 UTC"'
        ) from None


@contextlib.contextmanager
def _locked(out: Path) -> Iterator[None]:
    """Allow one run at a time. The kernel releases the lock however this process ends."""
    with (out / LOCK).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CohortError(f"another run is writing into {out}; wait until it ends") from None
        yield


def _settings(
    assignment: Assignment,
    out: Path,
    resume: bool,
    training: str | None,
    seed: int | None,
    sandbox: str | None,
    older_work: bool,
) -> Settings:
    """The options of this run; when resuming, the earlier run supplies those not given."""
    path = out / SETTINGS
    if path.exists() and not resume:
        raise CohortError(
            f"{out} already holds the results of a class. Add --resume to continue (only missing "
            "and changed submissions are graded), or choose another --out"
        )
    before = json.loads(path.read_text("utf-8")) if path.exists() else {}
    if seed is None:
        seed = before.get("seed", new_seed())
    settings = Settings(
        seed,
        training or before.get("training", OFF),
        choose(sandbox or before.get("sandbox"), assignment.probes_folder).name,
        older_work or before.get("older_work", False),
    )
    write_whole(path, json.dumps(asdict(settings)))
    return settings


def _prepare_gradebook(assignment: Assignment, out: Path, due: str | None) -> tuple[Source, ...]:
    """The assignment's cells from the gradebook, which is updated only if they have changed."""
    from autograder.nbgrader_plugins import gradebook

    stamp, digest = out / SOURCES, hashlib.sha256(assignment.source.read_bytes()).hexdigest()
    address = gradebook.url(out / BOOK)
    if not ((out / BOOK).exists() and stamp.exists() and stamp.read_text() == digest):
        gradebook.create(assignment, out / BOOK)
        stamp.write_text(digest)
    if due is not None:
        gradebook.set_due(assignment, address, due)
    return gradebook.sources(assignment, address)


def _pool(workers: int | None, scheduler: str | None, tasks: int, console: Console) -> Pool:
    if scheduler:
        return Cluster(scheduler, lambda text: console.print(text, highlight=False, markup=False))
    return Processes(min(workers or processors(), tasks))


def _local(pool: Pool) -> Pool:
    """Workers that see this machine's files."""
    return pool if pool.shares_files else Processes(processors())


def _wait_for(trials: list[Future[None]]) -> None:
    try:
        for trial in trials:
            trial.result()
    except BrokenExecutor:
        raise CohortError(
            "a worker died while it tested the grader on the solution (out of memory?): "
            "use fewer --workers, or more memory"
        ) from None
    except (WorkerError, CancelledError) as error:
        raise CohortError(f"nothing was graded: {error}") from None


def _clean_up(out: Path) -> None:
    """Clean up after a killed run."""
    recover(out / STATES)
    for unfinished in out.glob(".gradebook-*"):
        shutil.rmtree(unfinished, ignore_errors=True)


@contextlib.contextmanager
def _resume_hint(console: Console) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        console.print("Interrupted. Results so far are kept: add --resume to continue.")
        raise


def _plan(
    assignment: Assignment, out: Path, settings: Settings, sources: tuple[Source, ...]
) -> Plan:
    return Plan(
        assignment,
        out / STATES,
        sources,
        settings.seed,
        settings.training,
        settings.sandbox,
        _replays_folder(assignment, out),
        settings.older_work,
    )


def _replays_folder(assignment: Assignment, out: Path) -> Path:
    """Beside the images, where the next class finds them, or in `out` if that is read-only."""
    data = assignment.data_folder()
    return (data if os.access(data, os.W_OK) else out) / REPLAYS


def _grade(
    hand_ins: list[HandIn], plan: Plan, pool: Pool, console: Console, progress: Bars | Lines
) -> dict[HandIn, str]:
    """Bring every state up to date; return the hand-ins that have no state, and why."""
    failed = {hand_in: hand_in.reason for hand_in in hand_ins if hand_in.reason is not None}
    tasks = [hand_in for hand_in in hand_ins if hand_in.reason is None]
    with progress.shown(len(hand_ins), dict(failed)) as shown:
        done = bring_up_to_date(tasks, plan, pool, shown)
    if done.corrected:
        console.print(
            f"{done.corrected} graded again from stored observations: no student code was run."
        )
    if done.untrained:
        raise CohortError(f"a training failed: {done.untrained[0]}. Add --resume to try it again")
    return failed | done.failed
