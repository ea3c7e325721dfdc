"""Grades in Gradescope's container of the smallest size, by Docker's rules.

usage: sudo python benchmarks/smallest_container.py

The container is the one of tests/gradescope: made by mounts and seccomp rules, without an engine.
Control groups give it half a processor and 750 MB. It grades the solution, the released
library beside an answered notebook, and a library that takes all the memory it gets.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from rich.console import Console

sys.path.append(str(Path(__file__).parents[1] / "tests" / "gradescope"))

from container import Container
from memory_bombs import Group
from results import machine, verdict, write_section

from autograder.commands.gradescope import build_grader
from autograder.diagnosis.variants import released, solution
from autograder.hand_in.submission import Submission
from autograder.problem_1 import ASSIGNMENT as P1

MEMORY, PROCESSOR, MOST_S = 750 * 10**6, 0.5, 600.0
PERIOD_US = 100_000
PROCESSORS = Path("/sys/fs/cgroup/cpu")
BOMB = b"\nheld = [bytearray(b'x' * 2**24) for _ in range(400)]\n"


def main() -> int:
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    if os.geteuid() != 0 or not PROCESSORS.is_dir():
        print("skipped: this needs root, and control groups of version 1")
        return 0
    solved = files(solution(P1))
    works = {
        "the solution": solved,
        "the released library": files(released(P1)),
        "all memory": {**solved, "lib/optim.py": solved["lib/optim.py"] + BOMB},
    }
    rows = [f"| {name} | {graded(work)} |" for name, work in works.items()]
    text = "\n".join([HEADER.format(machine=machine()), *rows])
    print(text)
    return write_section("smallest container", text)


HEADER = f"""\
## The smallest container of Gradescope

`python benchmarks/smallest_container.py`: {PROCESSOR:g} processors and {MEMORY / 1e6:.0f} MB by \
control groups, Docker's capabilities and seccomp rules. {{machine}}.

| work | points | seconds, at most {MOST_S:.0f} | | largest MB |
|---|---|---|---|---|"""


def files(work: Submission) -> Mapping[str, bytes]:
    return {**work.files, P1.notebook: P1.source.read_bytes()}


def graded(work: Mapping[str, bytes]) -> str:
    """A row: points, seconds, and the largest memory use."""
    with tempfile.TemporaryDirectory() as folder:
        container = Container(Path(folder))
        archive = Path(folder) / "grader.zip"
        build_grader(P1, archive, "visible", Console(quiet=True))
        container.unpack(archive.read_bytes())
        container.install()
        container.submit(work)
        memory = Group(MEMORY)
        began = time.monotonic()
        try:
            with half_a_processor() as processor:
                process = multiprocessing.Process(target=run, args=(container, memory, processor))
                process.start()
                process.join()
            seconds, largest = time.monotonic() - began, memory.most()
        finally:
            memory.remove()
        points = container.parsed.get("score", container.parsed["output"][:80])
    return f"{points} | {seconds:.0f} | {verdict(seconds, MOST_S)} | {largest / 1e6:.0f}"


def run(container: Container, memory: Group, processor: Path) -> None:
    memory.join()
    (processor / "cgroup.procs").write_text(str(os.getpid()))
    container.run()


@contextlib.contextmanager
def half_a_processor() -> Iterator[Path]:
    folder = PROCESSORS / f"smallest-container-{os.getpid()}"
    folder.mkdir()
    (folder / "cpu.cfs_period_us").write_text(str(PERIOD_US))
    (folder / "cpu.cfs_quota_us").write_text(str(int(PROCESSOR * PERIOD_US)))
    try:
        yield folder
    finally:
        time.sleep(1)  # its processes have ended, but for the kernel
        folder.rmdir()


if __name__ == "__main__":
    sys.exit(main())
