"""A thread that looks at what runs in a sandbox all the time, whatever its reader is doing.

Whoever follows a worker may stop between two of its records, to judge what came or because the
machine is busy. What runs in the sandbox goes on meanwhile, and must not take more than it may.
"""

from __future__ import annotations

import contextlib
import threading
import time
from types import TracebackType

from autograder.sandbox.backend import Process, SandboxError, Usage
from autograder.sandbox.limits import MIB, WALL_PER_CPU_SECOND, Limits

LOOK_S = 0.25
OUT_OF_TIME = "the submission as a whole took too long"


class Watch:
    """Looks at a process until the block ends, kills it when it takes too much, and ends it.

    Attributes:
        seen: what was used when it was last looked; None before the first time.
        breach: how it ended and why, where it was killed for what it took.
    """

    def __init__(self, process: Process, limits: Limits, deadline: float, latest: float) -> None:
        """`deadline` is for a submission that sleeps, `latest` for any."""
        self.seen: Usage | None = None
        self.breach: tuple[str, str] | None = None
        self._process = process
        self._limits = limits
        self._deadline, self._latest = deadline, latest
        self._cpu_s = 0.0
        self._failure: Exception | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="watch", daemon=True)

    @property
    def deadline(self) -> float:
        """That of the submission, later by what this process computed."""
        return min(self._latest, self._deadline + WALL_PER_CPU_SECOND * self._cpu_s)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        try:
            self._process.end()
        finally:
            self._thread.join()
        if self._failure is not None:
            raise SandboxError(
                f"what a submission uses could not be looked at: {self._failure}"
            ) from self._failure

    def _look(self) -> None:
        """What cannot be looked at does not run on: a limit that nobody holds is none."""
        try:
            while self.breach is None and not self._over.wait(LOOK_S):
                seen = self._process.usage()
                self._cpu_s = max(self._cpu_s, seen.cpu_s)
                self.seen = seen
                breach = self._breach(seen)
                # the process may have ended while it was looked at: then nothing was breached
                if breach is not None and not self._over.is_set():
                    self.breach = breach
                    self._process.kill()
        except Exception as failure:
            self._failure = failure
            with contextlib.suppress(SandboxError):  # that it does not end is said at the end
                self._process.kill()

    def _breach(self, seen: Usage) -> tuple[str, str] | None:
        """How a process that uses so much ends, and why; None where it may."""
        if seen.memory_bytes > self._limits.total_bytes:
            most = f"{self._limits.total_bytes // MIB} MiB of memory"
            return "killed", f"its processes took more than {most}"
        if seen.processes > self._limits.processes:
            return "killed", f"it ran more than {self._limits.processes} processes"
        if time.monotonic() > self.deadline:
            return "timed out", OUT_OF_TIME
        return None
