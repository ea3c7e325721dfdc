"""Hostile things that a submission may do in its process, each followed by an honest probe.

For each backend, all cases run as the probes of one submission. Every case must end, the honest
probes between them must finish, and no process or file may be left.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import textwrap
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from autograder.observation.observe import Observations


@dataclass(frozen=True)
class Case:
    """A student's function, and how a probe that calls it must end."""

    name: str
    body: str
    how: str
    says: str = ""
    gives: float | None = None


CASES = [
    Case("loops", "while True: pass", "timed out", "within"),
    Case(
        "swallows_interrupts",
        """
        import signal
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGXCPU, signal.SIGALRM):
            signal.signal(number, signal.SIG_IGN)
        while True:
            try:
                while True: pass
            except BaseException: pass
        """,
        "timed out",
        "within",
    ),
    Case("loops_inside_c", "return sum(range(10**13))", "timed out", "within"),
    Case("sleeps", "import time; time.sleep(1000)", "timed out", "within"),
    Case(
        "raises_its_limits",
        """
        import resource
        try: resource.setrlimit(resource.RLIMIT_CPU, (100, 100))
        except ValueError: pass
        while True: pass
        """,
        "timed out",
        "within",
    ),
    Case("takes_memory", "return len(bytearray(2**31))", "raised", "MemoryError"),
    Case(
        "takes_memory_bit_by_bit",
        "kept = []\nwhile True: kept.append(bytearray(2**24))",
        "raised",
        "MemoryError",
    ),
    Case(
        "takes_memory_in_many_processes",
        """
        import os, time
        for _ in range(8):
            try: child = os.fork()
            except OSError: break
            if child == 0:
                kept = b"x" * (300 * 2**20)
                time.sleep(60)
        time.sleep(60)
        """,
        "killed",
        "more than 640 MiB of memory",
    ),
    Case(
        "takes_shared_memory_in_many_processes",
        """
        import mmap, os, time
        for _ in range(4):
            try: child = os.fork()
            except OSError: break
            if child == 0:
                kept = mmap.mmap(-1, 300 * 2**20)
                for _ in range(300): kept.write(b"x" * 2**20)
                time.sleep(60)
        time.sleep(60)
        """,
        "killed",
        "more than 640 MiB of memory",
    ),
    Case(
        "forks_without_end",
        """
        import os
        while True:
            try: os.fork()
            except OSError: pass
        """,
        "timed out",
        "within",
    ),
    Case(
        "starts_threads_without_end",
        """
        import _thread, time
        # not with threading, which would wait for a thread that has no memory to start
        while True: _thread.start_new_thread(time.sleep, (1000,))
        """,
        "raised",
        "can't start new thread",
    ),
    Case(
        "leaves_a_daemon",
        """
        import os, time, signal
        if os.fork() == 0:
            os.setsid()
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            if os.fork() != 0: os._exit(0)
            while True: time.sleep(1)
        os.wait()
        return 1.0
        """,
        "finished",
        gives=1.0,
    ),
    Case(
        "prints_megabytes",
        "for _ in range(20000): print('x' * 500)\nreturn 1.0",
        "finished",
        gives=1.0,
    ),
    Case(
        "prints_without_end",
        "import sys\nwhile True: sys.stderr.write('y' * 10**5)",
        "timed out",
        "within",
    ),
    Case(
        "fills_the_disk",
        """
        import os
        folder, names = os.environ["TMPDIR"], []
        try:
            for i in range(10**4):
                with open(f"{folder}/{i}", "wb") as file: file.write(b"x" * 10**6)
        except OSError as full: reason = full.strerror
        names = os.listdir(folder)
        return float(sum(os.path.getsize(f"{folder}/{n}") for n in names) < 2 * 4 * 2**20)
        """,
        "finished",
        gives=1.0,
    ),
    Case(
        "writes_a_large_file",
        "import os\nopen(os.environ['TMPDIR'] + '/large', 'wb').write(b'x' * (3 * 2**20))",
        "raised",
        "File too large",
    ),
    Case(
        "opens_files_without_end",
        "kept = []\nwhile True: kept.append(open('/dev/null'))",
        "raised",
        "Too many open files",
    ),
    Case("recurses", "def deeper(): return deeper()\nreturn deeper()", "raised", "RecursionError"),
    Case(
        "recurses_in_c",
        """
        nested = ()
        for _ in range(3 * 10**5): nested = (nested,)
        hash(nested)
        """,
        "killed",
        "SIGSEGV",
    ),
    Case("crashes", "import ctypes; ctypes.string_at(0)", "killed", "SIGSEGV"),
    Case("aborts", "import os; os.abort()", "killed", "SIGABRT"),
    Case("exits_at_once", "import os; os._exit(0)", "killed", "exit status 0"),
    Case("exits", "import sys; sys.exit(0)", "raised", "SystemExit"),
    Case("raises_base_exception", "raise BaseException('not caught')", "raised", "not caught"),
    Case("raises_keyboard_interrupt", "raise KeyboardInterrupt", "raised", "KeyboardInterrupt"),
    Case("stops_itself", "import os; os.kill(os.getpid(), 19)", "timed out", "within"),
    Case("kills_its_parent", "import os, time; os.kill(os.getppid(), 9); time.sleep(9)", "killed"),
    Case(
        "stops_its_parent",
        "import os, time; os.kill(os.getppid(), 19); time.sleep(99)",
        "timed out",
    ),
    Case("kills_everything", "import os, time; os.kill(-1, 9); time.sleep(9)", "killed"),
    Case(
        "writes_into_every_descriptor",
        """
        import os
        for descriptor in range(64):
            try: os.write(descriptor, b"Z\\0\\0\\0\\0" + b"garbage" * 100)
            except OSError: pass
        return 1.0
        """,
        "refused",
        "wrong bytes",
    ),
    Case(
        "closes_every_descriptor",
        "import os; os.closerange(0, 64); return 1.0",
        "killed",
        "ended its process early",
    ),
    Case(
        "breaks_numpy",
        """
        import numpy as np, builtins, os, json
        np.array = np.asarray = json.dumps = os.write = builtins.len = lambda *a, **k: 1 / 0
        return 1.0
        """,
        "killed",
        "ended its process early",
    ),
]
LETHAL = {
    "kills_its_parent",
    "stops_its_parent",
    "kills_everything",
    "takes_memory_in_many_processes",
}


def _probes() -> str:
    lines = []
    for number, case in enumerate(CASES):
        lines.append(
            f"@given()\ndef probe_{number:02}_{case.name}(lib):\n"
            f"    yield dict(before=2.0)\n    yield dict(after=lib.layer_utils.{case.name}())\n"
            f"@given()\ndef probe_{number:02}_then(lib):\n    yield dict(x=lib.optim.honest())\n"
        )
    return "\n".join(lines)


def _functions() -> str:
    bodies = (textwrap.indent(textwrap.dedent(case.body).strip(), "    ") for case in CASES)
    return "\n".join(
        f"def {case.name}():\n{body}" for case, body in zip(CASES, bodies, strict=True)
    )


def _names() -> list[str]:
    return [f"probe_{n:02}_{name}" for n, c in enumerate(CASES) for name in (c.name, "then")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """The temporary folder of this module's runs only."""
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def children_before(folder) -> set[int]:
    """The children of this process that other modules' tests started."""
    return set(_children())


@pytest.fixture(scope="module")
def observed(sandbox, run_probes, library, folder, children_before) -> Observations:
    files = library(layer_utils=_functions(), optim="def honest(): return [1.0, 2.0]")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(folder))
        return run_probes(sandbox, _probes(), _names(), files)


@pytest.mark.parametrize(("number", "case"), list(enumerate(CASES)), ids=[c.name for c in CASES])
def test_a_hostile_probe_ends_as_it_must_and_the_next_one_is_unaffected(observed, number, case):
    seen = observed[f"probe_{number:02}_{case.name}"]
    ending = seen.ending
    description = ending.text
    if ending.raised:
        description += f" {ending.raised.type} {ending.raised.message}"
    assert ending.how == case.how, ending
    assert case.says in description, ending
    if case.name not in LETHAL:
        assert seen["before"] == 2.0, "what came before the failure must be kept"
    if case.gives is not None:
        assert seen["after"] == case.gives
    after = observed[f"probe_{number:02}_then"]
    assert after.ending.how == "finished", after.ending
    np.testing.assert_array_equal(after["x"], [1.0, 2.0])


def test_nothing_is_left_behind(observed, folder, children_before):
    assert os.listdir(folder) == []
    ended = {pid: stat for pid, stat in _children().items() if stat.rpartition(")")[2][1] == "Z"}
    assert not {pid: ended[pid] for pid in ended.keys() - children_before}, "not waited for"
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                assert str(folder).encode() not in (entry / "cmdline").read_bytes()


def _children() -> dict[int, str]:
    """The contents of /proc/PID/stat for each child of this process."""
    stats = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                stats[int(entry.name)] = (entry / "stat").read_text(errors="replace")
    mine = str(os.getpid())
    return {pid: s for pid, s in stats.items() if s.rpartition(")")[2].split()[1] == mine}
