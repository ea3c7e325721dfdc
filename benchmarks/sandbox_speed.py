"""Measures how long a submission takes in each sandbox, and where the time goes.

    python benchmarks/sandbox_speed.py [--runs 5] [--workers 2] [--out FILE.json]

The submission is the solution; all probes run except the long trainings. Times are wall-clock times
of the fastest run. On a busy machine, also look at CPU seconds, which count only children that this
process waited for, and so not bubblewrap's. `start` is the time until the first probe yields,
`probe` the median per probe.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from autograder.observation.observe import observe
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.sandbox.backend import Backend
from autograder.sandbox.limits import SUBMISSION
from autograder.sandbox.selftest import BACKENDS, selftest
from autograder.sandbox.session import Work, run
from autograder.sandbox.unconfined import Unconfined
from autograder.seeds import key_of

SOLUTION = {
    str(path.relative_to(P1.library)): path.read_bytes()
    for path in sorted(P1.library.rglob("*.py"))
}


def one_submission(backend: Backend) -> dict[str, float]:
    """Seconds until the first event, of the median probe, and in total."""
    before = _cpu_s()
    names = [name for name, probe in P1.probes.items() if not probe.training]
    began = last = time.perf_counter()
    start, each = None, []
    work = Work(SOLUTION, probes=P1.probes_folder, modules=P1.modules)
    for event in run(work, names, key_of(1), backend, SUBMISSION):
        now = time.perf_counter()
        start = start or now - began
        if event.ending is not None:
            each.append(now - last)
            last = now
    whole = time.perf_counter() - began
    spent = _cpu_s() - before
    return {
        "start_s": start or whole,
        "probe_s": statistics.median(each),
        "whole_s": whole,
        "cpu_s": spent,
    }


def _cpu_s() -> float:
    """CPU seconds of the children that were waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def at_once(backend: Backend, workers: int, submissions: int) -> float:
    """Seconds per submission when several are observed at the same time."""
    began = time.perf_counter()
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(lambda seed: observe(P1, SOLUTION, {}, seed, backend), range(submissions)))
    return (time.perf_counter() - began) / submissions


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5, help="per sandbox (default: %(default)s)")
    parser.add_argument("--workers", type=int, default=2, help="at the same time (default: 2)")
    parser.add_argument("--out", type=Path, help="write the figures to this JSON file")
    options = parser.parse_args()
    table = {}
    for backend in (*BACKENDS, Unconfined()):
        if backend.unavailable() is not None:
            print(f"{backend.name}: {backend.unavailable()}")
            continue
        began = time.perf_counter()
        lines = selftest(backend) if backend.confines else ()
        tested = time.perf_counter() - began
        runs = [one_submission(backend) for _ in range(options.runs)]
        row = {key: round(min(run[key] for run in runs), 4) for key in runs[0]}
        together = at_once(backend, options.workers, 2 * options.workers)
        row |= {"selftest_s": round(tested, 3), "together_s": round(together, 3)}
        row |= {"passes": all(line.passed for line in lines)}
        table[backend.name] = row
        print(backend.name, row)
    if options.out is not None:
        options.out.write_text(json.dumps(table, indent=1) + "\n")


if __name__ == "__main__":
    main()
