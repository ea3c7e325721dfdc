"""A Dask cluster whose workers only replay, and are replaced when they die.

usage: python -m simulation.cluster ADDRESS WORKERS KEPT
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import dask
from distributed import Client, Worker

from simulation.replayed import grading

BENCHMARKS = Path(__file__).parents[1]
IMPORTABLE = os.environ | {"PYTHONPATH": str(BENCHMARKS)}
"""Workers import what they replay; the scheduler unpickles the name of what is to be called."""


def keep_up(address: str, workers: int, kept: Path) -> None:
    """Keeps up so many processes with one worker each, as Dask's nannies do.

    It forks them, so that a new one is there at once and takes little of the processors.
    """
    # the workers are only played: their statistics would take a large part of two processors
    dask.config.set({"distributed.worker.profile.enabled": False})
    for path in kept.glob("*.pickle"):
        grading(kept, path.stem)
    running = set[int]()
    while True:
        while len(running) < workers:
            if (process := os.fork()) == 0:
                asyncio.run(work_at(address))
                os._exit(0)
            running.add(process)
        running.remove(os.wait()[0])


async def work_at(address: str) -> None:
    await (await Worker(address, nthreads=1, memory_limit=0, dashboard=False)).finished()


@contextmanager
def cluster(workers: int, root: Path) -> Iterator[tuple[str, int]]:
    """A Dask cluster on this machine; yields the scheduler's address and its process id."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as started:
        file = Path(name, "scheduler.json")

        def start(*command: object) -> subprocess.Popen[bytes]:
            process = subprocess.Popen(
                [sys.executable, *map(str, command)],
                cwd=name,
                env=IMPORTABLE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            started.callback(process.wait)
            started.callback(os.killpg, process.pid, signal.SIGKILL)
            return process

        options = "--port", "0", "--no-dashboard", "--scheduler-file", file
        scheduler = start("-m", "distributed.cli.dask_scheduler", *options)
        while not file.exists():
            time.sleep(0.05)
        address = json.loads(file.read_text())["address"]
        start("-m", "simulation.cluster", address, workers, root / "kept")
        with Client(address) as client:
            client.wait_for_workers(workers)
        yield address, scheduler.pid


if __name__ == "__main__":
    keep_up(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
