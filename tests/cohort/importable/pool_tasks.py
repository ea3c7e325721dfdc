"""Tasks that the tests of the pool run in other processes."""

import os
import signal
import time
from pathlib import Path

from autograder.cohort.pool import tell


def squared(task: int, shared: int) -> int:
    return task**2 + shared


def deadly(task: int, folder: str) -> int:
    """Task 3 kills its process every time, task 4 only the first time, and task 5 raises."""
    seen = Path(folder, str(task))
    again = seen.exists()
    seen.write_text(str(len(seen.read_text()) + 1 if again else 1))
    if task == 3 or (task == 4 and not again):
        os.kill(os.getpid(), signal.SIGKILL)
    if task == 5:
        raise ValueError("no\ngood")
    return task


def deadly_when_repeated(task: int, folder: str) -> int:
    """Records its process id. Where it is not the first, it kills its process."""
    again = any(Path(folder).iterdir())
    Path(folder, f"{task}-{os.getpid()}").touch()
    if again:
        os.kill(os.getpid(), signal.SIGKILL)
    return task


def slow(task: int, folder: str) -> int:
    """Records its process id, then waits to be killed."""
    Path(folder, str(os.getpid())).touch()
    while not Path(folder, "go on").exists():
        signal.sigtimedwait([], 0.05)
    return task


def dying(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def lasting(task: int, folder: str) -> int:
    """Writes who works at it, and takes a moment."""
    name = Path(folder, f"{task}-{os.getpid()}")
    name.touch()
    time.sleep(1)
    return task


def filling(task: int, folder: str) -> int:
    """Fails on a worker whose disk is full."""
    if "DISK_IS_FULL" in os.environ:
        Path(folder, f"failed-{task}").touch()
        with open("/dev/full", "w") as file:
            file.write("more than fits")
    return task


def telling(task: int, _: object) -> int:
    tell(f"task {task}")
    return task


class Shared:
    """Counts how often it was pickled."""

    times = 0

    def __reduce__(self):
        Shared.times += 1
        return Shared, ()


def same(_: int, shared: Shared) -> int:
    """Which object the worker has."""
    return id(shared)
