"""Measures the time to grade one submission without a training.

usage: python benchmarks/grading_time.py

Measures the command without the sandbox's self-test, compared with unavoidable imports. Also
measures each further submission of the same run, which shares the reference's answers. Then the
same submission takes each road on which work is graded: a folder, a zip, a class, and stock
`nbgrader autograde`.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from results import machine, write_section

from autograder import checkout
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.sandbox.selftest import choose

sys.path += [str(checkout.ROOT / "tests"), str(checkout.ROOT / "tests" / "attacks")]

from attack import ALL_ROADS, COHORT, DIRECTORY, NBGRADER, SOLUTION, ZIP
from roads import ROADS, Settings

RUNS = 5
ROAD_NAMES = {
    DIRECTORY: "`autograder grade FOLDER`",
    ZIP: "`autograder grade FILE.zip`",
    COHORT: "`autograder cohort`, a class of one, with gradebook, page and report",
    NBGRADER: "`nbgrader autograde` and `generate_feedback`",
}
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
    roads = {road: statistics.median(on(road) for _ in range(RUNS)) for road in ALL_ROADS}
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
        f"| each further submission, target: under 0.6 | {statistics.median(further):.2f} |\n\n"
        "The whole command for one submission, by the road that it takes:\n\n"
        "| | seconds | times the first |\n|---|---|---|\n"
        + "\n".join(
            f"| {ROAD_NAMES[road]} | {each:.2f} | {each / roads[DIRECTORY]:.1f} |"
            for road, each in roads.items()
        ),
    )


def on(road: str) -> float:
    """Seconds that a road takes for one submission, the solution."""
    with tempfile.TemporaryDirectory() as name:
        settings = Settings(choose().name, 7, "off", Path(name), patience_s=600)
        start = time.perf_counter()
        (outcome,) = ROADS[road]([("student", SOLUTION)], settings)
        seconds = time.perf_counter() - start
    assert outcome.score == outcome.max_score
    return seconds


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
