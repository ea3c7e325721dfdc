"""The limits a process takes on itself inside the sandbox, before any code of a student runs.

Runs inside: standard library only. Limits do not bind root, so from root it becomes another user first.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Mapping
from typing import Any


def confine(limits: Mapping[str, Any], user: int | None) -> None:
    """Sets hard limits for this process and all it starts; None means no limit.

    Args:
        limits: the fields of `limits.Limits`.
        user: the user and group to become for good, None to stay who we are.
    """
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
