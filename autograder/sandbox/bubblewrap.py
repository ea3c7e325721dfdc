"""The bubblewrap backend: Linux namespaces, set up by `bwrap`.

The child has its own file system with only what is mounted, no network, no view of other processes
and one small writable folder. `bwrap` sets this up and starts an idle first process in it. The
child itself is forked by a zygote, which has already imported numpy, and joins the namespaces. When
the first process ends, the kernel kills all others in the sandbox.
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
    error_text,
    popen,
    readable,
    stdout_of,
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
WRITABLE = "/tmp"
FIRST_PROGRAM = "cat"
"""The program of the first process: it echoes one line when the sandbox is ready, then blocks."""

STARTUP_TIMEOUT_S, PATIENCE_S = 30.0, 10.0
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
            return (
                f"{found} is setuid root, and ordinary users cannot join its sandboxes: "
                f"run chmod u-s {found}"
            )
        return None

    def start(
        self,
        script: str,
        config: Mapping[str, Any],
        mounts: Sequence[Mount],
        limits: Limits,
    ) -> Process:
        with contextlib.ExitStack() as stack, contextlib.ExitStack() as until_started:
            slot = stack.enter_context(Slot.take()) if os.geteuid() == 0 else None
            backend_config = {
                "limits": asdict(limits),
                "user": slot and slot.user,
                "sandboxed": True,
            }
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
                        *("--", f"{BOX}/{FIRST_PROGRAM}"),
                    ]
                    process, stderr = popen(argv, {}, [status_write], stdin=subprocess.PIPE)
                finally:
                    os.close(status_write)
                pid, pidfd = _first_process(status.readline())
            stack.callback(_end, process, pidfd)
            _wait_until_ready(process, stderr)
            if pidfd is None:
                raise SandboxError("bubblewrap did not report the first process of its sandbox")
            pipe_read, child_stdout = os.pipe()
            pipe = until_started.enter_context(open(pipe_read, "rb", buffering=0))
            with open(child_stdout, "wb"):
                keeper = zygote(BOX, WRITABLE, trusted).fork(
                    f"{BOX}/{script}",
                    WRITABLE,
                    json.dumps({**config, **backend_config}),
                    (pidfd, child_stdout, stderr.fileno()),
                )
            until_started.pop_all()
            # orphans inside become children of the first process, which descends from bwrap
            ancestors = [keeper, process.pid, pid]
            return Process(ancestors, pipe, stderr, stack.pop_all().close)


@functools.cache
def _files(mount: Mount) -> tuple[Mount, ...]:
    """The source files of a folder, without __pycache__: .pyc files hold paths of this machine."""
    if not mount.source.is_dir():
        return (mount,)
    files = sorted(mount.source.glob("*.py"))
    return tuple(Mount(file, f"{mount.target}/{file.name}") for file in files)


def _first_process(line: bytes) -> tuple[int, int | None]:
    """The PID and a pidfd of the sandbox's first process; when that ends, all others have ended."""
    with contextlib.suppress(ValueError, KeyError, TypeError, ProcessLookupError):
        pid = json.loads(line)["child-pid"]
        return pid, os.pidfd_open(pid)
    return 0, None


def _wait_until_ready(process: subprocess.Popen[bytes], stderr: IO[bytes]) -> None:
    """Waits until the first process runs in the finished sandbox.

    Raises:
        SandboxError: it does not start.
    """
    assert process.stdin is not None  # `start` asks for a pipe
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write(b"\n")
    ready = stdout_of(process)
    if not readable(ready.fileno(), STARTUP_TIMEOUT_S) or not ready.read(1):
        raise SandboxError(f"the bubblewrap sandbox did not start: {error_text(stderr)}")


def _namespaces() -> list[str]:
    """The options for namespaces.

    Root keeps its user namespace, so that the child can become a real unprivileged user. Other
    users need a new one. The seccomp filter forbids the child further namespaces, since bwrap
    before 0.8 cannot. With --die-with-parent, the "parent" is the thread that started bwrap, not
    its process.
    """
    common = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts"]
    common += ["--unshare-cgroup-try", "--die-with-parent", "--as-pid-1", "--cap-drop", "ALL"]
    common += ["--hostname", "box"]
    return common if os.geteuid() == 0 else ["--unshare-user", *common]


def _file_system(mounts: Sequence[Mount], limits: Limits) -> list[str]:
    """The options for mounts: all read-only except one folder in memory, which has a size limit."""
    # python keeps its path, since shared libraries may be looked up by their full path
    shown = {str(path): path.resolve() for path in (*system_files(), *python_files().values())}
    shown |= {f"{BOX}/packages/{name}": path for name, path in packages().items()}
    shown |= {f"{BOX}/{mount.target}": mount.source for mount in mounts}
    shown[f"{BOX}/{FIRST_PROGRAM}"] = Path(shutil.which(FIRST_PROGRAM) or FIRST_PROGRAM).resolve()
    args = []
    # bwrap creates parent folders that only root can enter, but the child is another user
    folders = {str(parent) for path in shown for parent in Path(path).parents} | {"/dev"}
    for folder in sorted(folders - {"/"}):
        args += ["--perms", "0755", "--dir", folder]
    for target, source in shown.items():
        args += ["--ro-bind", str(source), target]
    for path in python_files().values():
        for name in hidden_within(path):
            args += ["--tmpfs", f"{path}/{name}", "--remount-ro", f"{path}/{name}"]
    for device in DEVICES:
        args += ["--dev-bind", f"/dev/{device}", f"/dev/{device}"]
    args += ["--perms", "1777", "--size", str(limits.disk_bytes), "--tmpfs", WRITABLE]
    return [*args, "--remount-ro", "/", "--chdir", WRITABLE]


def _end(process: subprocess.Popen[bytes], pidfd: int | None) -> None:
    """Kills bwrap and with it the namespace, and waits until the first process has ended."""
    process.kill()
    process.wait()
    assert process.stdin is not None  # `start` asks for a pipe
    process.stdin.close()
    stdout_of(process).close()
    if pidfd is not None:
        has_ended = readable(pidfd, PATIENCE_S)
        os.close(pidfd)
        if not has_ended:
            raise SandboxError("bubblewrap's processes did not end after they were killed")
