"""Measures the time to grade one submission without a training.

usage: python benchmarks/grading_time.py

Measures the command without the sandbox's self-test, compared with unavoidable imports. Also
measures each further submission of the same run, which shares the reference's answers.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time

from results import machine, write_section

from autograder.problem_1 import ASSIGNMENT as P1

RUNS = 5
SELFTEST = """
import time
from autograder.sandbox.selftest import choose
started = time.perf_counter()
choose()
print(time.perf_counter() - started)
"""


def main() -> None:
    imports, commands, selftests, further = [], [], [], []
    for _ in range(RUNS):  # alternating, so that a change of the machine's speed affects all
        imports.append(seconds("-c", "import numpy, pytest")[0])
        selftests.append(float(seconds("-c", SELFTEST)[1]))
        commands.append(seconds(*command(1))[0])
        grades = json.loads(seconds(*command(4))[1])
        further.append(statistics.median(grade["elapsed_s"] for grade in grades[1:]))
    own = statistics.median(a - b for a, b in zip(commands, selftests, strict=True))
    allowed = 2 * statistics.median(imports) + 1
    write_section(
        "grading time",
        "## Grading a submission, training off\n\n"
        f"`python benchmarks/grading_time.py`, medians of {RUNS} alternating runs. {machine()}.\n\n"
        "| | seconds |\n|---|---|\n"
        f"| `python -c 'import numpy, pytest'` | {statistics.median(imports):.2f} |\n"
        f"| self-test of the sandbox, target: under 1 | {statistics.median(selftests):.2f} |\n"
        f"| `autograder grade lib_solution --training off` without the self-test, "
        f"target: at most {allowed:.2f} | {own:.2f} |\n"
        f"| each further submission, target: under 0.6 | {statistics.median(further):.2f} |",
    )


def command(submissions: int) -> tuple[str, ...]:
    paths = [str(P1.library)] * submissions
    return ("-m", "autograder", "grade", *paths, "--training", "off", "--json", "-")


def seconds(*arguments: str) -> tuple[float, str]:
    """Seconds that Python takes with these arguments, and its output."""
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *arguments], check=True, stdout=subprocess.PIPE, text=True
    )
    return time.perf_counter() - start, done.stdout


if __name__ == "__main__":
    main()
