"""The confinement self-test: real backends pass, and a backend that confines nothing fails."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.sandbox import selftest as tested
from autograder.sandbox.backend import SandboxError
from autograder.sandbox.selftest import OUTLASTS, OUTLIVES, Line, choose, selftest
from autograder.sandbox.unconfined import Unconfined


def test_every_attempt_to_escape_fails_and_every_needed_ability_works(sandbox):
    lines = selftest(sandbox)
    assert [line for line in lines if not line.passed] == []
    assert len(lines) > 15
    assert {OUTLIVES, OUTLASTS} <= {line.name for line in lines}


def test_without_a_sandbox_the_attempts_succeed():
    """Shows that each of these lines can fail.

    The line about processes that outlive a run cannot fail here; it does in `weakenings.py`.
    """
    failed = {line.name.split(",")[0] for line in selftest(Unconfined()) if not line.passed}
    assert failed >= {
        "read the suites",
        "access /proc or /sys",
        "create a socket of any family",
        "connect to anything",
        "see or signal other processes",
        "limit or slow down the grader",
        "get memory that no limit counts",
        "use shared memory or queues of other processes",
        "use rarely used parts of the kernel",
        "exceed the size of the writable folder",
        "fork without end",
    } | ({"write outside the writable folder", "be or become root"} if os.geteuid() == 0 else set())


def test_a_backend_that_lets_one_attempt_through_grades_nothing(monkeypatch):
    lines = (Line("read the suites", False, "could read /suite"), Line(OUTLIVES, True, ""))
    monkeypatch.setattr(tested, "passes", lambda backend, probes: lines)
    with pytest.raises(SandboxError, match=r"read the suites: could read /suite(.|\n)*Install"):
        choose()


def test_the_first_backend_that_passes_is_chosen(monkeypatch):
    monkeypatch.setattr(tested, "passes", lambda b, _: (Line("x", b.name == "sandlock", ""),))
    assert choose().name == "sandlock"
    with pytest.raises(SandboxError, match="bubblewrap: x"):
        choose("bubblewrap")


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(SandboxError, match="there are bubblewrap, sandlock, none"):
        choose("docker")


def test_no_sandbox_is_used_only_on_request():
    assert choose("none").confines is False


def test_a_missing_program_is_reported_with_the_install_command(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    (line,) = selftest(tested.BACKENDS[0])
    assert not line.passed
    assert "apt-get install bubblewrap" in line.detail


ORDINARY = """
import sys
from autograder.observation.observe import observe
from autograder.sandbox.selftest import BACKENDS, selftest
from tiny_assignment import ASSIGNMENT
for backend in BACKENDS:
    if backend.unavailable() is None:
        failed = [line for line in selftest(backend) if not line.passed]
        seen = observe(ASSIGNMENT, {"lib/__init__.py": b""}, {}, 1, backend, probes=["no_such"])
        print(backend.name, failed, seen["no_such"].ending.how)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="the other tests run as an ordinary user already")
def test_an_ordinary_user_is_confined_as_well():
    """The same as the user nobody, with an interpreter that this user can run."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    python = shutil.which(f"python{version}", path="/usr/bin:/usr/local/bin")
    if python is None or shutil.which("setpriv") is None:
        pytest.skip(f"needs setpriv and a python{version} outside root's home")
    import numpy

    import autograder

    paths = [Path(module.__file__).parent.parent for module in (autograder, numpy)]
    paths.append(Path(__file__).parents[1])  # of the tiny assignment
    argv = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", python, "-c", ORDINARY]
    done = subprocess.run(
        argv,
        cwd="/",
        env={"PYTHONPATH": ":".join(map(str, paths)), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if "Permission denied" in done.stderr and "autograder" in done.stderr:
        pytest.skip("this checkout is private")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines, "no backend is available"
    for line in lines:
        assert line.endswith("[] missing"), line
