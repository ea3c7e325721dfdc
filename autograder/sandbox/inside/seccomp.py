"""A filter of system calls that the child puts on itself, the same under every backend.

Runs inside: standard library only. Numerical code opens no sockets and traces no processes; what it
never needs is refused, so that neither the network, nor other processes, nor a mistake in a rarely
used corner of the kernel is within reach. A filter cannot be taken off again and holds for
everything that is started later.

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
    # the network, and sockets of the machine's own services
    *("socket", "socketpair"),
    # other processes
    *("ptrace", "process_vm_readv", "process_vm_writev", "kcmp"),
    *("pidfd_open", "pidfd_getfd", "pidfd_send_signal", "process_madvise", "process_mrelease"),
    *("migrate_pages", "move_pages", "ioprio_set"),
    # memory that no limit of a process counts, and what others left in it
    *("shmget", "shmat", "shmctl", "shmdt", "semget", "semop", "semctl", "semtimedop"),
    *("msgget", "msgsnd", "msgrcv", "msgctl", "mq_open", "mq_unlink"),
    *("memfd_create", "memfd_secret"),
    # what becomes of files outside (neither Landlock nor a read-only mount hides that)
    *("inotify_init", "inotify_init1", "inotify_add_watch", "fanotify_init", "fanotify_mark"),
    # namespaces and mounts
    *("unshare", "setns", "mount", "umount2", "pivot_root", "chroot"),
    *("open_tree", "open_tree_attr", "move_mount", "fsopen", "fsconfig", "fsmount", "fspick"),
    *("mount_setattr", "statmount", "listmount", "name_to_handle_at", "open_by_handle_at"),
    *("quotactl", "quotactl_fd"),
    # large and seldom-used parts of the kernel
    *("bpf", "perf_event_open", "userfaultfd", "io_setup"),
    *("io_uring_setup", "io_uring_enter", "io_uring_register"),
    *("add_key", "request_key", "keyctl", "personality", "syslog", "modify_ldt"),
)
IGNORED = (
    # Landlock does not guard whose a file is, who may read it and when it was written. Under it a
    # child of the grader's own user could change all of that. Answered as if done, so that
    # `shutil.copy` works
    *("chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "lchown", "fchown", "fchownat"),
    *("utime", "utimes", "futimesat", "utimensat", "file_setattr"),
    *("setxattr", "lsetxattr", "fsetxattr", "setxattrat"),
    *("removexattr", "lremovexattr", "fremovexattr", "removexattrat"),
)
ONESELF = {
    # with these arguments 0 they concern the caller, otherwise perhaps the grader
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
"""Requests of `ioctl`: typing into a terminal, and attributes of files."""

ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
NEW_NAMESPACE = 0x7E020000
X32 = 0x40000000

LOAD, JUMP_EQUAL, JUMP_AT_LEAST, JUMP_ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER_AT, ARCHITECTURE_AT, ARGUMENTS_AT = 0, 4, 16
ALLOW, ANSWER, KILL = 0x7FFF0000, 0x00050000, 0x80000000

PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, FILTER = 22, 38, 2


def refuse_system_calls() -> None:
    """Puts the filter on this process for good; on other machines than the two known, does nothing.

    Raises:
        OSError: the kernel would not have it.
    """
    machine = os.uname().machine
    if machine not in MACHINES:
        return
    instructions = list(program(MACHINES[machine], ARCHITECTURES[machine]))
    code = ctypes.create_string_buffer(b"".join(instructions))
    listing = struct.pack("HxxxxxxP", len(instructions), ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(
        PR_SET_SECCOMP, FILTER, ctypes.create_string_buffer(listing), 0, 0
    ):
        raise OSError(ctypes.get_errno(), "the kernel refuses a filter of system calls")


def program(column: int, architecture: int) -> Iterator[bytes]:
    """The instructions: other architectures are killed, what is on the lists is answered here."""
    yield _step(LOAD, ARCHITECTURE_AT)
    yield _step(JUMP_EQUAL, architecture, then=1)
    yield _step(RETURN, KILL)
    yield _step(LOAD, NUMBER_AT)
    if column == 0:  # x86_64 has a second set of numbers, which would pass by the lists
        yield _step(JUMP_AT_LEAST, X32, otherwise=1)
        yield _step(RETURN, ANSWER | errno.EPERM)
    # clone3 keeps its flags where a filter cannot look; without it libc uses clone
    answers = dict.fromkeys(REFUSED, errno.EPERM) | {"clone3": errno.ENOSYS}
    for name, error in (answers | dict.fromkeys(IGNORED, 0)).items():
        if NUMBERS[name][column] is not None:
            yield _step(JUMP_EQUAL, NUMBERS[name][column], otherwise=1)
            yield _step(RETURN, ANSWER | error)
    for name, arguments in ONESELF.items():
        yield from _for(name, column, [s for a in arguments for s in _must_be_zero(a)])
    not_permitted = _step(RETURN, ANSWER | errno.EPERM)
    requests = (_step(JUMP_EQUAL, request, otherwise=1) for request in CONTROLS)
    refused = [step for request in requests for step in (request, not_permitted)]
    yield from _for("ioctl", column, [_step(LOAD, ARGUMENTS_AT + 8), *refused])
    namespace = [_step(JUMP_ANY_BIT, NEW_NAMESPACE, otherwise=1), not_permitted]
    yield from _for("clone", column, [_step(LOAD, ARGUMENTS_AT), *namespace])
    yield _step(RETURN, ALLOW)


def _for(name: str, column: int, steps: list[bytes]) -> Iterator[bytes]:
    """Steps for one system call, which is allowed at their end."""
    yield _step(JUMP_EQUAL, NUMBERS[name][column], otherwise=len(steps) + 1)
    yield from steps
    yield _step(RETURN, ALLOW)


def _must_be_zero(argument: int) -> tuple[bytes, bytes, bytes]:
    """Looks at the lower half: what these calls take are 32-bit numbers."""
    return (
        _step(LOAD, ARGUMENTS_AT + 8 * argument),
        _step(JUMP_EQUAL, 0, then=1),
        _step(RETURN, ANSWER | errno.EPERM),
    )


def _step(operation: int, operand: int, then: int = 0, otherwise: int = 0) -> bytes:
    return struct.pack("HBBI", operation, then, otherwise, operand)
