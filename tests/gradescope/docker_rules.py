"""Runs a command as Docker would by default: its capabilities, its seccomp rules, its own root.

    python docker_rules.py ORDER

ORDER is JSON: `argv`, `env`, `cwd`, `read_only` and `writable` (target -> folder of this machine),
`landlock` (false for a kernel without it), `image` (a folder whose system is used instead of this
machine's) and `allowed` (system calls that an option of the container allows). It has to be
started as root. It is no container engine: it makes the mounts and applies the rules, so that a
test can run an autograder where no engine is installed.

The rules are those of moby's profiles/seccomp/default.json and of the 14 default capabilities, as a
list of what they refuse on x86_64. What they allow on conditions is refused unless they hold.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import struct
import sys
from collections.abc import Collection, Iterator
from pathlib import Path

# fmt: off
CAPABILITIES = {
    "chown": 0, "dac_override": 1, "fowner": 3, "fsetid": 4, "kill": 5, "setgid": 6, "setuid": 7,
    "setpcap": 8, "net_bind_service": 10, "net_raw": 13, "sys_chroot": 18, "mknod": 27,
    "audit_write": 29, "setfcap": 31,
}
REFUSED = {
    "_sysctl": 156, "acct": 163, "add_key": 248, "afs_syscall": 183, "bpf": 321,
    "clock_settime": 227, "create_module": 174, "delete_module": 176, "fanotify_init": 300,
    "finit_module": 313, "fsconfig": 431, "fsmount": 432, "fsopen": 430, "fspick": 433,
    "get_kernel_syms": 177, "get_mempolicy": 239, "getpmsg": 181, "init_module": 175,
    "io_uring_enter": 426, "io_uring_register": 427, "io_uring_setup": 425, "ioperm": 173,
    "iopl": 172, "kcmp": 312, "kexec_file_load": 320, "kexec_load": 246, "keyctl": 250,
    "lookup_dcookie": 212, "mbind": 237, "migrate_pages": 256, "mount": 165, "mount_setattr": 442,
    "move_mount": 429, "move_pages": 279, "nfsservctl": 180, "open_by_handle_at": 304,
    "open_tree": 428, "perf_event_open": 298, "pidfd_getfd": 438, "pivot_root": 155,
    "process_madvise": 440, "putpmsg": 182, "query_module": 178, "quotactl": 179,
    "quotactl_fd": 443, "reboot": 169, "request_key": 249, "security": 185, "set_mempolicy": 238,
    "set_mempolicy_home_node": 450, "setdomainname": 171, "sethostname": 170, "setns": 308,
    "settimeofday": 164, "swapoff": 168, "swapon": 167, "sysfs": 139, "syslog": 103,
    "tuxcall": 184, "umount2": 166, "unshare": 272, "uselib": 134, "userfaultfd": 323,
    "ustat": 136, "vhangup": 153, "vserver": 236,
}
# fmt: on
LANDLOCK = {"landlock_create_ruleset": 444}
CLONE, CLONE3, SOCKET, PERSONALITY = 56, 435, 41, 135
FIRST_UNKNOWN = 451
"""Docker's runtime answers ENOSYS for calls that are newer than its profile."""
NAMESPACES, VSOCK = 0x7E020000, 40
PERSONALITIES = (0, 8, 0x20000, 0x20008, 0xFFFFFFFF)

LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, ANSWER, KILL = 0x7FFF0000, 0x00050000, 0x80000000
X86_64 = 0xC000003E
NUMBER_AT, ARCHITECTURE_AT, ARGUMENT_AT = 0, 4, 16

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWPID = 0x20000, 0x4000000, 0x8000000, 0x20000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND = 1, 2, 4, 8, 32, 4096
MS_REC, MS_PRIVATE, MNT_DETACH = 16384, 1 << 18, 2
PR_CAPBSET_DROP, PR_SET_SECCOMP, PR_SET_PDEATHSIG, FILTER = 24, 22, 1, 2
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
MASKED = ("kcore", "keys", "timer_list")
READ_ONLY = ("bus", "fs", "irq", "sys", "sysrq-trigger")

libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    order = json.loads(sys.argv[1])
    _call("unshare", libc.unshare(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID))
    child = os.fork()  # the first process of the new PID namespace; all end with it
    if child:
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    libc.prctl(PR_SET_PDEATHSIG, 9, 0, 0, 0)
    make_root(Path(order.get("image", "/")), order["read_only"], order["writable"])
    os.chdir(order["cwd"])
    # before capabilities are dropped: it needs one of them
    install_filter(order.get("landlock", True), order.get("allowed", ()))
    drop_capabilities()
    os.execve(order["argv"][0], order["argv"], order["env"])


def make_root(image: Path, read_only: dict[str, str], writable: dict[str, str]) -> None:
    """A root with the image's system folders, and of this machine only what is named."""
    mount(None, "/", None, MS_REC | MS_PRIVATE)
    root = Path("/mnt")
    mount("tmpfs", root, "tmpfs", MS_NOSUID, "mode=0755")
    bind(image / "usr", root / "usr", MS_RDONLY)
    for name in ("bin", "sbin", "lib", "lib64"):
        if (image / name).is_symlink():
            (root / name).symlink_to(os.readlink(image / name))
        elif (image / name).is_dir():
            bind(image / name, root / name, MS_RDONLY)
    for name in ("etc", "root", "var", "proc", "sys", "dev", "tmp", "run"):
        (root / name).mkdir(exist_ok=True)
    (root / "tmp").chmod(0o1777)
    for name in ("passwd", "group", "ld.so.cache", "nsswitch.conf", "hosts", "resolv.conf"):
        if (image / "etc" / name).exists():
            (root / "etc" / name).write_bytes((image / "etc" / name).read_bytes())
    for target, source in writable.items():
        bind(Path(source), root / target.lstrip("/"), 0)
    for target, source in read_only.items():
        bind(Path(source), root / target.lstrip("/"), MS_RDONLY)
    mount("proc", root / "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    for name in MASKED:
        if (root / "proc" / name).exists():
            bind(Path("/dev/null"), root / "proc" / name, 0)
    for name in READ_ONLY:
        if (root / "proc" / name).exists():
            bind(root / "proc" / name, root / "proc" / name, MS_RDONLY)
    mount("sysfs", root / "sys", "sysfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC)
    mount("tmpfs", root / "dev", "tmpfs", MS_NOSUID, "mode=0755,size=64k")
    for name in DEVICES:
        if Path("/dev", name).exists():
            bind(Path("/dev", name), root / "dev" / name, 0)
    (root / "dev" / "shm").mkdir()
    mount(
        "shm", root / "dev" / "shm", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=1777,size=64m"
    )
    (root / "dev" / "fd").symlink_to("/proc/self/fd")
    (root / "old").mkdir()
    _call("pivot_root", libc.syscall(155, str(root).encode(), str(root / "old").encode()))
    os.chdir("/")
    _call("umount", libc.umount2(b"/old", MNT_DETACH))
    Path("/old").rmdir()


def bind(source: Path, target: Path, flags: int) -> None:
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.mkdir() if source.is_dir() else target.touch()
    mount(source, target, None, MS_BIND)
    if flags:
        mount(None, target, None, MS_BIND | MS_REMOUNT | MS_NOSUID | flags)


def mount(
    source: str | Path | None, target: str | Path, kind: str | None, flags: int, options: str = ""
) -> None:
    def text(value: object) -> bytes | None:
        return None if value is None else str(value).encode()

    done = libc.mount(text(source), text(target), text(kind), ctypes.c_ulong(flags), text(options))
    _call(f"mount {source} at {target}", done)


def drop_capabilities() -> None:
    """Keep Docker's, of those that root has; a command that root starts gets no others."""
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_text())
    for number in range(last + 1):
        if number not in CAPABILITIES.values():
            _call("drop", libc.prctl(PR_CAPBSET_DROP, number, 0, 0, 0))
    kept = sum(1 << number for number in CAPABILITIES.values())
    header = struct.pack("Ii", 0x20080522, 0)
    low, high = kept & 0xFFFFFFFF, kept >> 32
    data = struct.pack("6I", low, low, 0, high, high, 0)
    _call("capset", libc.capset(header, data))


def install_filter(landlock: bool, allowed: Collection[str]) -> None:
    """As Docker does, without no_new_privs."""
    steps = list(program(landlock, allowed))
    code = ctypes.create_string_buffer(b"".join(steps))
    rule = struct.pack("HxxxxxxP", len(steps), ctypes.addressof(code))
    done = libc.prctl(PR_SET_SECCOMP, FILTER, ctypes.create_string_buffer(rule), 0, 0)
    _call("seccomp", done)


def program(landlock: bool, allowed: Collection[str]) -> Iterator[bytes]:
    yield _step(LOAD, ARCHITECTURE_AT)
    yield _step(EQUAL, X86_64, then=1)
    yield _step(RETURN, KILL)
    yield _step(LOAD, NUMBER_AT)
    numbers = (number for name, number in REFUSED.items() if name not in allowed)
    refused = dict.fromkeys(numbers, errno.EPERM) | {CLONE3: errno.ENOSYS}
    if not landlock:
        refused |= dict.fromkeys(LANDLOCK.values(), errno.ENOSYS)
    for number, error in refused.items():
        yield from (_step(EQUAL, number, otherwise=1), _step(RETURN, ANSWER | error))
    yield from (_step(AT_LEAST, FIRST_UNKNOWN, otherwise=1), _step(RETURN, ANSWER | errno.ENOSYS))
    no = _step(RETURN, ANSWER | errno.EPERM)
    argument = _step(LOAD, ARGUMENT_AT)
    yield from (_step(EQUAL, CLONE, otherwise=3), argument, _step(ANY_BIT, NAMESPACES, 0, 1), no)
    yield from (_step(LOAD, NUMBER_AT), _step(EQUAL, SOCKET, otherwise=3))
    yield from (argument, _step(EQUAL, VSOCK, otherwise=1), no)
    yield from (_step(LOAD, NUMBER_AT), _step(EQUAL, PERSONALITY, otherwise=2 + 5), argument)
    for place, value in enumerate(PERSONALITIES):
        yield _step(EQUAL, value, then=len(PERSONALITIES) - place)
    yield no
    yield _step(RETURN, ALLOW)


def _step(operation: int, operand: int, then: int = 0, otherwise: int = 0) -> bytes:
    return struct.pack("HBBI", operation, then, otherwise, operand)


def _call(what: str, result: int) -> None:
    if result != 0:
        sys.exit(f"{what}: {os.strerror(ctypes.get_errno())}")


if __name__ == "__main__":
    main()
