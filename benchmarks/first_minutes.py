"""Measures the README's first command as a newcomer runs it, on a quiet machine and on others.

usage: python benchmarks/first_minutes.py

A new clone of this checkout gets its own environment (`make install`). Then `make demo` runs three
times: on the machine as it is, without bubblewrap on the path, and with every core kept busy by
another process. What it made is deleted each time, so that it draws its images anew. Its output
goes to a file, where each line gets the time at which it appeared. How long the second command,
`make test`, takes is in the table of the tests.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from results import machine, verdict, write_section

from autograder import checkout

sys.path.append(str(checkout.ROOT / "tests"))

from busy import busy

MOST_MINUTES, FIRST_RESULTS_S, MOST_SLOWER = 2, 60, 4
GRADED, TRAINED = " graded,", "% after "


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        clone = Path(name) / "clone"
        run("git", "clone", "--quiet", checkout.ROOT, clone, within=name)
        installed, _ = run("make", "install", within=clone)
        quiet = demo(clone)
        path = without("bwrap", Path(name) / "bin", os.environ["PATH"])
        with_less = demo(clone, path)
        with busy(os.cpu_count() or 1):
            beside = demo(clone)
    rows = [
        row("on the machine as it is", *quiet, MOST_MINUTES),
        row("without bubblewrap", *with_less, MOST_MINUTES),
        row(f"beside {os.cpu_count()} busy processes", *beside, MOST_MINUTES * MOST_SLOWER),
    ]
    return write_section(
        "first minutes",
        f"## The first minutes\n\n`python benchmarks/first_minutes.py`. {machine()}.\n\n"
        f"A new clone; `make install` took {installed:.0f} s. Then `make demo`, with its output in "
        f"a file. Target for its first results, a graded class: {FIRST_RESULTS_S} s on the machine "
        "as it is.\n\n"
        "| `make demo` | class graded, s | trained, s | accuracy | minutes | target | |\n"
        "|---|---|---|---|---|---|---|\n" + "\n".join(rows),
    )


def demo(clone: Path, path: str | None = None) -> tuple[float, list[tuple[float, str]]]:
    shutil.rmtree(clone / "out", ignore_errors=True)
    return run("make", "demo", within=clone, path=path)


def run(
    *command: object, within: Path | str, path: str | None = None
) -> tuple[float, list[tuple[float, str]]]:
    """How many seconds a command takes, and its lines with the second at which each appeared."""
    environment = os.environ | ({} if path is None else {"PATH": path})
    start, lines = time.perf_counter(), []
    with subprocess.Popen(
        list(map(str, command)),
        cwd=within,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append((time.perf_counter() - start, line))
    if process.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}:\n{''.join(text for _, text in lines)}")
    return time.perf_counter() - start, lines


def row(name: str, seconds: float, lines: list[tuple[float, str]], most: float) -> str:
    graded, _ = next(line for line in lines if GRADED in line[1])
    trained, said = next(line for line in lines if TRAINED in line[1])
    accuracy = next(word for word in said.split() if word.endswith("%"))
    minutes = seconds / 60
    return (
        f"| {name} | {graded:.0f}, {verdict(graded, FIRST_RESULTS_S * most / MOST_MINUTES)} | "
        f"{trained:.0f} | {accuracy} | {minutes:.1f} | {most} | {verdict(minutes, most)} |"
    )


def without(program: str, folder: Path, path: str) -> str:
    """A search path with everything of `path` except this program."""
    folder.mkdir()
    for place in map(Path, path.split(os.pathsep)):
        for found in place.iterdir() if place.is_dir() else ():
            link = folder / found.name
            if found.name != program and not os.path.lexists(link):
                link.symlink_to(found)
    assert shutil.which(program, path=str(folder)) is None
    return str(folder)


if __name__ == "__main__":
    raise SystemExit(main())
