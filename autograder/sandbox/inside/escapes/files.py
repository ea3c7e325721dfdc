"""Attempts on files: to read, write, create, watch or otherwise change them."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from system_calls import call

ALLOWED_DEVICES = ("null", "zero", "urandom", "random")
DEVICES = (
    *(
        "full",
        "tty",
        "tty0",
        "console",
        "ptmx",
        "kmsg",
        "mem",
        "kvm",
        "fuse",
        "vsock",
        "vda",
        "sda",
    ),
    *("net/tun", "loop-control", "loop0", "snapshot", "uinput", "hwrng", "rtc", "cpu/0/msr"),
)
IN_MODIFY = 0x2


def reads(config: Mapping[str, Any]) -> str | None:
    """By path, through a link, and through /proc/PID/root."""
    writable = os.environ["TMPDIR"]
    for path in config["secrets"]:
        with contextlib.suppress(OSError):
            if os.path.isdir(path):
                # the folder may exist as the parent of a mount, but must hold nothing else
                strange = [n for n in os.listdir(path) if not _contains_python(f"{path}/{n}")]
                if strange:
                    return f"could list {path}: {strange[:3]}"
            else:
                os.close(os.open(path, os.O_RDONLY))
                return f"could read {path}"
    for path in (config["victim"], "/etc/shadow"):
        for make, name in ((os.symlink, f"{writable}/soft"), (os.link, f"{writable}/hard")):
            with contextlib.suppress(OSError), _linked(make, path, name):
                os.close(os.open(name, os.O_RDONLY))
                return f"could read {path} through {make.__name__}"
        for root in ("/proc/self/root", "/proc/1/root", f"/proc/{config['grader']}/root"):
            with contextlib.suppress(OSError):
                os.close(os.open(root + path, os.O_RDONLY))
                return f"could read {root}{path}"
    return None


@contextlib.contextmanager
def _linked(make: Any, path: str, name: str) -> Iterator[None]:
    make(path, name)
    try:
        yield
    finally:
        os.unlink(name)


def _contains_python(path: str) -> bool:
    return any(p == path or p.startswith(path + "/") for p in _python_paths())


def _python_paths() -> tuple[str, ...]:
    return (sys.base_prefix, sys.executable, os.path.dirname(os.__file__))


def imports(config: Mapping[str, Any]) -> str | None:
    for module in ("autograder", "nbgrader", "pytest"):
        with contextlib.suppress(ImportError):
            __import__(module)
            return f"could import {module}"
    library = os.path.dirname(os.__file__)
    for name in ("site-packages", "dist-packages"):
        with contextlib.suppress(OSError):
            if found := os.listdir(f"{library}/{name}"):
                return f"could see packages installed with python: {sorted(found)[:3]}"
    return None


def writes(config: Mapping[str, Any]) -> str | None:
    box, library = config["box"], os.path.dirname(os.__file__)
    places = ["/", "/dev", "/dev/shm", "/dev/mqueue", "/usr", "/run", "/var/tmp", "/etc"]
    places += [box, library, *config["outside"]]
    places += [f"{box}/{part}" for part in ("trusted", "trusted/probes", "packages", "student")]
    for place in places:
        with contextlib.suppress(OSError):
            path = f"{place}/written-by-the-self-test"
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT))
            os.unlink(path)
            return f"could write in {place}"
        with contextlib.suppress(OSError):
            os.mkdir(f"{place}/made-by-the-self-test")
            os.rmdir(f"{place}/made-by-the-self-test")
            return f"could create a folder in {place}"
    for path in (__file__, os.__file__, config["victim"]):
        with contextlib.suppress(OSError):
            os.close(os.open(path, os.O_WRONLY | os.O_APPEND))
            return f"could change {path}"
    with contextlib.suppress(OSError):
        os.truncate(config["victim"], 1)
        return f"could truncate {config['victim']}"
    with contextlib.suppress(OSError):
        os.rename(config["victim"], config["victim"] + "-moved")
        os.rename(config["victim"] + "-moved", config["victim"])
        return f"could move {config['victim']}"
    return None


def changes_what_guards_files(config: Mapping[str, Any]) -> str | None:
    """Landlock allows all of these; some require owning the file, others only write permission."""
    path = config["victim"]
    before = os.stat(path)
    changes: tuple[Callable[[], None], ...] = (
        lambda: os.chmod(path, 0o777),
        lambda: os.utime(path, (1, 1)),
        lambda: os.utime(path),
        lambda: os.chown(path, os.getuid(), os.getgid()),
    )
    for change in changes:
        with contextlib.suppress(OSError):
            change()
    with contextlib.suppress(OSError):
        os.setxattr(path, "user.self-test", b"x")
        if os.getxattr(path, "user.self-test"):
            return f"could set an attribute of {path}"
    after = os.stat(path)
    if (after.st_mode, after.st_mtime_ns) != (before.st_mode, before.st_mtime_ns):
        return f"could change the mode or time of {path}"
    return None


def watches(config: Mapping[str, Any]) -> str | None:
    watcher, _ = call("inotify_init1", 0)
    if watcher < 0:
        return None
    path = os.fsencode(os.path.dirname(config["victim"])) + b"\0"
    address = _address_of(path)
    if call("inotify_add_watch", watcher, address[0], IN_MODIFY)[0] >= 0:
        return f"could watch {os.fsdecode(path[:-1])}"
    return None


def _address_of(text: bytes) -> tuple[int, Any]:
    import ctypes

    buffer = ctypes.create_string_buffer(text)
    return ctypes.addressof(buffer), buffer


def opens_devices(config: Mapping[str, Any]) -> str | None:
    known = set(DEVICES)
    with contextlib.suppress(OSError):
        known |= set(os.listdir("/dev")) - set(ALLOWED_DEVICES)
    for name in sorted(known):
        for mode in (os.O_RDONLY, os.O_WRONLY):
            with contextlib.suppress(OSError):
                path = f"/dev/{name}"
                if stat.S_ISDIR(os.stat(path).st_mode):
                    continue
                os.close(os.open(path, mode | os.O_NONBLOCK | os.O_NOCTTY))
                return f"could open {path}"
    path = f"{os.environ['TMPDIR']}/device"
    for kind, numbers in ((stat.S_IFCHR, (1, 1)), (stat.S_IFBLK, (254, 0))):
        with contextlib.suppress(OSError):
            os.mknod(path, kind | 0o666, os.makedev(*numbers))
            os.unlink(path)
            return "could create a device"
    return None


def finds_proc(config: Mapping[str, Any]) -> str | None:
    """Not /proc/self/mounts and cgroup, for which sandlock shows made-up contents."""
    own = ("mem", "status", "environ", "maps", "limits", "stat")
    for path in (*(f"/proc/self/{file}" for file in own), "/proc/meminfo", "/proc/cpuinfo"):
        with contextlib.suppress(OSError), open(path, "rb", buffering=0) as file:
            if file.read(1):
                return f"could read {path}"
    for path in ("/proc", "/proc/self/fd", "/proc/self/ns", "/proc/net", "/sys"):
        with contextlib.suppress(OSError):
            if os.listdir(path):
                return f"could list {path}"
    for path in ("/proc/self/oom_score_adj", "/proc/self/mem", "/proc/sysrq-trigger"):
        with contextlib.suppress(OSError):
            os.close(os.open(path, os.O_WRONLY))
            return f"could write to {path}"
    return None


ATTEMPTS = {
    "read the suites, the gradebook, other submissions, /etc/shadow, home": reads,
    "import the grader or other installed packages": imports,
    "write outside the writable folder": writes,
    "change the mode, owner or time of a file outside": changes_what_guards_files,
    "watch a folder outside": watches,
    "open or create a device": opens_devices,
    "access /proc or /sys": finds_proc,
}
