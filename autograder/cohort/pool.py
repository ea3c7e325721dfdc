"""Work for many, through the standard executor interface: processes here, or a Dask cluster.

A worker that dies takes down what it was doing, and in a process pool everything else that was
running, too. Whoever was there is then tried alone, so that only the one that kills is blamed.
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
PATIENCE_S = 10
GRACE_S = 5

T = TypeVar("T")
R = TypeVar("R")


class ClusterError(Exception):
    """The cluster could not be used; the message says what to do."""


@dataclass(frozen=True)
class Failed:
    """Work that was not done, in several attempts where another might have helped, and why."""

    reason: str


class Pool(Protocol):
    """Where executors come from.

    Attributes:
        workers: how many tasks are done at once.
    """

    workers: int

    def executor(self, *, anew: bool = False) -> Executor:
        """The one that there is; `anew` where that broke."""

    def close(self) -> None:
        """Nothing of it runs on: what has been begun is done first."""

    def abandon(self) -> None:
        """Nothing of it runs on, and what has been begun is not done."""


def processors() -> int:
    """How many this process may use, which can be fewer than the machine has."""
    return len(os.sched_getaffinity(0))


class Processes:
    """Processes of this machine."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._executor: ProcessPoolExecutor | None = None

    def executor(self, *, anew: bool = False) -> Executor:
        if anew:
            self.close()
        if self._executor is None:
            self._executor = ProcessPoolExecutor(
                self.workers,
                mp_context=multiprocessing.get_context("spawn"),  # the parent has threads
                initializer=_begin,
                initargs=(os.getpid(),),
            )
        return self._executor

    def close(self) -> None:
        if self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)
            self._executor = None

    def abandon(self) -> None:
        """Ends the workers: first so that they clear up, then for sure. Sandboxes end with them."""
        workers = multiprocessing.active_children()
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)
        deadline = time.monotonic() + GRACE_S
        while time.monotonic() < deadline and any(worker.is_alive() for worker in workers):
            for worker in workers:  # again: one that has ended its task may begin the next
                worker.terminate()
            time.sleep(GRACE_S / 10)
        for worker in workers:
            worker.kill()
        self.close()


def _begin(parent: int) -> None:
    """A worker leaves an interruption from the keyboard to its parent, and ends when that ends.

    The workers fill the processors: each judges what was learnt with one thread. numpy, which is
    not imported yet, looks at these names when it is.
    """
    os.environ.update(dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1"))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _leave(*_: object) -> None:
    """Told to terminate, it goes by an exception, so that nothing stays of what it did."""
    sys.stderr = open(os.devnull, "w")  # noqa: SIM115  (pytest has something to say about it)
    sys.exit(1)


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


class Cluster:
    """An existing Dask cluster, whose workers see the same files under the same paths."""

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client
        except ImportError:
            raise ClusterError(
                "--scheduler needs Dask: pip install 'autograder[cluster]'"
            ) from None
        try:
            self._client = Client(address, timeout=PATIENCE_S)
        except (OSError, ValueError) as error:
            raise ClusterError(f"there is no Dask scheduler at {address}: {error}") from None
        self.workers = sum(self._client.nthreads().values())
        if not self.workers:
            self._client.close()
            raise ClusterError(f"the Dask scheduler at {address} has no workers yet")

    def executor(self, *, anew: bool = False) -> Executor:
        executor: Executor = self._client.get_executor(pure=False)
        return executor

    def close(self) -> None:
        self._client.close()

    abandon = close
    """Dask forgets what nobody waits for."""


@contextmanager
def closing(pool: Pool) -> Iterator[Pool]:
    try:
        yield pool
    except BaseException:
        pool.abandon()
        raise
    pool.close()


def begun(function: Callable[..., R], *arguments: Any, pool: Pool) -> list[Future[R]]:
    """Has every worker do the same, as many tasks as there are workers, and does not wait."""
    executor = pool.executor()
    return [executor.submit(function, *arguments) for _ in range(pool.workers)]


def done(
    tasks: Iterable[T], function: Callable[[T, Any], R], shared: Any, pool: Pool
) -> Iterator[tuple[T, R | Failed]]:
    """`function(task, shared)` for every task, in the order in which they are finished.

    Few tasks are handed out ahead, so memory does not grow with their number.
    """
    waiting, suspects = deque(tasks), deque[T]()
    attempts: Counter[T] = Counter()
    running: dict[Future[R], T] = {}
    executor, lone = pool.executor(), False
    while waiting or suspects or running:
        if not running:
            lone = bool(suspects)
        broken = False
        source, room = (suspects, 1) if lone else (waiting, 2 * pool.workers)
        while source and len(running) < room and (lone or not suspects):
            task = source.popleft()
            try:
                running[executor.submit(function, task, shared)] = task
            except BrokenExecutor:  # a worker died just now
                source.appendleft(task)
                broken = True
                break
        fallen: dict[T, BaseException] = {}
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            task, error = running.pop(future), future.exception()
            if error is None:
                yield task, future.result()
            else:
                fallen[task] = error
        if broken or any(isinstance(error, BrokenExecutor) for error in fallen.values()):
            fallen |= dict.fromkeys(running.values(), BrokenExecutor())
            running.clear()
            executor = pool.executor(anew=True)
        for task, error in fallen.items():
            attempts[task] += lone or not isinstance(error, BrokenExecutor)
            if attempts[task] < ATTEMPTS:
                suspects.append(task)
            else:
                yield task, Failed(_said(error))


def _said(error: BaseException) -> str:
    if isinstance(error, BrokenExecutor) or type(error).__name__ == "KilledWorker":
        return f"grading it ended the grader's own process {ATTEMPTS} times (out of memory?)"
    text = " ".join(str(error).split())[:500]
    return f"the grader could not grade it: {type(error).__name__}: {text}"
