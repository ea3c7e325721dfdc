"""Runs many tasks through the standard executor interface: local processes or a Dask cluster.

A worker that dies loses its task. In a process pool, every other running task is lost, too. The
lost tasks are then retried one at a time, so that only the task that kills its worker is blamed.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from concurrent.futures.process import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

ATTEMPTS = 3
CONNECT_TIMEOUT_S = 10
EXIT_TIMEOUT_S = 5

T = TypeVar("T")
R = TypeVar("R")


class ClusterError(Exception):
    """The cluster cannot be used; the message says what to do."""


@dataclass(frozen=True)
class Failed:
    """A task that failed, even after retries where a retry might have helped."""

    reason: str


class Pool(Protocol):
    """Something that runs tasks: it provides executors.

    Attributes:
        workers: how many tasks run at once.
    """

    workers: int

    def executor(self, *, replace_broken: bool = False) -> Executor:
        """The current executor; with `replace_broken`, a new one in place of a broken one."""

    def close(self) -> None:
        """Wait for the running tasks, then stop."""

    def abandon(self) -> None:
        """Stop without waiting for the running tasks."""


def processors() -> int:
    """How many CPUs this process may use, which can be fewer than the machine has."""
    return len(os.sched_getaffinity(0))


class Processes:
    """A pool of processes on this machine."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._executor: ProcessPoolExecutor | None = None

    def executor(self, *, replace_broken: bool = False) -> Executor:
        if replace_broken:
            self.close()
        if self._executor is None:
            self._executor = ProcessPoolExecutor(
                self.workers,
                mp_context=multiprocessing.get_context("spawn"),  # the parent has threads
                initializer=_initialize_worker,
                initargs=(os.getpid(),),
            )
        return self._executor

    def close(self) -> None:
        if self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)
            self._executor = None

    def abandon(self) -> None:
        """Terminate the workers, so that they can clean up, then kill those that are left.

        Their sandboxes end with them.
        """
        workers = multiprocessing.active_children()
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)
        deadline = time.monotonic() + EXIT_TIMEOUT_S
        while time.monotonic() < deadline and any(worker.is_alive() for worker in workers):
            for worker in workers:  # repeatedly: after its task, a worker may start the next one
                worker.terminate()
            time.sleep(EXIT_TIMEOUT_S / 10)
        for worker in workers:
            worker.kill()
        self.close()


def _initialize_worker(parent: int) -> None:
    """Set up a worker: it leaves Ctrl-C to its parent, and exits when its parent does.

    The workers together use every CPU, so each computes with one thread. numpy is not imported yet;
    it reads these variables on import.
    """
    os.environ.update(dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1"))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _exit_on_sigterm)
    threading.Thread(target=_exit_with_parent, args=(parent,), daemon=True).start()


def _exit_on_sigterm(*_: object) -> None:
    """Exit by an exception, so that temporary files and folders are removed."""
    sys.stderr = open(os.devnull, "w")  # noqa: SIM115  (pytest would report the exit)
    sys.exit(1)


def _exit_with_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


class Cluster:
    """An existing Dask cluster. Its workers must see the same files under the same paths."""

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client
        except ImportError:
            raise ClusterError(
                "--scheduler needs Dask: pip install 'autograder[cluster]'"
            ) from None
        try:
            self._client = Client(address, timeout=CONNECT_TIMEOUT_S)
        except (OSError, ValueError) as error:
            raise ClusterError(f"there is no Dask scheduler at {address}: {error}") from None
        self.workers = sum(self._client.nthreads().values())
        if not self.workers:
            self._client.close()
            raise ClusterError(f"the Dask scheduler at {address} has no workers yet")

    def executor(self, *, replace_broken: bool = False) -> Executor:
        executor: Executor = self._client.get_executor(pure=False)
        return executor

    def close(self) -> None:
        self._client.close()

    abandon = close
    """The cluster cancels tasks when its client disconnects."""


@contextmanager
def closing(pool: Pool) -> Iterator[Pool]:
    try:
        yield pool
    except BaseException:
        pool.abandon()
        raise
    pool.close()


def submit_to_every_worker(
    function: Callable[..., R], *arguments: Any, pool: Pool
) -> list[Future[R]]:
    """Submit the same call once per worker, without waiting for the results."""
    executor = pool.executor()
    return [executor.submit(function, *arguments) for _ in range(pool.workers)]


def completed(
    tasks: Iterable[T], function: Callable[[T, Any], R], shared: Any, pool: Pool
) -> Iterator[tuple[T, R | Failed]]:
    """Call `function(task, shared)` for every task; yield each result as it completes.

    Only a few tasks are submitted ahead, so memory does not grow with their number.
    """
    waiting, suspects = deque(tasks), deque[T]()
    attempts: Counter[T] = Counter()
    running: dict[Future[R], T] = {}
    executor, one_at_a_time = pool.executor(), False
    while waiting or suspects or running:
        if not running:
            one_at_a_time = bool(suspects)
        broken = False
        source, limit = (suspects, 1) if one_at_a_time else (waiting, 2 * pool.workers)
        while source and len(running) < limit and (one_at_a_time or not suspects):
            task = source.popleft()
            try:
                running[executor.submit(function, task, shared)] = task
            except BrokenExecutor:  # a worker died just now
                source.appendleft(task)
                broken = True
                break
        failures: dict[T, BaseException] = {}
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            task, error = running.pop(future), future.exception()
            if error is None:
                yield task, future.result()
            else:
                failures[task] = error
        if broken or any(isinstance(error, BrokenExecutor) for error in failures.values()):
            failures |= dict.fromkeys(running.values(), BrokenExecutor())
            running.clear()
            executor = pool.executor(replace_broken=True)
        for task, error in failures.items():
            attempts[task] += one_at_a_time or not isinstance(error, BrokenExecutor)
            if attempts[task] < ATTEMPTS:
                suspects.append(task)
            else:
                yield task, Failed(_failure_reason(error))


def _failure_reason(error: BaseException) -> str:
    if isinstance(error, BrokenExecutor) or type(error).__name__ == "KilledWorker":
        return f"grading it killed the grader's own process {ATTEMPTS} times (out of memory?)"
    text = " ".join(str(error).split())[:500]
    return f"the grader could not grade it: {type(error).__name__}: {text}"
