"""A process that has imported numpy and forks a child into each sandbox on request.

    python -s -S -P -B /proc/self/fd/NUMBER

Starting python and importing numpy takes longer than all probes of a submission, so it is done
once. The zygote belongs to the grader: it runs no student code and holds nothing but the modules
that it imported. A child inherits a copy of its memory, so that contains no path of this machine
except the interpreter's: even the modules and this file are read through descriptors.

Standard input is a socket. The first message is a JSON list of paths in the box, with a descriptor
of the file or folder for each path. Modules are imported under those paths, so that a child in its
box can import further modules from there. Each later message names a script in the box and its
working directory, and carries four descriptors: a pidfd of the sandbox's first process, the child's
standard output and standard error, and a file with its argument. The reply is the keeper's PID:

    grader -> zygote -> keeper (waits for the child, then ends the sandbox) -> child (inside)

The zygote also does for the child what bwrap does for the processes that it starts itself: a new
session, no inherited descriptors, and no capabilities except those to become another user.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import signal
import socket
import struct
import sys
from collections.abc import Mapping, Sequence
from importlib.machinery import (
    EXTENSION_SUFFIXES,
    ExtensionFileLoader,
    ModuleSpec,
    SourceFileLoader,
)
from importlib.util import spec_from_file_location
from pathlib import PurePosixPath
from types import ModuleType
from typing import Any

PREPARED = ("numpy.random", "tqdm.autonotebook", "bars", "confine", "writer", "probe")
PROBES = "trusted/probes"

CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC = 0x20000, 0x2000000, 0x4000000, 0x8000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 24, 38
MOST_DESCRIPTORS, LAST_CAPABILITY = 256, 63
MOST_SHOWN, LONGEST_MESSAGE = 128, 64 * 1024
CAPABILITY_VERSION_3 = 0x20080522
BECOME_ANOTHER_USER = 1 << 6 | 1 << 7
"""CAP_SETGID and CAP_SETUID, which `confine` needs when root, and then gives up."""

libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    os.close(int(sys.argv[0].rpartition("/")[2]))  # the descriptor of this file
    with socket.socket(fileno=os.dup(0)) as link:
        box_paths, descriptors, *_ = socket.recv_fds(link, LONGEST_MESSAGE, MOST_SHOWN)
        if not box_paths:
            return
        box = BoxFinder(dict(zip(json.loads(box_paths), descriptors, strict=True)))
        sys.meta_path.append(box)
        gc.disable()
        for name in (*PREPARED, *box.modules(PROBES)):
            with contextlib.suppress(Exception):  # not installed, or raised where it is used
                importlib.import_module(name)
        gc.enable()
        gc.freeze()  # forks share these objects; collecting them would copy their pages
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps ended keepers
        while True:
            message, descriptors, *_ = socket.recv_fds(link, 4096, 4)
            if not message:
                return
            keeper = os.fork()
            if keeper == 0:
                _run_keeper(box, json.loads(message), *descriptors)
            for descriptor in descriptors:
                os.close(descriptor)
            link.send(str(keeper).encode())


def _run_keeper(
    box: BoxFinder,
    request: Mapping[str, str],
    pidfd: int,
    output: int,
    errors: int,
    argument: int,
) -> None:
    """Runs the keeper: joins the sandbox's namespaces, forks the child, waits, ends the sandbox.

    The keeper itself stays outside the PID namespace; its child is inside.
    """
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _be_killed_first()
        _join(pidfd)
        child = os.fork()
        if child == 0:
            _run_child(box, request, output, errors, argument)
        os.closerange(0, pidfd)  # only the child may hold the pipe open
        os.closerange(pidfd + 1, MOST_DESCRIPTORS)
        while os.wait()[0] != child:  # with CLONE_PARENT, other processes become our children
            pass
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            while True:  # the sandbox ends only when all its processes have been waited for
                os.wait()
    except OSError as failure:
        os.write(errors, str(failure).encode())
    finally:
        os._exit(0)


def _be_killed_first() -> None:
    """Makes the kernel kill this process before the grader when memory runs out.

    Children inherit this, and cannot undo it because they have no /proc.
    """
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")


def _join(pidfd: int) -> None:
    """Joins all namespaces of a process. For root the user namespace is shared, not joined."""
    namespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID
    user_namespace = CLONE_NEWUSER if os.geteuid() != 0 else 0
    _check(
        libc.setns(pidfd, namespaces | CLONE_NEWNET | user_namespace),
        "the sandbox cannot be joined",
    )


def _run_child(
    box: BoxFinder, request: Mapping[str, str], output: int, errors: int, argument: int
) -> None:
    """Runs the child: drops the grader's descriptors and rights, runs the script, never returns."""
    try:
        os.setsid()
        with open(argument, encoding="utf-8") as file:
            text = file.read()
        for descriptor, standard in ((os.open(os.devnull, os.O_RDONLY), 0), (output, 1)):
            os.dup2(descriptor, standard)
        os.dup2(errors, 2)
        os.closerange(3, MOST_DESCRIPTORS)
        _give_up_capabilities()
        box.use_real_paths()
        os.chdir(request["folder"])
        sys.argv = sys.orig_argv = [request["script"], text]
        script = sys.modules["__main__"] = ModuleType("__main__")
        script.__file__ = request["script"]
        exec(box.compiled_script(request["script"]), script.__dict__)
    except BaseException as failure:
        sys.stderr.write(f"{type(failure).__name__}: {failure}\n")
    finally:
        sys.stderr.flush()
        os._exit(1)


def _give_up_capabilities() -> None:
    """Drops them for good: neither this process nor a program it starts can regain them."""
    for capability in range(LAST_CAPABILITY + 1):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)  # EINVAL beyond the kernel's last
    kept = BECOME_ANOTHER_USER if os.geteuid() == 0 else 0
    sets = struct.pack("6I", kept, kept, 0, 0, 0, 0)  # twice: effective, permitted, inheritable
    header = struct.pack("Ii", CAPABILITY_VERSION_3, 0)
    _check(libc.capset(header, sets), "capabilities cannot be given up")
    _check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs cannot be set")


def _check(result: int, error_message: str) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), error_message)


class BoxFinder:
    """Imports modules under their paths in the box, before the box exists (for `sys.meta_path`)."""

    def __init__(self, shown: Mapping[str, int]) -> None:
        """`shown` holds descriptors by path in the box: /box/trusted/..., /box/packages/..."""
        self._shown = {box_path: f"/proc/self/fd/{number}" for box_path, number in shown.items()}
        top_folders = ("/".join(box_path.split("/")[:3]) for box_path in shown)
        self._folders = tuple(dict.fromkeys(top_folders))
        self._compiled: dict[str, Any] = {}
        for box_path in shown:
            if box_path.endswith("worker.py"):
                self._compiled[box_path] = self.compiled_script(box_path)

    def host_path(self, box_path: str) -> str:
        """The path on this machine, through a descriptor, of a path in the box.

        Raises:
            FileNotFoundError: the box has no such path.
        """
        parent, rest = box_path, ""
        while parent not in self._shown:
            parent, slash, name = parent.rpartition("/")
            if not slash:
                raise FileNotFoundError(box_path)
            rest = f"/{name}{rest}"
        return self._shown[parent] + rest

    def modules(self, folder: str) -> list[str]:
        """The names of the modules in a folder of the box whose files are mounted one by one."""
        box_paths = (PurePosixPath(box_path) for box_path in self._shown)
        found = (p for p in box_paths if str(p.parent).endswith(f"/{folder}") and p.suffix == ".py")
        return [f"{p.parent.name}.{p.stem}" for p in found if p.stem != "__init__"]

    def compiled_script(self, script: str) -> Any:
        """The compiled code of a script in the box."""
        if script in self._compiled:
            return self._compiled[script]
        with open(self.host_path(script), encoding="utf-8") as file:
            return compile(file.read(), script, "exec", dont_inherit=True)

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: Any = None
    ) -> ModuleSpec | None:
        for folder in self._folders if path is None else path:
            stem = f"{folder}/{name.rpartition('.')[2]}"
            if self._is_file(f"{stem}/__init__.py"):
                return self._spec(SourceLoader, name, f"{stem}/__init__.py", [stem])
            if self._is_file(f"{stem}.py"):
                return self._spec(SourceLoader, name, f"{stem}.py")
            for suffix in EXTENSION_SUFFIXES:
                if self._is_file(stem + suffix):
                    return self._spec(ExtensionLoader, name, stem + suffix)
        return None

    def _is_file(self, box_path: str) -> bool:
        try:
            return os.path.isfile(self.host_path(box_path))
        except FileNotFoundError:
            return False

    def _spec(
        self, kind: type, name: str, box_path: str, submodule_folders: list[str] | None = None
    ) -> ModuleSpec | None:
        loader = kind(name, box_path)
        loader.box = self
        return spec_from_file_location(
            name, box_path, loader=loader, submodule_search_locations=submodule_folders
        )

    def use_real_paths(self) -> None:
        """Switches to python's own imports: inside the sandbox, the paths in the box are real."""
        sys.meta_path.remove(self)
        sys.path_importer_cache.clear()
        self._shown = {"": ""}


class SourceLoader(SourceFileLoader):
    box: BoxFinder

    def path_stats(self, path: str) -> Mapping[str, Any]:
        return super().path_stats(self.box.host_path(path))

    def get_data(self, path: str) -> bytes:
        return super().get_data(self.box.host_path(path))


class ExtensionLoader(ExtensionFileLoader):
    box: BoxFinder

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        host_spec = ModuleSpec(spec.name, self, origin=self.box.host_path(self.path))
        return super().create_module(host_spec)

    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        module.__file__ = self.path


if __name__ == "__main__":
    main()
