import os
import subprocess
import sys

from autograder.problem_1 import ASSIGNMENT as P1

PROGRAM = """
import sys, numpy
before = set(sys.modules)
import lib.mlp.fully_conn, lib.mlp.train, lib.mlp.datasets, lib.optim, lib.grad_check
print(*sorted({name.split(".")[0] for name in set(sys.modules) - before}))
"""


def test_the_library_imports_nothing_heavy_but_numpy():
    """scipy, tqdm and matplotlib are imported where they are used."""
    out = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "PYTHONPATH": str(P1.library)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert not set(out.stdout.split()) & {"scipy", "tqdm", "matplotlib", "PIL"}
