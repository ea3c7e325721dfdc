"""Attempts on the kernel: sockets, namespaces, unaccounted memory and rarely used parts."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import mmap
import os
import signal
import socket
from collections.abc import Callable, Mapping
from typing import Any

from system_calls import call, call_number, number

EPERM, ENOSYS = 1, 38
CLONE_FS = 0x200
X32 = 0x40000000
FAMILIES = range(46)
"""Every socket family: internet, netlink, packet, vsock, crypto, Bluetooth ..."""
NAMESPACES = {
    "mount": 0x00020000,
    "control group": 0x02000000,
    "host name": 0x04000000,
    "System V": 0x08000000,
    "user": 0x10000000,
    "process": 0x20000000,
    "network": 0x40000000,
}

IPC = (
    *("shmget", "shmat", "shmctl", "shmdt", "semget", "semop", "semctl", "semtimedop"),
    *("msgget", "msgsnd", "msgrcv", "msgctl", "mq_open", "mq_unlink"),
)
FILES = ("inotify_init1", "inotify_init", "inotify_add_watch", "fanotify_init", "fanotify_mark")
PROCESSES = (
    *("ptrace", "process_vm_readv", "process_vm_writev", "kcmp", "pidfd_open", "pidfd_getfd"),
    *("pidfd_send_signal", "process_madvise", "process_mrelease", "migrate_pages", "move_pages"),
    "ioprio_set",
)
MOUNTS = (
    *("mount", "umount2", "pivot_root", "chroot", "setns", "open_tree", "open_tree_attr"),
    *("move_mount", "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr", "statmount"),
    *("listmount", "name_to_handle_at", "open_by_handle_at", "quotactl", "quotactl_fd"),
)
CORNERS = (
    *("bpf", "perf_event_open", "userfaultfd", "io_setup", "io_uring_setup", "io_uring_enter"),
    *("io_uring_register", "add_key", "request_key", "keyctl", "personality", "syslog"),
    "modify_ldt",
)
ARGUMENTS = {  # for these calls, six arguments of -1 cannot tell the filter from the kernel
    "fanotify_init": (0x200, 0),
    "personality": (0xFFFFFFFF,),
    "modify_ldt": (0, 0, 0),
    "inotify_init": (),
}


def _passes_filter(names: tuple[str, ...]) -> str | None:
    """The first call that gets past the filter: it succeeds or fails with another error."""
    for name in names:
        if number(name) is None:
            continue
        result, error = call(name, *ARGUMENTS.get(name, (-1,) * 6))
        if error not in (EPERM, ENOSYS):
            said = f"error {error}" if result == -1 else str(result)
            return f"could call {name}: {said}"
    return None


def makes_sockets(config: Mapping[str, Any]) -> str | None:
    for family in FAMILIES:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET):
            made, error = call("socket", family, kind, 0)
            if made >= 0:
                os.close(made)
            if error != EPERM:
                return f"could request a socket of family {family}"
    pair = ctypes.create_string_buffer(8)
    if call("socketpair", socket.AF_UNIX, socket.SOCK_STREAM, 0, ctypes.addressof(pair))[0] == 0:
        return "could create a pair of sockets"
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


def takes_hidden_memory(config: Mapping[str, Any]) -> str | None:
    name = ctypes.create_string_buffer(b"x")
    if call("memfd_create", ctypes.addressof(name), 0)[0] >= 0:
        return "could get memory that no limit counts (memfd)"
    if call("memfd_secret", 0)[0] >= 0:
        return "could get memory that no limit counts (secret)"
    if call("shmget", 0, 2**20, 0o1600)[0] >= 0:
        return "could get memory that no limit counts (System V)"
    return _passes_filter(("memfd_create", "memfd_secret"))


def meets_others(config: Mapping[str, Any]) -> str | None:
    """Shared memory, semaphores and message queues of other processes."""
    found, _ = call("shmat", config["shared"], 0, 0o10000)
    if found != -1:
        return "could read memory that another process shares"
    return _passes_filter(IPC)


def makes_namespaces(config: Mapping[str, Any]) -> str | None:
    for name, flag in NAMESPACES.items():
        if _works_in_child(functools.partial(_can_unshare, flag)):
            return f"could create a {name} namespace"
        child, _ = call("clone", flag | signal.SIGCHLD, 0, 0, 0, 0)
        if child == 0:
            os._exit(0)
        if child > 0:
            os.waitpid(child, 0)
            return f"could start a process in a {name} namespace"
    # the kernel itself rejects this combination, but with another error
    if call("clone", NAMESPACES["user"] | CLONE_FS, 0, 0, 0, 0)[1] != EPERM:
        return "could request a process in new namespaces"
    if call("clone3", 0, 0)[1] != ENOSYS:
        return "could start a process with flags that no filter sees"
    return _passes_filter(("unshare",))


def _can_unshare(flag: int) -> bool:
    return bool(call("unshare", flag)[0] == 0)


def uses_other_numbers(config: Mapping[str, Any]) -> str | None:
    """The numbers of x32 and of 32-bit programs, which are not in the filter's lists."""
    if os.uname().machine != "x86_64":
        return None
    if _works_in_child(lambda: call_number(X32 + number("getpid"))[1] != EPERM):
        return "could make a system call by its x32 number"
    if _works_in_child(_can_call_as_32_bit):
        return "could make a system call like a 32-bit program"
    return None


def _can_call_as_32_bit() -> bool:
    """getpid by `int 0x80`: mov eax, 20; int 0x80; ret."""
    code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    code.write(b"\xb8\x14\x00\x00\x00\xcd\x80\xc3")
    address = ctypes.addressof(ctypes.c_char.from_buffer(code))
    found: int = ctypes.CFUNCTYPE(ctypes.c_int)(address)()
    return found == os.getpid()


def _works_in_child(attempt: Callable[[], bool]) -> bool:
    """Whether an attempt succeeds in a child process, which it may kill."""
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if attempt() else 1)
        finally:
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0


ATTEMPTS = {
    "create a socket of any family": makes_sockets,
    "connect to anything": connects,
    "get memory that no limit counts": takes_hidden_memory,
    "use shared memory or queues of other processes": meets_others,
    "inspect or manipulate other processes": lambda config: _passes_filter(PROCESSES),
    "be notified of file changes": lambda config: _passes_filter(FILES),
    "create a namespace": makes_namespaces,
    "mount anything or inspect mounts": lambda config: _passes_filter(MOUNTS),
    "use rarely used parts of the kernel": lambda config: _passes_filter(CORNERS),
    "make system calls by x32 or 32-bit numbers": uses_other_numbers,
}
