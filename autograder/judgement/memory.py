"""A limit on the memory that judging one submission may take.

What a submission sent is bounded, and what judging makes of it should be; this is for the day when
it is not. Under the limit numpy and Python say `MemoryError`, which costs that submission its
check, where the kernel would end the grader with all that it has graded.

A child process would hold the limit as well, and would lose, each time, what makes a class fast:
inputs, rehearsals and suites, which are kept in this process from submission to submission.
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
"""Bytes beyond what is held already. Judging right work was seen to take fewer than 4 MiB of them,
and work that is wrong everywhere 48, for what is kept."""

_changing = threading.Lock()
_inside = 0
_before = resource.RLIM_INFINITY


@contextlib.contextmanager
def limited(most: int = JUDGING) -> Iterator[None]:
    """Within the block this process gets so many bytes of further memory, all its threads together.

    The limit is the process's: a block in another thread, or inside this one, shares the first's.
    """
    global _inside
    with _changing:
        if _inside == 0:
            _begin(most)
        _inside += 1
    try:
        yield
    finally:
        with _changing:
            _inside -= 1
            if _inside == 0:
                _set_soft(_before)


def _begin(most: int) -> None:
    global _before
    _multiply_once()
    _before, hard = resource.getrlimit(resource.RLIMIT_DATA)
    held = _private_bytes()
    if held is None:  # no Linux: there is no sandbox either
        return
    limits = [held + most, *(limit for limit in (_before, hard) if limit != resource.RLIM_INFINITY)]
    _set_soft(min(limits))


@cache
def _multiply_once() -> None:
    """BLAS takes its buffers when it is first used, on every core; without them it ends us."""
    square = np.ones((512, 512))
    square @ square


def _set_soft(limit: int) -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (limit, resource.getrlimit(resource.RLIMIT_DATA)[1]))


def _private_bytes() -> int | None:
    """What RLIMIT_DATA counts (since Linux 4.7): private memory that may be written to."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmData:"))
