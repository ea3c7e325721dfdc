"""The grader's side of `zygote.py`: one zygote for each set of files that are shown, and its forks.

A zygote lives as long as the process that asked for it, or until it was not asked for in a while.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from autograder.sandbox.backend import (
    FLAGS,
    HERE,
    Mount,
    SandboxError,
    environment,
    pipe_of,
    popen,
    said,
)
from autograder.sandbox.packages import interpreter, packages

MOST = 4
PATIENCE_S = 60.0
SCRIPT = HERE / "zygote.py"
_kept: dict[tuple[object, ...], Zygote] = {}
_one_is_made = threading.Lock()


class Zygote:
    """A process that forks children which need not start python or import numpy."""

    def __init__(self, shown: Mapping[str, Path], env: Mapping[str, str]) -> None:
        """It is told no path (`shown` has them by places), for what it forks could read that."""
        self._link, theirs = socket.socketpair()
        with contextlib.ExitStack() as stack:
            stack.enter_context(theirs)
            script = stack.enter_context(SCRIPT.open("rb")).fileno()
            argv = [str(interpreter()), *FLAGS, f"/proc/self/fd/{script}"]
            self.process, self._complaints = popen(argv, env, [script], stdin=theirs.fileno())
            descriptors = []
            for path in shown.values():
                descriptors.append(os.open(path, os.O_PATH | os.O_CLOEXEC))
                stack.callback(os.close, descriptors[-1])
            socket.send_fds(self._link, [json.dumps(list(shown)).encode()], descriptors)
        self._link.settimeout(PATIENCE_S)
        self._one_at_a_time = threading.Lock()

    def fork(self, script: str, folder: str, argument: str, descriptors: Sequence[int]) -> int:
        """Starts a script in a sandbox and returns the number of the process that waits for it.

        Args:
            script: its place in the box.
            folder: where it runs, in the box.
            argument: what it is told.
            descriptors: of the sandbox's first process, and standard output and error.

        Raises:
            SandboxError: the zygote is no more.
        """
        order = json.dumps({"script": script, "folder": folder}).encode()
        with self._one_at_a_time, tempfile.TemporaryFile() as file:  # it never reads that
            file.write(argument.encode("utf-8", "surrogatepass"))
            file.seek(0)
            try:
                socket.send_fds(self._link, [order], [*descriptors, file.fileno()])
                return int(self._link.recv(64))
            except (OSError, ValueError):
                self._end()
                why = said(self._complaints)
                raise SandboxError(f"no sandbox was filled: {why or 'no answer'}") from None
            except BaseException:  # an interruption: the answer to come would be taken for another
                self._end()
                raise

    def _end(self) -> None:
        """Ends it, and nothing that it forked."""
        self._link.close()
        self.process.kill()
        self.process.wait()

    def __del__(self) -> None:
        if hasattr(self, "process"):
            self._end()
            pipe_of(self.process).close()


def zygote(box: str, folder: str, trusted: Sequence[Mount]) -> Zygote:
    """One that has these files of ours."""
    asked = box, folder, tuple(trusted)
    like = *asked, *environment(folder).items()
    with _one_is_made:
        found = _kept.pop(like, None)
        if found is None or found.process.poll() is not None:
            found = made(*asked)
        _kept[like] = found  # as the last that was asked for
        while len(_kept) > MOST:
            del _kept[next(iter(_kept))]
        return found


def made(box: str, folder: str, trusted: tuple[Mount, ...]) -> Zygote:
    """A new one, see `zygote`."""
    shown = {f"{box}/{mount.target}": mount.source for mount in trusted}
    shown |= {f"{box}/packages/{name}": path for name, path in packages().items()}
    return Zygote(shown, environment(folder))
