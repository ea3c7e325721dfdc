"""Trains on the twin with the recipe of a known run on the real SVHN, and compares the curves.

    python benchmarks/seed_curve.py [--data DIR]

The known run's curve is ``published_run.csv`` in the handout's ``figures``. This run uses the
solution library, writes ``twin_curve.csv`` and ``seed_curve.png``, and takes three to five minutes
on two processors. The exit status is 1 if the curves are further apart than the bounds.
"""

import argparse
import csv
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from results import machine, write_section

from autograder.problem_1 import ASSIGNMENT as P1
from autograder.problem_1.svhn import draw, identify
from autograder.problem_1.svhn.recipe import RECIPE

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "lib_solution"))

EPOCHS, BATCH, RATE, SEED = 30, 100, 1e-2, 123
NEAR, NEAR_AT = 0.03, (10, 15, 20, 25, 30)  # at these epochs
FAR = 0.06  # at every epoch
THRESHOLD = 0.75  # of validation accuracy, at the end
TEST = 0.03  # between validation and test accuracy


def train(data_dir: Path) -> tuple[list[float], list[float], float, float]:
    """Training and validation curves, and the best parameters' validation and test accuracies."""
    from lib.mlp.datasets import SVHN_data
    from lib.mlp.fully_conn import TinyNet
    from lib.mlp.layer_utils import cross_entropy
    from lib.mlp.train import compute_acc, train_net
    from lib.optim import SGD

    data = SVHN_data(data_dir=data_dir)
    split = {
        name: (data[f"data_{name}"], data[f"labels_{name}"]) for name in ("train", "val", "test")
    }
    np.random.seed(SEED)
    model = TinyNet()
    best, _, train_curve, val_curve = train_net(
        {"data_train": split["train"], "data_val": split["val"]},
        model,
        cross_entropy(),
        SGD(model.net, RATE),
        batch_size=BATCH,
        max_epochs=EPOCHS,
        lr_decay=0.99,
        lr_decay_every=50,
        show_every=10_000,
        verbose=True,
    )
    model.net.load(best)
    return (
        train_curve,
        val_curve,
        compute_acc(model, *split["val"]),
        compute_acc(model, *split["test"]),
    )


def failures(val: np.ndarray, seed: np.ndarray, best: float, test: float) -> list[str]:
    """A message for each bound that does not hold."""
    gap = np.abs(val - seed)
    found = [
        f"epoch {epoch}: {gap[epoch - 1]:.3f} from the seed's"
        for epoch in NEAR_AT
        if gap[epoch - 1] > NEAR
    ]
    if gap.max() > FAR:
        found.append(f"epoch {gap.argmax() + 1}: {gap.max():.3f} from the seed's")
    if val[-1] <= THRESHOLD:
        found.append(f"{val[-1]:.3f} at the end, not over {THRESHOLD}")
    if abs(best - test) > TEST:
        found.append(f"test accuracy {test:.3f}, validation {best:.3f}")
    return found


def read_seed() -> tuple[np.ndarray, np.ndarray]:
    with (P1.handout / "figures" / "published_run.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    columns = ("train_accuracy", "val_accuracy")
    return tuple(np.array([float(row[name]) for row in rows]) for name in columns)


def write_curve(train_curve: np.ndarray, val_curve: np.ndarray) -> None:
    with (HERE / "twin_curve.csv").open("w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["epoch", "train_accuracy", "val_accuracy"])
        for epoch, pair in enumerate(zip(train_curve, val_curve, strict=True), start=1):
            out.writerow([epoch, *(f"{value:.5f}" for value in pair)])


def plot(twin: tuple, seed: tuple) -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    epochs = np.arange(1, EPOCHS + 1)
    figure, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
    axes.fill_between(epochs, seed[1] - FAR, seed[1] + FAR, color="0.92", label=f"± {FAR}")
    for (training, validation), name, colour in (
        (seed, "SVHN", "tab:blue"),
        (twin, "twin", "tab:red"),
    ):
        axes.plot(epochs, validation, "-o", ms=3, color=colour, label=f"{name}, validation")
        axes.plot(epochs, training, ":", color=colour, label=f"{name}, training")
    axes.set(xlabel="epoch", ylabel="accuracy", title="The same recipe on SVHN and on its twin")
    axes.legend()
    axes.grid(alpha=0.3)
    figure.savefig(HERE / "seed_curve.png", dpi=110, metadata={"Software": None})


def section(about: str, twin: tuple, seed: tuple, best: float, test: float, wrong: list) -> str:
    epochs = (1, 2, 3, 5, *NEAR_AT)
    gap = twin[1] - seed[1]

    def row(name: str, values: np.ndarray, form: str = ".3f") -> str:
        return f"| {name} | {' | '.join(f'{values[epoch - 1]:{form}}' for epoch in epochs)} |"

    outcome = "NOT within the bounds: " + "; ".join(wrong) if wrong else "all bounds hold"
    return f"""## The learning curve on the twin compared with SVHN

`python benchmarks/seed_curve.py`: {outcome}.
TinyNet (512 hidden units) of the solution library, SGD {RATE}, batch {BATCH}, numpy seed {SEED}.
Trained on: {about} Recipe {RECIPE.fingerprint()}.

| epoch | {" | ".join(map(str, epochs))} |
|{"---|" * (len(epochs) + 1)}
{row("SVHN, validation", seed[1])}
{row("twin, validation", twin[1])}
{row("difference", gap, "+.3f")}

Largest difference over all epochs: {np.abs(gap).max():.3f} (bound {FAR}; {NEAR} at epochs
{", ".join(map(str, NEAR_AT))}). Best parameters: validation {best:.4f}, test {test:.4f}.

![both curves](seed_curve.png)

({machine()})
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, help="train on these files (default: draw the twin)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        directory = options.data or Path(scratch)
        if not options.data:
            draw(directory)
        about = identify(directory).text
        start = time.perf_counter()
        train_curve, val_curve, best, test = train(directory)
        print(f"trained in {time.perf_counter() - start:.0f} s")
    twin, seed = (np.array(train_curve), np.array(val_curve)), read_seed()
    write_curve(*twin)
    plot(twin, seed)
    wrong = failures(twin[1], seed[1], best, test)
    write_section("seed_curve", section(about, twin, seed, best, test, wrong))
    for failure in wrong:
        print("out of bounds:", failure)
    print(f"validation {best:.4f}, test {test:.4f}; within the bounds: {not wrong}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
