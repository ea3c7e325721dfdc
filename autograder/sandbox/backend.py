"""Shared by all backends: a child's mounts, environment, pipe, resource usage and termination."""

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
"""The module with which probes are written."""
TRUSTED = "trusted/"
"""The folder in the box that holds the grader's own files."""

CPU_FEATURE_VARIABLES = ("OPENBLAS_CORETYPE", "NPY_DISABLE_CPU_FEATURES", "NPY_ENABLE_CPU_FEATURES")
"""Variables that choose the CPU instructions that numpy uses. When one is set for the grader, for
instance because the CPU misreports its features, the child needs it as well."""

FLAGS = ("-s", "-S", "-P", "-B")
"""No user site-packages, no site module, no script folder on `sys.path`, no .pyc files."""

CHUNK = 256 * 1024
MEMORY_FIELDS = (b"RssAnon:", b"RssShmem:")
"""The fields of /proc/PID/status that count as used memory. `statm` cannot tell shared anonymous
memory from mapped files. Memory that several processes share counts for each of them."""
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
STATE, PARENT, TIMES = 0, 1, slice(11, 15)
"""Fields of /proc/PID/stat after the name. TIMES is the CPU time in ticks, user and system: of the
process itself and of the children it has waited for."""
ENDED = "Z"
"""The state of a zombie: it has ended, but its parent has not waited for it."""


class SandboxError(Exception):
    """The sandbox itself failed, through no fault of a student; the message says what to do."""


@dataclass(frozen=True)
class Mount:
    """A file or folder that the child may read, and its path inside the box."""

    source: Path
    target: str


def trusted_mounts(probes: Path | None = None) -> list[Mount]:
    """The grader's files that the child may read: the worker, its imports and the probes."""
    files = ("worker.py", "writer.py", "bars.py", "confine.py", "seccomp.py", "system_calls.py")
    mounts = [Mount(INSIDE / name, f"{TRUSTED}{name}") for name in (*files, "escapes")]
    mounts.append(Mount(PROBE, f"{TRUSTED}{PROBE.name}"))
    return mounts if probes is None else [*mounts, Mount(probes, f"{TRUSTED}probes")]


def environment(folder: str) -> dict[str, str]:
    """The child's complete environment. `folder` is its writable folder."""
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": folder,
        "TMPDIR": folder,
        "LANG": "C.UTF-8",
        "PYTHONHASHSEED": "0",  # sets of strings iterate in the same order in a later regrade
        "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": folder,
        **dict.fromkeys(
            ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS"),
            "1",
        ),
        **{name: os.environ[name] for name in CPU_FEATURE_VARIABLES if name in os.environ},
    }


@dataclass(frozen=True)
class Usage:
    """Resource usage of a child and all its descendants.

    Attributes:
        memory_bytes: memory in use, without mapped files.
        cpu_s: CPU time, including that of ended processes that were waited for.
        processes: number of processes, without those of the backend.
        at: the time of the measurement, by the monotonic clock.
    """

    memory_bytes: int
    cpu_s: float
    processes: int
    at: float


class Process:
    """A running child: a pipe to read from, and a way to kill it and all its descendants.

    One thread may read while another measures the usage or kills.

    Attributes:
        ancestors: the backend's processes from which all of the child's processes descend.
    """

    def __init__(
        self,
        ancestors: Sequence[int],
        pipe: IO[bytes],
        stderr: IO[bytes],
        end: Callable[[], None],
        helpers: int = 0,
    ) -> None:
        """`end` kills all that still runs; `stderr` is the file with the backend's errors.

        `helpers` is the number of the backend's processes that descend from the ancestors.
        """
        self.ancestors = frozenset(ancestors)
        self._pipe = pipe
        self._stderr = stderr
        self._end = end
        self._helpers = helpers
        self._kill_lock = threading.Lock()
        self._ended = False

    def fileno(self) -> int:
        """The descriptor of the pipe's read end."""
        return self._pipe.fileno()

    def read(self, deadline: float) -> bytes | None:
        """Available bytes, `b""` at the end, or None when nothing arrives before the deadline."""
        if not readable(self.fileno(), deadline - time.monotonic()):
            return None
        return os.read(self.fileno(), CHUNK)

    def running(self) -> dict[int, list[str]]:
        """The ancestors and all their descendants, in the form of `family`."""
        return family(*self.ancestors)

    def usage(self) -> Usage:
        """The current usage of the child and all its living descendants."""
        at, running = time.monotonic(), self.running()
        ticks = sum(sum(map(int, stat[TIMES])) for stat in running.values())
        alive = {pid for pid, stat in running.items() if stat[STATE] != ENDED}
        processes = len(alive - self.ancestors) - self._helpers
        return Usage(sum(map(_memory_bytes, running)), ticks / TICKS_PER_SECOND, processes, at)

    def kill(self) -> None:
        """Kills the child and all its descendants. They are dead when this returns, even if another
        thread had already called it. Output that they sent before can still be read."""
        with self._kill_lock:
            if not self._ended:
                self._ended = True
                self._end()

    def end(self) -> None:
        """Kills all that still runs and closes the pipe."""
        self.kill()
        self._pipe.close()

    def error_output(self) -> str:
        """The error output of the backend itself."""
        return error_text(self._stderr)


def error_text(stderr: IO[bytes]) -> str:
    """The first 4 KiB of a file of error output, as text."""
    return os.pread(stderr.fileno(), 4096, 0).decode("utf-8", "replace").strip()


def family(*ancestors: int) -> dict[int, list[str]]:
    """Processes and all their descendants: by PID, the fields of /proc/PID/stat after the name."""
    stats = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError):
                stat = Path("/proc", entry, "stat").read_text(errors="replace")
                stats[int(entry)] = stat.rpartition(")")[2].split()
    members, growing = set(ancestors), True
    while growing:
        children = {pid for pid, stat in stats.items() if int(stat[PARENT]) in members}
        growing = not children <= members
        members |= children
    return {pid: stats[pid] for pid in members if pid in stats}


def _memory_bytes(pid: int) -> int:
    try:
        lines = Path("/proc", str(pid), "status").read_bytes().splitlines()
    except OSError:  # it has ended
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(MEMORY_FIELDS))


FIRST_TO_BE_KILLED = "1000"
"""The maximum of /proc/PID/oom_score_adj: the kernel kills these first when memory runs out."""


def readable(descriptor: int, seconds: float) -> bool:
    """Whether data or an end of file arrives in time (`select` fails on descriptors >= 1,024)."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(max(0.0, seconds) * 1000))


class Backend(Hashable, Protocol):
    """A way to run a child in a sandbox.

    Attributes:
        name: its name for `--sandbox`.
        confines: whether it isolates the child at all.
    """

    name: str
    confines: bool

    def unavailable(self) -> str | None:
        """What is missing and how to install it; None when the backend can be tried."""

    def start(
        self,
        script: str,
        config: Mapping[str, Any],
        mounts: Sequence[Mount],
        limits: Limits,
    ) -> Process:
        """Runs a script in the box. The backend adds its own part to the configuration."""


def popen(
    argv: Sequence[str],
    env: Mapping[str, str],
    pass_fds: Sequence[int] = (),
    stdin: int = subprocess.DEVNULL,
) -> tuple[subprocess.Popen[bytes], IO[bytes]]:
    """Starts a process that inherits only standard input, one pipe and `pass_fds`.

    Its error output goes to a file, which is returned with it. With `subprocess.PIPE`, its standard
    input ends when this process does.
    """
    stderr = tempfile.TemporaryFile()  # noqa: SIM115  (open as long as the process)
    process = subprocess.Popen(
        argv,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=stderr,
        env=dict(env),
        cwd="/",
        pass_fds=tuple(pass_fds),
        start_new_session=True,
        umask=0o022,  # the user inside must be able to enter folders that bwrap makes
        bufsize=0,
    )
    return process, stderr


def stdout_of(process: subprocess.Popen[bytes]) -> IO[bytes]:
    """The pipe that a process started by `popen` writes to."""
    assert process.stdout is not None
    return process.stdout


@contextlib.contextmanager
def folder_of_links(mounts: Sequence[Mount]) -> Iterator[Path]:
    """A box made of symbolic links, for backends that have no mounts."""
    with tempfile.TemporaryDirectory(prefix="box-") as name:
        box = Path(name)
        box.chmod(0o711)
        make_links(box, mounts)
        (box / "tmp").mkdir()
        yield box


def make_links(folder: Path, mounts: Sequence[Mount]) -> None:
    """Creates a symbolic link in the folder for each mount."""
    for mount in mounts:
        target = folder / mount.target
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(mount.source)
