"""A Dask scheduler and workers as processes of their own, which a test can stop, kill and fill.

The workers see no file of the class: each has an empty folder of its own.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from distributed import Client

TESTS, IMPORTABLE = Path(__file__).parents[1], Path(__file__).parent / "importable"


class DaskProcesses:
    """A scheduler and its workers."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder, self._environment = folder, environment
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{self._port}"
        self.workers: list[subprocess.Popen] = []
        self.scheduler = self.start_scheduler()

    def start_scheduler(self) -> subprocess.Popen:
        words = "--host", "127.0.0.1", "--port", str(self._port), "--no-dashboard", "--no-show"
        self.scheduler = self._start("scheduler", *words)
        return self.scheduler

    def start_worker(self, **environment: str) -> subprocess.Popen:
        """Starts a worker without a nanny, so that its process can be stopped and killed."""
        words = "--no-nanny", "--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1"
        worker = self._start("worker", self.address, *words, **environment)
        self.workers.append(worker)
        return worker

    def wait_for_workers(self, number: int) -> None:
        with Client(self.address, timeout=60, set_as_default=False) as client:
            client.wait_for_workers(number, timeout=60)

    def _start(self, kind: str, *words: str, **environment: str) -> subprocess.Popen:
        here = self.folder / f"{kind}-{len(self.workers)}-{time.monotonic_ns()}"
        here.mkdir(parents=True)
        paths = os.pathsep.join(map(str, (TESTS.parent, TESTS, IMPORTABLE)))
        quick = {"DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "5s", "OPENBLAS_NUM_THREADS": "1"}
        own = self._environment | environment
        with (here / "log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "distributed.cli.dask_" + kind, *words],
                cwd=here,
                env={**os.environ, "PYTHONPATH": paths, **quick, **own},
                stdout=log,
                stderr=log,
            )

    def log(self) -> str:
        return "\n".join(path.read_text() for path in sorted(self.folder.glob("*/log")))

    def close(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait()
