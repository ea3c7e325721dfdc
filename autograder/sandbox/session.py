"""One submission's probes in a sandbox, told as they happen.

The worker does them in order, each in a process of its own or all in one (a "run" of probes). When
it dies or falls silent, what it was doing is blamed and the rest is done by a new one, so that
`os._exit` at import time or a killed parent costs what it breaks and no more.
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
from autograder.sandbox.watch import LOOK_S, OUT_OF_TIME, Watch

OUT_OF_WORKERS = "the submission ended its process again and again"

START_S = 30.0
MOST_WORKERS = 10


@dataclass(frozen=True)
class Ending:
    """How a probe ended.

    Attributes:
        how: "finished", "raised", "timed out", "killed" (its process ended early), "refused" (what
            it sent is not what a probe sends) or "missing" (there is no such probe, or no notebook
            cell for it to run).
        text: a sentence about it, empty for "finished" and "raised".
        raised: the exception, for "raised".
        printed: the end of what the student's code printed.
    """

    how: str
    text: str = ""
    raised: Raised | None = None
    printed: str = ""


@dataclass(frozen=True)
class Event:
    """Something a probe did: one step, or its end."""

    probe: str
    step: Step | None = None
    ending: Ending | None = None


@dataclass(frozen=True)
class Work:
    """What a submission consists of, inside the sandbox.

    Attributes:
        files: the contents by relative path, such as "lib/optim.py".
        cells: the text of notebook cells by grade id.
        data: .npy files by name, which a probe gets mapped.
        probes: the folder of the assignment's probes.
        modules: what is imported of the library, in this order ("lib.optim").
    """

    files: Mapping[str, bytes]
    cells: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, Path] = field(default_factory=dict)
    probes: Path | None = None
    modules: Sequence[str] = ()

    @contextlib.contextmanager
    def written(self) -> Iterator[list[Mount]]:
        """The mounts that show it, over a fresh private folder that lives as long as the block."""
        with tempfile.TemporaryDirectory(prefix="work-") as name:
            folder = Path(name)
            folder.chmod(
                0o711
            )  # the child's user must reach what is in it, nobody needs to list it
            for path, content in self.files.items():
                _write(folder / "student", path, content)
            for path, text in self.cells.items():
                _write(folder / "cells", path, text.encode("utf-8", "replace"))
            for part in ("student", "cells"):
                (folder / part).mkdir(exist_ok=True)
            for entry in folder.rglob("*"):  # whatever the umask: the child may be another user
                entry.chmod(0o755 if entry.is_dir() else 0o644)
            mounts = [Mount(folder / part, part) for part in ("student", "cells")]
            mounts += [Mount(file, f"data/{key}.npy") for key, file in self.data.items()]
            yield mounts


def _write(folder: Path, path: str, content: bytes) -> None:
    """Writes one file; a name that no file system has room for beside the others is left out."""
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or "\0" in path:
        raise ValueError(f"{path!r} is no path inside a submission")
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
    """What each probe yields and how it ends, in the order of `probes`, as it happens.

    Every probe ends exactly once, whatever the child does. Closing the iterator kills the child.
    `together` runs all of them in one process, with the limits of one probe and less time: many
    times as fast, and one that crashes takes those behind it with it.

    Raises:
        SandboxError: the sandbox itself did not start.
    """
    began = time.monotonic()
    deadline, latest = began + budget.wall_s, began + budget.longest_s
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
            deadline += time.monotonic() - before  # the making of a sandbox is not the submission's
            with Watch(process, budget.probe, deadline, latest) as watch:
                worker = WorkerRun(process, remaining, budget, watch)
                yield from worker.events()
            deadline = watch.deadline
            if not worker.started and time.monotonic() <= deadline:
                raise SandboxError(
                    f"the {backend.name} sandbox did not start: {process.complaint() or worker.why}"
                )
            remaining = remaining[worker.done :]
            if worker.importing is not None:
                unimportable = {**unimportable, worker.importing: f"did not import: {worker.why}"}
            elif remaining and not worker.again:
                del remaining[0]
                yield from worker.cut_short()
    late = time.monotonic() > deadline
    ending = Ending("timed out", OUT_OF_TIME) if late else Ending("killed", OUT_OF_WORKERS)
    for probe in itertools.chain(*remaining):
        yield Event(probe, ending=ending)


class WorkerRun:
    """Follows one worker through its records."""

    def __init__(
        self, process: Process, runs: Sequence[Sequence[str]], budget: Budget, watch: Watch
    ) -> None:
        self._process = process
        self._runs = runs
        self._budget = budget
        self._watch = watch
        self.started = False
        self.importing: str | None = None
        self.again = False
        self.done = 0
        self.how, self.why = "killed", "its process ended early"
        self._frames: Frames | None = None
        self._ends: list[str | Raised] = []
        """How the first probes of this run ended by themselves."""
        self._refused: str | None = None
        self._since = time.monotonic()
        """When the worker began what it is doing (its start, an import, a probe), or was first
        looked at in it. Later by the time that whoever reads the events takes for them: the worker
        may have to wait for that."""
        self._cpu_before_s: float | None = None
        """Processor time used when it was first looked at what the worker is doing."""

    def events(self) -> Iterator[Event]:
        """The events of this worker; afterwards the attributes say how far it came and why."""
        try:
            for record in self._records():
                for event in self._happened(record):
                    before = time.monotonic()
                    yield event
                    self._since += time.monotonic() - before
                if record.kind in "AZ":
                    self.again = record.kind == "A"
                    break
        except MalformedError as malformed:
            self.how, self.why = "refused", str(malformed)
        if self.done == len(self._runs):
            self.importing = None

    def cut_short(self) -> Iterator[Event]:
        """The ends of the run that this worker was at when it ended itself."""
        return self._endings(Ending(self.how, self.why), ended=self._ends)

    def _records(self) -> Iterator[Record]:
        records, received = Records(), 0
        while True:
            chunk = self._process.read(time.monotonic() + LOOK_S)
            if chunk == b"":
                if self._watch.breach is not None:
                    self.how, self.why = self._watch.breach
                return
            if chunk is not None:
                received += len(chunk)
                if received > self._budget.output_bytes:
                    raise MalformedError("the submission sent more than it may")
                yield from records.feed(chunk)
            # also when something came: a byte now and then must not buy time
            if self._watch.seen is not None and self._is_too_long(self._watch.seen):
                return

    def _is_too_long(self, seen: Usage) -> bool:
        """CPU time decides; wall-clock time is for what sleeps, see `limits.WALL_PER_CPU_SECOND`.

        Both are counted from look to look: what a busy machine lets pass without a look says
        nothing of what the worker did in it.
        """
        if seen.at < self._since:  # of what it did before
            return False
        if self._cpu_before_s is None:
            self._since, self._cpu_before_s = seen.at, seen.cpu_s
        used_s = seen.cpu_s - self._cpu_before_s
        if not self.started:
            computing_s = allowed_s = START_S
        elif self.importing is not None:
            computing_s, allowed_s = self._budget.import_cpu_s, self._budget.import_wall_s
            if used_s >= computing_s:
                return self._ended_by_time(computing_s)
        else:  # the worker itself ends a probe in time; this is for a worker that does not
            computing_s = self._budget.probe.cpu_s
            allowed_s = self._budget.probe.wall_s + self._budget.slack_s
        sleeping_s = seen.at - self._since - WALL_PER_CPU_SECOND * min(used_s, computing_s)
        return sleeping_s > allowed_s and self._ended_by_time(allowed_s)

    def _ended_by_time(self, allowed_s: float) -> bool:
        self.how, self.why = "timed out", f"it did not finish within {allowed_s:g} s"
        return True

    def _happened(self, record: Record) -> Iterator[Event]:
        if record.kind in "IBE":
            self._since, self._cpu_before_s = time.monotonic(), None
        match record.kind:
            case "I":
                self.started = True
                self.importing = record.data.decode("utf-8", "replace")[:100]
            case "B":
                self.importing = None
                if self._frames is not None or record.data != self._expected():
                    raise MalformedError("the worker began a probe out of turn")
                self._frames = Frames(self._budget.probe.output_bytes)
                self._ends, self._refused = [], None
            case "D":
                yield from self._steps(record.data)
            case "E":
                if self._frames is None:
                    raise MalformedError("the worker ended a probe that had not begun")
                end = probe_end(record.data)
                # bytes behind a probe's end are the next one's; behind the last, there is none
                last = len(self._ends) == len(self._runs[self.done])
                ended = self._ends[:-1] if last and not self._frames.whole else self._ends
                yield from self._endings(self._ending(end), ended, end.printed)
                self._frames, self._ends = None, []
                self.done += 1

    def _expected(self) -> bytes | None:
        return "\n".join(self._runs[self.done]).encode() if self.done < len(self._runs) else None

    def _endings(
        self, other: Ending, ended: Sequence[str | Raised], printed: str = ""
    ) -> Iterator[Event]:
        """The ends of a run's probes: of those that did not end by themselves, `other`."""
        probes = self._runs[self.done]
        told = printed if len(probes) == 1 else ""  # of several, nobody knows who printed it
        for probe, end in itertools.zip_longest(probes, ended):
            if end is None:
                yield Event(probe, ending=other)
            elif isinstance(end, Raised):
                yield Event(probe, ending=Ending("raised", raised=end, printed=told))
            else:
                yield Event(probe, ending=Ending("finished", printed=told))

    def _steps(self, chunk: bytes) -> Iterator[Event]:
        """A probe's malformed bytes are its own failure, not the worker's."""
        if self._frames is None:
            raise MalformedError("the worker passed on bytes of no probe")
        if self._refused is not None:
            return
        probes = self._runs[self.done]
        try:
            for step in self._frames.feed(chunk):
                if len(self._ends) == len(probes):
                    self._ends.pop()
                    raise MalformedError("the probe went on after its end")
                if step.values or step.refused:
                    yield Event(probes[len(self._ends)], step=step)
                if step.end is not None:
                    self._ends.append(step.end)
        except MalformedError as malformed:
            self._refused = str(malformed)

    def _ending(self, end: ProbeEnd) -> Ending:
        """That of a probe which did not end by itself."""
        allowed = self._budget.probe.output_bytes
        if self._refused is not None or end.how == "output":
            why = self._refused or f"it sent more than {allowed // 2**20} MiB"
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
