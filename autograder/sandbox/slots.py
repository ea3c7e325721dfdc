"""Unprivileged user ids for the children of a grader that runs as root.

The kernel limits processes per user, so two children of one user would starve each other. Each
child therefore has a user id of its own while it runs. The id is reserved by a file lock, which the
kernel releases however the grader ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import os
import pwd
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FIRST_USER = 64_200
MOST_SLOTS = 256
LAST_USER = 2**31 - 1
USERS_HERE = Path("/proc/self/uid_map")
LOCKS = next(path for path in (Path("/run/lock"), Path("/run"), Path("/tmp")) if path.is_dir())
"""The same folder for all graders on a machine, whatever their TMPDIR."""


@dataclass(frozen=True)
class Slot:
    """A user id for one child that nobody else on this machine uses."""

    user: int

    @classmethod
    @contextlib.contextmanager
    def take(cls, first: int = FIRST_USER) -> Iterator[Slot]:
        """Reserves the first free user id from `first` on for the duration of the block."""
        folder = LOCKS / "autograder"
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
            raise PermissionError(f"{folder} belongs to another user; remove it")
        for user in range(first, first + MOST_SLOTS):
            if _user_exists(user):
                continue
            lock = os.open(folder / str(user), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(lock)
                continue
            try:
                yield cls(user)
            finally:
                os.close(lock)
            return
        raise RuntimeError(f"all {MOST_SLOTS} user ids for sandboxes are in use")


@functools.cache
def first_in_container() -> int:
    """Where the user ids of a container begin: at random, if it has all ids.

    The kernel counts the processes of a user over all containers of a machine, which see no locks
    of each other.
    """
    inside, outside, count = map(int, USERS_HERE.read_text().split()[:3])
    if inside == outside == 0 and count >= LAST_USER:
        return FIRST_USER + secrets.randbelow(LAST_USER - MOST_SLOTS - FIRST_USER)
    return FIRST_USER


def _user_exists(user: int) -> bool:
    try:
        pwd.getpwuid(user)
    except KeyError:
        return False
    return True
