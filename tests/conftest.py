"""Shared fixtures: the tiny assignment and submissions for it, numpy computing as on other
processors, a browser, and an ordinary user, who is bound by file modes even where the tests run as
root."""

from __future__ import annotations

import fcntl
import functools
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import hypothesis
import numpy as np
import pytest

import autograder.nbgrader_plugins  # noqa: F401 - before a test imports nbformat, which is faster so
from autograder import checkout
from autograder.assignment import Assignment
from autograder.diagnosis.variants import applied, named, released
from autograder.hand_in.submission import Submission, write
from autograder.observation import observe
from autograder.sandbox.selftest import BACKENDS

sys.path.append(str(Path(__file__).parent))  # also for processes that tests start

import chromium
from tiny_assignment import ASSIGNMENT

# a busy machine may stop anywhere for a second
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


@pytest.hookimpl(tryfirst=True)  # before pytest selects tests by their marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`make test` uses the sandbox that gradings use here, `make proofs` the others as well."""
    used = next((b for b in BACKENDS if b.unavailable() is None), None)
    for item in items:
        chosen = item.callspec.params.values() if hasattr(item, "callspec") else ()
        if any(value is backend and value is not used for value in chosen for backend in BACKENDS):
            item.add_marker(pytest.mark.proof)


@pytest.fixture(scope="session")
def tiny() -> Assignment:
    return ASSIGNMENT


MadeOnce = Callable[[str, Callable[[Path], object]], Path]


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> MadeOnce:
    """`made_once(name, make)`: a folder that `make(folder)` fills, for all pytest processes.

    The process that asks first makes it, and the others wait. Tests must not change it.
    """
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own

    def made(name: str, make: Callable[[Path], object]) -> Path:
        folder, complete = shared / name, shared / f"{name}.complete"
        with (shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not complete.exists():
                folder.mkdir()
                make(folder)
                complete.touch()
        return folder

    return made


Works = Callable[..., Submission]


@pytest.fixture(scope="session")
def work(tiny: Assignment) -> Works:
    """`work("scale_adds", ...)`: the solution with these mistakes."""

    def made(*mistakes: str) -> Submission:
        return applied(tiny, (named(tiny, name) for name in mistakes))

    return made


@pytest.fixture(scope="session")
def stub(tiny: Assignment) -> Submission:
    """The released files."""
    return released(tiny)


@pytest.fixture(scope="session")
def hand_in(tiny: Assignment) -> Callable[[Path, Submission], Path]:
    """`hand_in(folder, submission)` writes a submission like a student's; returns the folder."""

    def written(folder: Path, submission: Submission) -> Path:
        write(tiny, submission, folder)
        return folder

    return written


@pytest.fixture(scope="module")
def hurried() -> Iterator[None]:
    """Small budgets of CPU time for what never ends; correct work stays far below them."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("TOGETHER", "PROBE_BY_PROBE"):
            whole = getattr(observe, name)
            small = replace(whole, probe=replace(whole.probe, cpu_s=1), patience_s=1, together_s=1)
            patch.setattr(observe, name, small)
        yield


KERNELS = {
    "x86_64": {
        "Prescott": ("",),
        "Sandybridge": ("",),
        "Haswell": ("AVX512", "V4"),
        "SkylakeX": (),
    },
    "aarch64": {"ARMV8": (), "NEOVERSEN1": (), "NEOVERSEV1": ()},
}.get(platform.machine(), {})
"""OpenBLAS kernels, which differ in the order of summation. For each kernel: parts of numpy's names
for the optional instructions that such a processor lacks."""

FINGERPRINT = """
import numpy as np
def fingerprint():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(40, 300)), rng.normal(size=(300, 50))
    single = a.astype(np.float32)
    return a @ b, single @ b.astype(np.float32), np.tanh(a), np.exp(single)
"""
"""Code that computes numbers whose last digits differ between processors."""

PRINT_IT = "import sys; sys.stdout.write(b''.join(x.tobytes() for x in fingerprint()).hex())"


@functools.cache
def numbers_under(*variables: tuple[str, str]) -> str | None:
    """The numbers of FINGERPRINT, in hexadecimal, in a new process with these variables.

    None where the process dies of an illegal instruction.
    """
    done = subprocess.run(
        [sys.executable, "-c", FINGERPRINT + PRINT_IT],
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", **dict(variables)},
        capture_output=True,
        text=True,
    )
    if done.returncode == 0:
        return done.stdout
    assert done.returncode == -signal.SIGILL, done.stderr
    return None


@dataclass(frozen=True)
class Processor:
    """A processor that numpy can imitate.

    Attributes:
        variables: environment variables that make numpy compute as on this processor.
        source: source of a function `fingerprint`, which returns arrays that differ between
            processors.
        numbers: its result on the real processor and on this one, in hexadecimal.
    """

    variables: dict[str, str]
    source: str
    numbers: tuple[str, str]


@pytest.fixture(scope="session", params=KERNELS)
def other_processor(request: pytest.FixtureRequest) -> Processor:
    """Each other processor whose instructions the real one can execute."""
    kernel = request.param
    optional = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    lacking = [feature for feature in optional if any(part in feature for part in KERNELS[kernel])]
    variables = {"OPENBLAS_CORETYPE": kernel, "NPY_DISABLE_CPU_FEATURES": " ".join(lacking)}
    here, there = numbers_under(), numbers_under(*variables.items())
    if there is None:
        pytest.skip(f"this processor cannot execute OpenBLAS's kernel {kernel}")
    if there == here:
        pytest.skip(f"OPENBLAS_CORETYPE={kernel} changes no number here")
    return Processor(variables, FINGERPRINT, (here, there))


NOBODY = 65534


@pytest.fixture
def public_path() -> Iterator[Path]:
    """Like `tmp_path`, but an ordinary user may read and write it."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        path = Path(name)
        path.chmod(0o777)
        yield path
        if os.geteuid() != 0:  # so that it can be removed
            subprocess.run(["chmod", "-R", "u+rwx", name], check=False)


@pytest.fixture(scope="session")
def as_ordinary_user() -> Callable[..., str]:
    """`as_ordinary_user(code, *arguments)` runs Python code and returns its standard output, or
    with `errors` its standard error."""

    def run(code: str, *arguments: object, cwd: Path | str = "/", errors: bool = False) -> str:
        python, options = _python()
        done = subprocess.run(
            [python, "-c", code, *map(str, arguments)],
            cwd=cwd,
            capture_output=True,
            text=True,
            timeout=600,
            **options,
        )
        if "Permission denied" in done.stderr and "No module named" in done.stderr:
            pytest.skip("this checkout is private")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stderr if errors else done.stdout

    return run


def _python() -> tuple[str, dict]:
    """An interpreter that an ordinary user can run, and options to run it as that user."""
    if os.geteuid() != 0:
        return sys.executable, {}
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    python = shutil.which(f"python{version}", path="/usr/bin:/usr/local/bin")
    if python is None:
        pytest.skip(f"needs a python{version} outside root's home")
    packages = [path for path in sys.path if path.endswith("-packages")]
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join([str(checkout.ROOT), *packages]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": "/nonexistent",
        "COLUMNS": "80",
    }
    return python, {"user": NOBODY, "group": NOBODY, "extra_groups": [], "env": environment}


@pytest.fixture
def browser() -> Iterator[chromium.Browser]:
    if chromium.installed() is None:
        pytest.skip("there is no Chromium on this machine")
    opened = chromium.Browser()
    yield opened
    opened.close()
