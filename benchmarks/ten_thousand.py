"""Grades ten thousand submissions with up to forty workers that replay kept gradings.

usage: python benchmarks/ten_thousand.py [--submissions 10000]

First the demo's class and some hostile works are really graded, and what each grading gave and how
long it took is kept. Then `cohort` grades copies of them on a Dask cluster. A worker there sleeps
as long as the kept grading took, and gives its result under the student's id, observations
included. Everything else is real: scheduler, worker processes, retries, states, gradebook, pages
and report.

Every fiftieth submission is hostile. One kind kills each worker that takes it, and is set aside;
the others loop or sleep until a limit, fill memory or disk, crash, cannot be read, and so on.
Workers come and go: every 250th submission loses the first worker that takes it, and each worker
that is gone is replaced.

Workers sleep as long as the gradings took, not less: two processors then have time to play forty,
and what is between two gradings has its true share. So few workers get fewer submissions, see RUNS.
Each run is a process of its own, and so is the scheduler; their memory counts from their start. The
states of ten thousand take much disk; they are deleted after each run.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from hostile_class import MARKS
from results import MISSED, machine, verdict, write_section
from simulation.cluster import IMPORTABLE, cluster
from simulation.measured import MEMORY_AT
from simulation.replayed import KILLER, a_class, grading, original, really_graded

from autograder.cohort import run, state

MOST = 10_000
RUNS = ((2, 0.03), (5, 0.075), (10, 0.15), (20, 1), (40, 1))
"""Workers, and the share of the submissions that they grade."""
AT_LEAST = 0.9
MOST_GROWTH_MIB = 50
SAID_EVERY_S = 5


@dataclass(frozen=True)
class Run:
    """What a run took, and what it left.

    Attributes:
        workers: how many.
        size: the number of submissions.
        work_s: the seconds of all its gradings together.
        figures: of the process, see `simulation.measured`.
        results: how many of each kind of result there are, and a hash.
    """

    workers: int
    size: int
    work_s: float
    figures: dict[str, float]
    results: dict[str, tuple[int, str]]

    @property
    def efficiency(self) -> float:
        """While there was work for every worker."""
        return self.figures["done_s"] / self.workers / self.figures["busy"]

    @property
    def whole_efficiency(self) -> float:
        return self.work_s / self.workers / self.figures["grading"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--submissions", type=int, default=MOST, help="(default: %(default)s)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        say("grading each work once")
        honest, hostile = really_graded(root)
        runs = []
        for workers, share in RUNS:
            folder = a_class(root, honest, hostile, int(options.submissions * share))
            runs.append(simulated(root, folder, workers))
    print()
    text = shown(runs, len(honest), len(hostile))
    print(text)
    return write_section("ten thousand", text)


def say(text: str) -> None:
    """A line of progress, in place of the last one."""
    print(f"\r{text:<78}", end="", file=sys.stderr, flush=True)


def simulated(root: Path, folder: Path, workers: int) -> Run:
    """One run on a cluster of its own."""
    out, left, size = root / "out", root / "left", len(list(folder.iterdir()))
    left.mkdir()
    with cluster(workers, root) as (address, scheduler):
        module = sys.executable, "-m", "simulation.measured"
        command = list(map(str, (*module, folder, out, address, workers, scheduler)))
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=IMPORTABLE)
        began = time.monotonic()
        while process.poll() is None:
            done = sum(1 for _ in out.glob(f"{state.STATES}/s*"))
            pages = sum(1 for _ in out.glob("feedback/*"))
            said = f"{done} of {size} graded, {pages} pages, {time.monotonic() - began:.0f} s"
            say(f"{workers} workers: {said}")
            with suppress(subprocess.TimeoutExpired):
                process.wait(SAID_EVERY_S)
        assert process.stdout is not None
        if process.returncode:
            raise SystemExit(f"the run ended with status {process.returncode}")
        figures = json.loads(process.stdout.read())
    figures["left"] = len(list(left.iterdir()))
    results = hashes(out)
    shutil.rmtree(out)
    shutil.rmtree(left)
    names = [original(path.stem) for path in folder.iterdir()]
    work_s = sum(grading(root / "kept", name)[0] for name in names if name != KILLER)
    return Run(workers, size, work_s, figures, results)


def hashes(out: Path) -> dict[str, tuple[int, str]]:
    """How many of each kind of result there are, and a hash of them all."""

    def files(folder: str, pattern: str) -> tuple[int, str]:
        digest, paths = hashlib.sha256(), sorted((out / folder).rglob(pattern))
        for path in paths:
            digest.update(str(path.relative_to(out)).encode() + path.read_bytes())
        return len(paths), digest.hexdigest()

    with sqlite3.connect(out / run.BOOK) as book:
        submissions, marks = (book.execute(query).fetchall() for query in (SUBMISSIONS, MARKS))
    csv, page = ((out / "report" / name).read_bytes() for name in ("grades.csv", "index.html"))
    aside = csv.count(b"set aside: ")
    found = {
        "in the gradebook": (len(submissions), repr((submissions, marks))),
        "set aside": (aside, str(aside)),
        "rows of the table": (len(csv.splitlines()) - 1, hashlib.sha256(csv).hexdigest()),
        "links of the report": (
            page.count(b'href="../feedback/'),
            hashlib.sha256(page).hexdigest(),
        ),
        "feedback pages": files("feedback", "*.html"),
        "notebooks for graders": files("autograded", "*.ipynb"),
    }
    return {
        name: (count, hashlib.sha256(content.encode()).hexdigest())
        for name, (count, content) in found.items()
    }


SUBMISSIONS = """
    select student.id, first_name, last_name, submitted_assignment.timestamp,
        late_submission_penalty
    from submitted_notebook
    join submitted_assignment on submitted_assignment.id = submitted_notebook.assignment_id
    join student on student.id = submitted_assignment.student_id order by 1
"""


def shown(runs: Sequence[Run], honest: int, hostile: int) -> str:
    last, before = runs[-1], runs[-2]
    figures, mean_s = last.figures, last.work_s / last.size
    parent, scheduler, writing = (
        figures[name] / last.size
        for name in ("grading CPU", "grading scheduler CPU", "writing CPU")
    )
    slower = max(parent, scheduler)
    limit = mean_s / slower
    rows = "\n".join(row(each, limit) for each in runs)
    return f"""## Ten thousand submissions

`python benchmarks/ten_thousand.py --submissions {last.size}`. {machine()}.

{honest} honest and {hostile} hostile works were graded. Workers that take that time, {mean_s:.2f} s
on average, and give those results then graded {last.size:,} copies, 2% of them hostile. Workers
that died, {figures["left"]:.0f} of them at honest submissions, were replaced.

Efficiency is the time that the workers graded, as a share of the time until fewer submissions were
left than workers. Target: over {AT_LEAST:.0%}, up to the limit of the single writers. The column
beside it includes the end, when workers wait for the last hostile submissions.

| workers | submissions | efficiency | with the end | grading, s | first result, s | writing, s |
|---|---|---|---|---|---|---|
{rows}

The single writers, in CPU time for each submission: {1000 * parent:.1f} ms for the process that
reads submissions, hands them out and keeps their states, {1000 * scheduler:.1f} ms for Dask's
scheduler. So the limit is {60 / slower:,.0f} submissions a minute, or {limit:.0f} such workers. At
the end, one process writes gradebook and report, {1000 * writing:.1f} ms, while others write the
pages. The terminal showed {figures["listed"]:.0f} lines.

{memory(runs[-2:])}

{equality(last, before)}"""


def row(found: Run, limit: float) -> str:
    figures = found.figures
    reached = "reached" if found.efficiency > AT_LEAST else MISSED
    cells = (
        *(str(found.workers), f"{found.size:,}"),
        f"{found.efficiency:.0%}, {reached if found.workers <= limit else 'beyond the limit'}",
        f"{found.whole_efficiency:.0%}",
        *(f"{figures['grading']:.0f}", f"{figures['first']:.1f}", f"{figures['writing']:.0f}"),
    )
    return f"| {' | '.join(cells)} |"


def memory(runs: Sequence[Run]) -> str:
    """The memory as the class goes on: it must not grow with the number of submissions."""
    counts = [count for count in MEMORY_AT if count <= runs[0].size]
    if not counts:
        return "So small a class says nothing about memory."
    columns = [(found, who) for found in runs for who in ("parent", "scheduler")]
    rows = [["largest MiB by then", *(f"{who}, {found.workers} workers" for found, who in columns)]]
    rows.append(["---"] * len(rows[0]))
    for count in counts:
        then = (mib(found, who, f"at {count}") for found, who in columns)
        rows.append([f"{count:,} graded", *(f"{each:.0f}" for each in then)])
    rows.append(["all written", *(f"{mib(found, who):.0f}" for found, who in columns)])
    rows.append([f"growth while grading, at most {MOST_GROWTH_MIB}"])
    for found, who in columns:
        first, last = (mib(found, who, f"at {count}") for count in (counts[0], counts[-1]))
        rows[-1].append(f"{last - first:.0f}, {verdict(last - first, MOST_GROWTH_MIB)}")
    table = "\n".join(f"| {' | '.join(cells)} |" for cells in rows)
    return f"""{table}

Beyond the limit, results wait at the scheduler, at most two of each worker."""


def mib(found: Run, who: str, when: str = "") -> float:
    if who == "scheduler":
        return found.figures[f"scheduler MiB {when}".strip()]
    return found.figures[f"MiB {when}" if when else "writing MiB"]


def equality(last: Run, before: Run) -> str:
    """How many of each kind of result there are, and whether both runs have the same."""
    lines = [f"| | | {last.workers} workers beside {before.workers} |", "|---|---|---|"]
    aside = last.results["set aside"][0]
    for name, found in last.results.items():
        same = "equal" if found == before.results[name] else f"different, {MISSED}"
        lines.append(f"| {name} | {found[0]:,} | {same} |")
    whole = all(
        count + (0 if name == "rows of the table" else aside) == last.size
        for name, (count, _) in last.results.items()
        if name != "set aside"
    )
    said = "everybody is in each of them, or set aside" if whole else f"some are missing, {MISSED}"
    return "\n".join([*lines, "", f"Of {last.size:,} submissions, {said}."])


if __name__ == "__main__":
    raise SystemExit(main())
