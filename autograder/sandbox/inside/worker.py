"""The worker inside the sandbox: imports a student's library once, then forks to run probes.

    python -s -S -P -B worker.py CONFIG

CONFIG is JSON, written by `session.py`. This file is in the box's folder `trusted/`, together with
`writer.py`, `confine.py`, `bars.py`, `probe.py` and the assignment's probes. Next to that folder
are `student/` with the library, `cells/`, `data/` and `packages/`. The worker reports on standard
output, in records that consist of a kind, a length and that many bytes:

    I  a module is about to be imported (its name)    B  a run begins (its probes, one per line)
    D  data that the run sent (frames, `writer.py`)   E  how the run's process ended (JSON)
    A  no process can be forked: start a new worker   Z  all runs are done

A run is one process, for one or several probes. For each probe of a run the library is in the state
of a fresh import: what a layer stored in a module or a class during an earlier probe is gone.

Nothing here protects the grade: once the library is imported, student code may control this
process. The grader therefore treats all records as claims.
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
CPUCLOCK_SCHED = 2
"""With this kernel constant, clock_getcpuclockid(3) computes the id of a process's CPU clock."""


def main() -> None:
    config = json.loads(sys.argv[1])
    box = Path(__file__).absolute().parent.parent
    # the student's folder comes last, so that a submission's numpy.py does not replace numpy
    sys.path += [str(box / "trusted"), str(box / "packages"), str(box / "student")]
    from confine import confine, forget_arguments

    forget_arguments()
    confine(config)
    import numpy.random  # numpy loads it lazily: once here, before the forks  # noqa: F401
    import probe
    from bars import PlainBars
    from writer import write_all

    sys.meta_path.insert(0, PlainBars())
    available = probe.probes_in("probes")
    channel = _take_standard_output()

    def send_record(kind: bytes, data: bytes = b"") -> None:
        write_all(channel, RECORD.pack(kind, len(data)) + data)

    imports = Imports(box / "student", config["key"], config["modules"], probe.Library)
    imports.import_all(config, send_record)
    runner = ProbeRunner(config, box, channel, imports)
    gc.freeze()  # forks share these objects; collecting them would copy their pages
    for names in config["runs"]:
        send_record(b"B", "\n".join(names).encode())
        if available.keys() >= set(names):
            try:
                end = runner.run(
                    [available[name] for name in names], lambda data: send_record(b"D", data)
                )
            except BlockingIOError:  # an earlier probe's processes still count
                send_record(b"A")
                os._exit(0)
        else:
            end = {"how": "missing"}
        send_record(b"E", json.dumps(end).encode())
    send_record(b"Z")
    os._exit(0)


def _take_standard_output() -> int:
    """Returns a copy of standard output, and redirects 0, 1 and 2 to /dev/null."""
    channel = os.dup(1)
    devnull = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(devnull, standard)
    os.close(devnull)
    return channel


class Unimportable:
    """An import hook that rejects modules whose import ended an earlier worker."""

    def __init__(self, reasons: Mapping[str, str]) -> None:
        self._reasons = reasons

    def find_spec(self, name: str, path: Any, target: Any = None) -> None:
        if name in self._reasons:
            raise ImportError(f"{name} {self._reasons[name]}", name=name)


class Imports:
    """The student's library: imported once, then re-executed before each further probe of a run.

    Attributes:
        library: the library as probes see it.
        importing: by id of an exception, the module whose import raised it.
    """

    def __init__(self, student: Path, key: str, modules: Sequence[str], library: Any) -> None:
        """`modules` are imported in this order; `library` is the class that wraps them."""
        self._student = str(student)
        self._key = key
        self._modules = modules
        self._library_class = library
        self._failures: dict[str, BaseException] = {}
        sys.path_hooks.insert(0, self._finder)
        sys.path_importer_cache.pop(self._student, None)  # may hold a finder made before the hook

    def import_all(self, config: Mapping[str, Any], send_record: Any) -> None:
        """Imports each module; a failure affects only that module."""
        sys.meta_path.insert(0, Unimportable(config["unimportable"]))
        self._reset_randomness()
        modules = {}
        for name in self._modules:
            send_record(b"I", name.encode())
            # the grader kills it sooner and reports why; this is in case the grader is delayed
            _limit_cpu_time(2 * config["import_cpu_s"])
            try:
                modules[name] = importlib.import_module(name)
            except BaseException as failure:  # even sys.exit fails only this module
                self._failures[name] = failure
        resource.setrlimit(resource.RLIMIT_CPU, (resource.RLIM_INFINITY, _hard_cpu()))
        with contextlib.suppress(Exception):
            sys.stdout.flush()  # else every fork would print the buffer again
        self.library = self._library_class(modules, self._failures)
        self.importing = {id(failure): name for name, failure in self._failures.items()}

    def execute_again(self) -> None:
        """Executes the imported code again in new modules; takes 0.25 ms for the solution.

        An exception here, which the first import did not raise, ends the process.
        """
        self._reset_randomness()
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
        self.library = self._library_class(modules, self._failures)

    def _reset_randomness(self) -> None:
        """Makes random numbers drawn during imports the same every time."""
        _make_urandom_repeatable(self._key)
        _seed_generators(int(self._key[:8], 16))

    def _finder(self, path: str) -> FileFinder:
        """The finder for modules in the student's folders (for `sys.path_hooks`)."""
        if not path.startswith(self._student):
            raise ImportError(f"{path} is not the student's", path=path)
        modules = ExtensionFileLoader, EXTENSION_SUFFIXES
        return FileFinder(path, modules, (RememberingLoader, SOURCE_SUFFIXES))


class RememberingLoader(SourceFileLoader):
    """Keeps what is needed to execute a module again."""

    executed: ClassVar[dict[str, tuple[Mapping[str, Any], CodeType]]] = {}
    """By name: a module's namespace before its code ran, and the code; dependencies come first."""

    def exec_module(self, module: ModuleType) -> None:
        before, code = dict(vars(module)), self.get_code(module.__name__)
        assert code is not None  # a source file always has code
        exec(code, vars(module))
        self.executed[module.__name__] = before, code


def _hard_cpu() -> int:
    return resource.getrlimit(resource.RLIMIT_CPU)[1]


def _limit_cpu_time(seconds: int) -> None:
    """Allows about that many more CPU seconds (the kernel's limit is in whole seconds)."""
    resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + 1 + seconds, _hard_cpu()))


class ProbeRunner:
    """Executes runs one after another, each in its own process and session."""

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
        self._initial_files = set(self._folder.iterdir())  # written by imports, e.g. a font cache

    def run(self, probes: list[Any], send: Any) -> dict[str, Any]:
        """Forks, relays the output of the probes, and returns how their process ended."""
        seconds = max(min(self._limits["cpu_s"], self._patience), self._config["least_s"])
        wall = self._limits["wall_s"] * seconds / self._limits["cpu_s"]
        from confine import fork

        frames, printed = os.pipe(), os.pipe()
        started_at = time.monotonic()
        child = fork()
        if child == 0:
            os.close(frames[0])
            os.close(printed[0])
            self._run_in_child(probes, frames[1], printed[1], seconds)
        os.close(frames[1])
        os.close(printed[1])
        relay = Relay(frames[0], printed[0], self._limits["output_bytes"], send)
        status, usage, why = relay.until_end(
            child, lambda: self._is_over_wall_limit(child, started_at, wall)
        )
        self._kill_remaining(child)
        relay.drain()
        self._clear_folder()
        allowed = wall if why == "time" else seconds
        cpu_s = usage.ru_utime + usage.ru_stime
        # at the CPU limit the kernel sends SIGKILL, but its clock is coarser than the usage here
        was_killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        if why is None and was_killed and cpu_s > seconds / 2:
            why = "time"
        if why == "time":
            self._patience = max(0, self._patience - seconds)
        return {
            "how": why or ("signal" if os.WIFSIGNALED(status) else "exit"),
            "code": os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status),
            "allowed_s": allowed,
            "printed": relay.tail.decode("utf-8", "replace"),
        }

    def _is_over_wall_limit(self, child: int, started_at: float, wall: float) -> bool:
        """Whether the wall-clock limit, extended by the CPU time used, is exceeded."""
        elapsed, per_cpu_second = time.monotonic() - started_at, self._config["wall_per_cpu_second"]
        return elapsed > wall and elapsed - per_cpu_second * _cpu_time(child) > wall

    def _run_in_child(self, probes: list[Any], frames: int, printed: int, seconds: int) -> None:
        """Runs the probes in the child and sends what they yield; never returns."""
        try:
            os.setsid()
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
            os.close(self._channel)
            os.dup2(printed, 1)
            os.dup2(printed, 2)
            os.close(printed)
            with contextlib.suppress(Exception):  # student code may have replaced it
                output: Any = sys.stdout
                output.reconfigure(line_buffering=True)  # so that a crash loses no line
            for number, probe in enumerate(probes):
                if number:
                    self._clear_folder()
                    self._imports.execute_again()
                self._run_probe(probe, frames)
            with contextlib.suppress(Exception):
                sys.stdout.flush()
        finally:
            os._exit(0)

    def _run_probe(self, probe: Any, frames: int) -> None:
        from writer import Writer

        writer = Writer(
            frames, self._limits["output_bytes"], str(self._box / "student"), self._cells
        )
        key = self._config["key"]
        extras = {"cells": lambda: dict(self._cells), "data": self._data}
        try:
            inputs = probe.inputs(key) | {name: extras[name]() for name in probe.asks}
            _make_urandom_repeatable(probe.legacy_seed(key))
            _seed_generators(probe.legacy_seed(key))
            for values in probe.run(self._imports.library, **inputs):
                writer.step(values)
            writer.finished()
        except BaseException as failure:  # sys.exit counts as a failure, too
            writer.raised(failure, self._imports.importing.get(id(failure)))

    def _data(self) -> dict[str, Any]:
        """The training data by name, mapped copy-on-write: in-place changes stay private."""
        import numpy as np

        return {
            f.stem: np.load(f, mmap_mode="c", allow_pickle=False)
            for f in _files(self._box / "data")
        }

    def _clear_folder(self) -> None:
        """Removes all files that a probe wrote, so that the next one cannot find them."""
        for path in set(self._folder.iterdir()) - self._initial_files:
            if path.is_dir() and not path.is_symlink():
                import shutil  # its four imports would slow down every fork

                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)

    def _kill_remaining(self, child: int) -> None:
        """Kills all processes that a run left behind, and waits up to a second for their end."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if self._config["sandboxed"]:  # -1 reaches only processes in the sandbox
                os.kill(-1, signal.SIGKILL)
            else:
                os.killpg(child, signal.SIGKILL)
        deadline = time.monotonic() + 1.0
        with contextlib.suppress(ChildProcessError):
            while time.monotonic() < deadline:
                if os.waitpid(-1, os.WNOHANG)[0] == 0:
                    time.sleep(0.0005)


class Relay:
    """Forwards a run's frames in chunks and keeps the tail of its printed output."""

    def __init__(self, frames: int, printed: int, room: int, send: Any) -> None:
        self._open = {frames, printed}
        self._frames = frames
        self._room = room
        self._send = send
        self.tail = b""
        for descriptor in self._open:
            os.set_blocking(descriptor, False)

    def until_end(self, child: int, is_over: Any) -> tuple[int, Any, str | None]:
        """Waits for the child and returns (status, usage, why it was killed or None)."""
        why = None
        while True:
            if not self._open:  # both pipes are closed, as at a process's end
                ended, status, usage = _wait_for_child(child, is_over if why is None else None)
            else:
                self._forward_available(TICK_S)
                ended, status, usage = os.wait4(child, os.WNOHANG)
            if ended:
                return status, usage, why
            if why is None and (self._room < 0 or is_over()):
                why = "output" if self._room < 0 else "time"
                os.kill(child, signal.SIGKILL)

    def drain(self) -> None:
        """Reads the rest of the pipes, whose writers are dead, and closes them."""
        while self._open and self._forward_available(0):
            pass
        for descriptor in self._open:
            os.close(descriptor)

    def _forward_available(self, timeout_s: float) -> bool:
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


def _wait_for_child(child: int, is_over: Any) -> tuple[int, int, Any]:
    """`wait4` that returns early, with PID 0, when `is_over` (if any) is true."""
    pause = 0.0005
    while True:
        ended = os.wait4(child, os.WNOHANG if is_over else 0)
        if ended[0] or (is_over and is_over()):
            return ended
        time.sleep(pause)
        pause = min(2 * pause, TICK_S)


def _cpu_time(process: int) -> float:
    """CPU seconds that another process has used, by its own CPU clock."""
    with contextlib.suppress(OSError):
        return time.clock_gettime(~process << 3 | CPUCLOCK_SCHED)
    return 0.0


def _make_urandom_repeatable(seed: int | str) -> None:
    """Makes the system's random bytes, and so generators without a seed, repeatable.

    Otherwise a message, and in theory a verdict, could change when a submission is graded again.
    numpy's generators get their seed from `secrets`, which uses `random`'s copy of `os.urandom`.
    """
    os.urandom = random.Random(seed).randbytes
    vars(random)["_urandom"] = os.urandom


def _seed_generators(seed: int) -> None:
    """Seeds the global generators of `random` and numpy."""
    import numpy as np

    np.random.seed(seed)
    random.seed(seed)


def _files(folder: Path) -> Iterator[Path]:
    return (f for f in sorted(folder.iterdir()) if f.is_file()) if folder.is_dir() else iter(())


if __name__ == "__main__":
    main()
