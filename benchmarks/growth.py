"""Measures how cost grows with the size of a class and with the number of known misconceptions.

usage: python benchmarks/growth.py [SUBMISSIONS]

Grades one class of 1,000, with the training off, and records the time and the memory of the
grader's process as submissions finish. Also times the diagnosis of works with mistakes, with a
quarter, half and all of the misconceptions: first with empty caches, then as for the next
submission of a class.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from unittest.mock import patch

from class_speed import classroom, handed_in
from results import machine, write_section

from autograder.diagnosis import case, costs, diagnose
from autograder.diagnosis.mutation import mutants, search
from autograder.diagnosis.variants import applied, by_section, named
from autograder.judgement.suites import judge
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.problem_1 import demo_class

SIZE = 1000
SHARES = (4, 2, 1)
SEED = 2026
CACHED = diagnose.variant_readings, search._candidates, search._variant, mutants.mutants
PLOT = Path(__file__).with_name("growth.png")


def main() -> None:
    size = int(sys.argv[1]) if len(sys.argv) > 1 else SIZE
    with tempfile.TemporaryDirectory() as name:
        a_class = classroom(handed_in(Path(name, "works")), Path(name, "class"), size)
        samples, seconds = graded(a_class, Path(name, "out"))
    plot(samples)
    write_section("growth", "\n\n".join([heading(), the_class(samples, seconds), diagnoses()]))


def heading() -> str:
    return f"## Growth\n\n`python benchmarks/growth.py`. {machine()}."


def graded(folder: Path, out: Path) -> tuple[list[tuple[float, int, float]], float]:
    """Samples of (seconds, submissions done, MiB held), and the total in seconds."""
    command = [sys.executable, "-m", "autograder", "cohort", str(folder), "--out", str(out)]
    started, samples = time.monotonic(), []
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while process.poll() is None:
        done = sum(1 for _ in out.glob("observations/[!.]*"))
        if done:
            samples.append((time.monotonic() - started, done, memory_mib(process.pid)))
        time.sleep(0.5)
    if process.returncode != 0:
        raise SystemExit(f"the class ended with status {process.returncode}")
    return [sample for sample in samples if sample[2]], time.monotonic() - started


def memory_mib(pid: int) -> float:
    """The memory of a process in MiB; 0 if it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    held = [line.split()[1] for line in lines if line.startswith("VmRSS")]
    return int(held[0]) / 1024 if held else 0.0


def the_class(samples: list[tuple[float, int, float]], seconds: float) -> str:
    """A table of the time per submission and the parent's memory for each fifth of the class."""
    size = samples[-1][1]
    writing = [sample for sample in samples if sample[1] == size]
    grading = [*(sample for sample in samples if sample[1] < size), writing[0]]
    rows = []
    for fifth in range(5):
        inside = [s for s in grading if fifth * size <= 5 * s[1] <= (fifth + 1) * size]
        (first_s, first, _), (last_s, last, held) = inside[0], inside[-1]
        each = (last_s - first_s) / max(1, last - first)
        rows.append(f"| {first} to {last} | {each:.3f} | {held:.0f} |")
    return (
        f"A class of {size} took {seconds:.0f} s, of which {writing[-1][0] - writing[0][0]:.0f} s "
        "for gradebook, pages and report at the end.\n\n"
        "| submissions | seconds each | MiB held by the parent |\n|---|---|---|\n"
        + "\n".join(rows)
        + f"\n| while writing | {(writing[-1][0] - writing[0][0]) / size:.3f} "
        f"| {max(held for _, _, held in writing):.0f} |"
        + f"\n\n![submissions and memory over time]({PLOT.name})"
    )


def plot(samples: list[tuple[float, int, float]]) -> None:
    from matplotlib.figure import Figure

    seconds, done, held = zip(*samples, strict=True)
    figure = Figure(figsize=(7, 5), layout="constrained")
    above, below = figure.subplots(2, sharex=True)
    above.plot(seconds, done)
    above.set(ylabel="submissions done", title="One class, two workers")
    below.plot(seconds, held)
    below.set(ylabel="MiB held by the parent", xlabel="seconds", ylim=(0, None))
    for axis in (above, below):
        axis.grid(alpha=0.3)
    figure.savefig(PLOT, dpi=120)


def diagnoses() -> str:
    """A table of milliseconds for each work of the demo's class that has mistakes."""
    wrong = [mistakes for mistakes in demo_class.MISTAKES.values() if mistakes]
    observed = [
        costs.observed(P1, applied(P1, (named(P1, m) for m in those)), SEED) for those in wrong
    ]
    marked = [(one, judge(P1, one, costs.reference(P1, SEED))) for one in observed]
    known, rows = by_section(P1), []
    for share in SHARES:
        some = {section: variants[::share] for section, variants in known.items()}
        with patch.object(case, "by_section", lambda _, some=some: some):
            for function in CACHED:
                function.cache_clear()
            first, again = timed(marked), timed(marked)
        count = sum(map(len, some.values()))
        rows.append(f"| {count} | {first:.1f} | {again:.1f} |")
    return (
        f"Diagnosing {len(wrong)} works with mistakes, milliseconds each. A mistake that is not "
        "among the known ones is looked for among small changes, which takes longer:\n\n"
        "| known misconceptions | with empty caches | later in a class |\n"
        "|---|---|---|\n" + "\n".join(rows)
    )


def timed(marked: list) -> float:
    took = []
    for student, verdicts in marked:
        started = time.perf_counter()
        diagnose.diagnose(P1, student, verdicts)
        took.append(1000 * (time.perf_counter() - started))
    return statistics.mean(took)


if __name__ == "__main__":
    main()
