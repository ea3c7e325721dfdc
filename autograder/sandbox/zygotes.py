"""The grader's side of `zygote.py`: starts zygotes, one for each set of files, and asks for forks.

The most recently used zygotes are kept. They end with this process.
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
    error_text,
    popen,
    stdout_of,
)
from autograder.sandbox.packages import interpreter, packages

MOST_ZYGOTES = 4
PATIENCE_S = 60.0
SCRIPT = HERE / "zygote.py"
_kept: dict[tuple[object, ...], Zygote] = {}
_kept_lock = threading.Lock()


class Zygote:
    """A process that has imported numpy and forks children into sandboxes."""

    def __init__(self, shown: Mapping[str, Path], env: Mapping[str, str]) -> None:
        """`shown` maps paths in the box to files of this machine.

        The zygote gets descriptors and never a path of this machine, since its forks could read it.
        """
        self._link, zygote_end = socket.socketpair()
        with contextlib.ExitStack() as stack:
            stack.enter_context(zygote_end)
            script = stack.enter_context(SCRIPT.open("rb")).fileno()
            argv = [str(interpreter()), *FLAGS, f"/proc/self/fd/{script}"]
            self.process, self._stderr = popen(argv, env, [script], stdin=zygote_end.fileno())
            descriptors = []
            for path in shown.values():
                descriptors.append(os.open(path, os.O_PATH | os.O_CLOEXEC))
                stack.callback(os.close, descriptors[-1])
            socket.send_fds(self._link, [json.dumps(list(shown)).encode()], descriptors)
        self._link.settimeout(PATIENCE_S)
        self._fork_lock = threading.Lock()

    def fork(self, script: str, folder: str, argument: str, descriptors: Sequence[int]) -> int:
        """Starts a script in a sandbox and returns the PID of the keeper, which waits for it.

        Args:
            script: its path in the box.
            folder: its working directory in the box.
            argument: its command line argument.
            descriptors: a pidfd of the sandbox's first process, standard output, standard error.

        Raises:
            SandboxError: the zygote has ended.
        """
        request = json.dumps({"script": script, "folder": folder}).encode()
        with self._fork_lock, tempfile.TemporaryFile() as file:  # the zygote itself never reads it
            file.write(argument.encode("utf-8", "surrogatepass"))
            file.seek(0)
            try:
                socket.send_fds(self._link, [request], [*descriptors, file.fileno()])
                return int(self._link.recv(64))
            except (OSError, ValueError):
                self._end()
                why = error_text(self._stderr)
                raise SandboxError(
                    f"the zygote started no child in the sandbox: {why or 'no answer'}"
                ) from None
            except BaseException:  # interrupted: the next call would read this answer
                self._end()
                raise

    def _end(self) -> None:
        """Ends the zygote, but not its forks."""
        self._link.close()
        self.process.kill()
        self.process.wait()

    def __del__(self) -> None:
        if hasattr(self, "process"):
            self._end()
            stdout_of(self.process).close()


def zygote(box: str, folder: str, trusted: Sequence[Mount]) -> Zygote:
    """A running zygote with these files of the grader's, new or kept."""
    arguments = box, folder, tuple(trusted)
    key = *arguments, *environment(folder).items()
    with _kept_lock:
        found = _kept.pop(key, None)
        if found is None or found.process.poll() is not None:
            found = made(*arguments)
        _kept[key] = found  # last in the order of use
        while len(_kept) > MOST_ZYGOTES:
            del _kept[next(iter(_kept))]
        return found


def made(box: str, folder: str, trusted: tuple[Mount, ...]) -> Zygote:
    """A new zygote, see `zygote`."""
    shown = {f"{box}/{mount.target}": mount.source for mount in trusted}
    shown |= {f"{box}/packages/{name}": path for name, path in packages().items()}
    return Zygote(shown, environment(folder))
