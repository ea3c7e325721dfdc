"""Submissions that explode in memory, in a control group of 3 GiB: do the others' Grades survive?

usage: python benchmarks/memory_bombs.py [--gib 3]

Honest work and what tests/attacks/exhausting_the_judge.py lists (and two bombs inside the sandbox)
are graded together by `autograder grade`, `autograder cohort` and stock `nbgrader autograde`, each
in a control group of its own. Every honest work must have the Grade that it has without the others.

A control group needs root, or a delegated one. Without it each process gets the limit by itself
(RLIMIT_AS), which says less: the report tells which it was.
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
OF_A_GROUP = {"v1": "/sys/fs/cgroup/memory", "v2": "/sys/fs/cgroup"}
LIMIT = {"v1": "memory.limit_in_bytes", "v2": "memory.max"}
MOST = {"v1": "memory.max_usage_in_bytes", "v2": "memory.peak"}
KILLS = {"v1": "memory.oom_control", "v2": "memory.events"}


class Group:
    """A control group with so much memory."""

    def __init__(self, most: int) -> None:
        """
        Raises:
            OSError: none can be made here.
        """
        self.version = "v1" if Path(OF_A_GROUP["v1"], LIMIT["v1"]).exists() else "v2"
        self._folder = Path(OF_A_GROUP[self.version], f"memory-bombs-{os.getpid()}")
        self._folder.mkdir()
        try:
            (self._folder / LIMIT[self.version]).write_text(str(most))
        except OSError:
            self._folder.rmdir()
            raise

    def join(self) -> None:
        (self._folder / "cgroup.procs").write_text(str(os.getpid()))

    def most(self) -> int:
        """Bytes that were in use at once."""
        return int((self._folder / MOST[self.version]).read_text())

    def kills(self) -> int:
        """Processes that the kernel ended for want of memory."""
        lines = (self._folder / KILLS[self.version]).read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("oom_kill "))

    def remove(self) -> None:
        for _ in range(100):  # those that were just killed are in it for a moment
            with contextlib.suppress(OSError):
                self._folder.rmdir()
                return
            time.sleep(0.1)


@contextlib.contextmanager
def group(most: int) -> Iterator[Group | None]:
    """A group; None where there can be none."""
    try:
        made = Group(most)
    except OSError:
        yield None
        return
    try:
        yield made
    finally:
        made.remove()


def down(road: str, names: list[str], most: int, within: Group | None, sending) -> None:
    """In a process of its own: everything down one road, and what became of it."""
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
    """What became of these hand-ins, and what it took."""
    began = time.monotonic()
    with group(most) as made:
        receiving, sending = multiprocessing.Pipe(duplex=False)
        process = multiprocessing.Process(target=down, args=(road, names, most, made, sending))
        process.start()
        sending.close()
        try:
            found = receiving.recv()
        except EOFError:
            found = "it was ended"
        process.join()
        took = {"seconds": time.monotonic() - began}
        if made is not None:
            took |= {"MiB": made.most() >> 20, "kills": made.kills(), "group": made.version}
    return found, took


def same(outcome: Outcome, alone: Outcome) -> bool:
    """Whether two gradings of a work gave it the same."""
    if outcome.grade is None or alone.grade is None:
        return outcome.points == alone.points
    return replace(outcome.grade, elapsed_s=0.0) == replace(alone.grade, elapsed_s=0.0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gib", type=float, default=3)
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
    how = by_group or "no control group could be made: RLIMIT_AS for each process"
    lines = [
        f"| {road} | {right} of {len(HONEST)}{'' if right == len(HONEST) else f', {MISSED}'} "
        f"| {took.get('MiB', '')} | {took.get('kills', '')} | {took['seconds']:.0f} |"
        for road, right, took in rows
    ]
    return "\n".join(
        [
            f"""## Memory bombs

`python benchmarks/memory_bombs.py`: {len(BOMBS)} submissions that explode in memory, most of them
where they are judged, among {len(HONEST)} honest ones, in {most / 2**30:g} GiB ({how}).
{machine()}.
""",
            "| road | honest Grades as without the bombs | MiB, most | processes that the kernel "
            "ended | seconds |\n|---|---|---|---|---|",
            *lines,
        ]
    )


if __name__ == "__main__":
    raise SystemExit(main())
