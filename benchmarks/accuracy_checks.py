"""Measures the time of the accuracy on all training images, as a share of an epoch.

usage: python benchmarks/accuracy_checks.py
"""

from __future__ import annotations

import json
import statistics
import sys
import time

import numpy as np
from results import json_from, machine, verdict, write_section

from autograder.problem_1 import ASSIGNMENT as P1

IMAGES, CHECKED, STEPS, ROUNDS, MOST = 70_000, 1000, 200, 5, 0.15
BATCHES = {25: "the solution's", 100: "the published run's"}


def main() -> int:
    rows, least = [], []
    for threads in (1, 2):
        seen = [json_from(__file__, "measure", threads=threads) for _ in range(ROUNDS)]
        check = statistics.median(run["check_s"] for run in seen)
        for size, whose in BATCHES.items():
            steps = statistics.median(run[str(size)] for run in seen)
            share = statistics.median(
                run["check_s"] / (run["check_s"] + run[str(size)]) for run in seen
            )
            rows.append(
                f"| {threads} | {size}, {whose} | {steps:.2f} | {check:.2f} | {share:.1%} "
                f"| {MOST:.0%} | {verdict(share, MOST)} |"
            )
        products = statistics.median(run["forward_share"] for run in seen)
        least.append(f"{products:.0%} with {threads}")
    return write_section(
        "accuracy checks",
        "## Accuracies after each epoch\n\n`python benchmarks/accuracy_checks.py`, medians of "
        f"{ROUNDS} runs; {IMAGES:,} images, TinyNet 3072-512-10. {machine()}.\n\n"
        "| threads | batch size | steps, s | accuracy, s | share | target: at most | |\n"
        "|---|---|---|---|---|---|---|\n" + "\n".join(rows) + "\n\n"
        f"`train_net` computes the accuracy of {CHECKED:,} images at a time. At a batch size of "
        "100, the share cannot be much smaller: a forward pass is one of the three large products "
        "of a step, so the accuracy takes a quarter of all multiplications. If only these products "
        f"took time, the share would be {' and '.join(least)} threads. Faster steps make the share "
        "larger. Smaller batches make it smaller, because their steps are slower per image.",
    )


def measure() -> None:
    from lib.mlp.fully_conn import TinyNet
    from lib.mlp.layer_utils import cross_entropy
    from lib.mlp.memory import keep_freed_memory
    from lib.mlp.train import SVHN_DataLoader, compute_acc
    from lib.optim import SGD

    rng = np.random.default_rng(0)
    images = rng.random((IMAGES, 32, 32, 3), dtype=np.float32) - np.float32(0.5)
    labels = rng.integers(10, size=IMAGES)
    model, loss = TinyNet(), cross_entropy()
    optimizer, measured = SGD(model.net, 1e-2), {}
    keep_freed_memory()  # as train_net does
    for batch in BATCHES:
        loader, times = SVHN_DataLoader(images, labels, batch), []
        for _ in range(STEPS):
            start = time.perf_counter()
            feat, label = loader.get_batch()
            loss.forward(model.forward(feat), label)
            model.backward(loss.backward())
            optimizer.step()
            times.append(time.perf_counter() - start)
        measured[str(batch)] = statistics.median(times) * (IMAGES // batch)
    start = time.perf_counter()
    compute_acc(model, images, labels, batch_size=CHECKED)
    measured["check_s"] = time.perf_counter() - start
    measured["forward_share"] = _forward_share(images, model.net.get_params("fullo_1_w"))
    print(json.dumps(measured))


def _forward_share(images: np.ndarray, w: np.ndarray) -> float:
    """The accuracy's share of an epoch if only the large products took time."""
    flat = images.reshape(len(images), -1)
    few, many, grad = flat[:100], flat[:CHECKED], np.ones((100, w.shape[1]), np.float32)

    def seconds(product) -> float:
        times = []
        for _ in range(20):
            start = time.perf_counter()
            product()
            times.append(time.perf_counter() - start)
        return statistics.median(times)

    steps = seconds(lambda: (few @ w, few.T @ grad, grad @ w.T)) * IMAGES / len(few)
    check = seconds(lambda: many @ w) * IMAGES / len(many)
    return check / (check + steps)


if __name__ == "__main__":
    sys.path.insert(0, str(P1.library))
    raise SystemExit(measure() if len(sys.argv) > 1 else main())
