"""Grades honest submissions together with memory bombs, in a control group of 3 GiB.

usage: python benchmarks/memory_bombs.py [--gib 3]

The bombs are the attacks of tests/attacks/exhausting_the_judge.py, and two that take memory inside
the sandbox. `autograder grade`, `autograder cohort` and stock `nbgrader autograde` each grade all
of them in a new control group. Every honest submission must get the same Grade as without bombs.

Making a control group needs root or a delegated group. Otherwise the limit applies to each process
(RLIMIT_AS), which is a weaker test. The report says which limit was used.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from results import MISSED, machine, write_section

sys.path.append(str(Path(__file__).parents[1] / "tests" / "attacks"))

import exhausting_room
import exhausting_the_judge
from attack import COHORT, DIRECTORY, NBGRADER, SOLUTION, STUB
from roads import ROADS, GraderFailed, Outcome, Settings

from autograder.sandbox.selftest import choose

SEED = 31
HONEST = {
    "ada": SOLUTION,
    "ben": SOLUTION.without("dropout.backward"),
    "eva": SOLUTION.without("fc.backward", "Adam.update"),
    "kim": STUB,
}
INSIDE = ("takes memory in many processes", "takes memory that counts as shared")
BOMBS = {
    "".join(c if c.isalnum() else "-" for c in attack.name): attack.work
    for attack in (
        *exhausting_the_judge.ATTACKS,
        *(attack for attack in exhausting_room.ATTACKS if attack.name in INSIDE),
    )
}
CGROUP_FOLDER = {"v1": "/sys/fs/cgroup/memory", "v2": "/sys/fs/cgroup"}
LIMIT = {"v1": "memory.limit_in_bytes", "v2": "memory.max"}
MOST = {"v1": "memory.max_usage_in_bytes", "v2": "memory.peak"}
KILLS = {"v1": "memory.oom_control", "v2": "memory.events"}


class Group:
    """A control group with a memory limit in bytes."""

    def __init__(self, most: int) -> None:
        """
        Raises:
            OSError: control groups cannot be made here.
        """
        self.version = "v1" if Path(CGROUP_FOLDER["v1"], LIMIT["v1"]).exists() else "v2"
        self._folder = Path(CGROUP_FOLDER[self.version], f"memory-bombs-{os.getpid()}")
        self._folder.mkdir()
        try:
            (self._folder / LIMIT[self.version]).write_text(str(most))
        except OSError:
            self._folder.rmdir()
            raise

    def join(self) -> None:
        (self._folder / "cgroup.procs").write_text(str(os.getpid()))

    def most(self) -> int:
        """The largest memory use in bytes."""
        return int((self._folder / MOST[self.version]).read_text())

    def kills(self) -> int:
        """The number of processes that the kernel killed for lack of memory."""
        lines = (self._folder / KILLS[self.version]).read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("oom_kill "))

    def remove(self) -> None:
        for _ in range(100):  # killed processes stay in it for a moment
            with contextlib.suppress(OSError):
                self._folder.rmdir()
                return
            time.sleep(0.1)


@contextlib.contextmanager
def group(most: int) -> Iterator[Group | None]:
    """A control group, or None where it cannot be made."""
    try:
        made = Group(most)
    except OSError:
        yield None
        return
    try:
        yield made
    finally:
        made.remove()


def grade_all(road: str, names: list[str], most: int, within: Group | None, sending) -> None:
    """Runs in a new process: grades everything on one road and sends the outcomes or an error."""
    if within is not None:
        within.join()
    else:
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    works = [(name, {**HONEST, **BOMBS}[name]) for name in names]
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        settings = Settings(choose().name, SEED, "off", Path(place), 120 * len(works))
        try:
            sending.send(ROADS[road](works, settings))
        except GraderFailed as failure:
            sending.send(str(failure))


def tried(road: str, names: list[str], most: int) -> tuple[list[Outcome] | str, dict]:
    """The outcomes of these submissions or an error, and the time and memory that grading took."""
    began = time.monotonic()
    with group(most) as made:
        receiving, sending = multiprocessing.Pipe(duplex=False)
        process = multiprocessing.Process(target=grade_all, args=(road, names, most, made, sending))
        process.start()
        sending.close()
        try:
            found = receiving.recv()
        except EOFError:
            found = "the grader was killed"
        process.join()
        took = {"seconds": time.monotonic() - began}
        if made is not None:
            took |= {"MiB": made.most() >> 20, "kills": made.kills(), "group": made.version}
    return found, took


def same(outcome: Outcome, alone: Outcome) -> bool:
    """Whether two gradings of a work have the same result."""
    if outcome.grade is None or alone.grade is None:
        return outcome.points == alone.points
    return replace(outcome.grade, elapsed_s=0.0) == replace(alone.grade, elapsed_s=0.0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gib", type=float, default=3, help="memory limit (default: %(default)s)")
    most = int(parser.parse_args().gib * 2**30)
    among = [name for n, bomb in enumerate(BOMBS) for name in (bomb, *list(HONEST)[n : n + 1])]
    rows, by_group = [], ""
    for road in (DIRECTORY, COHORT, NBGRADER):
        alone, _ = tried(road, list(HONEST), most)
        found, took = tried(road, among, most)
        if isinstance(alone, str) or isinstance(found, str):
            print(road, alone if isinstance(alone, str) else found)
            right = 0
        else:
            outcomes = dict(zip(among, found, strict=True))
            right = sum(same(outcomes[name], one) for name, one in zip(HONEST, alone, strict=True))
        by_group = f"control groups {took['group']}" if "group" in took else by_group
        rows.append((road, right, took))
        print(json.dumps([road, right, took]), flush=True)
    write_section("memory bombs", report(rows, by_group, most))
    return int(any(right < len(HONEST) for _, right, _ in rows))


def report(rows: list[tuple[str, int, dict]], by_group: str, most: int) -> str:
    how = by_group or "no control group could be made, so RLIMIT_AS for each process"
    lines = [
        f"| {road} | {right} of {len(HONEST)}{'' if right == len(HONEST) else f', {MISSED}'} "
        f"| {took.get('MiB', '')} | {took.get('kills', '')} | {took['seconds']:.0f} |"
        for road, right, took in rows
    ]
    return "\n".join(
        [
            f"""## Memory bombs

`python benchmarks/memory_bombs.py`: {len(BOMBS)} submissions that take too much memory, most of
them when judged, and {len(HONEST)} honest ones, in {most / 2**30:g} GiB ({how}).
{machine()}.
""",
            "| road | honest Grades as without bombs | largest MiB | killed by the kernel "
            "| seconds |\n|---|---|---|---|---|",
            *lines,
        ]
    )


if __name__ == "__main__":
    raise SystemExit(main())
