"""Runs many tasks in local processes, or on a Dask cluster.

In a process pool, a worker that dies takes every running task with it. These are then retried one
at a time, so that only the task that kills its worker is blamed. On a cluster, a task that failed
is retried at once on another worker, see `cluster`.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    wait,
)
from concurrent.futures.process import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any, Protocol, TypeVar

ATTEMPTS = 3
KILLS = 2
"""A task that killed so many workers is not tried again."""
EXIT_TIMEOUT_S = 5
MOST_KEPT_AT_ONCE = 16
"""When so many results are still being kept, no further tasks are started."""
TICK_S = 0.5
"""How often messages of running tasks are passed on."""

T = TypeVar("T")
R = TypeVar("R")


class WorkerError(Exception):
    """A task raised an exception on a worker of a cluster; the message says where."""

    def __init__(self, worker: str, reason: str) -> None:
        super().__init__(worker, reason)  # both, so that it can be pickled
        self.worker, self.reason = worker, reason

    def __str__(self) -> str:
        return f"{self.reason} (on the worker {self.worker})"


class NotBegun(Exception):  # noqa: N818
    """The worker of a cluster died before it began the task."""


@dataclass(frozen=True)
class Failed:
    """A task that failed, even after retries where a retry might have helped."""

    reason: str


class Pool(Protocol):
    """Something that runs tasks: it provides executors.

    Attributes:
        isolated: whether only the task is blamed that a worker was at when it died.
        shares_files: whether workers see the files of this machine.
    """

    isolated: bool
    shares_files: bool

    @property
    def workers(self) -> int:
        """How many tasks run at once."""

    @property
    def ahead(self) -> int:
        """How many tasks are submitted at once."""

    def executor(self, *, replace_broken: bool = False, avoid: Collection[str] = ()) -> Executor:
        """The current executor.

        Args:
            replace_broken: make a new one in place of a broken one.
            avoid: names of workers, as in WorkerError, on which the task failed before, or that
                have failed at another one.
        """

    def submit_to_every_worker(
        self, function: Callable[..., R], *arguments: Any
    ) -> list[Future[R]]:
        """Submit the same call once per worker, without waiting for the results."""

    def blame(self, workers: Collection[str]) -> None:
        """A task that failed on these workers was completed by another."""

    def messages(self) -> Iterator[str]:
        """What tasks have told since the last call, see `tell`."""

    def close(self) -> None:
        """Wait for the running tasks, then stop."""

    def abandon(self) -> None:
        """Stop without waiting for the running tasks."""


_listener = threading.local()


def tell(message: str) -> None:
    """Tell the process that submitted the running task how far it is.

    A message is short, less than PIPE_BUF, and may get lost.
    """
    send = getattr(_listener, "send", None) or _send_to_parent
    send(message)


@contextmanager
def telling(send: Callable[[str], None]) -> Iterator[None]:
    """Within the block, messages of this thread go to `send`."""
    _listener.send = send
    try:
        yield
    finally:
        del _listener.send


def processors() -> int:
    """How many CPUs this process may use, which can be fewer than the machine has."""
    return len(os.sched_getaffinity(0))


class Processes:
    """A pool of processes on this machine."""

    isolated = False
    shares_files = True

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self.ahead = 2 * workers  # no worker waits for its next task
        self._executor: ProcessPoolExecutor | None = None
        self._messages: Connection | None = None

    def executor(self, *, replace_broken: bool = False, avoid: Collection[str] = ()) -> Executor:
        if replace_broken:
            self.close()
        if self._executor is None:
            context = multiprocessing.get_context("spawn")  # the parent has threads
            # no lock, which a worker that is killed might hold: short messages are written whole
            self._messages, sending = context.Pipe(duplex=False)
            os.set_blocking(sending.fileno(), False)
            self._executor = ProcessPoolExecutor(
                self.workers,
                mp_context=context,
                initializer=_initialize_worker,
                initargs=(os.getpid(), sending),
            )
        return self._executor

    def submit_to_every_worker(
        self, function: Callable[..., R], *arguments: Any
    ) -> list[Future[R]]:
        executor = self.executor()
        return [executor.submit(function, *arguments) for _ in range(self.workers)]

    def blame(self, workers: Collection[str]) -> None:
        """Processes of one machine are all alike."""

    def messages(self) -> Iterator[str]:
        with contextlib.suppress(EOFError, OSError):
            while self._messages is not None and self._messages.poll():
                yield self._messages.recv_bytes().decode()

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


_parent: Connection | None = None
"""In a worker process: where messages are written to."""


def _send_to_parent(message: str) -> None:
    if _parent is not None:
        with contextlib.suppress(OSError):  # full: the parent is busy
            _parent.send_bytes(message.encode())


def _initialize_worker(parent: int, messages: Connection) -> None:
    """Set up a worker: it leaves Ctrl-C to its parent, and exits when its parent does.

    The workers together use every CPU, so each computes with one thread. numpy is not imported yet;
    it reads these variables on import.
    """
    global _parent
    _parent = messages
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


@contextmanager
def closing(pool: Pool) -> Iterator[Pool]:
    try:
        yield pool
    except BaseException:
        pool.abandon()
        raise
    pool.close()


@dataclass
class _Failures:
    """How often a task failed.

    Attributes:
        attempts: exceptions that it raised.
        kills: workers that it killed.
        workers: names of the workers on which it raised an exception.
    """

    attempts: int = 0
    kills: int = 0
    workers: set[str] = field(default_factory=set)

    def are_final(self, error: BaseException, alone: bool) -> bool:
        """Count this failure, too. Returns whether the task is not worth another attempt.

        Where a broken executor lost several tasks, none is to blame (`alone` is False).
        """
        if isinstance(error, NotBegun):
            return False
        if isinstance(error, BrokenExecutor):
            self.kills += alone
        elif killed_its_worker(error):
            self.kills += 1
        else:
            self.attempts += 1
        if isinstance(error, WorkerError):
            self.workers.add(error.worker)
        return self.attempts >= ATTEMPTS or self.kills >= KILLS


def completed(
    tasks: Iterable[T | None],
    function: Callable[[T, Any], R],
    shared: Any,
    pool: Pool,
    heard: Callable[[str], None] = lambda message: None,
    kept: Callable[[T, R], Future[Any] | None] = lambda task, result: None,
) -> Iterator[tuple[T, Any]]:
    """Call `function(task, shared)` for every task; yield each result as it completes.

    Only a few tasks are submitted ahead, so memory does not grow with their number.

    Args:
        tasks: what is to be done. None instead of a task: nothing more can be started until another
            result was yielded.
        function, shared: the function, and its second argument.
        pool: runs the calls.
        heard: called with what running tasks tell.
        kept: called with each result, to begin to keep it if that takes long: what comes of that
            is yielded instead. Meanwhile the worker gets its next task.
    """
    source, retries = iter(tasks), deque[T]()
    failures: defaultdict[T, _Failures] = defaultdict(_Failures)
    running: dict[Future[R], T] = {}
    keeping: dict[Future[Any], T] = {}
    alone = False
    while True:
        if not running:
            alone = bool(retries) and not pool.isolated
        broken = False
        try:
            limit = 1 if alone else pool.ahead
            while len(running) < limit and len(keeping) < MOST_KEPT_AT_ONCE:
                if retries and (alone or pool.isolated):
                    task: T | None = retries.popleft()
                else:
                    task = None if alone or retries else next(source, None)
                if task is None:
                    break
                retries.appendleft(task)
                before = failures[task].workers if task in failures else set()
                avoid = _suspected(failures) | before
                running[pool.executor(avoid=avoid).submit(function, task, shared)] = task
                retries.popleft()
        except BrokenExecutor:  # a worker died just now, or the scheduler went away
            broken = True
        if not running and not keeping and not broken:
            return
        failed: dict[T, BaseException] = {}
        for future in wait([*running, *keeping], TICK_S, FIRST_COMPLETED).done:
            if future in keeping:
                yield keeping.pop(future), future.result()
                continue
            task = running.pop(future)
            error = BrokenExecutor() if future.cancelled() else future.exception()
            if error is None:
                if task in failures:
                    pool.blame(failures.pop(task).workers)
                if (writing := kept(task, future.result())) is None:
                    yield task, future.result()
                else:
                    keeping[writing] = task
            else:
                failed[task] = error
        for message in pool.messages():
            heard(message)
        if broken or any(isinstance(error, BrokenExecutor) for error in failed.values()):
            failed |= dict.fromkeys(running.values(), BrokenExecutor())
            running.clear()
            pool.executor(replace_broken=True)
        for task, error in failed.items():
            if failures[task].are_final(error, alone):
                del failures[task]
                yield task, Failed(failure_reason(error))
            else:
                retries.append(task)


def _suspected(failures: Mapping[Any, _Failures]) -> set[str]:
    """Workers at which a task failed that has not been tried at another one yet."""
    return set().union(*(each.workers for each in failures.values() if len(each.workers) == 1))


def killed_its_worker(error: BaseException | None) -> bool:
    """Whether a worker of a cluster died of a task."""
    return type(error).__name__ == "KilledWorker"  # of distributed, which need not be installed


def failure_reason(error: BaseException) -> str:
    """Why a submission was set aside."""
    if isinstance(error, BrokenExecutor) or killed_its_worker(error):
        return f"grading it killed the grader's own process {KILLS} times (out of memory?)"
    name, text = type(error).__name__, str(error)
    if isinstance(error, WorkerError):
        return _shortened(f"the grader could not grade it: {text}")
    return _shortened(f"the grader could not grade it: {name}: {text}")


def _shortened(text: str) -> str:
    return " ".join(text.split())[:500]
