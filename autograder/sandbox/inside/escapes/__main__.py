"""Runs every attempt and reports its outcome.

python -s -S -P -B escapes/__main__.py CONFIG
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


def main() -> None:
    config = json.loads(sys.argv[1])
    inherited = list(_open_descriptors())
    box = Path(__file__).absolute().parent.parent.parent
    sys.path += [str(box / "trusted"), str(box / "packages"), str(box / "student")]
    from confine import confine

    confine(config)
    from escapes import abilities, files, kernel, limits, processes

    config = {**config, "box": str(box), "inherited": inherited}
    for module in (files, processes, kernel, limits):
        for name, attempt in module.ATTEMPTS.items():
            _report(name, *_outcome(attempt, config, error_passes=True))
    for name, ability in abilities.ABILITIES.items():
        _report(name, *_outcome(ability, config, error_passes=False))
    _leave_a_daemon()
    _report("end", True, "")
    time.sleep(60)  # the self-test must kill this process, too
    os._exit(0)


def _outcome(attempt: Any, config: Mapping[str, Any], error_passes: bool) -> tuple[bool, str]:
    try:
        got = attempt(config)
    except (OSError, ImportError, MemoryError) as failure:
        return error_passes, f"{type(failure).__name__}: {failure}"
    except Exception as failure:
        return False, f"{type(failure).__name__}: {failure}"
    return got is None, got or ""


def _report(name: str, passed: bool, detail: str) -> None:
    line = json.dumps({"name": name, "passed": passed, "detail": detail[:300]})
    os.write(1, line.encode() + b"\n")


def _open_descriptors() -> Iterator[int]:
    for descriptor in range(3, 256):
        with contextlib.suppress(OSError):
            os.fstat(descriptor)
            yield descriptor


def _leave_a_daemon() -> None:
    """Starts a process in a new session that ignores signals and keeps the pipe open."""
    from confine import fork

    child = fork()
    if child == 0:
        os.setsid()
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        if fork() != 0:
            os._exit(0)
        time.sleep(60)
        os._exit(0)
    os.waitpid(child, 0)


if __name__ == "__main__":
    main()
