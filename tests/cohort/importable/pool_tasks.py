"""Tasks that the tests of the pool run in other processes."""

import os
import signal
from pathlib import Path


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


def slow(task: int, folder: str) -> int:
    """Records its process id, then waits to be killed."""
    Path(folder, str(os.getpid())).touch()
    while not Path(folder, "go on").exists():
        signal.sigtimedwait([], 0.05)
    return task


def dying(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)
