"""Tries to break out, inside a backend: what `selftest.py` runs before anything is graded.

    python -s -S -P -B escapes.py CONFIG

Each attempt is a function that returns what it got, a sentence, or None (or an OSError) when it was
held. Standard library and, for what a child must be able to do, numpy; imports nothing of the
package.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import mmap
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

Attempt = Callable[[Mapping[str, Any]], str | None]
PTRACE_ATTACH, PTRACE_DETACH = 16, 17


def main() -> None:
    config = json.loads(sys.argv[1])
    inherited = list(_open_descriptors())
    box = Path(__file__).absolute().parent.parent
    sys.path += [str(box / "trusted"), str(box / "packages"), str(box / "student")]
    from confine import confine

    confine(config)
    config = {**config, "box": str(box), "inherited": inherited}
    for name, attempt in ATTEMPTS.items():
        _tell(name, *_outcome(attempt, config))
    for name, ability in ABILITIES.items():
        _tell(name, *_outcome(ability, config))
    _leave_a_daemon()
    _tell("end", True, "")
    os._exit(0)


def _outcome(attempt: Attempt, config: Mapping[str, Any]) -> tuple[bool, str]:
    try:
        got = attempt(config)
    except (OSError, ImportError, MemoryError) as held:
        return attempt not in ABILITIES.values(), f"{type(held).__name__}: {held}"
    except Exception as failure:
        return False, f"{type(failure).__name__}: {failure}"
    return got is None, got or ""


def _tell(name: str, passed: bool, detail: str) -> None:
    line = json.dumps({"name": name, "passed": passed, "detail": detail[:300]})
    os.write(1, line.encode() + b"\n")


def reads(config: Mapping[str, Any]) -> str | None:
    for path in config["secrets"]:
        with contextlib.suppress(OSError):
            if os.path.isdir(path):
                # a folder made for what is mounted below it may be there; it must hold nothing else
                strange = [n for n in os.listdir(path) if not _leads_to_python(f"{path}/{n}")]
                if strange:
                    return f"could list {path}: {strange[:3]}"
            else:
                os.close(os.open(path, os.O_RDONLY))
                return f"could read {path}"
    return None


def _leads_to_python(path: str) -> bool:
    return any(p == path or p.startswith(path + "/") for p in _of_python())


def _of_python() -> tuple[str, ...]:
    return (sys.base_prefix, sys.executable, os.path.dirname(os.__file__))


def imports(config: Mapping[str, Any]) -> str | None:
    for module in ("autograder", "nbgrader", "pytest"):
        with contextlib.suppress(ImportError):
            __import__(module)
            return f"could import {module}"
    return None


def writes(config: Mapping[str, Any]) -> str | None:
    box = config["box"]
    places = ["/", "/dev", "/dev/shm", "/usr", "/run", "/var/tmp", "/etc", box, *config["outside"]]
    places += [f"{box}/{part}" for part in ("trusted", "trusted/probes", "packages", "student")]
    places += [os.path.dirname(os.__file__)]
    for place in places:
        with contextlib.suppress(OSError):
            path = f"{place}/written-by-the-self-test"
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT))
            os.unlink(path)
            return f"could write in {place}"
    for path in (__file__, os.__file__):
        with contextlib.suppress(OSError):
            os.close(os.open(path, os.O_WRONLY | os.O_APPEND))
            return f"could change {path}"
    return None


def connects(config: Mapping[str, Any]) -> str | None:
    for family, address in (
        (socket.AF_INET, ("127.0.0.1", config["port"])),
        (socket.AF_UNIX, config["socket"]),
        (socket.AF_UNIX, "\0" + config["abstract"]),
    ):
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_STREAM) as wire:
            wire.settimeout(0.2)
            wire.connect(address)
            return f"could connect to {address!r}"
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.sendto(b"x", ("127.0.0.1", config["port"]))
        return "could send a datagram"
    return None


def sees_processes(config: Mapping[str, Any]) -> str | None:
    for pid in {config["grader"], os.getppid()} - {1}:
        with contextlib.suppress(OSError):
            os.kill(pid, 0)
            return f"could send a signal to process {pid}"
        for file in ("environ", "cmdline", "mem", "maps", "fd"):
            with contextlib.suppress(OSError):
                os.stat(f"/proc/{pid}/{file}")
                os.close(os.open(f"/proc/{pid}/{file}", os.O_RDONLY))
                return f"could read /proc/{pid}/{file}"
    return None


def traces(config: Mapping[str, Any]) -> str | None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(PTRACE_ATTACH, config["grader"], 0, 0) == 0:
        os.waitpid(config["grader"], 0)
        libc.ptrace(PTRACE_DETACH, config["grader"], 0, 0)
        return "could trace the grader"
    return None


def becomes_root(config: Mapping[str, Any]) -> str | None:
    if os.geteuid() == 0 or os.getuid() == 0:
        return "is root"
    with contextlib.suppress(OSError):
        os.setuid(0)
        return "could become root"
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(0x10000000) == 0:  # a user namespace, in which one is root again
        return "could make a user namespace"
    return None


def inherits(config: Mapping[str, Any]) -> str | None:
    return f"has descriptors {config['inherited']}" if config["inherited"] else None


def environment_tells(config: Mapping[str, Any]) -> str | None:
    strange = sorted(set(os.environ) - set(config["variables"]))
    return f"found {strange} in the environment" if strange else None


def takes_memory(config: Mapping[str, Any]) -> str | None:
    size = config["limits"]["memory_bytes"]
    mmap.mmap(-1, size).close()
    return f"could have {size} bytes"


def takes_hidden_memory(config: Mapping[str, Any]) -> str | None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.memfd_create(b"x", 0) >= 0:
        return "could have memory that no limit counts (memfd)"
    if libc.shmget(0, ctypes.c_size_t(2**20), 0o1600) >= 0:
        return "could have memory that no limit counts (System V)"
    return None


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
    block, written, names = b"x" * 2**18, 0, []
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


def forks_without_end(config: Mapping[str, Any]) -> str | None:
    children, most = [], config["most_processes"] + 8
    try:
        while len(children) < most:
            child = os.fork()
            if child == 0:
                with contextlib.suppress(OSError):  # so that sandlock sees it, see confine.fork
                    os.close(os.open("/nothing", os.O_RDONLY))
                time.sleep(30)
                os._exit(0)
            children.append(child)
        return f"could have {most} processes"
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


ATTEMPTS: dict[str, Attempt] = {
    "read the suites, the gradebook, other submissions, /etc/shadow, home": reads,
    "import the grader": imports,
    "write outside the small folder": writes,
    "open a socket, loopback and unix ones too": connects,
    "see or signal other processes": sees_processes,
    "trace the grader": traces,
    "be or become root": becomes_root,
    "find inherited descriptors": inherits,
    "find anything in the environment": environment_tells,
    "exceed the memory": takes_memory,
    "have memory that no limit counts": takes_hidden_memory,
    "exceed the size of a file": writes_a_large_file,
    "exceed the small folder": fills_the_disk,
    "fork without end": forks_without_end,
}


def computes(config: Mapping[str, Any]) -> str | None:
    import numpy as np

    a = np.random.default_rng(0).normal(size=(64, 64))
    return None if np.allclose(a @ np.linalg.inv(a), np.eye(64)) else "numpy computes wrongly"


def keeps_a_file(config: Mapping[str, Any]) -> str | None:
    path = Path(os.environ["TMPDIR"], "kept.txt")
    path.write_text("kept")
    found = path.read_text()
    path.unlink()
    return None if found == "kept" else "what was written is not what is read"


def finds_its_files(config: Mapping[str, Any]) -> str | None:
    text = Path(config["box"], "student", "lib", "__init__.py").read_text()
    __import__("lib")
    __import__("probes")
    return None if text else "the submission is empty"


ABILITIES: dict[str, Attempt] = {
    "(may) compute with numpy": computes,
    "(may) write in the small folder": keeps_a_file,
    "(may) read its own files and the probes": finds_its_files,
}


def _open_descriptors() -> Iterator[int]:
    for descriptor in range(3, 256):
        with contextlib.suppress(OSError):
            os.fstat(descriptor)
            yield descriptor


def _leave_a_daemon() -> None:
    """A process in a session of its own that ignores signals and keeps the pipe open."""
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
