"""What every backend shares: what is shown to a child, its environment, its pipe and its end."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

from autograder.sandbox.limits import Limits

HERE = Path(__file__).parent
INSIDE = HERE / "inside"
PROBE = HERE.parent / "assignment" / "probe.py"
"""The words in which probes are written."""
TRUSTED = "trusted/"
"""The folder of the box with what is ours."""

ARITHMETIC = ("OPENBLAS_CORETYPE", "NPY_DISABLE_CPU_FEATURES", "NPY_ENABLE_CPU_FEATURES")
"""Variables that choose the processor instructions with which numpy computes. Whoever sets one for
the grader, because the processor is not what it says it is, needs it for the child, too."""

FLAGS = ("-s", "-S", "-P", "-B")
"""No site-packages, no user's site, no script's folder on the path, no .pyc written."""

CHUNK = 256 * 1024
HELD = (b"RssAnon:", b"RssShmem:")
"""In /proc/PID/status. Anonymous memory may be shared: `statm` has it among what is mapped from
files. What processes share with each other counts for each of them."""
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
STATE, PARENT, TIMES = 0, 1, slice(11, 15)
"""In /proc/PID/stat after the name: a process's own time and that of children it waited for."""
ENDED = "Z"
"""The state of a process that has ended and was not waited for."""


class SandboxError(Exception):
    """The sandbox itself failed, never a student's fault; the message says what to do."""


@dataclass(frozen=True)
class Mount:
    """A file or folder that the child may read, and where it stands in the child's box."""

    source: Path
    target: str


def trusted_mounts(probes: Path | None = None) -> list[Mount]:
    """What of ours the child may read: the worker, what it imports, and a folder of probes."""
    files = ("worker.py", "writer.py", "confine.py", "seccomp.py", "system_calls.py", "escapes")
    mounts = [Mount(INSIDE / name, f"{TRUSTED}{name}") for name in files]
    mounts.append(Mount(PROBE, f"{TRUSTED}{PROBE.name}"))
    return mounts if probes is None else [*mounts, Mount(probes, f"{TRUSTED}probes")]


def environment(folder: str) -> dict[str, str]:
    """All that the child finds in its environment. `folder` is its small writable one."""
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": folder,
        "TMPDIR": folder,
        "LANG": "C.UTF-8",
        "PYTHONHASHSEED": "0",  # so that sets of strings come in one order, today and on appeal
        "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": folder,
        **dict.fromkeys(
            ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS"),
            "1",
        ),
        **{name: os.environ[name] for name in ARITHMETIC if name in os.environ},
    }


@dataclass(frozen=True)
class Usage:
    """What a child and all it started use.

    Attributes:
        memory_bytes: what they hold, without what they map from files.
        cpu_s: the processor time that they had, and those that they waited for.
        processes: how many there are, without the backend's own.
        at: when it was looked, by the monotonic clock.
    """

    memory_bytes: int
    cpu_s: float
    processes: int
    at: float


class Process:
    """A running child: a pipe to read, and a sure end to it and everything it started.

    One thread may read while another looks at what is used, or kills.

    Attributes:
        ancestors: processes of the backend's own, from which all that is started descends.
    """

    def __init__(
        self,
        ancestors: Sequence[int],
        pipe: IO[bytes],
        complaints: IO[bytes],
        end: Callable[[], None],
        own: int = 0,
    ) -> None:
        """`end` kills whatever may be left; `complaints` is where the backend writes its errors.

        `own` says how many processes of the backend's own there are beside the ancestors.
        """
        self.ancestors = frozenset(ancestors)
        self._pipe = pipe
        self._complaints = complaints
        self._end = end
        self._own = own
        self._ending = threading.Lock()
        self._ended = False

    def fileno(self) -> int:
        """The reading end of the pipe."""
        return self._pipe.fileno()

    def read(self, deadline: float) -> bytes | None:
        """What has arrived: bytes, `b""` at the end, None when nothing came until the deadline."""
        if not readable(self.fileno(), deadline - time.monotonic()):
            return None
        return os.read(self.fileno(), CHUNK)

    def running(self) -> dict[int, list[str]]:
        """What descends from the ancestors, and they, in the form of `family`."""
        return family(*self.ancestors)

    def usage(self) -> Usage:
        """What the child and all it started use, as far as they live."""
        at, running = time.monotonic(), self.running()
        ticks = sum(sum(map(int, stat[TIMES])) for stat in running.values())
        alive = {pid for pid, stat in running.items() if stat[STATE] != ENDED}
        processes = len(alive - self.ancestors) - self._own
        return Usage(sum(map(_held_bytes, running)), ticks / TICKS_A_SECOND, processes, at)

    def kill(self) -> None:
        """Kills the child and all it started; they are dead when this returns, also to the second
        who asks. What they sent before is there to be read."""
        with self._ending:
            if not self._ended:
                self._ended = True
                self._end()

    def end(self) -> None:
        """Kills what is alive, and closes the pipe."""
        self.kill()
        self._pipe.close()

    def complaint(self) -> str:
        """What the backend itself said went wrong."""
        return said(self._complaints)


def said(complaints: IO[bytes]) -> str:
    """What a file of complaints begins with."""
    return os.pread(complaints.fileno(), 4096, 0).decode("utf-8", "replace").strip()


def family(*ancestors: int) -> dict[int, list[str]]:
    """Processes and what descends from them: of each, what /proc/PID/stat says after its name."""
    stats = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError):
                stat = Path("/proc", entry, "stat").read_text(errors="replace")
                stats[int(entry)] = stat.rpartition(")")[2].split()
    found, grown = set(ancestors), True
    while grown:
        children = {pid for pid, stat in stats.items() if int(stat[PARENT]) in found}
        grown = not children <= found
        found |= children
    return {pid: stats[pid] for pid in found if pid in stats}


def _held_bytes(pid: int) -> int:
    try:
        lines = Path("/proc", str(pid), "status").read_bytes().splitlines()
    except OSError:  # it has ended
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(HELD))


FIRST_TO_BE_KILLED = "1000"
"""The largest of /proc/PID/oom_score_adj: where memory ends, the kernel kills these first."""


def readable(descriptor: int, seconds: float) -> bool:
    """Whether there is something to read, or an end, within that time (`select` stops at 1,024)."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(max(0.0, seconds) * 1000))


class Backend(Hashable, Protocol):
    """A way to run a child behind the border.

    Attributes:
        name: what `--sandbox` calls it.
        confines: whether the child is kept from what it must not see.
    """

    name: str
    confines: bool

    def unavailable(self) -> str | None:
        """What is missing and how to get it; None when the backend can be tried."""

    def start(
        self,
        script: str,
        config: Mapping[str, Any],
        mounts: Sequence[Mount],
        limits: Limits,
    ) -> Process:
        """Runs a script of the box with a configuration, to which the backend adds its own part."""


def popen(
    argv: Sequence[str],
    env: Mapping[str, str],
    pass_fds: Sequence[int] = (),
    stdin: int = subprocess.DEVNULL,
) -> tuple[subprocess.Popen[bytes], IO[bytes]]:
    """A child with nothing of ours but its standard input and one pipe; errors go to a file.

    `subprocess.PIPE` gives it a standard input that ends when this process does.
    """
    complaints = tempfile.TemporaryFile()  # noqa: SIM115  (lives as long as the process)
    process = subprocess.Popen(
        argv,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=complaints,
        env=dict(env),
        cwd="/",
        pass_fds=tuple(pass_fds),
        start_new_session=True,
        umask=0o022,  # folders that bwrap makes must be open to the user inside
        bufsize=0,
    )
    return process, complaints


def pipe_of(process: subprocess.Popen[bytes]) -> IO[bytes]:
    """What a child of `popen` writes to."""
    assert process.stdout is not None
    return process.stdout


@contextlib.contextmanager
def folder_of_links(mounts: Sequence[Mount]) -> Iterator[Path]:
    """A box on the host's own file system, for backends that have no mounts: a folder of links."""
    with tempfile.TemporaryDirectory(prefix="box-") as name:
        box = Path(name)
        box.chmod(0o711)
        link(box, mounts)
        (box / "tmp").mkdir()
        yield box


def link(folder: Path, mounts: Sequence[Mount]) -> None:
    """Makes the links."""
    for mount in mounts:
        target = folder / mount.target
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(mount.source)
