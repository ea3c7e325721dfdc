"""However a grading ends, no process of a submission is left."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from autograder.sandbox.backend import family
from autograder.sandbox.selftest import BACKENDS
from autograder.sandbox.unconfined import Unconfined

SLEEP_S = 100
"""Sleep of a probe whose process stays alive unless it is ended."""

GRADER = """
import sys
from pathlib import Path
from autograder.sandbox.limits import SUBMISSION
from autograder.sandbox.selftest import BACKENDS
from autograder.sandbox.session import Work, run
from autograder.sandbox.unconfined import Unconfined

backend = next(b for b in (*BACKENDS, Unconfined()) if b.name == sys.argv[1])
work = Work({}, probes=Path(sys.argv[2]), modules=["lib.optim"])
events = run(work, ["stays_forever"], "0", backend, SUBMISSION)
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


BEGAN = 19
"""Index in /proc/PID/stat, after the name, of the start time, which identifies a process."""


def _graded(sandbox, probes, place):
    """A running grader, and all the processes that it started."""
    argv = [sys.executable, "-c", GRADER, sandbox.name, str(probes)]
    # a killed process leaves its temporary files: put them where pytest cleans up
    env = {**os.environ, "TMPDIR": str(place)}
    grader = subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env
    )
    assert grader.stdout.readline() == "began\n"
    started = {pid: stat[BEGAN] for pid, stat in family(grader.pid).items() if pid != grader.pid}
    assert len(started) >= 3, "the worker, its probe and the probe's child must be running"
    return grader, started


def _none_is_left(started):
    deadline = time.monotonic() + 10
    while (left := _alive(started)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left == []


def _alive(started):
    alive = family(*started)
    return [pid for pid, began in started.items() if pid in alive and alive[pid][BEGAN] == began]


def test_a_grader_that_is_killed_takes_its_children_with_it(sandbox, with_probes, tmp_path):
    grader, started = _graded(sandbox, with_probes(PROBE), tmp_path)
    with grader:
        grader.kill()
    assert _none_is_left(started)


@pytest.mark.parametrize("backend", [*BACKENDS, Unconfined()], ids=lambda backend: backend.name)
def test_a_grading_that_stops_early_ends_all_its_processes(backend, with_probes, tmp_path):
    if missing := backend.unavailable():
        pytest.skip(missing)
    grader, started = _graded(backend, with_probes(PROBE), tmp_path)
    with grader:
        grader.communicate("stop early")
    assert grader.returncode == 0
    assert _none_is_left(started)
