"""No sandbox (`--sandbox none`): for files that the instructor wrote, such as the solution.

Time, memory and output are limited as in a sandbox. Nothing is hidden, and every report says so.
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
    popen,
    stdout_of,
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
            # the kernel counts all processes of a user, and here those include the grader's
            limit_fields = {**asdict(limits), "processes": None}
            full_config = {**config, "limits": limit_fields, "user": None, "sandboxed": False}
            argv = [str(interpreter()), *FLAGS, str(box / script), json.dumps(full_config)]
            process, stderr = popen(argv, environment(str(box / "tmp")))
            stack.callback(kill_family, process)
            with contextlib.suppress(OSError):  # not every system has it; descendants inherit it
                Path(f"/proc/{process.pid}/oom_score_adj").write_text(FIRST_TO_BE_KILLED)
            return Process([process.pid], stdout_of(process), stderr, stack.pop_all().close)


def kill_family(process: subprocess.Popen[bytes]) -> None:
    """Kills all descendants of a process, in whatever session, and then the process itself.

    The process adopts orphans, so all descendants can be found. It is stopped first so that it
    starts no new ones.
    """
    with contextlib.suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGSTOP)
    while pids := _living_descendants(process.pid):
        for pid in pids:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
    process.kill()
    process.wait()


def _living_descendants(ancestor: int) -> list[int]:
    return [
        pid for pid, stat in family(ancestor).items() if pid != ancestor and stat[STATE] != ENDED
    ]
