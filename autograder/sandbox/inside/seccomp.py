"""A seccomp filter that the child installs on itself, the same under every backend.

Runs inside: standard library only. The filter rejects system calls that numerical code never needs.
This keeps the network, other processes and bugs in rarely used parts of the kernel out of reach. A
filter cannot be removed, and child processes inherit it.

The filter is a classic BPF program (Linux, Documentation/userspace-api/seccomp_filter.rst).
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from collections.abc import Iterator

from system_calls import MACHINES, NUMBERS

REFUSED = (
    # the network, and sockets of local services
    *("socket", "socketpair"),
    # other processes
    *("ptrace", "process_vm_readv", "process_vm_writev", "kcmp"),
    *("pidfd_open", "pidfd_getfd", "pidfd_send_signal", "process_madvise", "process_mrelease"),
    *("migrate_pages", "move_pages", "ioprio_set"),
    # memory outside the per-process limits, and data of other processes in it
    *("shmget", "shmat", "shmctl", "shmdt", "semget", "semop", "semctl", "semtimedop"),
    *("msgget", "msgsnd", "msgrcv", "msgctl", "mq_open", "mq_unlink"),
    *("memfd_create", "memfd_secret"),
    # notifications of changes to files outside (Landlock and read-only mounts allow them)
    *("inotify_init", "inotify_init1", "inotify_add_watch", "fanotify_init", "fanotify_mark"),
    # namespaces and mounts
    *("unshare", "setns", "mount", "umount2", "pivot_root", "chroot"),
    *("open_tree", "open_tree_attr", "move_mount", "fsopen", "fsconfig", "fsmount", "fspick"),
    *("mount_setattr", "statmount", "listmount", "name_to_handle_at", "open_by_handle_at"),
    *("quotactl", "quotactl_fd"),
    # large and rarely used parts of the kernel
    *("bpf", "perf_event_open", "userfaultfd", "io_setup"),
    *("io_uring_setup", "io_uring_enter", "io_uring_register"),
    *("add_key", "request_key", "keyctl", "personality", "syslog", "modify_ldt"),
)
IGNORED = (
    # Landlock does not protect the owner, mode, times and attributes of files, so a child with the
    # grader's user could change them. These calls do nothing and report success, so that
    # `shutil.copy` works
    *("chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "lchown", "fchown", "fchownat"),
    *("utime", "utimes", "futimesat", "utimensat", "file_setattr"),
    *("setxattr", "lsetxattr", "fsetxattr", "setxattrat"),
    *("removexattr", "lremovexattr", "fremovexattr", "removexattrat"),
)
ONESELF = {
    # allowed only if these arguments are 0, which means the caller; others could be the grader
    "prlimit64": (0,),
    "setpriority": (0, 1),
    "sched_setaffinity": (0,),
    "sched_setparam": (0,),
    "sched_setscheduler": (0,),
    "sched_setattr": (0,),
}
TIOCSTI, TIOCLINUX = 0x5412, 0x541C
FS_IOC_SETFLAGS, FS_IOC32_SETFLAGS, FS_IOC_FSSETXATTR = 0x40086602, 0x40046602, 0x401C5820
CONTROLS = (TIOCSTI, TIOCLINUX, FS_IOC_SETFLAGS, FS_IOC32_SETFLAGS, FS_IOC_FSSETXATTR)
"""Rejected `ioctl` requests: typing into a terminal, and changing file attributes."""

ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
NEW_NAMESPACE = 0x7E020000
X32 = 0x40000000

LOAD, JUMP_EQUAL, JUMP_AT_LEAST, JUMP_ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER_AT, ARCHITECTURE_AT, ARGUMENTS_AT = 0, 4, 16
ALLOW, ANSWER, KILL = 0x7FFF0000, 0x00050000, 0x80000000

PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, FILTER = 22, 38, 2


def refuse_system_calls() -> None:
    """Installs the filter on this process; does nothing on architectures without a number table.

    Raises:
        OSError: the kernel rejects the filter.
    """
    machine = os.uname().machine
    if machine not in MACHINES:
        return
    instructions = list(program(MACHINES[machine], ARCHITECTURES[machine]))
    code = ctypes.create_string_buffer(b"".join(instructions))
    filter_struct = struct.pack("HxxxxxxP", len(instructions), ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(
        PR_SET_SECCOMP, FILTER, ctypes.create_string_buffer(filter_struct), 0, 0
    ):
        raise OSError(ctypes.get_errno(), "the kernel rejects the seccomp filter")


def program(column: int, architecture: int) -> Iterator[bytes]:
    """The filter's instructions; calls of other architectures kill the process."""
    yield _step(LOAD, ARCHITECTURE_AT)
    yield _step(JUMP_EQUAL, architecture, then=1)
    yield _step(RETURN, KILL)
    yield _step(LOAD, NUMBER_AT)
    if column == 0:  # x86_64 has a second set of numbers, which would bypass the lists
        yield _step(JUMP_AT_LEAST, X32, otherwise=1)
        yield _step(RETURN, ANSWER | errno.EPERM)
    # clone3 has its flags in memory that a filter cannot read; on ENOSYS, libc falls back to clone
    answers = dict.fromkeys(REFUSED, errno.EPERM) | {"clone3": errno.ENOSYS}
    for name, error in (answers | dict.fromkeys(IGNORED, 0)).items():
        if NUMBERS[name][column] is not None:
            yield _step(JUMP_EQUAL, NUMBERS[name][column], otherwise=1)
            yield _step(RETURN, ANSWER | error)
    for name, arguments in ONESELF.items():
        yield from _for_call(name, column, [s for a in arguments for s in _must_be_zero(a)])
    not_permitted = _step(RETURN, ANSWER | errno.EPERM)
    requests = (_step(JUMP_EQUAL, request, otherwise=1) for request in CONTROLS)
    refused = [step for request in requests for step in (request, not_permitted)]
    yield from _for_call("ioctl", column, [_step(LOAD, ARGUMENTS_AT + 8), *refused])
    namespace = [_step(JUMP_ANY_BIT, NEW_NAMESPACE, otherwise=1), not_permitted]
    yield from _for_call("clone", column, [_step(LOAD, ARGUMENTS_AT), *namespace])
    yield _step(RETURN, ALLOW)


def _for_call(name: str, column: int, steps: list[bytes]) -> Iterator[bytes]:
    """Instructions for one system call, which is allowed if they reach their end."""
    yield _step(JUMP_EQUAL, NUMBERS[name][column], otherwise=len(steps) + 1)
    yield from steps
    yield _step(RETURN, ALLOW)


def _must_be_zero(argument: int) -> tuple[bytes, bytes, bytes]:
    """Tests the low 32 bits of an argument; these calls take 32-bit arguments."""
    return (
        _step(LOAD, ARGUMENTS_AT + 8 * argument),
        _step(JUMP_EQUAL, 0, then=1),
        _step(RETURN, ANSWER | errno.EPERM),
    )


def _step(operation: int, operand: int, then: int = 0, otherwise: int = 0) -> bytes:
    return struct.pack("HBBI", operation, then, otherwise, operand)
