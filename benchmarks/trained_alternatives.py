"""Right work in other styles, each trained once as `autograder grade --training short` trains.

usage: python benchmarks/trained_alternatives.py

In the sandbox, to the target, with the limits of every grading: work that loops over every element
in Python takes minutes where others take seconds.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from gradings import works
from results import machine, write_section

from autograder.sandbox.selftest import choose
from autograder.seeds import new_seed
from autograder.training import MODES, prepare, train


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
