"""The limits that a process sets for itself inside the sandbox, before student code runs.

Runs inside: standard library only. Limits do not bind root, so a root process changes its user.
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
ARG_START_FIELD = 45
"""Index of the command line's start address in /proc/PID/stat after the name; its end is next."""

PR_SET_CHILD_SUBREAPER = 36
"""Orphaned descendants become children of this process, so it knows when all have ended."""


def confine(config: Mapping[str, Any]) -> None:
    """Sets hard limits for this process and all its descendants, and drops its privileges.

    Args:
        config: the backend's part of the configuration: `limits`, the fields of `limits.Limits`
            (None means no limit); `user`, the user and group id to change to for good, or None for
            no change; `sandboxed`, whether there is a sandbox at all.
    """
    limits, user = config["limits"], config["user"]
    # undoes the lower soft limit that the grader sets while judging
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))
    for resource_id, value in (
        (resource.RLIMIT_AS, limits["memory_bytes"]),
        (resource.RLIMIT_NOFILE, limits["open_files"]),
        (resource.RLIMIT_FSIZE, limits["file_bytes"]),
        (resource.RLIMIT_NPROC, limits["processes"]),
        (resource.RLIMIT_CORE, 0),
    ):
        if value is None:
            continue
        hard = resource.getrlimit(resource_id)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(resource_id, (value, value))
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
        _give_up_capabilities()  # also the inheritable ones
    if config["sandboxed"]:
        refuse_system_calls()
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def forget_arguments() -> None:
    """Overwrites the command line of this process wherever student code could read it.

    It contains which probes the grader runs, and how.
    """
    del sys.argv[1:]
    sys.orig_argv = sys.argv[:]
    count, arguments = ctypes.c_int(), ctypes.POINTER(ctypes.c_void_p)()
    ctypes.pythonapi.Py_GetArgcArgv(ctypes.byref(count), ctypes.byref(arguments))
    for argument in arguments[: count.value]:
        ctypes.memset(argument, 0, len(ctypes.wstring_at(argument)) * ctypes.sizeof(ctypes.c_wchar))
    with contextlib.suppress(OSError), open("/proc/self/stat") as file:  # where there is a /proc
        fields = file.read().rpartition(")")[2].split()
        begin, end = int(fields[ARG_START_FIELD]), int(fields[ARG_START_FIELD + 1])
        ctypes.memset(begin, 0, end - begin)


def _give_up_capabilities() -> None:
    """Clears all capability sets. A change of user leaves the inheritable set as it is."""
    header = ctypes.create_string_buffer(struct.pack("Ii", CAPABILITY_VERSION_3, 0))
    ctypes.CDLL(None).capset(header, ctypes.create_string_buffer(24))


def fork() -> int:
    """`os.fork` that retries, since processes killed just before may still count to the limit.

    Raises:
        BlockingIOError: the process limit is still reached after about a second.
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
            # sandlock notices the end of a process only if that has opened a file
            with contextlib.suppress(OSError):
                os.close(os.open("/nothing", os.O_RDONLY))
        return child
