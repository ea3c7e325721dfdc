"""The confinement self-test: a backend that lets one attempt through grades nothing."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import json
import os
import secrets
import socket
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder import checkout
from autograder.sandbox.backend import (
    FIRST_TO_BE_KILLED,
    Backend,
    Process,
    SandboxError,
    environment,
    readable,
    trusted_mounts,
)
from autograder.sandbox.bubblewrap import Bubblewrap
from autograder.sandbox.limits import MIB, Limits
from autograder.sandbox.sandlock import Sandlock
from autograder.sandbox.session import Work
from autograder.sandbox.unconfined import Unconfined

BACKENDS: tuple[Backend, ...] = (Bubblewrap(), Sandlock())
"""In the order in which they are tried."""

SMALL = Limits(
    cpu_s=10,
    wall_s=10.0,
    memory_bytes=512 * MIB,
    processes=8,
    file_bytes=1 * MIB,
    disk_bytes=4 * MIB,
)
PATIENCE_S = 20.0
ALLOWED = "(may) "
"""How the names of attempts begin that must succeed."""
THERE, STARTS, ENDS = OF_THE_SANDBOX = "is there", "starts", "runs to its end"
"""Names of lines about the sandbox itself; they are there where it fails."""
OUTLIVES = "outlive the run"
OUTLASTS = "outlast the grader where memory ends"
UNREADABLE = (
    ". From root the child becomes another user, who must be able to read the interpreter, the "
    "packages and this checkout: chmod -R o+rX on them, or run the grader as an ordinary user"
)


@dataclass(frozen=True)
class Line:
    """One attempt: its name, whether the backend did what it must, and what was found."""

    name: str
    passed: bool
    detail: str


def selftest(backend: Backend, probes: Path | None = None) -> tuple[Line, ...]:
    """Tries to break out of a backend; every line must have passed before anything is graded.

    With the folder of an assignment's probes, what is made for it serves submissions, too.
    """
    missing = backend.unavailable()
    if missing is not None:
        return (Line(THERE, False, missing),)
    work = Work({"lib/__init__.py": b"# here\n"})
    with work.written() as mounts, _bait() as config:
        try:
            process = backend.start(
                "trusted/escapes/__main__.py", config, [*trusted_mounts(probes), *mounts], SMALL
            )
        except (OSError, SandboxError) as failure:
            return (Line(STARTS, False, str(failure)),)
        watch = os.dup(process.fileno())
        try:
            lines = [*_lines(process), _outlasts(process)]
            try:
                process.end()
                lines.append(_outlives(watch))
            except SandboxError as failure:
                lines.append(Line(OUTLIVES, False, str(failure)))
        finally:
            process.end()
            os.close(watch)
    return tuple(lines)


def _lines(process: Process) -> Iterator[Line]:
    """What the attempts report, and whether they came to their end."""
    deadline, text = time.monotonic() + PATIENCE_S, b""
    while b'"end"' not in text:
        chunk = process.read(deadline)
        if not chunk:
            break
        text += chunk
    told = [json.loads(line) for line in text.decode().splitlines() if line.endswith("}")]
    yield from (Line(**line) for line in told if line["name"] != "end")
    if not told or told[-1]["name"] != "end":
        complaint = process.complaint() or "the self-test stopped midway"
        denied = "Permission denied" in complaint and os.geteuid() == 0
        advice = UNREADABLE if denied else ""
        yield Line(ENDS, False, complaint + advice)


def _outlasts(process: Process) -> Line:
    """What runs inside is killed before all else; children inherit that, the daemon shows."""
    later, inside = [], process.running().keys() - process.ancestors
    for pid in inside:
        with contextlib.suppress(OSError):  # it has ended
            score = Path(f"/proc/{pid}/oom_score_adj").read_text().strip()
            if score != FIRST_TO_BE_KILLED:
                later.append(score)
    if later:
        said = f"{len(later)} processes are killed late, at {', '.join(sorted(set(later)))}"
        return Line(OUTLASTS, False, said)
    return Line(OUTLASTS, bool(inside), "" if inside else "nothing was running")


def _outlives(watch: int) -> Line:
    """A daemon was left behind with the pipe in its hand: the pipe ends when the daemon is dead."""
    deadline = time.monotonic() + 2.0
    while readable(watch, deadline - time.monotonic()):
        if not os.read(watch, 4096):
            return Line(OUTLIVES, True, "")
    return Line(OUTLIVES, False, "a process was alive after the run")


@contextlib.contextmanager
def _bait() -> Iterator[Mapping[str, Any]]:
    """What the child must not reach: files that anybody may read, and sockets that listen."""
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o777)
        another = folder / "another-submission.py"
        another.write_text("secret")
        another.chmod(0o666)
        os.utime(another, (10**9, 10**9))
        abstract = secrets.token_hex(8)
        port = 0
        for family, address in (
            (socket.AF_INET, ("127.0.0.1", 0)),
            (socket.AF_UNIX, f"{name}/socket"),
            (socket.AF_UNIX, "\0" + abstract),
        ):
            listener = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
            listener.bind(address)
            listener.listen()
            port = port or listener.getsockname()[1]
        os.chmod(f"{name}/socket", 0o777)
        package = checkout.PACKAGE
        yield {
            "secrets": [
                *(str(package / part) for part in ("judgement/suites.py", "grading/grade.py")),
                str(package / "sandbox" / "session.py"),
                *(str(package.parent / part) for part in ("tests", "gradebook.db", "lib_solution")),
                *(str(another), "/etc/shadow", str(Path.home()), "/home", "/var"),
                *([sys.prefix] if sys.prefix != sys.base_prefix else []),
            ],
            "most_processes": SMALL.processes,
            "outside": [name, str(Path.home()), str(package), str(package.parent)],
            "port": port,
            "socket": f"{name}/socket",
            "abstract": abstract,
            "victim": str(another),
            "shared": stack.enter_context(_shared_memory()),
            "grader": os.getpid(),
            "session": os.getsid(0),
            "host": os.uname().nodename,
            "variables": [*environment(""), *ALLOWED_VARIABLES],
        }


@contextlib.contextmanager
def _shared_memory() -> Iterator[int]:
    """The number of a piece of System V memory that anybody may read; -1 where there is none."""
    libc = ctypes.CDLL(None)
    number = libc.shmget(0, ctypes.c_size_t(4096), 0o1666)
    try:
        yield number
    finally:
        libc.shmctl(number, 0, None)


ALLOWED_VARIABLES = ("PYTHONHOME", "LD_LIBRARY_PATH", "LC_CTYPE", "PWD", "USER", "TERM", "SHELL")
"""Where python is, what the C library adds, and what sandlock sets whatever it is told."""


@functools.cache
def passes(backend: Backend, probes: Path | None = None) -> tuple[Line, ...]:
    """The self-test's lines, found once in the life of this process."""
    return selftest(backend, probes)


def choose(name: str | None = None, probes: Path | None = None) -> Backend:
    """The backend of that name, or the first that passes its self-test.

    Args:
        name: "bubblewrap", "sandlock", or "none" for an instructor's own files.
        probes: the folder of the assignment's probes, see `selftest`.

    Raises:
        SandboxError: none passes; the message says what to install or do.
    """
    if name == Unconfined.name:
        return Unconfined()
    candidates = [backend for backend in BACKENDS if name in (None, backend.name)]
    if not candidates:
        known = ", ".join([*(backend.name for backend in BACKENDS), Unconfined.name])
        raise SandboxError(f"there is no sandbox called {name!r}; there are {known}")
    reasons = []
    for backend in candidates:
        failed = [line for line in passes(backend, probes) if not line.passed]
        if not failed:
            return backend
        reasons += [f"  {backend.name}: {line.name}: {line.detail}" for line in failed]
    raise SandboxError(
        "No sandbox confines student code on this machine, so nothing is graded:\n"
        + "\n".join(reasons)
        + "\nInstall bubblewrap (apt-get install bubblewrap; it needs user namespaces unless run "
        "as root), or run on Linux 6.12 or newer for sandlock (pip install sandlock). "
        "`--sandbox none` is for your own files only."
    )
