"""The problem drawn for a grading: right work learns it, and each kind of cheat earns nothing.

usage: python benchmarks/own_training.py [--seeds N]

The solution and the alternatives of tests/problem_1/alternatives take turns and train with N seeds.
Then cheats are measured: the accuracy of closed-form classifiers, and the points that `train_net`
of attacks on the training earns with layers whose gradients are 0.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import sys
from pathlib import Path

import numpy as np
from gradings import works
from results import machine, write_section

from autograder import checkout
from autograder.diagnosis.in_process import load, run_trusted
from autograder.hand_in.submission import Submission, read
from autograder.training import fresh
from autograder.training.judged import OwnRun, own_run
from autograder.training.networks import SAME_DIRECTION
from autograder.training.recipe import Recipe

sys.path.append(str(checkout.ROOT / "tests" / "attacks"))  # for the attacks' train_net

import solving
import training as attacks
from attack import Work
from hand_in import write

from autograder.problem_1 import ASSIGNMENT as P1
from autograder.problem_1.training import PLAN

CHEATS = {
    "initial parameters": "pass",
    "a ridge regression": solving.RIDGE,
    "a regression on random features": solving.LAST_LAYER,
    "a thousand tries": solving.THOUSAND,
    "images of each class as weights": solving.PROTOTYPES,
    "the top singular vector of each class": solving.MOMENTS,
    "one step on denoised images, then a regression": solving.ONCE,
    "three regressions on the network's tangents": solving.TANGENTS,
    "one step by the gradient of all images": attacks.indented("""
hidden = images @ best[w1]
active = np.where(hidden > 0, 1, 0.01)
scores = (hidden * active) @ best[w2]
chances = np.exp(scores - scores.max(axis=1, keepdims=True))
chances /= chances.sum(axis=1, keepdims=True)
chances[np.arange(len(labels)), labels] -= 1
inner = images.T @ (chances @ best[w2].T * active)
best[w2] -= 6 * (hidden * active).T @ chances / len(images)
best[w1] -= 6 * inner / len(images)
"""),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=100, help="how many (default: %(default)s)")
    seeds = parser.parse_args().seeds
    right, seconds, others = trained(seeds)
    lost = [run for run in right if run.share != 1]
    cheats = {name: cheat(code) for name, code in CHEATS.items()}
    text = (
        "## Training on the problem generated for a grading\n\n"
        f"`python benchmarks/own_training.py --seeds {seeds}`. {machine()}.\n\n"
        f"Right work: {len(right)} trainings of the solution and its alternatives, with a new seed "
        f"each; {len(lost)} lost points.\n\n"
        "| | least | median | most |\n|---|---|---|---|\n"
        f"| accuracy of the solution | {three([r.solution for r in right], '.3f')} |\n"
        "| accuracy minus the solution's | "
        f"{three([r.accuracy - r.solution for r in right], '+.3f')} |\n"
        f"| cosine with the solution's change of parameters | "
        f"{three([r.along for r in right], '.3f')} |\n"
        f"| the same, batches in another order | {three([r.along for r in others], '.3f')} |\n"
        f"| cosine of single steps | {three([r.downhill for r in right], '.6f')} |\n"
        "| accuracy minus the solution's, batches in another order | "
        f"{three([r.accuracy - r.solution for r in others], '+.3f')} |\n"
        f"| seconds | {three(seconds, '.1f')} |\n\n"
        "Cheats that solve instead of training, with five seeds (only cosines of at least "
        f"{SAME_DIRECTION} earn a share of the points):\n\n"
        "| | accuracy | largest cosine | of single steps | largest share of the points |\n"
        "|---|---|---|---|---|\n"
        + "".join(
            f"| {name} | {np.mean([r.accuracy for r in runs]):.2f} "
            f"| {max(r.along for r in runs):.2f} | {max(r.downhill for r in runs):.2f} "
            f"| {max(float(r.share) for r in runs):.2f} |\n"
            for name, runs in cheats.items()
        )
        + "\nClassifiers of the images that are not networks: "
        + ", ".join(f"{name} {value:.2f}" for name, value in readings().items())
        + "."
    )
    write_section("own training", text)
    print(text)
    return int(bool(lost) or any(r.share for runs in cheats.values() for r in runs))


def run(work: Submission, seed: int) -> tuple[OwnRun, float]:
    """A library's run on the problem of a seed, and its CPU seconds."""
    began = time.process_time()
    library = load(P1, work.files)
    recipe = Recipe.read(PLAN, run_trusted(library, work.cells, P1.probes[PLAN.recipe_probe], seed))
    seen = run_trusted(
        library,
        work.cells,
        P1.probes[PLAN.section],
        seed,
        fresh.problem_for(P1, seed).data,
    )
    return own_run(P1, seen, seed, recipe, ()), time.process_time() - began


def trained(seeds: int) -> tuple[list[OwnRun], list[float], list[OwnRun]]:
    everything, other_order = list(works()), as_handed_in(attacks.HONEST.plus(REORDERED))
    right, seconds, others = [], [], []
    for seed in range(seeds):
        name, work = everything[seed % len(everything)]
        found, took = run(work, 10_000 + seed)
        right.append(found)
        seconds.append(took)
        if found.share != 1:
            print(name, seed, found, flush=True)
        if seed % 5 == 0:
            others.append(run(other_order, 10_000 + seed)[0])
    return right, seconds, others


REORDERED = attacks.trains(
    "_net = train_net\n\ndef train_net(*args, **kwargs):\n"
    "    np.random.seed(99)\n    return _net(*args, **kwargs)\n"
)


def as_handed_in(work: Work) -> Submission:
    with tempfile.TemporaryDirectory() as name:
        write(work, Path(name) / "work")
        return read(P1, Path(name) / "work")


def cheat(body: str) -> list[OwnRun]:
    work = as_handed_in(solving.STANDS_STILL.plus(attacks.trains_tiny_net(body)))
    return [run(work, seed)[0] for seed in range(5)]


def readings() -> dict[str, float]:
    """Accuracies of closed-form classifiers of the images."""
    problem = fresh.problem_for(P1, 0)
    (images, labels), (judged, right) = problem.sets["train"], problem.sets["judged"]
    rows, asked = (part.reshape(len(part), -1).astype(float) for part in (images, judged))
    wanted = np.eye(PLAN.classes)[labels]

    def of(kernel: Callable[[np.ndarray, np.ndarray], np.ndarray], ridge: float) -> float:
        own = kernel(rows, rows)
        weights = np.linalg.solve(own + ridge * np.trace(own) / len(own) * np.eye(len(own)), wanted)
        return float(((kernel(asked, rows) @ weights).argmax(axis=1) == right).mean())

    def best(kernel: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> float:
        return max(of(kernel, ridge) for ridge in (1e-3, 1e-1, 10))

    rng = np.random.default_rng(0)
    draws = rng.normal(size=(rows.shape[1], 2000))
    return {
        "linear ridge": best(lambda a, b: a @ b.T),
        "random features": best(lambda a, b: np.maximum(a @ draws, 0) @ np.maximum(b @ draws, 0).T),
        "quadratic kernel": best(lambda a, b: (a @ b.T / a.shape[1]) ** 2),
    }


def three(values: list[float], form: str) -> str:
    low, median, high = np.quantile(values, [0, 0.5, 1])
    return f"{low:{form}} | {median:{form}} | {high:{form}}"


if __name__ == "__main__":
    raise SystemExit(main())
