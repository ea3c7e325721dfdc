"""A process with python and numpy ready that forks a child into every sandbox it is shown.

    python -s -S -P -B /proc/self/fd/NUMBER

To start python and import numpy takes longer than all probes of a submission, so it is done once.
This process is the grader's own: it runs no code of a student's, and knows nothing but the modules
that it imported. A child has all of its memory, so there is no path of this machine in it but the
interpreter's: even the modules, and this file, are read through descriptors.

Standard input is a socket. The first message on it, JSON, is a list of places in the box, with a
descriptor of what stands at each. Modules are imported under those places, so that a child, in its
box, goes on importing there. Each further message names a script of the box and a folder to run it
in, and brings four descriptors: the sandbox's first process, standard output and standard error for
the child, and a file with its argument. The answer is the number of the keeper:

    grader -> zygote -> keeper (waits for the child, then ends the sandbox) -> child (inside)

What namespaces do not do is done here, for the child, as bwrap does it for what it starts: a
session of its own, no descriptors of ours, no capabilities but those to become another user.
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

PREPARED = ("numpy.random", "tqdm.autonotebook", "confine", "writer", "probe")
PROBES = "trusted/probes"

CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC = 0x20000, 0x2000000, 0x4000000, 0x8000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 24, 38
MOST_DESCRIPTORS, LAST_CAPABILITY = 256, 63
MOST_SHOWN, LONGEST_MESSAGE = 128, 64 * 1024
CAPABILITY_VERSION_3 = 0x20080522
BECOME_ANOTHER_USER = 1 << 6 | 1 << 7
"""CAP_SETGID and CAP_SETUID, which `confine` needs as root, and gives up."""

libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    os.close(int(sys.argv[0].rpartition("/")[2]))  # this file's
    with socket.socket(fileno=os.dup(0)) as link:
        places, descriptors, *_ = socket.recv_fds(link, LONGEST_MESSAGE, MOST_SHOWN)
        if not places:
            return
        box = Box(dict(zip(json.loads(places), descriptors, strict=True)))
        sys.meta_path.append(box)
        gc.disable()
        for name in (*PREPARED, *box.modules(PROBES)):
            with contextlib.suppress(Exception):  # missing, or told where it is used
                importlib.import_module(name)
        gc.enable()
        gc.freeze()  # forks share these objects; collecting them would copy their pages
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # keepers leave nothing to wait for
        while True:
            message, descriptors, *_ = socket.recv_fds(link, 4096, 4)
            if not message:
                return
            keeper = os.fork()
            if keeper == 0:
                _keep(box, json.loads(message), *descriptors)
            for descriptor in descriptors:
                os.close(descriptor)
            link.send(str(keeper).encode())


def _keep(
    box: Box, order: Mapping[str, str], sandbox: int, output: int, errors: int, argument: int
) -> None:
    """The keeper joins the sandbox, apart from its processes, among which its child will be."""
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _be_killed_first()
        _join(sandbox)
        child = os.fork()
        if child == 0:
            _begin(box, order, output, errors, argument)
        os.closerange(0, sandbox)  # the pipe must end with the child
        os.closerange(sandbox + 1, MOST_DESCRIPTORS)
        while os.wait()[0] != child:  # CLONE_PARENT makes others our children, too
            pass
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(sandbox, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            while True:  # the sandbox has not ended while one of its processes is not waited for
                os.wait()
    except OSError as failure:
        os.write(errors, str(failure).encode())
    finally:
        os._exit(0)


def _be_killed_first() -> None:
    """Where memory ends, before the grader; children inherit it, and see no /proc to undo it by."""
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")


def _join(sandbox: int) -> None:
    """All namespaces of a process at once; root keeps its own users (EINVAL for one's own)."""
    kinds = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID
    users = CLONE_NEWUSER if os.geteuid() != 0 else 0
    _must(libc.setns(sandbox, kinds | CLONE_NEWNET | users), "the sandbox cannot be joined")


def _begin(box: Box, order: Mapping[str, str], output: int, errors: int, argument: int) -> None:
    """The child gives up what is ours and runs the script; never returns."""
    try:
        os.setsid()
        with open(argument, encoding="utf-8") as file:
            text = file.read()
        for descriptor, standard in ((os.open(os.devnull, os.O_RDONLY), 0), (output, 1)):
            os.dup2(descriptor, standard)
        os.dup2(errors, 2)
        os.closerange(3, MOST_DESCRIPTORS)
        _give_up_capabilities()
        box.entered()
        os.chdir(order["folder"])
        sys.argv = sys.orig_argv = [order["script"], text]
        script = sys.modules["__main__"] = ModuleType("__main__")
        script.__file__ = order["script"]
        exec(box.compiled(order["script"]), script.__dict__)
    except BaseException as failure:
        sys.stderr.write(f"{type(failure).__name__}: {failure}\n")
    finally:
        sys.stderr.flush()
        os._exit(1)


def _give_up_capabilities() -> None:
    """For good: neither this process nor a program that it starts can have more again."""
    for capability in range(LAST_CAPABILITY + 1):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)  # beyond the kernel's last: EINVAL
    kept = BECOME_ANOTHER_USER if os.geteuid() == 0 else 0
    sets = struct.pack("6I", kept, kept, 0, 0, 0, 0)  # effective, permitted, inheritable, twice
    header = struct.pack("Ii", CAPABILITY_VERSION_3, 0)
    _must(libc.capset(header, sets), "capabilities cannot be given up")
    _must(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "programs would bring new rights")


def _must(result: int, otherwise: str) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), otherwise)


class Box:
    """Imports modules of the box from where they lie on this machine (in `sys.meta_path`)."""

    def __init__(self, shown: Mapping[str, int]) -> None:
        """`shown` has descriptors by places: /box/trusted/..., /box/packages/..."""
        self._shown = {place: f"/proc/self/fd/{number}" for place, number in shown.items()}
        tops = ("/".join(place.split("/")[:3]) for place in shown)
        self._folders = tuple(dict.fromkeys(tops))
        self._compiled: dict[str, Any] = {}
        for place in shown:
            if place.endswith("worker.py"):
                self._compiled[place] = self.compiled(place)

    def where(self, place: str) -> str:
        """The path of a place.

        Raises:
            FileNotFoundError: nothing is shown there.
        """
        above, below = place, ""
        while above not in self._shown:
            above, slash, name = above.rpartition("/")
            if not slash:
                raise FileNotFoundError(place)
            below = f"/{name}{below}"
        return self._shown[above] + below

    def modules(self, folder: str) -> list[str]:
        """The names of the modules in a folder of the box, of which each file is shown."""
        places = (PurePosixPath(place) for place in self._shown)
        found = (p for p in places if str(p.parent).endswith(f"/{folder}") and p.suffix == ".py")
        return [f"{p.parent.name}.{p.stem}" for p in found if p.stem != "__init__"]

    def compiled(self, script: str) -> Any:
        """The code of a script."""
        if script in self._compiled:
            return self._compiled[script]
        with open(self.where(script), encoding="utf-8") as file:
            return compile(file.read(), script, "exec", dont_inherit=True)

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: Any = None
    ) -> ModuleSpec | None:
        for folder in self._folders if path is None else path:
            base = f"{folder}/{name.rpartition('.')[2]}"
            if self._is_file(f"{base}/__init__.py"):
                return self._spec(SourceLoader, name, f"{base}/__init__.py", [base])
            if self._is_file(f"{base}.py"):
                return self._spec(SourceLoader, name, f"{base}.py")
            for suffix in EXTENSION_SUFFIXES:
                if self._is_file(base + suffix):
                    return self._spec(ExtensionLoader, name, base + suffix)
        return None

    def _is_file(self, place: str) -> bool:
        try:
            return os.path.isfile(self.where(place))
        except FileNotFoundError:
            return False

    def _spec(
        self, kind: type, name: str, place: str, inside: list[str] | None = None
    ) -> ModuleSpec | None:
        loader = kind(name, place)
        loader.box = self
        return spec_from_file_location(
            name, place, loader=loader, submodule_search_locations=inside
        )

    def entered(self) -> None:
        """From now on places are paths, and python finds modules by itself."""
        sys.meta_path.remove(self)
        sys.path_importer_cache.clear()
        self._shown = {"": ""}


class SourceLoader(SourceFileLoader):
    box: Box

    def path_stats(self, path: str) -> Mapping[str, Any]:
        return super().path_stats(self.box.where(path))

    def get_data(self, path: str) -> bytes:
        return super().get_data(self.box.where(path))


class ExtensionLoader(ExtensionFileLoader):
    box: Box

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        there = ModuleSpec(spec.name, self, origin=self.box.where(self.path))
        return super().create_module(there)

    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        module.__file__ = self.path


if __name__ == "__main__":
    main()
