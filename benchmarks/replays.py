"""Compares replays with trainings in the notebook, and measures their cost.

usage: python benchmarks/replays.py [--recipes N] [--near N]

The recipes vary what students choose: hidden units, spread of the weights, slope, batch size,
epochs and decay. Each recipe is trained twice on all images and to its end: like in the notebook,
and as a replay of what the probe reads from the submission. Half of the notebook trainings use
another seed than the notebook's, which gives other batches and weights. Further recipes end near
the target, all with other seeds: only there does the tolerance decide whether points are lost.
Rows are kept in out/replays.jsonl, so that the same command continues after an interruption.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from results import machine, verdict, write_section

from autograder import checkout
from autograder.diagnosis.in_process import load, run_trusted, seeded_and_quiet
from autograder.diagnosis.variants import solution
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.problem_1.rubric import REPLAY_SPREAD
from autograder.problem_1.svhn import DataError
from autograder.problem_1.training import PLAN
from autograder.training.images import open_images
from autograder.training.recipe import Recipe
from autograder.training.replay import Progress, Task, full_points_accuracy, train

TINY_NET = """self.net = sequential(
            flatten(name="flatten"),
            fc(3072, 512, 2.5e-2, name="fullo_1"),
            leaky_relu(name="lrelu"),
            fc(512, 10, 2.5e-2, name="fullo_2"),
        )"""
CHAIN = """self.net = sequential(
            flatten(name="f"), fc(3072, {hidden}, {spread}, name="a"),
            leaky_relu({slope}, name="r"), fc({hidden}, 10, {spread}, name="b"))"""
CELL = "train_tiny_net_hyperparameters"
NETWORKS = "lib/mlp/fully_conn.py"
OTHER_SEEDS = 1000
NEAR = 1000
"""The recipes from this number on end near the target."""

CLASSES = 200, 10_000
KEPT = checkout.ROOT / "out" / "replays.jsonl"
"""Delete it after a change of the solution, the images or the training."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--recipes", type=int, default=30, help="how many (default: %(default)s)")
    parser.add_argument(
        "--near", type=int, default=12, help="near the target (default: %(default)s)"
    )
    asked = parser.parse_args()
    numbers = [*range(asked.recipes), *range(NEAR, NEAR + asked.near)]
    try:
        open_images(P1, PLAN.modes["full"])
    except DataError as problem:
        print(f"skipped: {problem}")
        return 0
    done = kept()
    with ProcessPoolExecutor(os.cpu_count()) as pool, KEPT.open("a") as file:
        for row in pool.map(both, [number for number in numbers if number not in done]):
            done[row["number"]] = row
            print(json.dumps(row), file=file, flush=True)
    spread, near = ([done[n] for n in numbers if (n >= NEAR) == side] for side in (False, True))
    status = 0
    for name, rows, report in (("replays", spread, of_choices), ("replays near", near, of_target)):
        if rows:
            print(report(rows))
            status |= write_section(name, report(rows))
    return status


def kept() -> dict[int, dict]:
    """The rows that an earlier run finished; it takes hours, and may be interrupted."""
    KEPT.parent.mkdir(exist_ok=True)
    lines = KEPT.read_text("utf-8").splitlines() if KEPT.exists() else []
    return {row["number"]: row for row in map(json.loads, lines)}


def chosen(number: int) -> tuple[dict, str]:
    """The network and the hyperparameters' cell of one student."""
    rng = np.random.default_rng(number)
    return near_the_target(rng) if number >= NEAR else anywhere(rng)


def near_the_target(rng: np.random.Generator) -> tuple[dict, str]:
    cell = f"batch_size = 25\nepochs = {rng.integers(5, 9)}\nlr_decay = 0.95\n"
    network = dict(hidden=512, spread=0.025, slope=0.01)
    return network, cell + f"lr_decay_every = {rng.choice([1, 2, 50])}\n"


def anywhere(rng: np.random.Generator) -> tuple[dict, str]:
    network = dict(
        hidden=int(rng.choice([100, 200, 300, 512, 512, 800])),
        spread=float(rng.choice([0.01, 0.018, 0.02, 0.025, 0.025, 0.05])),
        slope=float(rng.choice([0.01, 0.01, 0.01, 0.1, 0.0])),
    )
    cell = (
        f"batch_size = {rng.choice([16, 25, 32, 50, 64, 100])}\n"
        f"epochs = {rng.integers(3, 9)}\n"
        f"lr_decay = {rng.choice([1.0, 0.95, 0.9])}\n"
        f"lr_decay_every = {rng.choice([1, 2, 50])}\n"
    )
    return network, cell


def both(number: int) -> dict[str, float | str]:
    """The best validation accuracies in the notebook and in a replay, and the replay's times."""
    network, cell = chosen(number)
    files = dict(solution(P1).files)
    text = files[NETWORKS].decode()
    assert text.count(TINY_NET) == 1
    files[NETWORKS] = text.replace(TINY_NET, CHAIN.format(**network)).encode()
    recipe = Recipe.read(
        PLAN, run_trusted(load(P1, files), {CELL: cell}, P1.probes[PLAN.recipe_probe], seed=number)
    )
    images = open_images(P1, replace(PLAN.modes["full"], target=2.0))  # to the end
    seen: list[tuple[float, Progress]] = []
    began = time.process_time()

    def tell(progress: Progress) -> None:
        if progress.epochs.is_integer():  # an epoch has ended
            seen.append((time.process_time() - began, progress))

    ours = train(Task(recipe), images, tell)
    goal = full_points_accuracy(open_images(P1, PLAN.modes["full"]))
    until = next((s for s, progress in seen if progress.accuracy >= goal), seen[-1][0])
    seed = 123 if number % 2 == 0 and number < NEAR else OTHER_SEEDS + number
    theirs = in_the_notebook(files, recipe, images, seed)
    row = {
        "number": number,
        "recipe": f"{network} {' '.join(cell.split())}",
        "seed": seed,
        "replay": ours.accuracy,
        "notebook": theirs,
        "seconds": until,
        "epoch_s": seen[-1][0] / len(seen),
        "predicted": recipe.cost(images.mode) / recipe.epochs * 60,
    }
    print(row, flush=True)
    return row


def in_the_notebook(files: dict, recipe: Recipe, images: object, seed: int) -> float:
    """The best accuracy of the notebook's training cell with the student's library."""
    library = load(P1, files)
    library.train.compute_acc = validation_only(library.train.compute_acc, images)
    with seeded_and_quiet(seed):
        model = library.fully_conn.TinyNet()
        *_, accuracies = library.train.train_net(
            {"data_train": images.train, "data_val": images.val},
            model,
            library.layer_utils.cross_entropy(),
            library.optim.SGD(model.net, 1e-2),
            recipe.batch_size,
            recipe.epochs,
            recipe.lr_decay,
            recipe.lr_decay_every,
        )
    return max(accuracies)


def validation_only(own, images):
    """Skips training accuracies, which have no effect and take a fifth of the time."""
    return lambda model, data, *rest, **more: (
        own(model, data, *rest, **more) if data is images.val[0] else 0.0
    )


def of_choices(rows: list[dict]) -> str:
    off = np.array([row["replay"] - row["notebook"] for row in rows])
    same = np.array([row["seed"] == 123 for row in rows])
    seconds = np.array([row["seconds"] for row in rows])
    ratio = np.array([row["epoch_s"] / row["predicted"] for row in rows])
    theirs = np.array([row["notebook"] for row in rows])
    return (
        "## Replays compared with trainings in the notebook\n\n"
        f"{how('--recipes', rows)}\n\n| | |\n|---|---|\n"
        f"| recipes | {len(rows)} |\n"
        f"| accuracies in the notebook | {theirs.min():.3f} to {theirs.max():.3f} |\n"
        f"| replay minus notebook, with the notebook's seed: mean, largest absolute value | "
        f"{off[same].mean():+.4f}, {np.abs(off[same]).max():.4f} |\n"
        f"| the same with another seed | {off[~same].mean():+.4f}, "
        f"{np.abs(off[~same]).max():.4f} |\n"
        f"| CPU seconds until all points are earned: median, most | "
        f"{np.median(seconds):.0f}, {seconds.max():.0f} |\n"
        "| seconds of an epoch compared with `recipe.OPERATIONS_PER_MINUTE` | "
        f"{ratio.min():.2f} to {ratio.max():.2f} times |\n\n"
        "Each distinct recipe of a class is replayed once. Two classes: one has a recipe for "
        "every five students; in the other, each student draws one as above, and hardly two of "
        "200 have the same.\n\n"
        "| students | recipes, one for five | CPU hours | recipes, each draws | CPU hours |\n"
        f"|---|---|---|---|---|\n{costs(seconds.mean())}"
    )


def costs(seconds: float) -> str:
    """What the replays of whole classes cost, if a replay takes so many CPU seconds on average."""
    rng = np.random.default_rng(0)
    drawn = [str(anywhere(rng)) for _ in range(max(CLASSES))]
    rows = []
    for students in CLASSES:
        few, many = students // 5, len(set(drawn[:students]))
        few_h, many_h = few * seconds / 3600, many * seconds / 3600
        rows.append(f"| {students:,} | {few:,} | {few_h:.1f} | {many:,} | {many_h:.1f} |")
    return "\n".join(rows)


def of_target(rows: list[dict]) -> str:
    off = np.array([row["replay"] - row["notebook"] for row in rows])
    theirs = np.array([row["notebook"] for row in rows])
    behind = max(0.0, -off.min())
    return (
        "## Replays of recipes that end near the target\n\n"
        f"{how('--near', rows)} Each in the notebook with a seed of its own.\n\n| | |\n|---|---|\n"
        f"| recipes | {len(rows)} |\n"
        f"| accuracies in the notebook | {theirs.min():.3f} to {theirs.max():.3f} |\n"
        f"| replay minus notebook: mean, largest absolute value | {off.mean():+.4f}, "
        f"{np.abs(off).max():.4f} |\n"
        f"| largest shortfall of a replay, tolerated up to {REPLAY_SPREAD} | "
        f"{behind:.4f}, {verdict(behind, REPLAY_SPREAD)} |"
    )


def how(option: str, rows: list[dict]) -> str:
    each = f"70,000 images, one BLAS thread each, {os.cpu_count()} at a time"
    return f"`python benchmarks/replays.py {option} {len(rows)}`, {each}. {machine()}."


if __name__ == "__main__":
    raise SystemExit(main())
