"""Runs one submission's probes in a sandbox and yields events as they happen.

A worker runs the probes in order. Each process runs one probe or all of them; the probes of one
process are called a run. When the worker dies or hangs, the module or run that it was at fails, and
a new worker does the rest. So `os._exit` at import time or a killed parent process costs only what
it breaks.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import signal
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from autograder.sandbox.backend import (
    Backend,
    Mount,
    Process,
    SandboxError,
    Usage,
    trusted_mounts,
)
from autograder.sandbox.limits import WALL_PER_CPU_SECOND, Budget
from autograder.sandbox.protocol import (
    Frames,
    MalformedError,
    ProbeEnd,
    Raised,
    Record,
    Records,
    Step,
    probe_end,
)
from autograder.sandbox.watch import OUT_OF_TIME, POLL_INTERVAL_S, Watch

OUT_OF_WORKERS = "the submission ended its process again and again"

STARTUP_TIMEOUT_S = 30.0
MOST_WORKERS = 10


@dataclass(frozen=True)
class Ending:
    """How a probe ended.

    Attributes:
        how: "finished", "raised", "timed out", "killed" (its process ended early), "refused" (its
            output was malformed or too large) or "missing" (there is no such probe, or the notebook
            cell that it needs is missing).
        text: the reason as a sentence; empty for "finished" and "raised".
        raised: the exception, for "raised".
        printed: the tail of what the student's code printed.
    """

    how: str
    text: str = ""
    raised: Raised | None = None
    printed: str = ""


@dataclass(frozen=True)
class Event:
    """One step of a probe, or its end."""

    probe: str
    step: Step | None = None
    ending: Ending | None = None


@dataclass(frozen=True)
class Work:
    """What a sandbox contains for one submission.

    Attributes:
        files: file contents by relative path, such as "lib/optim.py".
        cells: source text of notebook cells by grade id.
        data: .npy files by name, which probes get memory-mapped.
        probes: the folder of the assignment's probes.
        modules: the library's modules to import, in order, such as "lib.optim".
    """

    files: Mapping[str, bytes]
    cells: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, Path] = field(default_factory=dict)
    probes: Path | None = None
    modules: Sequence[str] = ()

    @contextlib.contextmanager
    def written(self) -> Iterator[list[Mount]]:
        """Writes it to a temporary folder and yields the mounts; the block's end deletes it."""
        with tempfile.TemporaryDirectory(prefix="work-") as name:
            folder = Path(name)
            folder.chmod(0o711)  # the child's user must reach its contents, but not list it
            for path, content in self.files.items():
                _write(folder / "student", path, content)
            for path, text in self.cells.items():
                _write(folder / "cells", path, text.encode("utf-8", "replace"))
            for part in ("student", "cells"):
                (folder / part).mkdir(exist_ok=True)
            for entry in folder.rglob("*"):  # the child may be another user, whatever the umask
                entry.chmod(0o755 if entry.is_dir() else 0o644)
            mounts = [Mount(folder / part, part) for part in ("student", "cells")]
            mounts += [Mount(file, f"data/{key}.npy") for key, file in self.data.items()]
            yield mounts


def _write(folder: Path, path: str, content: bytes) -> None:
    """Writes one file, or nothing if its name is invalid here or conflicts with another file."""
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or "\0" in path:
        raise ValueError(f"{path!r} is not a path inside a submission")
    target = folder.joinpath(*parts)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    except (FileExistsError, NotADirectoryError, IsADirectoryError, UnicodeEncodeError):
        return
    except OSError as failure:
        if failure.errno not in (errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL):
            raise


def run(
    work: Work,
    probes: Sequence[str],
    key: str,
    backend: Backend,
    budget: Budget,
    together: bool = False,
) -> Iterator[Event]:
    """Yields the steps and the end of each probe, in the order of `probes`, as they happen.

    Every probe ends exactly once, whatever the child does. Closing the iterator kills the child.
    `together` runs all probes in one process, which has the limits of one probe and
    `budget.together_s`. This is many times faster, but a crash also ends the later probes.

    Raises:
        SandboxError: the sandbox itself did not start.
    """
    started_at = time.monotonic()
    deadline, latest = started_at + budget.wall_s, started_at + budget.longest_s
    remaining: list[Sequence[str]] = [tuple(probes)] if together else [(name,) for name in probes]
    unimportable: dict[str, str] = {}
    with work.written() as mounts:
        mounts = [*trusted_mounts(work.probes), *mounts]
        for _ in range(MOST_WORKERS):
            if not remaining:
                return
            if time.monotonic() > deadline:
                break
            config = {
                "key": key,
                "modules": list(work.modules),
                "runs": remaining,
                "unimportable": unimportable,
                "patience_s": budget.together_s if together else budget.patience_s,
                "least_s": budget.least_s,
                "import_cpu_s": budget.import_cpu_s,
                "wall_per_cpu_second": WALL_PER_CPU_SECOND,
            }
            before = time.monotonic()
            process = backend.start("trusted/worker.py", config, mounts, budget.probe)
            deadline += time.monotonic() - before  # starting the sandbox does not count
            with Watch(process, budget.probe, deadline, latest) as watch:
                worker = WorkerRun(process, remaining, budget, watch)
                yield from worker.events()
            deadline = watch.deadline
            if not worker.started and time.monotonic() <= deadline:
                why = process.error_output() or worker.why
                raise SandboxError(f"the {backend.name} sandbox did not start: {why}")
            remaining = remaining[worker.done :]
            if worker.importing is not None:
                unimportable = {**unimportable, worker.importing: f"did not import: {worker.why}"}
            elif remaining and not worker.wants_restart:
                del remaining[0]
                yield from worker.cut_short()
    is_late = time.monotonic() > deadline
    ending = Ending("timed out", OUT_OF_TIME) if is_late else Ending("killed", OUT_OF_WORKERS)
    for probe in itertools.chain(*remaining):
        yield Event(probe, ending=ending)


class WorkerRun:
    """Reads the records of one worker and turns them into events."""

    def __init__(
        self, process: Process, runs: Sequence[Sequence[str]], budget: Budget, watch: Watch
    ) -> None:
        self._process = process
        self._runs = runs
        self._budget = budget
        self._watch = watch
        self.started = False
        self.importing: str | None = None
        self.wants_restart = False
        self.done = 0
        self.how, self.why = "killed", "its process ended early"
        self._frames: Frames | None = None
        self._probe_ends: list[str | Raised] = []
        """How the first probes of the current run ended; later ones have not ended yet."""
        self._refusal: str | None = None
        self._since = time.monotonic()
        """When the worker's current activity (start-up, an import, a run) began or was first
        measured. It is moved forward by the time that the reader of the events takes for them,
        since the worker may have to wait for the reader."""
        self._cpu_before_s: float | None = None
        """CPU time used when the current activity was first measured."""

    def events(self) -> Iterator[Event]:
        """The events of this worker. Afterwards the attributes say how far it got, and why."""
        try:
            for record in self._records():
                for event in self._handle(record):
                    paused_at = time.monotonic()
                    yield event
                    self._since += time.monotonic() - paused_at
                if record.kind in "AZ":
                    self.wants_restart = record.kind == "A"
                    break
        except MalformedError as malformed:
            self.how, self.why = "refused", str(malformed)
        if self.done == len(self._runs):
            self.importing = None

    def cut_short(self) -> Iterator[Event]:
        """The ends of the probes in the run that was under way when this worker ended."""
        return self._endings(Ending(self.how, self.why), ended=self._probe_ends)

    def _records(self) -> Iterator[Record]:
        records, received = Records(), 0
        while True:
            chunk = self._process.read(time.monotonic() + POLL_INTERVAL_S)
            if chunk == b"":
                if self._watch.breach is not None:
                    self.how, self.why = self._watch.breach
                return
            if chunk is not None:
                received += len(chunk)
                if received > self._budget.output_bytes:
                    raise MalformedError("the submission sent more bytes than allowed")
                yield from records.feed(chunk)
            # checked even after data arrived: a byte now and then must not buy more time
            if self._watch.usage is not None and self._is_over_time(self._watch.usage):
                return

    def _is_over_time(self, usage: Usage) -> bool:
        """CPU time decides; wall-clock time is for sleeping, see `limits.WALL_PER_CPU_SECOND`.

        Both count from the first measurement of the current activity: on a busy machine, the time
        before it says nothing about what the worker did.
        """
        if usage.at < self._since:  # measured during the previous activity
            return False
        if self._cpu_before_s is None:
            self._since, self._cpu_before_s = usage.at, usage.cpu_s
        used_s = usage.cpu_s - self._cpu_before_s
        if not self.started:
            computing_s = allowed_s = STARTUP_TIMEOUT_S
        elif self.importing is not None:
            computing_s, allowed_s = self._budget.import_cpu_s, self._budget.import_wall_s
            if used_s >= computing_s:
                return self._set_timed_out(computing_s)
        else:  # the worker enforces a probe's limits itself; this is in case it does not
            computing_s = self._budget.probe.cpu_s
            allowed_s = self._budget.probe.wall_s + self._budget.slack_s
            if used_s >= computing_s + self._budget.slack_s:  # all processes of the probe
                return self._set_timed_out(computing_s)
        sleeping_s = usage.at - self._since - WALL_PER_CPU_SECOND * min(used_s, computing_s)
        return sleeping_s > allowed_s and self._set_timed_out(allowed_s)

    def _set_timed_out(self, allowed_s: float) -> bool:
        self.how, self.why = "timed out", f"it did not finish within {allowed_s:g} s"
        return True

    def _handle(self, record: Record) -> Iterator[Event]:
        if record.kind in "IBE":
            self._since, self._cpu_before_s = time.monotonic(), None
        match record.kind:
            case "I":
                self.started = True
                self.importing = record.data.decode("utf-8", "replace")[:100]
            case "B":
                self.importing = None
                if self._frames is not None or record.data != self._next_run():
                    raise MalformedError("the worker started a run out of turn")
                self._frames = Frames(self._budget.probe.output_bytes)
                self._probe_ends, self._refusal = [], None
            case "D":
                yield from self._steps(record.data)
            case "E":
                if self._frames is None:
                    raise MalformedError("the worker ended a run that had not started")
                end = probe_end(record.data)
                # bytes after a probe's end belong to the next; after the last, they are malformed
                last = len(self._probe_ends) == len(self._runs[self.done])
                ends = self._probe_ends
                ended = ends[:-1] if last and not self._frames.whole else ends
                yield from self._endings(self._ending(end), ended, end.printed)
                self._frames, self._probe_ends = None, []
                self.done += 1

    def _next_run(self) -> bytes | None:
        return "\n".join(self._runs[self.done]).encode() if self.done < len(self._runs) else None

    def _endings(
        self, other: Ending, ended: Sequence[str | Raised], printed: str = ""
    ) -> Iterator[Event]:
        """The end of each probe in the current run; `other` for those not in `ended`."""
        probes = self._runs[self.done]
        # with several probes in one process, it is unknown which one printed it
        printed = printed if len(probes) == 1 else ""
        for probe, end in itertools.zip_longest(probes, ended):
            if end is None:
                yield Event(probe, ending=other)
            elif isinstance(end, Raised):
                yield Event(probe, ending=Ending("raised", raised=end, printed=printed))
            else:
                yield Event(probe, ending=Ending("finished", printed=printed))

    def _steps(self, chunk: bytes) -> Iterator[Event]:
        """The steps in a probe's bytes. Malformed bytes fail the probe, not the whole worker."""
        if self._frames is None:
            raise MalformedError("the worker sent probe data outside a run")
        if self._refusal is not None:
            return
        probes = self._runs[self.done]
        try:
            for step in self._frames.feed(chunk):
                if len(self._probe_ends) == len(probes):
                    self._probe_ends.pop()
                    raise MalformedError("the probe sent data after its end")
                if step.values or step.refused:
                    yield Event(probes[len(self._probe_ends)], step=step)
                if step.end is not None:
                    self._probe_ends.append(step.end)
        except MalformedError as malformed:
            self._refusal = str(malformed)

    def _ending(self, end: ProbeEnd) -> Ending:
        """The ending of probes that sent no end of their own."""
        allowed = self._budget.probe.output_bytes
        if self._refusal is not None or end.how == "output":
            why = self._refusal or f"it sent more than {allowed // 2**20} MiB"
            return Ending("refused", why, printed=end.printed)
        if end.how == "time":
            return Ending(
                "timed out", f"it did not finish within {end.allowed_s:g} s", printed=end.printed
            )
        if end.how == "missing":
            return Ending("missing", "there is no such probe")
        if end.how == "signal":
            return Ending(
                "killed", f"its process was ended by {_signal(end.code)}", printed=end.printed
            )
        return Ending(
            "killed", f"it ended its process early (exit status {end.code})", printed=end.printed
        )


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
