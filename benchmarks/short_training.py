"""Whether the target of a short training is one that right work reaches, and by how much.

usage: python benchmarks/short_training.py [--seeds N]

Trains the solution as `autograder grade --training short` does, but to the end, under several
grading seeds: images in another order, in another gauge, judged on other images each time.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
from results import machine, write_section

from autograder.grade import solution
from autograder.rubric import SHORT_TARGET
from autograder.sandbox.unconfined import Unconfined
from autograder.training import MODES, Progress, prepare, train


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10, help="gradings (default: %(default)s)")
    curves, seconds = zip(*(curve(seed) for seed in range(parser.parse_args().seeds)), strict=True)
    reached = [int(np.argmax(np.array(values) >= SHORT_TARGET)) + 1 for values in curves]
    best = [max(values) for values in curves]
    write_section(
        "short training",
        "## The target of a short training\n\n"
        f"`python benchmarks/short_training.py`: the solution under {len(curves)} grading seeds, "
        f"trained to the end; the target is a judged accuracy of {SHORT_TARGET:.0%}. {machine()}."
        "\n\n| | least | median | most |\n|---|---|---|---|\n"
        f"| best judged accuracy | {_three(best, '.3f')} |\n"
        f"| first epoch at the target, of {len(curves[0])} | {_three(reached, '.0f')} |\n"
        f"| seconds to the end | {_three(seconds, '.1f')} |",
    )


def curve(seed: int) -> tuple[list[float], float]:
    """The judged accuracy after each epoch, and the seconds it took."""
    seen: list[Progress] = []
    right = solution()
    with tempfile.TemporaryDirectory() as folder:
        images = prepare(MODES["short"], seed, Path(folder))
        began = time.perf_counter()
        train(
            right.files, right.cells, images, Unconfined(), stop_early=False, progress=seen.append
        )
    # the last is what train_net returned, after the snapshots of the epochs
    return [progress.accuracy for progress in seen], time.perf_counter() - began


def _three(values: list[float], form: str) -> str:
    low, median, high = np.quantile(values, [0, 0.5, 1])
    return f"{low:{form}} | {median:{form}} | {high:{form}}"


if __name__ == "__main__":
    main()
