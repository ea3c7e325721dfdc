"""Attempts on other processes, and attempts to gain privileges."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import resource
import struct
from collections.abc import Mapping
from typing import Any

from system_calls import call

PTRACE_ATTACH, PTRACE_DETACH = 16, 17
PR_GET_NO_NEW_PRIVS = 39
SI_QUEUE = -1
TIOCSTI = 0x5412
libc = ctypes.CDLL(None, use_errno=True)


def signals(config: Mapping[str, Any]) -> str | None:
    for pid in {config["grader"], os.getppid()} - {0, 1}:  # 0: not visible from here
        with contextlib.suppress(OSError):
            os.kill(pid, 0)
            return f"could send a signal to process {pid}"
        siginfo = struct.pack("iiii", 0, 0, SI_QUEUE, 0).ljust(128, b"\0")
        buffer = ctypes.create_string_buffer(siginfo)
        if call("rt_sigqueueinfo", pid, 0, ctypes.addressof(buffer))[0] == 0:
            return f"could send a signal with data to process {pid}"
        descriptor, _ = call("pidfd_open", pid, 0)
        if descriptor >= 0 and call("pidfd_send_signal", descriptor, 0, 0, 0)[0] == 0:
            return f"could send a signal to process {pid} by a pidfd"
        for file in ("environ", "cmdline", "mem", "maps", "fd"):
            with contextlib.suppress(OSError):
                os.stat(f"/proc/{pid}/{file}")
                os.close(os.open(f"/proc/{pid}/{file}", os.O_RDONLY))
                return f"could read /proc/{pid}/{file}"
    return None


def traces(config: Mapping[str, Any]) -> str | None:
    pid = config["grader"]
    if libc.ptrace(PTRACE_ATTACH, pid, 0, 0) == 0:
        os.waitpid(pid, 0)
        libc.ptrace(PTRACE_DETACH, pid, 0, 0)
        return "could trace the grader"
    iovec = ctypes.create_string_buffer(struct.pack("QQ", 1, 1))  # one byte at an invalid address
    address = ctypes.addressof(iovec)
    if call("process_vm_readv", pid, address, 1, address, 1, 0)[1] == errno.EFAULT:
        return "could read the grader's memory"
    if call("kcmp", pid, pid, 0, 0, 0)[0] >= 0:
        return "could compare the grader's descriptors"
    descriptor, _ = call("pidfd_open", pid, 0)
    if descriptor >= 0 and call("pidfd_getfd", descriptor, 0, 0)[0] >= 0:
        return "could take a descriptor from the grader"
    return None


def slows_the_grader(config: Mapping[str, Any]) -> str | None:
    """Sets only the current values; even reading limits requires the right to set them."""
    pid = config["grader"]
    with contextlib.suppress(OSError):
        resource.prlimit(pid, resource.RLIMIT_NOFILE)
        return "could limit another process"
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, os.getpriority(os.PRIO_PROCESS, pid))
        return "could change the priority of another process"
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_USER, 0, os.getpriority(os.PRIO_PROCESS, 0))
        return "could change the priority of all of a user's processes"
    with contextlib.suppress(OSError):
        os.sched_setaffinity(pid, os.sched_getaffinity(pid))
        return "could set another process's CPU affinity"
    with contextlib.suppress(OSError):
        os.sched_setscheduler(pid, os.SCHED_OTHER, os.sched_param(0))
        return "could change how another process is scheduled"
    with contextlib.suppress(OSError):
        os.sched_setparam(pid, os.sched_param(0))
        return "could change how another process is scheduled"
    with contextlib.suppress(OSError):
        nice = os.getpriority(os.PRIO_PROCESS, pid)
        sched_attr = ctypes.create_string_buffer(
            struct.pack("IIQiIQQQ", 48, 0, 0, nice, 0, 0, 0, 0)
        )
        if call("sched_setattr", pid, ctypes.addressof(sched_attr), 0)[0] == 0:
            return "could change how another process is scheduled"
    return None


def raises_its_priority(config: Mapping[str, Any]) -> str | None:
    before = os.getpriority(os.PRIO_PROCESS, 0)  # the grader may have been started with `nice`
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, before - 1)
        if os.getpriority(os.PRIO_PROCESS, 0) < before:
            return "could raise its own priority"
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        return "could get real-time priority"
    return None


def becomes_root(config: Mapping[str, Any]) -> str | None:
    if os.geteuid() == 0 or os.getuid() == 0:
        return "is root"
    with contextlib.suppress(OSError):
        os.setuid(0)
        return "could become root"
    header = ctypes.create_string_buffer(struct.pack("Ii", 0x20080522, 0))
    capabilities = ctypes.create_string_buffer(24)
    if libc.capget(header, capabilities) == 0 and any(capabilities.raw):
        return f"has capabilities {capabilities.raw.hex()}"
    if libc.prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1:
        return "could gain privileges from a setuid program"
    return None


def reaches_a_terminal(config: Mapping[str, Any]) -> str | None:
    if os.getsid(0) in (0, config["session"]):
        return "is in the grader's session and may have its terminal"
    with contextlib.suppress(OSError):
        os.close(os.open("/dev/tty", os.O_RDWR))
        return "could open the terminal"
    if any(os.isatty(descriptor) for descriptor in (0, 1, 2)):
        return "has a terminal"
    character = ctypes.create_string_buffer(b" ")
    if call("ioctl", 0, TIOCSTI, ctypes.addressof(character))[1] != errno.EPERM:
        return "could request to type into a terminal"
    return None


def inherits(config: Mapping[str, Any]) -> str | None:
    return f"has descriptors {config['inherited']}" if config["inherited"] else None


def environment_tells(config: Mapping[str, Any]) -> str | None:
    unexpected = sorted(set(os.environ) - set(config["variables"]))
    if unexpected:
        return f"found {unexpected} in the environment"
    if os.uname().nodename == config["host"]:
        return "could learn the machine's name"
    return None


def leaves_a_core(config: Mapping[str, Any]) -> str | None:
    most = resource.getrlimit(resource.RLIMIT_CORE)
    return None if most == (0, 0) else f"could leave a core dump, with limits {most}"


ATTEMPTS = {
    "see or signal other processes": signals,
    "trace the grader": traces,
    "limit or slow down the grader": slows_the_grader,
    "raise its own priority": raises_its_priority,
    "be or become root": becomes_root,
    "access a terminal": reaches_a_terminal,
    "inherit open descriptors": inherits,
    "find extra variables or the host name": environment_tells,
    "leave a core dump": leaves_a_core,
}
