"""Right work in other styles, each trained once as `autograder grade --training short` trains.

usage: python benchmarks/trained_alternatives.py

In the sandbox, to the target, with a minute of processor time each: work that loops over every
element in Python cannot do it in that.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path

from gradings import works
from results import machine, write_section

from autograder.gauge import new_seed
from autograder.sandbox.limits import TRAINING
from autograder.sandbox.selftest import choose
from autograder.training import MODES, prepare, train

MINUTE = replace(TRAINING, probe=replace(TRAINING.probe, cpu_s=60, wall_s=120.0))


def main() -> None:
    seed, sandbox = new_seed(), choose()
    epochs, short, began = [], [], time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)  # the sandbox's user reads the files in it
        images = prepare(MODES["short"], seed, Path(folder))
        for name, work in works():
            seen = []
            ended = train(
                work.files,
                work.cells,
                images,
                sandbox,
                stop_early=True,
                budget=MINUTE,
                progress=seen.append,
            )
            best = max((progress.accuracy for progress in seen), default=0.0)
            epochs.append(len(seen))
            if best < images.mode.target:
                short.append(f"{name} ({best:.2f}, {ended.ending.text or ended.ending.how})")
            print(f"{name}: {best:.3f} after {len(seen)} epochs", flush=True)
    minutes = (time.perf_counter() - began) / 60
    write_section(
        "trained alternatives",
        "## Right work in other styles, trained\n\n"
        f"`python benchmarks/trained_alternatives.py`, short training, seed {seed}, "
        f"{minutes:.0f} minutes. {machine()}.\n\n"
        "| | |\n|---|---|\n"
        f"| the solution and its alternatives | {len(epochs)} |\n"
        f"| at the target of {images.mode.target:.0%} | {len(epochs) - len(short)} |\n"
        f"| the others | {'; '.join(short) or 'none'} |\n"
        f"| epochs, least to most | {min(epochs)} to {max(epochs)} |",
    )


if __name__ == "__main__":
    main()
