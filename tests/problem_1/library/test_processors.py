"""The numerical tests pass on CPUs that add in another order."""

import os
import subprocess
import sys

import pytest

from autograder import checkout

NUMERICAL = (
    "tests/problem_1/notebook/test_seed_figures.py",
    "tests/problem_1/library/test_layers.py",
    "tests/problem_1/library/test_networks.py",
    "tests/problem_1/library/test_optim.py",
    "tests/problem_1/library/test_train.py",
    "tests/problem_1/library/test_grad_check.py",
    "tests/problem_1/grading/test_reference.py",
)
OLD_C_LIBRARY = "glibc.cpu.hwcaps=-AVX2,-FMA,-AVX2_Usable,-FMA_Usable"
"""A glibc setting: use the exp and log of CPUs without these instructions."""


@pytest.mark.proof
def test_numerical_tests_pass_on_another_processor(other_processor):
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *NUMERICAL],
        cwd=checkout.ROOT,
        env={
            **os.environ,
            **other_processor.variables,
            "OPENBLAS_NUM_THREADS": "1",
            "GLIBC_TUNABLES": OLD_C_LIBRARY,
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
