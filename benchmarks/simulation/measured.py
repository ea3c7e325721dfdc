"""Grades a class on a simulated cluster, in this process, and prints what that took as JSON.

usage: python -m simulation.measured CLASS OUT ADDRESS WORKERS SCHEDULER_PID
"""

from __future__ import annotations

import io
import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from rich.console import Console

from autograder.cohort import agenda, results, run
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.problem_1 import demo_class
from simulation.replayed import KILLER, SEED, grading, no_trial, original, replayed

MEMORY_AT = (1000, 5000, 10_000)


def memory_of(pid: int) -> float:
    """The largest memory use of a process so far, in MiB."""
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.partition("VmHWM:")[2].split()[0]) / 1024


def cpu_of(pid: int) -> float:
    """The CPU seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Times(io.StringIO):
    """Receives the progress as lines, and keeps when each came, and the memory by then."""

    def __init__(self, scheduler: int) -> None:
        super().__init__()
        self._scheduler = scheduler
        self.times: list[tuple[float, str]] = []
        self.memory: dict[str, float] = {}

    def write(self, text: str) -> int:
        if text.strip():
            self.times.append((time.monotonic(), json.loads(text)["student"]))
            if (count := len(self.times)) in MEMORY_AT:
                self.memory[f"MiB at {count}"] = memory_of(os.getpid())
                self.memory[f"scheduler MiB at {count}"] = memory_of(self._scheduler)
        return len(text)


def one(folder: str, out: str, address: str, workers: str, scheduler: str) -> dict[str, float]:
    """Grades a class on the cluster, in this process; returns what it took.

    `busy` are the seconds until fewer submissions than workers were left, and `done_s` the
    seconds of grading by then, with those of gradings that went on.
    """
    kept, figures, progress = Path(out).parent / "kept", dict[str, float](), Times(int(scheduler))

    def measured(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            began, cpu, theirs = time.monotonic(), time.process_time(), cpu_of(int(scheduler))
            found = function(*arguments)
            figures[f"{name} began"], figures[name] = began, time.monotonic() - began
            figures[f"{name} CPU"] = time.process_time() - cpu
            figures[f"{name} scheduler CPU"] = cpu_of(int(scheduler)) - theirs
            figures[f"{name} MiB"] = memory_of(os.getpid())
            return found

        return call

    began = time.monotonic()
    with ExitStack() as patched:
        for module, name, replacement in (
            (agenda, "carry_out", partial(replayed, kept=kept)),
            (run, "try_worker", no_trial),
            (run, "_grade", measured("grading", run._grade)),
            (results, "write", measured("writing", results.write)),
        ):
            patched.enter_context(patch.object(module, name, replacement))
        quiet = Console(file=io.StringIO())
        run.run(
            *(P1, Path(folder), Path(out)),
            scheduler=address,
            seed=SEED,
            due=demo_class.DUE,
            console=quiet,
            lines=progress,
        )
    end = progress.times[-1 - int(workers)][0]
    return (
        figures
        | progress.memory
        | {
            "first": progress.times[0][0] - began,
            "busy": end - figures["grading began"],
            "done_s": sum(seconds_by(end, told, student, kept) for told, student in progress.times),
            "listed": len(quiet.file.getvalue().splitlines()),  # type: ignore[attr-defined]
            "scheduler MiB": memory_of(int(scheduler)),
        }
    )


def seconds_by(end: float, told: float, student: str, kept: Path) -> float:
    """The seconds of grading a submission before `end`; `told` is when it was known to be done."""
    if (name := original(student)) == KILLER:
        return 0
    seconds = grading(kept, name)[0]
    return min(seconds, max(0, seconds - (told - end)))


if __name__ == "__main__":
    print(json.dumps(one(*sys.argv[1:])))
