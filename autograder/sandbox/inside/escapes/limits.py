"""Attempts to exceed limits: memory, file size, the writable folder, descriptors, processes."""

from __future__ import annotations

import contextlib
import mmap
import os
import signal
import time
from collections.abc import Mapping
from typing import Any


def takes_memory(config: Mapping[str, Any]) -> str | None:
    size = config["limits"]["memory_bytes"]
    mmap.mmap(-1, size).close()
    return f"could get {size} bytes of memory"


def writes_a_large_file(config: Mapping[str, Any]) -> str | None:
    size = config["limits"]["file_bytes"] + 1
    path = f"{os.environ['TMPDIR']}/large"
    with open(path, "wb") as file:
        try:
            os.posix_fallocate(file.fileno(), 0, size)
        finally:
            os.unlink(path)
    return f"could write {size} bytes to a file"


def fills_the_disk(config: Mapping[str, Any]) -> str | None:
    folder, most = os.environ["TMPDIR"], 2 * config["limits"]["disk_bytes"]
    block, written = b"x" * 2**18, 0
    names: list[str] = []
    try:
        while written < most:
            names.append(f"{folder}/part{len(names)}")
            with open(names[-1], "wb", buffering=0) as file:
                written += file.write(block)
        return f"could write {written} bytes"
    finally:
        for name in names:
            with contextlib.suppress(OSError):
                os.unlink(name)


def opens_files_without_end(config: Mapping[str, Any]) -> str | None:
    kept: list[int] = []
    most = config["limits"]["open_files"]
    try:
        while len(kept) < most:
            kept.append(os.open("/dev/null", os.O_RDONLY))
        return f"could have more than {most} files open"
    finally:
        for descriptor in kept:
            os.close(descriptor)


def forks_without_end(config: Mapping[str, Any]) -> str | None:
    children: list[int] = []
    most = config["most_processes"] + 8
    try:
        while len(children) < most:
            child = os.fork()
            if child == 0:
                with contextlib.suppress(OSError):  # so that sandlock counts it, see `confine.fork`
                    os.close(os.open("/nothing", os.O_RDONLY))
                time.sleep(30)
                os._exit(0)
            children.append(child)
        return f"could have {most} processes"
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


ATTEMPTS = {
    "exceed the memory limit": takes_memory,
    "exceed the file size limit": writes_a_large_file,
    "exceed the size of the writable folder": fills_the_disk,
    "open files without end": opens_files_without_end,
    "fork without end": forks_without_end,
}
