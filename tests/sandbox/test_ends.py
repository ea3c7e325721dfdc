"""Whatever ends a grading, no process of a submission stays behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from autograder.sandbox.selftest import BACKENDS
from autograder.sandbox.unconfined import Unconfined

SLEEP_S = 100
"""Of a probe whose process stays unless it is ended."""

GRADER = """
import sys
from pathlib import Path
from autograder.sandbox import backend as backends
from autograder.sandbox.limits import SUBMISSION
from autograder.sandbox.selftest import BACKENDS
from autograder.sandbox.session import Work, run
from autograder.sandbox.unconfined import Unconfined

backends.PROBES = Path(sys.argv[2])
backend = next(b for b in (*BACKENDS, Unconfined()) if b.name == sys.argv[1])
events = run(Work({}), ["stays_forever"], "0", backend, SUBMISSION)
next(events)
print("began", flush=True)
if sys.stdin.read() == "stop early":
    events.close()
"""
PROBE = f"""
import os, signal, time
@given()
def stays_forever(lib):
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    if os.fork() == 0:
        os.setsid()
        time.sleep({SLEEP_S})
    yield dict(x=1.0)
    time.sleep({SLEEP_S})
"""


def _alive(probes: Path) -> list[str]:
    """The processes of a grading by these probes: their command lines say where those lie.

    Or, where a backend keeps that from the child, what it is to do.
    """
    words = os.fsencode(probes), b'"stays_forever"'
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if any(word in line for word in words):
                found.append(entry.name)
    return found


def _graded(sandbox, probes, place):
    argv = [sys.executable, "-c", GRADER, sandbox.name, str(probes)]
    # its temporary files stay, as those of any killed process do: here, where pytest cleans up
    env = {**os.environ, "TMPDIR": str(place)}
    grader = subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env
    )
    assert grader.stdout.readline() == "began\n"
    running = set(_alive(probes)) - {str(grader.pid)}
    assert running, "the probe must be running to be ended"
    return grader


def _none_is_left(probes):
    """Before they would end by themselves."""
    deadline = time.monotonic() + SLEEP_S / 2
    while (left := _alive(probes)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left == []


def test_a_grader_that_is_killed_takes_its_children_with_it(sandbox, with_probes, tmp_path):
    probes = with_probes(PROBE)
    with _graded(sandbox, probes, tmp_path) as grader:
        grader.kill()
    assert _none_is_left(probes)


@pytest.mark.parametrize("backend", [*BACKENDS, Unconfined()], ids=lambda backend: backend.name)
def test_a_grading_that_stops_early_ends_all_that_runs(backend, with_probes, tmp_path):
    if missing := backend.unavailable():
        pytest.skip(missing)
    probes = with_probes(PROBE)
    with _graded(backend, probes, tmp_path) as grader:
        grader.communicate("stop early")
    assert grader.returncode == 0
    assert _none_is_left(probes)
