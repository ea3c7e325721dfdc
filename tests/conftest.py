"""What the project's own tests share: the solution library is importable as `lib`, and numpy can be
made to compute as it does on other processors."""

from __future__ import annotations

import functools
import os
import platform
import signal
import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pytest

from autograder import course

sys.path.insert(0, str(course.LIBRARY))

KERNELS = {
    "x86_64": {
        "Prescott": ("",),
        "Sandybridge": ("",),
        "Haswell": ("AVX512", "V4"),
        "SkylakeX": (),
    },
    "aarch64": {"ARMV8": (), "NEOVERSEN1": (), "NEOVERSEV1": ()},
}.get(platform.machine(), {})
"""Kernels of OpenBLAS, each of which adds up in an order of its own, and parts of the names that
numpy has for the optional instructions which such a processor lacks."""

FINGERPRINT = """
import numpy as np
def fingerprint():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(40, 300)), rng.normal(size=(300, 50))
    single = a.astype(np.float32)
    return a @ b, single @ b.astype(np.float32), np.tanh(a), np.exp(single)
"""
"""Some numbers that come out otherwise on other processors, in their last digits."""

PRINT_IT = "import sys; sys.stdout.write(b''.join(x.tobytes() for x in fingerprint()).hex())"


@functools.cache
def numbers_under(*variables: tuple[str, str]) -> str | None:
    """Those numbers, in hexadecimal, of a new process with one thread and these variables.

    None where it dies of an instruction.
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
    """One that numpy can be made to compute as.

    Attributes:
        variables: of the environment, which do that.
        source: of a function `fingerprint` that returns arrays which differ between processors.
        numbers: what it returns here, and there, in hexadecimal.
    """

    variables: dict[str, str]
    source: str
    numbers: tuple[str, str]


@pytest.fixture(scope="session", params=KERNELS)
def other_processor(request: pytest.FixtureRequest) -> Processor:
    """Another processor than this one, if this one can execute what that one does."""
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
