"""What the accuracy on all training images costs, as a share of an epoch.

usage: python benchmarks/accuracy_checks.py
"""

from __future__ import annotations

import json
import statistics
import sys
import time

import numpy as np
from results import machine, told_by, verdict, write_section

from autograder import course

IMAGES, BATCH, STEPS, ROUNDS, MOST = 70_000, 100, 100, 3, 0.15
SIZES = (100, 1000)


def main() -> int:
    rows, least = [], []
    for threads in (1, 2):
        seen = [told_by(__file__, "measure", threads=threads) for _ in range(ROUNDS)]
        steps = statistics.median(told["steps_s"] for told in seen)
        for size in SIZES:
            check = statistics.median(told[str(size)] for told in seen)
            share = statistics.median(t[str(size)] / (t[str(size)] + t["steps_s"]) for t in seen)
            rows.append(
                f"| {threads} | {size} | {steps:.2f} | {check:.2f} | {share:.1%} | {MOST:.0%} "
                f"| {verdict(share, MOST)} |"
            )
        products = statistics.median(told["forward_share"] for told in seen)
        least.append(f"{products:.0%} with {threads}")
    return write_section(
        "accuracy checks",
        "## Accuracies after each epoch\n\n`python benchmarks/accuracy_checks.py`, medians of "
        f"{ROUNDS} runs; {IMAGES:,} images, TinyNet 3072-512-10. {machine()}.\n\n"
        "| threads | images a batch | the steps, s | the accuracy, s | share | at most | |\n"
        "|---|---|---|---|---|---|---|\n" + "\n".join(rows) + "\n\n"
        "The solution checks 1,000 images at a time. Why not less: a forward pass is one of the "
        "three large products of a step, a quarter of an epoch's multiplications when all images "
        f"pass once more. Were steps and check nothing but these products, it would take "
        f"{' and '.join(least)} threads.",
    )


def measure() -> None:
    from lib.mlp.fully_conn import TinyNet
    from lib.mlp.layer_utils import cross_entropy
    from lib.mlp.train import SVHN_DataLoader, compute_acc
    from lib.optim import SGD

    rng = np.random.default_rng(0)
    images = rng.random((IMAGES, 32, 32, 3), dtype=np.float32) - np.float32(0.5)
    labels = rng.integers(10, size=IMAGES)
    model, loss = TinyNet(), cross_entropy()
    optimizer, loader = SGD(model.net, 1e-2), SVHN_DataLoader(images, labels, BATCH)
    times = []
    for _ in range(STEPS):
        start = time.perf_counter()
        feat, label = loader.get_batch()
        loss.forward(model.forward(feat), label)
        model.backward(loss.backward())
        optimizer.step()
        times.append(time.perf_counter() - start)
    told = {"steps_s": statistics.median(times) * (IMAGES // BATCH)}
    for size in SIZES:
        start = time.perf_counter()
        compute_acc(model, images, labels, batch_size=size)
        told[str(size)] = time.perf_counter() - start
    told["forward_share"] = _forward_share(images, model.net.get_params("fullo_1_w"))
    print(json.dumps(told))


def _forward_share(images: np.ndarray, w: np.ndarray) -> float:
    """The share of an epoch that a check would take if nothing but large products took time."""
    flat = images.reshape(len(images), -1)
    few, many, grad = flat[:BATCH], flat[:1000], np.ones((BATCH, w.shape[1]), np.float32)

    def seconds(product) -> float:
        times = []
        for _ in range(20):
            start = time.perf_counter()
            product()
            times.append(time.perf_counter() - start)
        return statistics.median(times)

    steps = seconds(lambda: (few @ w, few.T @ grad, grad @ w.T)) * IMAGES / BATCH
    check = seconds(lambda: many @ w) * IMAGES / len(many)
    return check / (check + steps)


if __name__ == "__main__":
    sys.path.insert(0, str(course.LIBRARY))
    raise SystemExit(measure() if len(sys.argv) > 1 else main())
