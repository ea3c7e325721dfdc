"""How much of a full training the grader spares by stopping when all points are earned.

usage: python benchmarks/early_stop.py

One training of the solution with its own hyperparameters, in a worker as when grading, to the end;
the clock is read when the first snapshot reaches the target, which is where grading stops.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from results import machine, verdict, write_section

from autograder.grade import solution
from autograder.sandbox.unconfined import Unconfined
from autograder.svhn import DataError
from autograder.training import MODES, Progress, prepare, train

SEED, MOST = 2026, 0.6


def main() -> int:
    seen: list[tuple[float, Progress]] = []
    right, mode = solution(), MODES["full"]
    with tempfile.TemporaryDirectory() as folder:
        try:
            images = prepare(mode, SEED, Path(folder))
        except DataError as problem:
            print(f"skipped: {problem}")
            return 0
        began = time.perf_counter()

        def progress(told: Progress) -> None:
            seen.append((time.perf_counter() - began, told))

        train(right.files, right.cells, images, Unconfined(), stop_early=False, progress=progress)
        whole = time.perf_counter() - began
    # the last is what train_net returned, after the snapshots of the epochs
    stopped = next((one for one in seen if one[1].accuracy >= mode.target), None)
    if stopped is None:
        sys.exit(f"the solution did not reach {mode.target:.0%}")
    seconds, reached = stopped
    epochs, share = max(told.epoch for _, told in seen), seconds / whole
    return write_section(
        "early stop",
        "## A training that stops when all points are earned\n\n"
        f"`python benchmarks/early_stop.py`, grading seed {SEED}, one BLAS thread. {images.data} "
        f"{machine()}.\n\n| | |\n|---|---|\n"
        f"| the full recipe, {epochs} epochs | {whole:.0f} s |\n"
        f"| judged accuracy {reached.accuracy:.1%}, after epoch {reached.epoch} "
        f"| {seconds:.0f} s |\n"
        f"| share, target: at most {MOST:.0%} | {share:.0%}, {verdict(share, MOST)} |",
    )


if __name__ == "__main__":
    raise SystemExit(main())
