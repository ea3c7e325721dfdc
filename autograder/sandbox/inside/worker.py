"""The process inside the sandbox: imports a student's library once, then forks for its probes.

    python -s -S -P -B worker.py CONFIG

CONFIG is JSON (see `session.py`, which writes it). This file stands in the box's folder `trusted/`,
with `writer.py`, `confine.py`, `probe.py` and the assignment's probes; beside it are `student/`,
which holds the library, `cells/`, `data/` and `packages/`. What happens is told on standard output
in records of a kind, a length and that many bytes:

    I  a module is about to be imported (its name)    B  a run begins (its probes, a line each)
    D  bytes it sent (frames, see `writer.py`)        E  how its process ended (JSON)
    A  nothing can be started any more: again         Z  that was all

A run is one process, for one probe or for several. Each probe of a run finds the library as newly
imported: what a layer keeps in a module or a class for the next one is not there.

Nothing here guards a grade: once the library is imported, this process may be the student's. What
guards it is that whatever the records say is a claim.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import random
import resource
import select
import signal
import struct
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from importlib.machinery import (
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    SourceFileLoader,
)
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, ClassVar

RECORD = struct.Struct("<cI")
CHUNK = 64 * 1024
TICK_S = 0.05
TAIL = 8 * 1024
PROCESSOR_CLOCK = 2
"""CPUCLOCK_SCHED: how clock_getcpuclockid(3) makes the number of a process's clock."""


def main() -> None:
    config = json.loads(sys.argv[1])
    box = Path(__file__).absolute().parent.parent
    # the student's folder last: a numpy.py in a submission is nobody's numpy
    sys.path += [str(box / "trusted"), str(box / "packages"), str(box / "student")]
    from confine import confine, forget_arguments

    forget_arguments()
    confine(config)
    import numpy.random  # loads lazily: warmed here, once, for every probe  # noqa: F401
    import probe
    from writer import write_all

    known = probe.probes_in("probes")
    channel = _take_standard_output()

    def tell(kind: bytes, data: bytes = b"") -> None:
        write_all(channel, RECORD.pack(kind, len(data)) + data)

    imports = Imports(box / "student", config["key"], config["modules"], probe.Library)
    imports.first(config, tell)
    stage = Stage(config, box, channel, imports)
    gc.freeze()  # forks share these objects; collecting them would copy their pages
    for names in config["runs"]:
        tell(b"B", "\n".join(names).encode())
        if known.keys() >= set(names):
            try:
                end = stage.run([known[name] for name in names], lambda data: tell(b"D", data))
            except BlockingIOError:  # what an earlier probe left behind still counts
                tell(b"A")
                os._exit(0)
        else:
            end = {"how": "missing"}
        tell(b"E", json.dumps(end).encode())
    tell(b"Z")
    os._exit(0)


def _take_standard_output() -> int:
    """A private copy of standard output; 0, 1 and 2 then lead nowhere."""
    channel = os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    os.close(nowhere)
    return channel


class Unimportable:
    """Refuses modules whose import ended the process before, whoever asks for them."""

    def __init__(self, reasons: Mapping[str, str]) -> None:
        self._reasons = reasons

    def find_spec(self, name: str, path: Any, target: Any = None) -> None:
        if name in self._reasons:
            raise ImportError(f"{name} {self._reasons[name]}", name=name)


class Imports:
    """The student's library: imported once, and as newly imported for each probe of a run.

    Attributes:
        library: the modules.
        importing: by exception the module whose import raised it.
    """

    def __init__(self, student: Path, key: str, modules: Sequence[str], library: Any) -> None:
        """`modules` are imported in this order; `library` is how probes see them."""
        self._student = str(student)
        self._key = key
        self._modules = modules
        self._seen_as = library
        self._failures: dict[str, BaseException] = {}
        sys.path_hooks.insert(0, self._finder)
        sys.path_importer_cache.pop(self._student, None)  # what others looked for there

    def first(self, config: Mapping[str, Any], tell: Any) -> None:
        """Imports each module by itself."""
        sys.meta_path.insert(0, Unimportable(config["unimportable"]))
        self._begin()
        modules = {}
        for name in self._modules:
            tell(b"I", name.encode())
            # the grader ends it sooner and can say why; this is for a grader that was kept waiting
            _allow_processor_time(2 * config["import_cpu_s"])
            try:
                modules[name] = importlib.import_module(name)
            except BaseException as failure:  # sys.exit at import time costs this module alone
                self._failures[name] = failure
        resource.setrlimit(resource.RLIMIT_CPU, (resource.RLIM_INFINITY, _hard_cpu()))
        with contextlib.suppress(Exception):
            sys.stdout.flush()  # what imports printed would come out of every fork again
        self.library = self._seen_as(modules, self._failures)
        self.importing = {id(failure): name for name, failure in self._failures.items()}

    def again(self) -> None:
        """Executes what was imported in new modules; a quarter of a millisecond for the solution.

        What goes wrong here and did not at first is no answer to anything: let it end the process.
        """
        self._begin()
        executed = dict(RememberingLoader.executed)
        new = {name: ModuleType(name) for name in executed}
        for name, module in new.items():
            vars(module).update(executed[name][0])
            sys.modules[name] = module
        for name, module in new.items():
            parent, _, child = name.rpartition(".")
            if parent:
                setattr(sys.modules[parent], child, module)
        for name, module in new.items():
            exec(executed[name][1], vars(module))
        modules = {name: new[name] for name in self._modules if name in new}
        self.library = self._seen_as(modules, self._failures)

    def _begin(self) -> None:
        """What is drawn while modules are imported is the same every time."""
        _repeat_chance(self._key)
        _seed_generators(int(self._key[:8], 16))

    def _finder(self, path: str) -> FileFinder:
        """Of modules in the student's folders (in `sys.path_hooks`)."""
        if not path.startswith(self._student):
            raise ImportError(f"{path} is not the student's", path=path)
        modules = ExtensionFileLoader, EXTENSION_SUFFIXES
        return FileFinder(path, modules, (RememberingLoader, SOURCE_SUFFIXES))


class RememberingLoader(SourceFileLoader):
    """Keeps what it takes to execute a module again."""

    executed: ClassVar[dict[str, tuple[Mapping[str, Any], CodeType]]] = {}
    """By name, what a module had before its code ran, and the code. What others need is first."""

    def exec_module(self, module: ModuleType) -> None:
        before, code = dict(vars(module)), self.get_code(module.__name__)
        assert code is not None  # what has a source has code
        exec(code, vars(module))
        self.executed[module.__name__] = before, code


def _hard_cpu() -> int:
    return resource.getrlimit(resource.RLIMIT_CPU)[1]


def _allow_processor_time(seconds: int) -> None:
    """So much more than was used so far, in whole seconds, as the kernel counts."""
    resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + 1 + seconds, _hard_cpu()))


class Stage:
    """Does one run after another, each in a process and a session of its own."""

    def __init__(
        self, config: Mapping[str, Any], box: Path, channel: int, imports: Imports
    ) -> None:
        self._config = config
        self._limits = config["limits"]
        self._patience = config["patience_s"]
        self._box = box
        self._channel = channel
        self._imports = imports
        self._cells = {f.name: f.read_text("utf-8") for f in _files(box / "cells")}
        self._folder = Path(os.environ["TMPDIR"])
        self._kept = set(self._folder.iterdir())  # what imports wrote, such as a cache of fonts

    def run(self, probes: list[Any], send: Any) -> dict[str, Any]:
        """Forks, passes on what the probes send, and says how their process ended."""
        seconds = max(min(self._limits["cpu_s"], self._patience), self._config["least_s"])
        wall = self._limits["wall_s"] * seconds / self._limits["cpu_s"]
        from confine import fork

        frames, printed = os.pipe(), os.pipe()
        began = time.monotonic()
        child = fork()
        if child == 0:
            os.close(frames[0])
            os.close(printed[0])
            self._perform(probes, frames[1], printed[1], seconds)
        os.close(frames[1])
        os.close(printed[1])
        relay = Relay(frames[0], printed[0], self._limits["output_bytes"], send)
        status, usage, why = relay.until_end(child, lambda: self._sleeps(child, began, wall))
        self._kill_what_is_left(child)
        relay.drain()
        self._clear_folder()
        allowed = wall if why == "time" else seconds
        cpu_s = usage.ru_utime + usage.ru_stime
        # the kernel ends what is over its limit with a signal, by a coarser clock than it reports
        over = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        if why is None and over and cpu_s > seconds / 2:
            why = "time"
        if why == "time":
            self._patience = max(0, self._patience - seconds)
        return {
            "how": why or ("signal" if os.WIFSIGNALED(status) else "exit"),
            "code": os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status),
            "allowed_s": allowed,
            "printed": relay.tail.decode("utf-8", "replace"),
        }

    def _sleeps(self, child: int, began: float, wall: float) -> bool:
        """Whether the wall-clock time is over; CPU time that was used extends it."""
        elapsed, extends = time.monotonic() - began, self._config["wall_per_cpu_second"]
        return elapsed > wall and elapsed - extends * _processor_time(child) > wall

    def _perform(self, probes: list[Any], frames: int, printed: int, seconds: int) -> None:
        """In the child: run the probes, send what they yield, never return."""
        try:
            os.setsid()
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
            os.close(self._channel)
            os.dup2(printed, 1)
            os.dup2(printed, 2)
            os.close(printed)
            with contextlib.suppress(Exception):  # it may be the student's own by now
                output: Any = sys.stdout
                output.reconfigure(line_buffering=True)  # so that what was said last is known
            for number, probe in enumerate(probes):
                if number:
                    self._clear_folder()
                    self._imports.again()
                self._exercise(probe, frames)
            with contextlib.suppress(Exception):
                sys.stdout.flush()
        finally:
            os._exit(0)

    def _exercise(self, probe: Any, frames: int) -> None:
        from writer import Writer

        writer = Writer(
            frames, self._limits["output_bytes"], str(self._box / "student"), self._cells
        )
        key = self._config["key"]
        offered = {"cells": lambda: dict(self._cells), "data": self._data}
        try:
            inputs = probe.inputs(key) | {name: offered[name]() for name in probe.asks}
            _repeat_chance(probe.legacy_seed(key))
            _seed_generators(probe.legacy_seed(key))
            for values in probe.run(self._imports.library, **inputs):
                writer.step(values)
            writer.finished()
        except BaseException as failure:  # sys.exit in a forward pass is a failure like any other
            writer.raised(failure, self._imports.importing.get(id(failure)))

    def _data(self) -> dict[str, Any]:
        """The training data by name, mapped: in-place code changes only its own pages."""
        import numpy as np

        return {
            f.stem: np.load(f, mmap_mode="c", allow_pickle=False)
            for f in _files(self._box / "data")
        }

    def _clear_folder(self) -> None:
        """Nothing that a run wrote is there for the next one."""
        for path in set(self._folder.iterdir()) - self._kept:
            if path.is_dir() and not path.is_symlink():
                import shutil  # with four libraries, which every fork would pay for

                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)

    def _kill_what_is_left(self, child: int) -> None:
        """Ends whatever a run started and left behind, and waits until it is gone."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if self._config["sandboxed"]:  # nobody but us can be reached: everybody
                os.kill(-1, signal.SIGKILL)
            else:
                os.killpg(child, signal.SIGKILL)
        deadline = time.monotonic() + 1.0
        with contextlib.suppress(ChildProcessError):
            while time.monotonic() < deadline:
                if os.waitpid(-1, os.WNOHANG)[0] == 0:
                    time.sleep(0.0005)


class Relay:
    """Passes on a run's frames in chunks and keeps the end of what it printed."""

    def __init__(self, frames: int, printed: int, room: int, send: Any) -> None:
        self._open = {frames, printed}
        self._frames = frames
        self._room = room
        self._send = send
        self.tail = b""
        for descriptor in self._open:
            os.set_blocking(descriptor, False)

    def until_end(self, child: int, is_over: Any) -> tuple[int, Any, str | None]:
        """Waits for the child and returns (status, usage, why it was killed if it was)."""
        why = None
        while True:
            if not self._open:  # it closed its pipes, as every process does at its end
                ended, status, usage = _wait(child, is_over if why is None else None)
            else:
                self._pump(TICK_S)
                ended, status, usage = os.wait4(child, os.WNOHANG)
            if ended:
                return status, usage, why
            if why is None and (self._room < 0 or is_over()):
                why = "output" if self._room < 0 else "time"
                os.kill(child, signal.SIGKILL)

    def drain(self) -> None:
        """Takes what is still in the pipes; their writers are dead."""
        while self._open and self._pump(0):
            pass
        for descriptor in self._open:
            os.close(descriptor)

    def _pump(self, timeout_s: float) -> bool:
        ready = select.select(list(self._open), [], [], timeout_s)[0]
        for descriptor in ready:
            data = os.read(descriptor, CHUNK)
            if not data:
                self._open.discard(descriptor)
                os.close(descriptor)
            elif descriptor == self._frames:
                self._room -= len(data)
                if self._room >= 0:
                    self._send(data)
            else:
                self.tail = (self.tail + data)[-TAIL:]
        return bool(ready)


def _wait(child: int, is_over: Any) -> tuple[int, int, Any]:
    """`wait4` that gives up when the time is over, if that can be."""
    pause = 0.0005
    while True:
        ended = os.wait4(child, os.WNOHANG if is_over else 0)
        if ended[0] or (is_over and is_over()):
            return ended
        time.sleep(pause)
        pause = min(2 * pause, TICK_S)


def _processor_time(process: int) -> float:
    """Seconds that another process had so far, by the clock that the kernel keeps for each."""
    with contextlib.suppress(OSError):
        return time.clock_gettime(~process << 3 | PROCESSOR_CLOCK)
    return 0.0


def _repeat_chance(seed: int | str) -> None:
    """What generators without a seed get from the system is the same in the same grading.

    Otherwise a message, and in theory a verdict, would change when a submission is graded again.
    numpy's generators ask `secrets`, which asks `random` for the system's bytes.
    """
    os.urandom = random.Random(seed).randbytes
    vars(random)["_urandom"] = os.urandom


def _seed_generators(seed: int) -> None:
    """Those that all share: what draws from them draws the same in every process."""
    import numpy as np

    np.random.seed(seed)
    random.seed(seed)


def _files(folder: Path) -> Iterator[Path]:
    return (f for f in sorted(folder.iterdir()) if f.is_file()) if folder.is_dir() else iter(())


if __name__ == "__main__":
    main()
