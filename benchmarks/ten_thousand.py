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
import asyncio
import hashlib
import io
import json
import os
import pickle
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from itertools import cycle
from pathlib import Path
from typing import Any
from unittest.mock import patch

import dask
from distributed import Client, Worker
from hostile_class import HOSTILE, MARKS, join, student_of
from results import MISSED, machine, verdict, write_section
from rich.console import Console

from autograder.cohort import agenda, run, state, work
from autograder.cohort.plan import Plan
from autograder.cohort.pool import Failed
from autograder.cohort.work import Graded, Outcome, Work
from autograder.hand_in.students import HandIn
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.problem_1 import demo_class
from autograder.report.as_json import to_json

SEED = 2026
MOST = 10_000
RUNS = ((2, 0.03), (5, 0.075), (10, 0.15), (20, 1), (40, 1))
"""Workers, and the share of the submissions that they grade."""
MEMORY_AT = (1000, 5000, 10_000)
HOSTILE_EVERY, LEAVES_EVERY, LEAVES_AT = 50, 250, 110
SLOW = ("call sleeps", "call forks", "call prints")
"""Hostile works that are not among the kept ones, because they take up to five minutes."""
HOSTILE_IN_THE_DEMO = {"weyl", "=HYPERLINK('x')", "zeno", "xeno"}
KILLER = "kills-its-worker"
"""The hostile work whose grading kills the worker, as if it took all memory."""
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
        figures: of the process, see `one`.
        results: how many of each kind of result there are, and a hash.
    """

    workers: int
    size: int
    work_s: float
    figures: dict[str, float]
    results: dict[str, tuple[int, str]]

    @property
    def efficiency(self) -> float:
        """While there was work for every worker. What they had begun by its end counts nothing."""
        return self.figures["done_s"] / self.workers / self.figures["busy"]

    @property
    def whole_efficiency(self) -> float:
        return self.work_s / self.workers / self.figures["grading"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--submissions", type=int, default=MOST, help="(default: %(default)s)")
    parser.add_argument("--one", nargs=5, help="used inside")
    parser.add_argument("--workers", nargs=3, help="used inside")
    options = parser.parse_args()
    if options.workers:
        address, count, kept = options.workers
        keep_up(address, int(count), Path(kept))
        return 0
    if options.one:
        print(json.dumps(one(*options.one)))
        return 0
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


def really_graded(root: Path) -> tuple[list[str], list[str]]:
    """Grades each work once; returns the names of the honest ones and of the hostile ones."""
    works = root / "works"
    works.mkdir()
    demo_class.make(works)
    join(works, [name for name in HOSTILE if not name.startswith(SLOW)])
    with patch.object(agenda, "carry_out", keeping):
        quiet = Console(file=io.StringIO())
        run.run(P1, works, root / "kept", seed=SEED, due=demo_class.DUE, console=quiet)
    for path in filter(Path.is_dir, list(works.iterdir())):  # a class can have many links to a zip
        shutil.make_archive(str(path), "zip", path / P1.id if any(path.iterdir()) else path)
    shutil.copy(works / "ada.zip", works / f"{KILLER}.zip")
    shutil.copy(root / "kept" / "ada.pickle", root / "kept" / f"{KILLER}.pickle")
    names = sorted(path.stem for path in root.glob("kept/*.pickle"))
    return [n for n in names if not is_hostile(n)], [n for n in names if is_hostile(n)]


def is_hostile(name: str) -> bool:
    return name in {student_of(known) for known in HOSTILE} | HOSTILE_IN_THE_DEMO | {KILLER}


def keeping(hand_in: HandIn, plan: Plan) -> Outcome | Failed:
    """Grades, and keeps how long that took and what it gave.

    The second time counts: what a class has in common is cached by then. Hostile works are graded
    once, as most of them take their limits.
    """
    given = work.prepared(hand_in, plan)
    if not isinstance(given, Work):
        return given
    for _ in range(1 if is_hostile(hand_in.student) else 2):
        began = time.perf_counter()
        found = work.graded(given, plan)
    kept = pickle.dumps((time.perf_counter() - began, found))
    (plan.states.parent / f"{hand_in.student}.pickle").write_bytes(kept)
    return work.keep(given, found, plan)


@cache
def grading(kept: Path, name: str) -> tuple[float, Graded]:
    found: tuple[float, Graded] = pickle.loads((kept / f"{name}.pickle").read_bytes())
    return found


def a_class(root: Path, honest: Sequence[str], hostile: Sequence[str], size: int) -> Path:
    """The works in turn, under so many ids."""
    folder, good, bad = root / f"class-{size}", cycle(honest), cycle(hostile)
    if not folder.exists():
        folder.mkdir()
        for number in range(size):
            name = next(bad if number % HOSTILE_EVERY == 0 else good)
            os.link(root / "works" / f"{name}.zip", folder / f"s{number:05}-{name}.zip")
    return folder


def original(student: str) -> str:
    return student.partition("-")[2]


def replayed(given: Work, plan: Plan, *, kept: Path) -> Graded:
    """Takes the time of the kept grading, and gives its result under the student's id."""
    began, student = time.monotonic(), given.hand_in.student
    seconds, found = grading(kept, original(student))
    if original(student) == KILLER or leaves(student, kept.parent / "left"):
        time.sleep(seconds / 2)
        os.kill(os.getpid(), signal.SIGKILL)
    grade = replace(found.state.grade, submission=given.submission.name)
    made = replace(found.state, grade=grade, fingerprints=given.fingerprints)
    content = json.loads(found.files[state.STATE]) | {"fingerprints": asdict(given.fingerprints)}
    changed = {state.GRADE: to_json([grade]), state.STATE: json.dumps(content)}
    files = {**found.files, **{name: text.encode() for name, text in changed.items()}}
    time.sleep(max(0.0, began + seconds - time.monotonic()))
    return Graded(made, files, corrected=False)


def leaves(student: str, left: Path) -> bool:
    """Whether a worker goes while it grades this submission: only the first that does."""
    if int(student[1:6]) % LEAVES_EVERY != LEAVES_AT or (left / student).exists():
        return False
    (left / student).touch()
    return True


def no_trial(*_: object) -> None:
    """In place of the trial on the solution: these workers do not grade."""


def simulated(root: Path, folder: Path, workers: int) -> Run:
    """One run on a cluster of its own."""
    out, left, size = root / "out", root / "left", len(list(folder.iterdir()))
    left.mkdir()
    with cluster(workers, root) as (address, scheduler):
        command = [sys.executable, __file__, "--one", folder, out, address, workers, scheduler]
        process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True)
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


def keep_up(address: str, workers: int, kept: Path) -> None:
    """Keeps up so many processes with one worker each, as Dask's nannies do.

    It forks them, so that a new one is there at once and takes little of the processors.
    """
    # the workers are only played: their statistics would take a large part of two processors
    dask.config.set({"distributed.worker.profile.enabled": False})
    for path in kept.glob("*.pickle"):
        grading(kept, path.stem)
    running = set[int]()
    while True:
        while len(running) < workers:
            if (process := os.fork()) == 0:
                asyncio.run(work_at(address))
                os._exit(0)
            running.add(process)
        running.remove(os.wait()[0])


async def work_at(address: str) -> None:
    await (await Worker(address, nthreads=1, memory_limit=0, dashboard=False)).finished()


@contextmanager
def cluster(workers: int, root: Path) -> Iterator[tuple[str, int]]:
    """A Dask cluster on this machine; yields the scheduler's address and its process id."""
    # the scheduler unpickles the name of what is to be called
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}
    with tempfile.TemporaryDirectory() as name, ExitStack() as started:
        file = Path(name, "scheduler.json")

        def start(*command: object) -> subprocess.Popen[bytes]:
            process = subprocess.Popen(
                [sys.executable, *map(str, command)],
                cwd=name,
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            started.callback(process.wait)
            started.callback(os.killpg, process.pid, signal.SIGKILL)
            return process

        options = "--port", "0", "--no-dashboard", "--scheduler-file", file
        scheduler = start("-m", "distributed.cli.dask_scheduler", *options)
        while not file.exists():
            time.sleep(0.05)
        address = json.loads(file.read_text())["address"]
        start(Path(__file__).resolve(), "--workers", address, workers, root / "kept")
        with Client(address) as client:
            client.wait_for_workers(workers)
        yield address, scheduler.pid


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
    seconds of all gradings that had ended by then.
    """
    from autograder.cohort import results

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
    full = progress.times[: len(progress.times) - int(workers)]
    done = [name for _, student in full if (name := original(student)) != KILLER]
    return (
        figures
        | progress.memory
        | {
            "first": progress.times[0][0] - began,
            "busy": full[-1][0] - figures["grading began"],
            "done_s": sum(grading(kept, name)[0] for name in done),
            "listed": len(quiet.file.getvalue().splitlines()),  # type: ignore[attr-defined]
            "scheduler MiB": memory_of(int(scheduler)),
        }
    )


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

Efficiency is the seconds of all gradings, divided by the workers, over the seconds until fewer
submissions were left than workers. Target: over {AT_LEAST:.0%}, up to the limit of the single
writers. The column beside it includes the end, when workers wait for the last hostile submissions.

| workers | submissions | efficiency | with the end | grading, s | first result, s | writing, s |
|---|---|---|---|---|---|---|
{rows}

The single writers, in CPU time for each submission: {1000 * parent:.1f} ms for the process that
reads submissions, hands them out and keeps their states, {1000 * scheduler:.1f} ms for Dask's
scheduler. So the limit is {60 / slower:,.0f} submissions a minute, or {limit:.0f} such workers. At
the end, one process writes gradebook and report, {1000 * writing:.1f} ms, while others write the
pages. The terminal showed {figures["listed"]:.0f} lines.

{memory(last)}

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


def memory(found: Run) -> str:
    """The memory as the class goes on: it must not grow with the number of submissions."""
    counts = [count for count in MEMORY_AT if f"MiB at {count}" in found.figures]
    lines = ["| largest MiB by then | parent | scheduler |", "|---|---|---|"]
    for count in counts:
        here, there = (found.figures[f"{who}MiB at {count}"] for who in ("", "scheduler "))
        lines.append(f"| {count:,} graded | {here:.0f} | {there:.0f} |")
    here, there = found.figures["writing MiB"], found.figures["scheduler MiB"]
    lines.append(f"| all written | {here:.0f} | {there:.0f} |")
    if len(counts) > 1:
        grown = [
            found.figures[f"{who}MiB at {counts[-1]}"] - found.figures[f"{who}MiB at {counts[0]}"]
            for who in ("", "scheduler ")
        ]
        said = ", ".join(f"{mib:.0f}, {verdict(mib, MOST_GROWTH_MIB)}" for mib in grown)
        lines += ["", f"Growth while grading, at most {MOST_GROWTH_MIB} MiB: {said}."]
    return "\n".join(lines)


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
    import ten_thousand  # so that the workers find its functions under this name

    raise SystemExit(ten_thousand.main())
