"""Other processes, and what makes a process more than it should be."""

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
    for pid in {config["grader"], os.getppid()} - {0, 1}:  # 0: it cannot be seen from here
        with contextlib.suppress(OSError):
            os.kill(pid, 0)
            return f"could send a signal to process {pid}"
        told = struct.pack("iiii", 0, 0, SI_QUEUE, 0).ljust(128, b"\0")
        buffer = ctypes.create_string_buffer(told)
        if call("rt_sigqueueinfo", pid, 0, ctypes.addressof(buffer))[0] == 0:
            return f"could send a signal with a word to process {pid}"
        descriptor, _ = call("pidfd_open", pid, 0)
        if descriptor >= 0 and call("pidfd_send_signal", descriptor, 0, 0, 0)[0] == 0:
            return f"could send a signal to process {pid} by a descriptor"
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
    here = ctypes.create_string_buffer(struct.pack("QQ", 1, 1))  # one byte, where there is none
    at = ctypes.addressof(here)
    if call("process_vm_readv", pid, at, 1, at, 1, 0)[1] == errno.EFAULT:
        return "could read the grader's memory"
    if call("kcmp", pid, pid, 0, 0, 0)[0] >= 0:
        return "could compare the grader's descriptors"
    descriptor, _ = call("pidfd_open", pid, 0)
    if descriptor >= 0 and call("pidfd_getfd", descriptor, 0, 0)[0] >= 0:
        return "could take a descriptor of the grader's"
    return None


def slows_the_grader(config: Mapping[str, Any]) -> str | None:
    """What is set is what was there before; asking for limits needs the right to set them."""
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
        return "could bind another process to processors"
    with contextlib.suppress(OSError):
        os.sched_setscheduler(pid, os.SCHED_OTHER, os.sched_param(0))
        return "could change how another process is scheduled"
    with contextlib.suppress(OSError):
        os.sched_setparam(pid, os.sched_param(0))
        return "could change how another process is scheduled"
    with contextlib.suppress(OSError):
        nice = os.getpriority(os.PRIO_PROCESS, pid)
        same = ctypes.create_string_buffer(struct.pack("IIQiIQQQ", 48, 0, 0, nice, 0, 0, 0, 0))
        if call("sched_setattr", pid, ctypes.addressof(same), 0)[0] == 0:
            return "could change how another process is scheduled"
    return None


def raises_its_priority(config: Mapping[str, Any]) -> str | None:
    before = os.getpriority(os.PRIO_PROCESS, 0)  # the grader may have been started with `nice`
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, before - 1)
        if os.getpriority(os.PRIO_PROCESS, 0) < before:
            return "could have more than its share of the processor"
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        return "could run before all others"
    return None


def becomes_root(config: Mapping[str, Any]) -> str | None:
    if os.geteuid() == 0 or os.getuid() == 0:
        return "is root"
    with contextlib.suppress(OSError):
        os.setuid(0)
        return "could become root"
    header = ctypes.create_string_buffer(struct.pack("Ii", 0x20080522, 0))
    rights = ctypes.create_string_buffer(24)
    if libc.capget(header, rights) == 0 and any(rights.raw):
        return f"has capabilities {rights.raw.hex()}"
    if libc.prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1:
        return "could gain rights by a program that gives them"
    return None


def reaches_a_terminal(config: Mapping[str, Any]) -> str | None:
    if os.getsid(0) in (0, config["session"]):
        return "is in the grader's session, whose terminal it may have"
    with contextlib.suppress(OSError):
        os.close(os.open("/dev/tty", os.O_RDWR))
        return "could open the terminal"
    if any(os.isatty(descriptor) for descriptor in (0, 1, 2)):
        return "has a terminal"
    letter = ctypes.create_string_buffer(b" ")
    if call("ioctl", 0, TIOCSTI, ctypes.addressof(letter))[1] != errno.EPERM:
        return "could ask to type into a terminal"
    return None


def inherits(config: Mapping[str, Any]) -> str | None:
    return f"has descriptors {config['inherited']}" if config["inherited"] else None


def environment_tells(config: Mapping[str, Any]) -> str | None:
    strange = sorted(set(os.environ) - set(config["variables"]))
    if strange:
        return f"found {strange} in the environment"
    if os.uname().nodename == config["host"]:
        return "could learn the machine's name"
    return None


def leaves_a_core(config: Mapping[str, Any]) -> str | None:
    most = resource.getrlimit(resource.RLIMIT_CORE)
    return None if most == (0, 0) else f"could leave a core dump of {most}"


ATTEMPTS = {
    "see or signal other processes": signals,
    "trace the grader": traces,
    "limit or slow down the grader": slows_the_grader,
    "raise its own priority": raises_its_priority,
    "be or become root": becomes_root,
    "reach a terminal": reaches_a_terminal,
    "find inherited descriptors": inherits,
    "find anything in the environment": environment_tells,
    "leave a core dump": leaves_a_core,
}
