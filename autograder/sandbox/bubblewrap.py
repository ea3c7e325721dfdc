"""bubblewrap: Linux namespaces, from the Debian package of that name.

The child has a file system of its own with nothing in it but what is mounted, no network, no other
processes to see, and one small folder to write to. bwrap makes that, and starts a first process in
it that does nothing: the child comes from a zygote, which has python and numpy ready, and joins.
When the first process ends, the kernel ends the rest.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import shutil
import stat
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from autograder.sandbox.backend import (
    TRUSTED,
    Mount,
    Process,
    SandboxError,
    pipe_of,
    popen,
    readable,
    said,
)
from autograder.sandbox.limits import Limits
from autograder.sandbox.packages import (
    hidden_within,
    packages,
    python_files,
    system_files,
)
from autograder.sandbox.slots import Slot
from autograder.sandbox.zygotes import zygote

BOX = "/box"
FOLDER = "/tmp"
FIRST = "cat"
"""The first process: says that all is made by passing on a line, and waits for another."""

START_S, PATIENCE_S = 30.0, 10.0
DEVICES = ("null", "zero", "urandom", "random")


class Bubblewrap:
    """Runs the child under `bwrap`."""

    name = "bubblewrap"
    confines = True

    def unavailable(self) -> str | None:
        found = shutil.which("bwrap")
        if found is None:
            return "bwrap is not installed (Debian and Ubuntu: apt-get install bubblewrap)"
        if os.geteuid() != 0 and os.stat(found).st_mode & stat.S_ISUID:
            return f"{found} makes sandboxes as root, which others cannot join: chmod u-s {found}"
        return None

    def start(
        self,
        script: str,
        config: Mapping[str, Any],
        mounts: Sequence[Mount],
        limits: Limits,
    ) -> Process:
        with contextlib.ExitStack() as stack, contextlib.ExitStack() as unless_it_starts:
            slot = stack.enter_context(Slot.take()) if os.geteuid() == 0 else None
            own = {"limits": asdict(limits), "user": slot and slot.user, "sandboxed": True}
            trusted = [file for m in mounts if m.target.startswith(TRUSTED) for file in _files(m)]
            mounts = [*trusted, *(m for m in mounts if not m.target.startswith(TRUSTED))]
            status_read, status_write = os.pipe()
            with open(status_read, "rb") as status:
                try:
                    argv = [
                        shutil.which("bwrap") or "bwrap",
                        *_namespaces(),
                        *("--json-status-fd", str(status_write)),
                        *_file_system(mounts, limits),
                        *("--", f"{BOX}/{FIRST}"),
                    ]
                    process, complaints = popen(argv, {}, [status_write], stdin=subprocess.PIPE)
                finally:
                    os.close(status_write)
                number, first = _first(status.readline())
            stack.callback(_end, process, first)
            _wait_until_made(process, complaints)
            if first is None:
                raise SandboxError("the bubblewrap sandbox did not tell its first process")
            output, sending = os.pipe()
            pipe = unless_it_starts.enter_context(open(output, "rb", buffering=0))
            with open(sending, "wb"):
                keeper = zygote(BOX, FOLDER, trusted).fork(
                    f"{BOX}/{script}",
                    FOLDER,
                    json.dumps({**config, **own}),
                    (first, sending, complaints.fileno()),
                )
            unless_it_starts.pop_all()
            # what loses its parent inside becomes a child of the first process, and so of bwrap
            ancestors = [keeper, process.pid, number]
            return Process(ancestors, pipe, complaints, stack.pop_all().close)


@functools.cache
def _files(mount: Mount) -> tuple[Mount, ...]:
    """Each file of a folder of ours by itself: what python compiled of them says where they lie."""
    if not mount.source.is_dir():
        return (mount,)
    files = sorted(mount.source.glob("*.py"))
    return tuple(Mount(file, f"{mount.target}/{file.name}") for file in files)


def _first(line: bytes) -> tuple[int, int | None]:
    """The namespace's first process: its number, and a descriptor; all have ended when it has."""
    with contextlib.suppress(ValueError, KeyError, TypeError, ProcessLookupError):
        number = json.loads(line)["child-pid"]
        return number, os.pidfd_open(number)
    return 0, None


def _wait_until_made(process: subprocess.Popen[bytes], complaints: IO[bytes]) -> None:
    """Returns when the first process runs, in what bwrap has made.

    Raises:
        SandboxError: it does not.
    """
    assert process.stdin is not None  # `start` asks for a pipe
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write(b"\n")
    made = pipe_of(process)
    if not readable(made.fileno(), START_S) or not made.read(1):
        raise SandboxError(f"the bubblewrap sandbox did not start: {said(complaints)}")


def _namespaces() -> list[str]:
    """Root keeps its user namespace, to become a real unprivileged user inside; others need one.

    Further namespaces are refused by the filter of system calls (bwrap before 0.8 cannot). The
    parent that it dies with is the thread that started it, not the process.
    """
    common = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts"]
    common += ["--unshare-cgroup-try", "--die-with-parent", "--as-pid-1", "--cap-drop", "ALL"]
    common += ["--hostname", "box"]
    return common if os.geteuid() == 0 else ["--unshare-user", *common]


def _file_system(mounts: Sequence[Mount], limits: Limits) -> list[str]:
    """Everything read-only, and one folder in memory with a size."""
    # python where it lies: shared libraries may be looked for there by their full path
    shown = {str(path): path.resolve() for path in (*system_files(), *python_files().values())}
    shown |= {f"{BOX}/packages/{name}": path for name, path in packages().items()}
    shown |= {f"{BOX}/{mount.target}": mount.source for mount in mounts}
    shown[f"{BOX}/{FIRST}"] = Path(shutil.which(FIRST) or FIRST).resolve()
    args = []
    # bwrap makes the folders above a mount for root alone, and the child will be somebody else
    folders = {str(parent) for path in shown for parent in Path(path).parents} | {"/dev"}
    for folder in sorted(folders - {"/"}):
        args += ["--perms", "0755", "--dir", folder]
    for target, source in shown.items():
        args += ["--ro-bind", str(source), target]
    for place in python_files().values():
        for name in hidden_within(place):
            args += ["--tmpfs", f"{place}/{name}", "--remount-ro", f"{place}/{name}"]
    for device in DEVICES:
        args += ["--dev-bind", f"/dev/{device}", f"/dev/{device}"]
    args += ["--perms", "1777", "--size", str(limits.disk_bytes), "--tmpfs", FOLDER]
    return [*args, "--remount-ro", "/", "--chdir", FOLDER]


def _end(process: subprocess.Popen[bytes], first: int | None) -> None:
    """Kills bwrap, with which the namespace dies, and waits until its first process is gone."""
    process.kill()
    process.wait()
    assert process.stdin is not None  # `start` asks for a pipe
    process.stdin.close()
    pipe_of(process).close()
    if first is not None:
        gone = readable(first, PATIENCE_S)
        os.close(first)
        if not gone:
            raise SandboxError("bubblewrap's processes did not end after they were killed")
