"""No sandbox at all (`--sandbox none`): for files that the instructor wrote, such as the solution.

Time, memory and output are limited as everywhere; nothing is hidden, and reports say so.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from autograder.sandbox.backend import (
    ENDED,
    FIRST_TO_BE_KILLED,
    FLAGS,
    STATE,
    Mount,
    Process,
    environment,
    family,
    folder_of_links,
    pipe_of,
    popen,
)
from autograder.sandbox.limits import Limits
from autograder.sandbox.packages import interpreter, packages


class Unconfined:
    """Runs the child as an ordinary process of this user."""

    name = "none"
    confines = False

    def unavailable(self) -> str | None:
        return None

    def start(
        self,
        script: str,
        config: Mapping[str, Any],
        mounts: Sequence[Mount],
        limits: Limits,
    ) -> Process:
        packaged = [Mount(path, f"packages/{name}") for name, path in packages().items()]
        with contextlib.ExitStack() as stack:
            box = stack.enter_context(folder_of_links([*mounts, *packaged]))
            # the kernel counts the processes of a user, not of a sandbox: here that is everybody's
            bounds = {**asdict(limits), "processes": None}
            full = {**config, "limits": bounds, "user": None, "sandboxed": False}
            argv = [str(interpreter()), *FLAGS, str(box / script), json.dumps(full)]
            process, complaints = popen(argv, environment(str(box / "tmp")))
            stack.callback(kill_family, process)
            with contextlib.suppress(OSError):  # not on every system; what it starts inherits it
                Path(f"/proc/{process.pid}/oom_score_adj").write_text(FIRST_TO_BE_KILLED)
            return Process([process.pid], pipe_of(process), complaints, stack.pop_all().close)


def kill_family(process: subprocess.Popen[bytes]) -> None:
    """Kills all that it started, each in whatever session, and then the process itself.

    It adopts their orphans, and is stopped first, so that it starts no more meanwhile.
    """
    with contextlib.suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGSTOP)
    while left := _alive_under(process.pid):
        for pid in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
    process.kill()
    process.wait()


def _alive_under(ancestor: int) -> list[int]:
    return [
        pid for pid, stat in family(ancestor).items() if pid != ancestor and stat[STATE] != ENDED
    ]
