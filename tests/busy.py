"""Other processes that keep processors busy."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def busy(processes: int) -> Iterator[None]:
    """So many processes, each of which would use one processor, run meanwhile."""
    loop = [sys.executable, "-I", "-S", "-c", "while True: pass"]
    others = [subprocess.Popen(loop, start_new_session=True) for _ in range(processes)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()
