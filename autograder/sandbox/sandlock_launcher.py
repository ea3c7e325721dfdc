"""Starts a child under sandlock and ends it for sure: a process of its own, run by path.

    python -I -S sandlock_launcher.py ORDER

ORDER is JSON, see `sandlock.py`. The child's standard output is ours. Everything ends when our
standard input does, or when the child does: the supervisor first, then all that is left, which
falls to us as their reaper. It cannot fork faster than we kill: from root the child is a user of
its own, killed at one stroke; otherwise its forks need the supervisor (the kernel refuses system
calls whose supervisor is gone).
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
    done, doing = os.pipe()
    supervisor = os.fork()
    if supervisor == 0:
        try:
            os.close(done)
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            be_killed_first()
            supervise(order)
        finally:
            sys.stderr.flush()
            os._exit(1)
    os.close(doing)
    os.close(1)
    select.select([0, done], [], [])
    os.kill(supervisor, signal.SIGKILL)
    os.waitpid(supervisor, 0)
    if order["user"] is not None:
        kill_user(order["user"])
    kill_descendants()


def be_killed_first() -> None:
    """Where memory ends, before the grader; children inherit it, and may write to no /proc."""
    Path("/proc/self/oom_score_adj").write_text("1000")


def supervise(order: Mapping[str, Any]) -> None:
    """Runs the child; returns when it ended. Killing this process ends its system calls."""
    sys.path.append(order["packages"])
    from sandlock import Sandbox
    from sandlock.sandbox import StdioMode

    folder = f"{order['box']}/tmp"
    sandbox = Sandbox(
        fs_readable=[order["box"], *order["readable"]],
        fs_writable=[folder, os.devnull],
        **({} if order["mounts"] else of_a_size(folder, order)),
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


def of_a_size(folder: str, order: Mapping[str, Any]) -> dict[str, Any]:
    """Without a mount of a given size, sandlock's copy-on-write keeps the size of the folder."""
    from sandlock.sandbox import BranchAction

    return {
        "workdir": folder,
        "fs_storage": order["storage"],
        "max_disk": order["disk_bytes"],
        "on_exit": BranchAction.ABORT,
    }


def build_box(order: Mapping[str, Any]) -> None:
    """From root: the box as mounts that only we and our children see."""
    box = Path(order["box"])
    _call("unshare", libc.unshare(CLONE_NEWNS))
    _mount(None, "/", None, MS_REC | MS_PRIVATE)
    _mount("tmpfs", box, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=1m")
    for source, target in order["mounts"]:
        place = box / target
        place.parent.mkdir(parents=True, exist_ok=True)
        place.mkdir() if Path(source).is_dir() else place.touch()
        _mount(source, place, None, MS_BIND)
        _mount(None, place, None, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV)
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


def _call(what: str, result: int) -> None:
    if result != 0:
        why = os.strerror(ctypes.get_errno())
        sys.exit(f"{what}: {why}. Run the grader as an ordinary user, who needs no mounts here")


def kill_user(user: int) -> None:
    """All that the child became, at one stroke: a chain of forks cannot outrun it."""
    killer = os.fork()
    if killer == 0:
        os.setresuid(user, user, user)
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)
        os._exit(0)
    os.waitpid(killer, 0)


def kill_descendants() -> None:
    """Until we have no child: a killed process leaves its children to us."""
    while True:
        for child in _children():
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _children() -> Iterator[int]:
    me = str(os.getpid())
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError):
                stat = Path("/proc", entry, "stat").read_text(errors="replace")
                if stat.rpartition(")")[2].split()[1] == me:
                    yield int(entry)


if __name__ == "__main__":
    main()
