"""A Dask cluster as a pool of workers that have the installed package, and no file of ours.

Dask itself notices that a worker died or no longer answers. Added here: a worker has its next task
before it has ended one, so that it never waits; when it dies, only the task that it had begun is
blamed, see `pool.completed`. A scheduler that went away is waited for. A task that raised an
exception is retried on another worker, and a worker at which tasks failed that others completed
gets no more of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import pickle
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from functools import lru_cache, partial
from itertools import count
from typing import TYPE_CHECKING, Any, TypeVar

from autograder.cohort.pool import NotBegun, WorkerError, killed_its_worker, telling

if TYPE_CHECKING:
    from distributed import Client

CONNECT_TIMEOUT_S = 10
ANSWER_TIMEOUT_S = 30
"""A scheduler that does not answer for so long counts as gone."""
WAIT_S = 600
"""How long a scheduler, or a cluster without workers, is waited for."""
REFRESH_S = 1
"""How long the list of workers is used before the scheduler is asked again."""
CLOSE_TIMEOUT_S = 5
MESSAGE_LOG, MESSAGES_KEPT = "distributed.admin.low-level-log-length", 10
"""Dask keeps the last thousand messages of each connection, to look for its own faults: memory
would grow with the class, to gigabytes at the scheduler of 40 workers."""

R = TypeVar("R")


class ClusterError(Exception):
    """The cluster cannot be used; the message says what to do."""


class Cluster:
    """An existing Dask cluster."""

    isolated = True
    shares_files = False

    def __init__(self, address: str, announce: Callable[[str], None] = lambda text: None) -> None:
        """Connects to the scheduler at an address; `announce` is told what the run waits for.

        Raises:
            ClusterError: there is no scheduler, or it has no workers.
        """
        self._address, self._announce = address, announce
        self._bad: set[str] = set()
        self._submitted: dict[int, str] = {}  # calls that have not ended, and their workers
        self._numbers = count()
        self._begun: dict[str, int] = {}  # the call that each worker began last
        self._told: deque[str] = deque()
        self._shared: tuple[object, bytes] | None = None
        try:
            self._connect()
        except (OSError, ValueError) as error:
            raise ClusterError(f"there is no Dask scheduler at {address}: {error}") from None
        if not self._addresses:
            self.close()
            raise ClusterError(f"the Dask scheduler at {address} has no workers yet")

    def _connect(self) -> None:
        """Make a new client.

        Raises:
            OSError, ValueError: there is no scheduler.
        """
        try:
            import dask
            from distributed import Client
        except ImportError:
            raise ClusterError(
                "--scheduler needs Dask: pip install 'autograder[cluster]'"
            ) from None
        dask.config.set({MESSAGE_LOG: MESSAGES_KEPT})
        options = {"timeout": CONNECT_TIMEOUT_S, "set_as_default": False}
        # Client's own time-out does not cover a scheduler that accepts connections and is silent
        self._client: Client = _within(2 * CONNECT_TIMEOUT_S, Client, self._address, **options)
        self._addresses = self._ask_for_workers()
        # Dask would put a task that killed its worker behind others, which it might then kill, too
        self._failures_before = self._client.run_on_scheduler(_set_allowed_failures, 0)
        self._client.run_on_scheduler(_keep_few_messages)
        self._topic = f"autograder-{self._client.id}"
        self._client.subscribe_topic(self._topic, lambda event: self._hear(event[1]))

    def _hear(self, message: str | tuple[str, int]) -> None:
        if isinstance(message, str):
            self._told.append(message)
        else:
            worker, number = message
            self._begun[worker] = number

    def _ask_for_workers(self) -> Mapping[str, int]:
        """The workers' addresses, and how many threads each has."""
        client = self._client
        if client.scheduler is None:
            raise OSError("the client has given it up")
        answer = client.sync(client.scheduler.ncores, callback_timeout=ANSWER_TIMEOUT_S)
        self._asked_s = time.monotonic()
        return dict(answer)

    @property
    def workers(self) -> int:
        """How many workers there are now.

        Raises:
            BrokenExecutor: the scheduler does not answer.
            ClusterError: all workers have been gone for too long.
        """
        if time.monotonic() > self._asked_s + REFRESH_S:
            try:
                self._addresses = self._ask_for_workers() or self._wait("has no workers left")
            except (OSError, RuntimeError) as error:
                raise BrokenExecutor(str(error)) from None
        return len(self._addresses)

    @property
    def ahead(self) -> int:
        workers = self.workers
        good = [a for a in self._addresses if a not in self._bad]
        return sum(map(self._room, good)) or max(1, workers)

    def _room(self, worker: str) -> int:
        """How many tasks a worker has. With more threads, it would begin the next one, too."""
        return 2 if self._addresses[worker] == 1 else 1

    def _wait(self, trouble: str) -> Mapping[str, int]:
        """Wait for a scheduler with workers; returns them.

        Raises:
            ClusterError: there is none for too long.
        """
        scheduler = f"the Dask scheduler at {self._address}"
        self._announce(f"T{scheduler[1:]} {trouble}; waiting {WAIT_S / 60:.0f} minutes at most.")
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError, ValueError, RuntimeError):
                if self._client.status != "running":
                    self._connect()
                if addresses := self._ask_for_workers():
                    self._announce("It is back.")
                    return addresses
            time.sleep(REFRESH_S)
        raise ClusterError(
            f"{scheduler} {trouble}. All results so far are kept: when it is back, "
            "repeat the command with --resume"
        )

    def executor(self, *, replace_broken: bool = False, avoid: Collection[str] = ()) -> Executor:
        if replace_broken:
            self._close_client()
            self._submitted.clear()
            self._addresses = self._wait("does not answer")
        everyone, tasks = set(self._addresses), Counter([*self._submitted.values()])
        elsewhere = everyone.difference(self._bad, avoid)  # better wait there than fail again
        candidates = elsewhere or everyone - self._bad or everyone
        return _Calls(self, min(candidates, key=lambda w: (tasks[w], w)))

    def _pickled(self, shared: object) -> bytes:
        """What all tasks of a class share is pickled once."""
        if self._shared is None or self._shared[0] is not shared:
            self._shared = shared, pickle.dumps(shared)
        return self._shared[1]

    def submit(self, worker: str, call: bytes, shared: object) -> Future[Any]:
        """Submit a call so that its exception names the worker, and its messages arrive.

        It prefers this worker, but does not wait for it if it is gone.
        """
        number, found = next(self._numbers), Future[Any]()
        arguments = self._topic, number, call, self._pickled(shared)
        where = {"workers": [worker], "allow_other_workers": True}
        try:
            future = self._client.submit(_on_worker, *arguments, pure=False, **where)
        except Exception as error:  # of a client that lost its scheduler
            raise BrokenExecutor(str(error)) from None
        self._submitted[number] = worker
        loop: Any = self._client.loop
        loop.add_callback(self._follow, number, future, found)
        return found

    async def _follow(self, number: int, future: Any, found: Future[Any]) -> None:
        """Pass on how a call ends; this runs in the client's event loop.

        Dask's own executor leaves a call without an end when its result was lost with a worker, and
        the call then fails where it is repeated.
        """
        error: Any = None
        try:
            result = await future
        except (CancelledError, asyncio.CancelledError, OSError) as lost:  # with the scheduler
            error = BrokenExecutor(str(lost))
        except Exception as raised:
            error = raised
        self._submitted.pop(number, None)
        if killed_its_worker(error):
            self._asked_s = -REFRESH_S  # the list of workers is out of date
            if self._begun.get(error.last_worker.address) != number:
                error = NotBegun()
        if error is None:
            found.set_result(result)
        else:
            found.set_exception(error)

    def submit_to_every_worker(
        self, function: Callable[..., R], *arguments: Any
    ) -> list[Future[R]]:
        return [_Calls(self, w).submit(function, *arguments) for w in sorted(self._addresses)]

    def blame(self, workers: Collection[str]) -> None:
        for worker in sorted(set(workers) - self._bad):
            self._bad.add(worker)
            self._announce(
                f"A task that failed on the worker {worker} was completed by another; "
                "it gets no more tasks while others are there."
            )

    def messages(self) -> Iterator[str]:
        while self._told:
            yield self._told.popleft()

    def close(self) -> None:
        with contextlib.suppress(Exception):  # it may be gone
            self._client.run_on_scheduler(_set_allowed_failures, self._failures_before)
        self._close_client()

    def abandon(self) -> None:
        """The cluster cancels tasks when its client disconnects."""
        self._close_client()

    def _close_client(self) -> None:
        with contextlib.suppress(Exception):  # the other side may be gone
            self._client.close(timeout=CLOSE_TIMEOUT_S)


class _Calls(Executor):
    """Submits calls for one worker through the cluster.

    A call travels as bytes: Dask's scheduler would unpickle objects and pickle them again.
    """

    def __init__(self, cluster: Cluster, worker: str) -> None:
        self._cluster, self._worker = cluster, worker

    def submit(self, function: Callable[..., R], /, *args: Any, **options: Any) -> Future[R]:
        *own, shared = args
        call = pickle.dumps(partial(function, *own, **options))
        return self._cluster.submit(self._worker, call, shared)


def _within(seconds: float, function: Callable[..., R], *args: Any, **options: Any) -> R:
    """Call a function that may never return.

    Raises:
        TimeoutError: it did not return in time. It is left behind, in a thread.
    """
    result: Future[R] = Future()

    def call() -> None:
        try:
            result.set_result(function(*args, **options))
        except BaseException as error:
            result.set_exception(error)

    threading.Thread(target=call, daemon=True).start()
    return result.result(seconds)


def _on_worker(topic: str, number: int, call: bytes, shared: bytes) -> Any:
    from distributed import get_worker
    from distributed.utils import sync

    worker = get_worker()
    try:
        # waits for the answer: the call may kill this worker at once
        begins = worker.scheduler.log_event
        sync(worker.loop, begins, topic=topic, msg=(worker.address, number))
        function = pickle.loads(call)
        with telling(lambda message: worker.log_event(topic, message)):
            return function(_unpickled(shared))
    except Exception as error:
        raise WorkerError(worker.address, f"{type(error).__name__}: {error}") from None


@lru_cache(maxsize=1)
def _unpickled(shared: bytes) -> Any:
    """What all tasks of a class share stays one object, which may keep what it computes once."""
    return pickle.loads(shared)


def _keep_few_messages(dask_scheduler: Any = None) -> None:
    """Let the scheduler forget what it sent to its workers, which holds submissions."""
    import dask

    dask.config.set({MESSAGE_LOG: MESSAGES_KEPT})  # for workers that join later
    for connection in dask_scheduler.stream_comms.values():
        connection.recent_message_log = deque(maxlen=MESSAGES_KEPT)


def _set_allowed_failures(number: int, dask_scheduler: Any = None) -> int:
    """Set how often the scheduler itself retries a task whose worker died; returns the old number.

    It counts a death against every task that was assigned to the worker.
    """
    before: int = dask_scheduler.allowed_failures
    dask_scheduler.allowed_failures = number
    return before
