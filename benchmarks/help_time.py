"""Measures the time of `autograder --help`, compared with importing its libraries.

usage: python benchmarks/help_time.py
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from results import machine, verdict, write_section

RUNS, MOST = 21, 1.5


def main() -> int:
    imports, helps = [], []
    for _ in range(RUNS):  # alternating, so that a change of the machine's speed affects both
        imports.append(milliseconds("-c", "import typer, rich"))
        helps.append(milliseconds("-m", "autograder", "--help"))
    ratio = statistics.median(b / a for a, b in zip(imports, helps, strict=True))
    return write_section(
        "help time",
        "## Time to the first output\n\n"
        f"`python benchmarks/help_time.py`, medians of {RUNS} alternating runs. {machine()}.\n\n"
        "| | |\n|---|---|\n"
        f'| `python -c "import typer, rich"` | {statistics.median(imports):.0f} ms |\n'
        f"| `autograder --help` | {statistics.median(helps):.0f} ms |\n"
        f"| ratio, target: at most {MOST} | {ratio:.2f}, {verdict(ratio, MOST)} |",
    )


def milliseconds(*arguments: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return 1000 * (time.perf_counter() - start)


if __name__ == "__main__":
    raise SystemExit(main())
