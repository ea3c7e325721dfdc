"""The confinement self-test: a backend must block every attempt to break out before it is used."""

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
from autograder.sandbox.sandlock import Sandlock, in_container
from autograder.sandbox.session import Work
from autograder.sandbox.unconfined import Unconfined

BACKENDS: tuple[Backend, ...] = (Bubblewrap(), Sandlock())
"""In order of preference."""

SELFTEST_LIMITS = Limits(
    cpu_s=10,
    wall_s=10.0,
    memory_bytes=512 * MIB,
    processes=8,
    file_bytes=1 * MIB,
    disk_bytes=4 * MIB,
)
PATIENCE_S = 20.0
ALLOWED = "(may) "
"""The prefix of names of attempts that must succeed."""
AVAILABLE, STARTS, FINISHES = OF_THE_SANDBOX = "is available", "starts", "finishes the self-test"
"""Names of lines about the sandbox itself; they appear only when it fails."""
OUTLIVES = "outlive the run"
OUTLASTS = "outlive the grader when memory runs out"
UNREADABLE = (
    ". When the grader runs as root, the child runs as another user, who must be able to read the "
    "interpreter, the packages and this checkout: run chmod -R o+rX on them, or run the grader as "
    "an ordinary user"
)


@dataclass(frozen=True)
class Line:
    """One attempt: its name, whether the backend behaved as it must, and details if not."""

    name: str
    passed: bool
    detail: str


def selftest(backend: Backend, probes: Path | None = None) -> tuple[Line, ...]:
    """Tries to break out of a backend; every line must pass before anything is graded.

    With the assignment's `probes` folder, submissions can reuse the zygote that this starts.
    """
    missing = backend.unavailable()
    if missing is not None:
        return (Line(AVAILABLE, False, missing),)
    work = Work({"lib/__init__.py": b"# here\n"})
    with work.written() as mounts, _bait() as config:
        try:
            process = backend.start(
                "trusted/escapes/__main__.py",
                config,
                [*trusted_mounts(probes), *mounts],
                SELFTEST_LIMITS,
            )
        except (OSError, SandboxError) as failure:
            return (Line(STARTS, False, str(failure)),)
        pipe = os.dup(process.fileno())
        try:
            lines = [*_attempt_results(process), _check_oom_order(process)]
            try:
                process.end()
                lines.append(_check_all_dead(pipe))
            except SandboxError as failure:
                lines.append(Line(OUTLIVES, False, str(failure)))
        finally:
            process.end()
            os.close(pipe)
    return tuple(lines)


def _attempt_results(process: Process) -> Iterator[Line]:
    """The results that the attempts report, and a failed line if they did not all run."""
    deadline, text = time.monotonic() + PATIENCE_S, b""
    while b'"end"' not in text:
        chunk = process.read(deadline)
        if not chunk:
            break
        text += chunk
    results = [json.loads(line) for line in text.decode().splitlines() if line.endswith("}")]
    yield from (Line(**line) for line in results if line["name"] != "end")
    if not results or results[-1]["name"] != "end":
        errors = process.error_output() or "the self-test stopped early"
        unreadable = "Permission denied" in errors and os.geteuid() == 0
        advice = UNREADABLE if unreadable else ""
        yield Line(FINISHES, False, errors + advice)


def _check_oom_order(process: Process) -> Line:
    """Whether the kernel kills all processes inside first when memory runs out.

    The daemon that the attempts left behind shows that children inherit this.
    """
    wrong_scores, inside = [], process.running().keys() - process.ancestors
    for pid in inside:
        with contextlib.suppress(OSError):  # it has ended
            score = Path(f"/proc/{pid}/oom_score_adj").read_text().strip()
            if score != FIRST_TO_BE_KILLED:
                wrong_scores.append(score)
    if wrong_scores:
        scores = ", ".join(sorted(set(wrong_scores)))
        detail = f"{len(wrong_scores)} processes have an oom_score_adj of {scores}"
        return Line(OUTLASTS, False, detail)
    return Line(OUTLASTS, bool(inside), "" if inside else "nothing was running")


def _check_all_dead(pipe: int) -> Line:
    """Whether the daemon that the attempts left behind is dead: it held the pipe open."""
    deadline = time.monotonic() + 2.0
    while readable(pipe, deadline - time.monotonic()):
        if not os.read(pipe, 4096):
            return Line(OUTLIVES, True, "")
    return Line(OUTLIVES, False, "a process was alive after the run")


@contextlib.contextmanager
def _bait() -> Iterator[Mapping[str, Any]]:
    """Targets the child must not reach: world-readable files and listening sockets."""
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o777)
        victim = folder / "another-submission.py"
        victim.write_text("secret")
        victim.chmod(0o666)
        os.utime(victim, (10**9, 10**9))
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
                *(str(checkout.ROOT / part) for part in ("tests", "gradebook.db", "lib_solution")),
                *(str(victim), "/etc/shadow", str(Path.home()), "/home", "/var"),
                *([sys.prefix] if sys.prefix != sys.base_prefix else []),
            ],
            "most_processes": SELFTEST_LIMITS.processes,
            "outside": [name, str(Path.home()), str(package), str(package.parent)],
            "port": port,
            "socket": f"{name}/socket",
            "abstract": abstract,
            "victim": str(victim),
            "shared": stack.enter_context(_shared_memory()),
            "grader": os.getpid(),
            "session": os.getsid(0),
            # a container's name is a number made up for it, which says nothing about the machine
            "host": "" if in_container() else os.uname().nodename,
            "variables": [*environment(""), *ALLOWED_VARIABLES],
        }


@contextlib.contextmanager
def _shared_memory() -> Iterator[int]:
    """The id of a world-readable System V shared memory segment; -1 if there is none."""
    libc = ctypes.CDLL(None)
    segment = libc.shmget(0, ctypes.c_size_t(4096), 0o1666)
    try:
        yield segment
    finally:
        libc.shmctl(segment, 0, None)


ALLOWED_VARIABLES = ("PYTHONHOME", "LD_LIBRARY_PATH", "LC_CTYPE", "PWD", "USER", "TERM", "SHELL")
"""Variables that locate python, that the C library adds, or that sandlock always sets."""


@functools.cache
def passes(backend: Backend, probes: Path | None = None) -> tuple[Line, ...]:
    """The lines of the self-test, which runs once per backend in this process."""
    return selftest(backend, probes)


def choose(name: str | None = None, probes: Path | None = None) -> Backend:
    """The named backend, or else the first, that passes its self-test.

    Args:
        name: "bubblewrap", "sandlock", or "none" for an instructor's own files.
        probes: the folder of the assignment's probes, see `selftest`.

    Raises:
        SandboxError: none passes, or none has this name; the message says what to do.
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
