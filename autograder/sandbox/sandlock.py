"""The sandlock backend: Landlock and seccomp. Needs neither root nor namespaces, but Linux 6.12.

For an ordinary user there are no mounts. The box is a folder of symbolic links, and the kernel
allows the child to read only the box, the targets of its links, the system's shared libraries and a
few devices. For root the box consists of real mounts, in a mount namespace of the launcher's own.
The child then runs as another user, who can read these mounts even if the originals are in a
private home folder.

In a container, root usually may not mount anything, and sandlock's supervisor does not work, since
Docker's default seccomp rules refuse pidfd_getfd. There the box is a folder of links again, and the
child runs as another user in Landlock alone, without a supervisor: what sandlock's supervisor would
limit is limited by the user (processes) and by a small folder in shared memory (disk).

    grader -> sandlock_launcher.py (ends everything) -> its fork (sandlock's supervisor) -> child
    in a container:                                  -> child
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import errno
import fcntl
import functools
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from autograder.sandbox.backend import (
    FLAGS,
    HERE,
    Mount,
    Process,
    SandboxError,
    environment,
    folder_of_links,
    make_links,
    popen,
    stdout_of,
)
from autograder.sandbox.limits import MIB, Limits
from autograder.sandbox.packages import (
    hidden_within,
    interpreter,
    packages,
    python_files,
    system_files,
)
from autograder.sandbox.slots import Slot, first_in_container

DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")
MOUNTED_AT = "/mnt"
"""The mount point of the box for root, visible only to the launcher and its children."""
PATIENCE_S = 10.0
SUPERVISORS = 1
"""Number of sandlock's own processes besides the launcher."""
CAP_SYS_ADMIN = 21
PIDFD_GETFD = 438
"""The number of the system call, the same on all processors."""
SHARED_MEMORY = "/dev/shm"
MOST_BALLAST = 128 * MIB
"""Docker makes it 64 MiB large. What a child may not use of it is filled, which takes memory."""


class Sandlock:
    """Runs the child under sandlock."""

    name = "sandlock"
    confines = True

    def unavailable(self) -> str | None:
        if importlib.util.find_spec("sandlock") is None:
            return "the Python package sandlock is not installed (pip install sandlock)"
        import sandlock

        found, needed = sandlock.landlock_abi_version(), sandlock.min_landlock_abi()
        if in_container():  # what newer versions add is done there by the user and by seccomp
            needed, release = 1, "5.13"
        else:
            release = "6.12"
        if found < needed:
            return (
                f"sandlock needs Landlock ABI {needed} (Linux {release} with Landlock enabled); "
                f"this kernel has {max(found, 0)}. Install bubblewrap instead, or a newer kernel"
            )
        if not in_container() and _supervisor_refused():
            return (
                "the rules of this container refuse the system call pidfd_getfd, which sandlock's "
                "supervisor needs. Run the grader as the container's root (student code runs as a "
                "user of its own), or give the container the capability SYS_PTRACE"
            )
        return None

    def start(
        self,
        script: str,
        config: Mapping[str, Any],
        mounts: Sequence[Mount],
        limits: Limits,
    ) -> Process:
        with contextlib.ExitStack() as stack:
            root, container = os.geteuid() == 0, in_container()
            mounted = root and not container
            taken = Slot.take(first_in_container()) if container else Slot.take()
            slot = stack.enter_context(taken) if root else None
            shown = [*python_mounts(links=not mounted), *mounts]
            storage = None
            if mounted:
                box = Path(MOUNTED_AT)
            else:
                python = [Mount(linked_python() / part, part) for part in ("python", "packages")]
                box = stack.enter_context(folder_of_links([*python, *mounts]))
            folder = box / "tmp"
            if container:
                assert slot is not None  # only root is asked about its rights
                folder = stack.enter_context(folder_of_size(limits.disk_bytes, slot.user))
            elif not root:
                storage = stack.enter_context(folder_of_links([]))
            backend_config = {
                # without a separate user, the kernel would count the grader's processes as well
                "limits": {**asdict(limits), "processes": limits.processes if root else None},
                "user": slot and slot.user,
                "sandboxed": True,  # Landlock confines signals to the sandbox
            }
            order = {
                "box": str(box),
                "folder": str(folder),
                "supervised": not container,
                "argv": [
                    f"{box}/python/bin/{interpreter().name}",
                    *FLAGS,
                    f"{box}/{script}",
                    json.dumps({**config, **backend_config}),
                ],
                "env": {
                    **environment(str(folder)),
                    "PYTHONHOME": f"{box}/python",
                    "LD_LIBRARY_PATH": f"{box}/python/lib",
                },
                "readable": [
                    *([] if mounted else [str(linked_python()), *(str(m.source) for m in shown)]),
                    *map(str, system_files()),
                    *(d for d in DEVICES if os.path.exists(d)),
                ],
                "disk_bytes": limits.disk_bytes,
                "packages": str(_sandlock_home()),
                # for root: real mounts, and a separate user for the child
                "user": slot and slot.user,
                "mounts": [[str(m.source), m.target] for m in shown] if mounted else [],
                "hidden": [
                    f"python/{relative}/{name}"
                    for relative, path in python_files().items()
                    for name in hidden_within(path)
                ],
                # otherwise: sandlock's substitutes. Its process count misses the end of processes
                # that opened no file, so it is used only where nothing else limits them
                "storage": storage and str(storage),
                "processes": None if root else limits.processes,
            }
            launcher = [sys.executable, "-I", "-S", str(HERE / "sandlock_launcher.py")]
            process, stderr = popen([*launcher, json.dumps(order)], {}, stdin=subprocess.PIPE)
            stack.callback(_end, process)
            end = stack.pop_all().close
            helpers = 0 if container else SUPERVISORS
            return Process([process.pid], stdout_of(process), stderr, end, helpers=helpers)


@functools.cache
def in_container() -> bool:
    """Whether this is root without the right to mount, as in a container of Docker's."""
    if os.geteuid() != 0:
        return False
    status = Path("/proc/self/status").read_text()
    effective = next(line for line in status.splitlines() if line.startswith("CapEff:"))
    return not int(effective.split()[1], 16) >> CAP_SYS_ADMIN & 1


def _supervisor_refused() -> bool:
    """Whether processes may not copy descriptors of others, as by Docker's default rules."""
    if not hasattr(os, "pidfd_open"):
        return False
    pidfd, source = os.pidfd_open(os.getpid()), os.pipe()
    libc = ctypes.CDLL(None, use_errno=True)
    copy = libc.syscall(PIDFD_GETFD, pidfd, source[0], 0)
    refused = copy < 0 and ctypes.get_errno() == errno.EPERM
    for descriptor in (pidfd, *source, *([] if copy < 0 else [copy])):
        os.close(descriptor)
    return refused


@contextlib.contextmanager
def folder_of_size(size: int, user: int) -> Iterator[Path]:
    """A user's folder in shared memory that has room for `size` bytes: all else is filled.

    Children that run at the same time share that room.

    Raises:
        SandboxError: the shared memory is so large that filling it would take too much memory.
    """
    with (
        tempfile.TemporaryDirectory(prefix="box-", dir=SHARED_MEMORY) as name,
        _ballast(size),
    ):
        os.chown(name, user, user)
        yield Path(name)


@contextlib.contextmanager
def _ballast(size: int) -> Iterator[None]:
    """Fills shared memory until `size` bytes are left.

    All graders of the container use one file for it, which the last one empties.
    """
    with _own_file("ballast") as file:
        with _alone():
            fcntl.flock(file, fcntl.LOCK_SH)  # in use
            room = os.fstatvfs(file)
            surplus = room.f_bavail * room.f_frsize - size
            if surplus > MOST_BALLAST:
                raise SandboxError(
                    f"{SHARED_MEMORY} has {surplus // MIB} MiB too many to be a folder of limited "
                    f"size; give the container at most {MOST_BALLAST // MIB} MiB (--shm-size)"
                )
            if surplus > 0:
                os.posix_fallocate(file, os.fstat(file).st_size, surplus)
        try:
            yield
        finally:
            with _alone(), contextlib.suppress(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # refused while others use it
                os.ftruncate(file, 0)


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Only one grader at a time is inside."""
    with _own_file("lock") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def _own_file(name: str) -> Iterator[int]:
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    file = os.open(f"{SHARED_MEMORY}/autograder-{name}", flags, 0o600)
    try:
        yield file
    finally:
        os.close(file)


@functools.cache
def python_mounts(links: bool) -> tuple[Mount, ...]:
    """The interpreter, its standard library and the packages.

    A link to a folder exposes all of it. So with links, each entry of the standard library gets a
    link of its own, and the installed packages in the same folder get none.
    """
    mounts = []
    for relative, path in python_files().items():
        if links and path.is_dir():
            entries = sorted(p for p in path.iterdir() if p.name not in hidden_within(path))
            mounts += [Mount(e.resolve(), f"python/{relative}/{e.name}") for e in entries]
        else:
            mounts.append(Mount(path.resolve(), f"python/{relative}"))
    return (*mounts, *(Mount(path, f"packages/{name}") for name, path in packages().items()))


@functools.cache
def linked_python() -> Path:
    """The mounts of `python_mounts` as a folder of links, made once per process."""
    folder = tempfile.TemporaryDirectory(prefix="python-")
    atexit.register(folder.cleanup)
    os.chmod(folder.name, 0o711)  # in a container, the child is another user
    make_links(Path(folder.name), python_mounts(links=True))
    return Path(folder.name)


def _sandlock_home() -> Path:
    spec = importlib.util.find_spec("sandlock")
    if spec is None or spec.origin is None:
        raise SandboxError("the Python package sandlock is not installed (pip install sandlock)")
    return Path(spec.origin).parent.parent


def _end(process: subprocess.Popen[bytes]) -> None:
    """Closes the launcher's standard input, whereupon it kills all processes and exits."""
    assert process.stdin is not None  # `start` asks for a pipe
    process.stdin.close()
    try:
        process.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise SandboxError(
            "sandlock's launcher did not end the processes that it started"
        ) from None
