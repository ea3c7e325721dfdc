"""Whatever happens to the grader, no process of a submission stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

GRADER = """
import sys
from pathlib import Path
from autograder.sandbox import backend as backends
from autograder.sandbox.limits import SUBMISSION
from autograder.sandbox.selftest import BACKENDS
from autograder.sandbox.session import Work, run

backends.PROBES = Path(sys.argv[2])
backend = next(b for b in BACKENDS if b.name == sys.argv[1])
for event in run(Work({}), ["stays_forever"], "0", backend, SUBMISSION):
    print("began", flush=True)
"""
PROBE = """
import os, signal, time
@given()
def stays_forever(lib):
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    if os.fork() == 0:
        os.setsid()
        time.sleep(100)
    yield dict(x=1.0)
    time.sleep(100)
"""


def _alive(word: bytes) -> list[str]:
    """The processes with a word in their command line: the worker's holds its probes' names."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if word in (entry / "cmdline").read_bytes():
                    found.append(entry.name)
            except OSError:
                continue
    return found


def test_a_grader_that_is_killed_takes_its_children_with_it(sandbox, with_probes, tmp_path):
    argv = [sys.executable, "-c", GRADER, sandbox.name, str(with_probes(PROBE))]
    # its temporary files stay, as those of any killed process do: here, where pytest cleans up
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    grader = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env=env)
    try:
        assert grader.stdout.readline() == "began\n"
        ours = {str(grader.pid)}
        assert set(_alive(b'"stays_forever"')) - ours, "the probe must be running to be ended"
    finally:
        os.kill(grader.pid, signal.SIGKILL)
        grader.wait()
        grader.stdout.close()
    deadline = time.monotonic() + 10
    while (left := _alive(b'"stays_forever"')) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert left == []
