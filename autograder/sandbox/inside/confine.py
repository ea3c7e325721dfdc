"""The limits a process takes on itself inside the sandbox, before any code of a student runs.

Runs inside: standard library only. Limits do not bind root, so from root it becomes another user.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import struct
import sys
import time
from collections.abc import Mapping
from typing import Any

from seccomp import refuse_system_calls

CAPABILITY_VERSION_3 = 0x20080522
ARGUMENTS = 45
"""In /proc/PID/stat after the name: where the command line begins in memory, and then its end."""

PR_SET_CHILD_SUBREAPER = 36
"""Whoever loses its parent becomes a child of ours, so that we know when all are gone."""


def confine(config: Mapping[str, Any]) -> None:
    """Sets hard limits for this process and all it starts, and gives up what it could do.

    Args:
        config: the backend's part of the configuration: `limits`, the fields of `limits.Limits`
            (None means no limit); `user`, the user and group to become for good, None to stay who
            we are; `alone`, whether there is a sandbox at all.
    """
    limits, user = config["limits"], config["user"]
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]  # the grader has less while it judges
    resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))
    for what, value in (
        (resource.RLIMIT_AS, limits["memory_bytes"]),
        (resource.RLIMIT_NOFILE, limits["open_files"]),
        (resource.RLIMIT_FSIZE, limits["file_bytes"]),
        (resource.RLIMIT_NPROC, limits["processes"]),
        (resource.RLIMIT_CORE, 0),
    ):
        if value is None:
            continue
        hard = resource.getrlimit(what)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(what, (value, value))
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
        _give_up_capabilities()  # that of passing some on, too
    if config["sandboxed"]:
        refuse_system_calls()
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def forget_arguments() -> None:
    """Overwrites the command line of this process wherever a student's code could read it again.

    What the grader asks for is in it, and in which way it asks.
    """
    del sys.argv[1:]
    sys.orig_argv = sys.argv[:]
    count, texts = ctypes.c_int(), ctypes.POINTER(ctypes.c_void_p)()
    ctypes.pythonapi.Py_GetArgcArgv(ctypes.byref(count), ctypes.byref(texts))
    for text in texts[: count.value]:
        ctypes.memset(text, 0, len(ctypes.wstring_at(text)) * ctypes.sizeof(ctypes.c_wchar))
    with contextlib.suppress(OSError), open("/proc/self/stat") as file:  # where there is a /proc
        fields = file.read().rpartition(")")[2].split()
        begin, end = int(fields[ARGUMENTS]), int(fields[ARGUMENTS + 1])
        ctypes.memset(begin, 0, end - begin)


def _give_up_capabilities() -> None:
    """Every set empty, the inheritable one too, which a change of user leaves as it is."""
    header = ctypes.create_string_buffer(struct.pack("Ii", CAPABILITY_VERSION_3, 0))
    ctypes.CDLL(None).capset(header, ctypes.create_string_buffer(24))


def fork() -> int:
    """`os.fork` that waits for processes which were just killed to stop counting.

    Raises:
        BlockingIOError: they count on; there are too many.
    """
    pause_s = 0.001
    while True:
        try:
            child = os.fork()
        except BlockingIOError:
            if pause_s > 0.5:
                raise
            time.sleep(pause_s)
            pause_s *= 2
            continue
        if child == 0:
            # sandlock counts only the ends of those processes that it saw open something
            with contextlib.suppress(OSError):
                os.close(os.open("/nothing", os.O_RDONLY))
        return child
