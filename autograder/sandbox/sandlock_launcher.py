"""Starts a child under sandlock and reliably kills it with all its descendants.

    python -I -S sandlock_launcher.py ORDER

This script runs as a separate process. ORDER is JSON, see `sandlock.py`. The child inherits this
process's standard output. When standard input is closed or the child ends, the launcher kills the
supervisor and then all other descendants, which it adopts as their subreaper.

The child cannot fork faster than it is killed. For root it runs as a separate user, and one signal
kills all processes of that user. Otherwise its forks need the supervisor: without it, the kernel
refuses the system calls that it supervised.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
CLONE_NEWNS = 0x00020000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_REMOUNT, MS_BIND = 1, 2, 4, 32, 4096
MS_REC, MS_PRIVATE = 16384, 1 << 18

libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    order = json.loads(sys.argv[1])
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    if order["mounts"]:
        build_box(order)
    supervisor = os.fork()
    if supervisor == 0:
        try:
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            be_killed_first()
            supervise(order) if order["supervised"] else become_child(order)
        finally:
            sys.stderr.flush()
            os._exit(1)
    os.close(1)
    select.select([0, os.pidfd_open(supervisor)], [], [])
    os.kill(supervisor, signal.SIGKILL)
    os.waitpid(supervisor, 0)
    if order["user"] is not None:
        kill_user(order["user"])
    kill_descendants()


def be_killed_first() -> None:
    """Makes the kernel kill this process before the grader when memory runs out.

    Children inherit this, and cannot undo it because they cannot write to /proc.
    """
    Path("/proc/self/oom_score_adj").write_text("1000")


def supervise(order: Mapping[str, Any]) -> None:
    """Runs the child until it ends. If this process is killed, the child's system calls fail."""
    sys.path.append(order["packages"])
    from sandlock import Sandbox
    from sandlock.sandbox import StdioMode

    folder = order["folder"]
    sandbox = Sandbox(
        fs_readable=[order["box"], *order["readable"]],
        fs_writable=[folder, os.devnull],
        **({} if order["mounts"] else disk_limit_options(folder, order)),
        cwd=folder,
        max_processes=order["processes"],
        clean_env=True,
        env=order["env"],
    )
    child = sandbox.popen(
        order["argv"], stdin=StdioMode.NULL, stdout=StdioMode.INHERIT, stderr=StdioMode.INHERIT
    )
    os.close(1)
    child.wait()


def become_child(order: Mapping[str, Any]) -> None:
    """Turns this process into the child, confined by Landlock alone.

    A kernel with an older Landlock lacks protections that the child's own user and its seccomp
    rules provide as well; the self-test decides.
    """
    sys.path.append(order["packages"])
    from sandlock import Protection, Sandbox, confine

    os.chdir(order["folder"])
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    sandbox = Sandbox(
        fs_readable=[order["box"], *order["readable"]],
        fs_writable=[order["folder"], os.devnull],
        allow_degraded=list(Protection),
    )
    confine(sandbox)
    os.execve(order["argv"][0], order["argv"], order["env"])


def disk_limit_options(folder: str, order: Mapping[str, Any]) -> dict[str, Any]:
    """Options that limit the writable folder's size by sandlock's copy-on-write, not by a mount."""
    from sandlock.sandbox import BranchAction

    return {
        "workdir": folder,
        "fs_storage": order["storage"],
        "max_disk": order["disk_bytes"],
        "on_exit": BranchAction.ABORT,
    }


def build_box(order: Mapping[str, Any]) -> None:
    """For root: builds the box from mounts that only this process and its children see."""
    box = Path(order["box"])
    _call("unshare", libc.unshare(CLONE_NEWNS))
    _mount(None, "/", None, MS_REC | MS_PRIVATE)
    _mount("tmpfs", box, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=1m")
    for source, target in order["mounts"]:
        path = box / target
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir() if Path(source).is_dir() else path.touch()
        _mount(source, path, None, MS_BIND)
        _mount(None, path, None, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV)
    for target in order["hidden"]:
        _mount(
            "tmpfs", box / target, "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV, "mode=0755,size=4k"
        )
    (box / "tmp").mkdir()
    size = f"mode=1777,size={order['disk_bytes']}"
    _mount("tmpfs", box / "tmp", "tmpfs", MS_NOSUID | MS_NODEV, size)
    _mount(None, box, None, MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV, "mode=0755,size=1m")


def _mount(
    source: str | None, target: str | Path, kind: str | None, flags: int, options: str = ""
) -> None:
    def text(value: Any) -> bytes | None:
        return None if value is None else str(value).encode()

    result = libc.mount(
        text(source), text(target), text(kind), ctypes.c_ulong(flags), text(options)
    )
    _call(f"mount {target}", result)


def _call(operation: str, result: int) -> None:
    if result != 0:
        why = os.strerror(ctypes.get_errno())
        sys.exit(
            f"{operation}: {why}. Run the grader as an ordinary user: then sandlock needs no mounts"
        )


def kill_user(user: int) -> None:
    """Kills all processes of a user with one signal, which a chain of forks cannot outrun."""
    killer = os.fork()
    if killer == 0:
        os.setresuid(user, user, user)
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)
        os._exit(0)
    os.waitpid(killer, 0)


def kill_descendants() -> None:
    """Kills children until none is left: those of a killed process become children of this one."""
    while True:
        for child in _children():
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _children() -> Iterator[int]:
    own_pid = str(os.getpid())
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError):
                stat = Path("/proc", entry, "stat").read_text(errors="replace")
                if stat.rpartition(")")[2].split()[1] == own_pid:
                    yield int(entry)


if __name__ == "__main__":
    main()
