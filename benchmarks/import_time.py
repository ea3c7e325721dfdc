"""Measures the time to import the solution library, compared with numpy alone.

usage: python benchmarks/import_time.py
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time

from results import machine, write_section

from autograder.problem_1 import ASSIGNMENT as P1

RUNS = 15
ALLOWED_MS = 50


def main() -> None:
    numpy, library = [], []
    for _ in range(RUNS):  # alternating, so that a change of the machine's speed affects both
        numpy.append(milliseconds("import numpy"))
        library.append(milliseconds("import lib.mlp.fully_conn"))
    extra = statistics.median(b - a for a, b in zip(numpy, library, strict=True))
    write_section(
        "import time",
        "## Importing the library\n\n"
        f"`python benchmarks/import_time.py`, medians of {RUNS} alternating runs. {machine()}.\n\n"
        "| | ms |\n|---|---|\n"
        f"| `import numpy` | {statistics.median(numpy):.0f} |\n"
        f"| `import lib.mlp.fully_conn` | {statistics.median(library):.0f} |\n"
        f"| difference, target: at most {ALLOWED_MS} | {extra:.0f} |",
    )


def milliseconds(program: str) -> float:
    environment = os.environ | {"PYTHONPATH": str(P1.library)}
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)
    return 1000 * (time.perf_counter() - start)


if __name__ == "__main__":
    main()
