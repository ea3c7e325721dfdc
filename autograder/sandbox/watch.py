"""A thread that monitors the resource usage of a sandbox, independently of the output's reader.

The reader may pause between two records, to judge a result or because the machine is busy. The
processes in the sandbox keep running meanwhile, and their limits must still be enforced.
"""

from __future__ import annotations

import contextlib
import threading
import time
from types import TracebackType

from autograder.sandbox.backend import Process, SandboxError, Usage
from autograder.sandbox.limits import MIB, WALL_PER_CPU_SECOND, Limits

POLL_INTERVAL_S = 0.25
OUT_OF_TIME = "the submission as a whole took too long"


class Watch:
    """Monitors a process for the duration of a `with` block, and ends it after the block.

    Kills the process earlier if it exceeds a limit.

    Attributes:
        usage: the most recent measurement; None before the first.
        breach: if it killed the process, how the probe ended ("killed" or "timed out") and why.
    """

    def __init__(self, process: Process, limits: Limits, deadline: float, latest: float) -> None:
        """CPU time that is used extends `deadline`; nothing extends `latest`."""
        self.usage: Usage | None = None
        self.breach: tuple[str, str] | None = None
        self._process = process
        self._limits = limits
        self._deadline, self._latest = deadline, latest
        self._cpu_s = 0.0
        self._failure: Exception | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._monitor, name="watch", daemon=True)

    @property
    def deadline(self) -> float:
        """The submission's deadline, extended by the CPU time of this process."""
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
        self._stop.set()
        try:
            self._process.end()
        finally:
            self._thread.join()
        if isinstance(self._failure, SandboxError):  # it could not be killed
            raise self._failure
        if self._failure is not None:
            raise SandboxError(
                f"the resource usage of a submission could not be measured: {self._failure}"
            ) from self._failure

    def _monitor(self) -> None:
        """Measures until the end. If that fails, kills the process: its limits are not enforced."""
        try:
            while self.breach is None and not self._stop.wait(POLL_INTERVAL_S):
                usage = self._process.usage()
                self._cpu_s = max(self._cpu_s, usage.cpu_s)
                self.usage = usage
                breach = self._breach(usage)
                # if the process ended during the measurement, that was no breach
                if breach is not None and not self._stop.is_set():
                    self.breach = breach
                    self._process.kill()
        except Exception as failure:
            self._failure = failure
            with contextlib.suppress(SandboxError):  # `__exit__` reports `failure`
                self._process.kill()

    def _breach(self, usage: Usage) -> tuple[str, str] | None:
        """How and why a process with this usage must end; None if it is within the limits."""
        if usage.memory_bytes > self._limits.total_bytes:
            most = f"{self._limits.total_bytes // MIB} MiB of memory"
            return "killed", f"its processes took more than {most}"
        if usage.processes > self._limits.processes:
            return "killed", f"it ran more than {self._limits.processes} processes"
        if time.monotonic() > self.deadline:
            return "timed out", OUT_OF_TIME
        return None
