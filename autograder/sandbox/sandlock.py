"""sandlock: Landlock and seccomp, from PyPI; needs neither root nor namespaces, but Linux 6.12.

There are no mounts here. What the child may read stands in a folder of links, the box, and the
kernel is told that the box and what the links lead to may be read, and nothing else. From root the
box is made of real mounts, in a mount namespace of the launcher's own, so that what lies under a
private home can be read by the user that the child becomes.

    grader -> sandlock_launcher.py (ends everything) -> the same, forked (sandlock's supervisor) ->
    child
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
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
    link,
    pipe_of,
    popen,
)
from autograder.sandbox.limits import Limits
from autograder.sandbox.packages import (
    hidden_within,
    interpreter,
    packages,
    python_files,
    system_files,
)
from autograder.sandbox.slots import Slot

DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")
MOUNTED_AT = "/mnt"
"""Where the box stands from root, seen by the launcher and its children alone."""
PATIENCE_S = 10.0
SUPERVISORS = 1
"""Sandlock's own processes beside the launcher."""


class Sandlock:
    """Runs the child under sandlock."""

    name = "sandlock"
    confines = True

    def unavailable(self) -> str | None:
        if importlib.util.find_spec("sandlock") is None:
            return "the Python package sandlock is not installed (pip install sandlock)"
        import sandlock

        found, needed = sandlock.landlock_abi_version(), sandlock.min_landlock_abi()
        if found < needed:
            return (
                f"sandlock needs Landlock ABI {needed} (Linux 6.12 with Landlock on); this "
                f"kernel has {max(found, 0)}. Install bubblewrap instead, or a newer kernel"
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
            root = os.geteuid() == 0
            slot = stack.enter_context(Slot.take()) if root else None
            shown = [*python_mounts(links=not root), *mounts]
            if root:
                box, storage = Path(MOUNTED_AT), None
            else:
                python = [Mount(linked_python() / part, part) for part in ("python", "packages")]
                box = stack.enter_context(folder_of_links([*python, *mounts]))
                storage = stack.enter_context(folder_of_links([]))
            own = {
                # without a user of its own the kernel would count all of this user's processes
                "limits": {**asdict(limits), "processes": limits.processes if root else None},
                "user": slot and slot.user,
                "sandboxed": True,  # Landlock lets signals go to its own domain only
            }
            order = {
                "box": str(box),
                "argv": [
                    f"{box}/python/bin/{interpreter().name}",
                    *FLAGS,
                    f"{box}/{script}",
                    json.dumps({**config, **own}),
                ],
                "env": {
                    **environment(f"{box}/tmp"),
                    "PYTHONHOME": f"{box}/python",
                    "LD_LIBRARY_PATH": f"{box}/python/lib",
                },
                "readable": [
                    *([] if root else [str(linked_python()), *(str(m.source) for m in shown)]),
                    *map(str, system_files()),
                    *(d for d in DEVICES if os.path.exists(d)),
                ],
                "disk_bytes": limits.disk_bytes,
                "packages": str(_sandlock_home()),
                # from root: real mounts, and a user of the child's own
                "user": slot and slot.user,
                "mounts": [[str(m.source), m.target] for m in shown] if root else [],
                "hidden": [
                    f"python/{place}/{name}"
                    for place, path in python_files().items()
                    for name in hidden_within(path)
                ],
                # otherwise: what sandlock does in their place. Its count of processes misses the
                # ends of those that never did anything, so it is used only where it must be
                "storage": storage and str(storage),
                "processes": None if root else limits.processes,
            }
            launcher = [sys.executable, "-I", "-S", str(HERE / "sandlock_launcher.py")]
            process, complaints = popen([*launcher, json.dumps(order)], {}, stdin=subprocess.PIPE)
            stack.callback(_end, process)
            end = stack.pop_all().close
            return Process([process.pid], pipe_of(process), complaints, end, own=SUPERVISORS)


@functools.cache
def python_mounts(links: bool) -> tuple[Mount, ...]:
    """The interpreter, its standard library and the packages.

    A link cannot hide what is in the folder it leads to, so with links the standard library goes
    entry by entry, without what is installed beside it.
    """
    mounts = []
    for place, path in python_files().items():
        if links and path.is_dir():
            entries = sorted(p for p in path.iterdir() if p.name not in hidden_within(path))
            mounts += [Mount(e.resolve(), f"python/{place}/{e.name}") for e in entries]
        else:
            mounts.append(Mount(path.resolve(), f"python/{place}"))
    return (*mounts, *(Mount(path, f"packages/{name}") for name, path in packages().items()))


@functools.cache
def linked_python() -> Path:
    """Those as a folder of links, made once in the life of this process."""
    folder = tempfile.TemporaryDirectory(prefix="python-")
    atexit.register(folder.cleanup)
    link(Path(folder.name), python_mounts(links=True))
    return Path(folder.name)


def _sandlock_home() -> Path:
    spec = importlib.util.find_spec("sandlock")
    if spec is None or spec.origin is None:
        raise SandboxError("the Python package sandlock is not installed (pip install sandlock)")
    return Path(spec.origin).parent.parent


def _end(process: subprocess.Popen[bytes]) -> None:
    """The launcher ends everything when its standard input does, and then itself."""
    assert process.stdin is not None  # `start` asks for a pipe
    process.stdin.close()
    try:
        process.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise SandboxError("sandlock's launcher did not end what it started") from None
