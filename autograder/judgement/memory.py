"""Limits the memory that judging one submission may use.

The values from a submission have bounded size, and judging them should need bounded memory. This
limit is a second line of defence. When it is reached, numpy and Python raise `MemoryError`, and the
submission fails that check. Without it, the kernel might kill the grader and lose all its results.

A child process could enforce the limit, too. But it would lose the caches of inputs, suites and
the variants' results that this process keeps between submissions, which make grading a class fast.
"""

from __future__ import annotations

import contextlib
import resource
import threading
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np

JUDGING = 512 * 2**20
"""Bytes in addition to those in use already. In measurements, judging correct work took less than 4
MiB, and work with mistakes everywhere 48 MiB, which is for caches."""

_changing = threading.Lock()
_nesting = 0
_previous = resource.RLIM_INFINITY


@contextlib.contextmanager
def memory_limited(most: int = JUDGING) -> Iterator[None]:
    """Inside the block, all threads of this process together get at most `most` more bytes.

    The limit applies to the process: nested blocks and other threads share the first block's limit.
    """
    global _nesting
    with _changing:
        if _nesting == 0:
            _begin(most)
        _nesting += 1
    try:
        yield
    finally:
        with _changing:
            _nesting -= 1
            if _nesting == 0:
                _set_soft(_previous)


def _begin(most: int) -> None:
    global _previous
    _multiply_once()
    _previous, hard = resource.getrlimit(resource.RLIMIT_DATA)
    used = _private_bytes()
    if used is None:  # not Linux, where there is no sandbox either
        return
    finite = (limit for limit in (_previous, hard) if limit != resource.RLIM_INFINITY)
    _set_soft(min([used + most, *finite]))


@cache
def _multiply_once() -> None:
    """Makes BLAS allocate its buffers on every core now; if it cannot, it ends the process."""
    square = np.ones((512, 512))
    square @ square


def _set_soft(limit: int) -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (limit, resource.getrlimit(resource.RLIMIT_DATA)[1]))


def _private_bytes() -> int | None:
    """The size of private writable memory, which RLIMIT_DATA limits since Linux 4.7."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmData:"))
