"""A filter of system calls that the child puts on itself, the same under every backend.

Runs inside: standard library only. Numerical code opens no sockets and traces no processes; what it
never needs is refused, so that neither the network nor a mistake in a rarely used corner of the
kernel is within reach. A filter cannot be taken off again and holds for everything that is started
later.

The filter is a classic BPF program (Linux, Documentation/userspace-api/seccomp_filter.rst).
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from collections.abc import Iterator

REFUSED = {  # name: (number on x86_64, number on aarch64)
    # the network, and sockets of the machine's own services
    "socket": (41, 198),
    "socketpair": (53, 199),
    # other processes
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    # memory that no limit of a process counts
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    # namespaces and mounts
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsmount": (432, 432),
    "mount_setattr": (442, 442),
    "open_by_handle_at": (304, 265),
    # large and seldom-used parts of the kernel
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "personality": (135, 92),
    "fanotify_init": (300, 262),
}
CLONE = (56, 220)
CLONE3 = (435, 435)
MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
"""Column of the numbers, and the kernel's name for the architecture."""

NEW_NAMESPACE = 0x7E020000
X32 = 0x40000000

LOAD, JUMP_EQUAL, JUMP_AT_LEAST, JUMP_ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER_AT, ARCHITECTURE_AT, FIRST_ARGUMENT_AT = 0, 4, 16
ALLOW, REFUSE, KILL = 0x7FFF0000, 0x00050000, 0x80000000

PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, FILTER = 22, 38, 2


def refuse_system_calls() -> None:
    """Puts the filter on this process for good; on other machines than the two known, does nothing.

    Raises:
        OSError: the kernel would not have it.
    """
    machine = os.uname().machine
    if machine not in MACHINES:
        return
    instructions = list(program(*MACHINES[machine]))
    code = ctypes.create_string_buffer(b"".join(instructions))
    listing = struct.pack("HxxxxxxP", len(instructions), ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(
        PR_SET_SECCOMP, FILTER, ctypes.create_string_buffer(listing), 0, 0
    ):
        raise OSError(ctypes.get_errno(), "the kernel refuses a filter of system calls")


def program(column: int, architecture: int) -> Iterator[bytes]:
    """The instructions: other architectures are killed, what is on the list gets EPERM."""
    yield _step(LOAD, ARCHITECTURE_AT)
    yield _step(JUMP_EQUAL, architecture, then=1)
    yield _step(RETURN, KILL)
    yield _step(LOAD, NUMBER_AT)
    if column == 0:  # x86_64 has a second set of numbers, which would pass by the list
        yield _step(JUMP_AT_LEAST, X32, otherwise=1)
        yield _step(RETURN, REFUSE | errno.EPERM)
    for numbers in REFUSED.values():
        yield _step(JUMP_EQUAL, numbers[column], otherwise=1)
        yield _step(RETURN, REFUSE | errno.EPERM)
    # clone3 keeps its flags where a filter cannot look; without it libc uses clone
    yield _step(JUMP_EQUAL, CLONE3[column], otherwise=1)
    yield _step(RETURN, REFUSE | errno.ENOSYS)
    yield _step(JUMP_EQUAL, CLONE[column], otherwise=3)
    yield _step(LOAD, FIRST_ARGUMENT_AT)
    yield _step(JUMP_ANY_BIT, NEW_NAMESPACE, otherwise=1)
    yield _step(RETURN, REFUSE | errno.EPERM)
    yield _step(RETURN, ALLOW)


def _step(operation: int, operand: int, then: int = 0, otherwise: int = 0) -> bytes:
    return struct.pack("HBBI", operation, then, otherwise, operand)
