"""Compares the solution's training speed with PyTorch, bare matrix products and a plain solution.

usage: python benchmarks/training_speed.py

TinyNet, 3072-512-10, batches of 100, float32, SGD. All of them also compute the gradient of the
images. PyTorch is measured if it is installed. On Linux, `pip install -e '.[peers]'` installs
gigabytes for graphics cards; PyTorch's installation page explains how to install it for CPUs only.
"""

from __future__ import annotations

import importlib.util
import json
import resource
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable

import numpy as np
from results import json_from, machine, verdict, write_section

from autograder.problem_1 import ASSIGNMENT as P1

ROUNDS, STEPS, WARM = 5, 150, 20
IMAGES, BATCH, RATE = 10_000, 100, 1e-2
TARGETS = {"torch": ("PyTorch", 0.9), "products": ("the matrix products alone", 1.35)}
PLAIN_MOST = 1.5


def main() -> int:
    roles = ["ours", "products", "plain"]
    if importlib.util.find_spec("torch"):
        roles.append("torch")
    rows, memory = [], {}
    for threads in (1, 2):
        seen = {role: [] for role in roles}
        for _ in range(ROUNDS):  # alternating, so that a change of the machine's speed affects all
            for role in roles:
                measured = json_from(__file__, role, threads=threads)
                seen[role].append(measured["ms"])
                memory[role] = measured
        rows += [_row(threads, seen, *TARGETS[role], role) for role in TARGETS]
        ratio = _ratio(seen["plain"], seen["ours"])
        rows.append(
            f"| {threads} | a plain solution / ours | {_ms(seen, 'plain')} | {_ms(seen, 'ours')} "
            f"| {ratio:.2f} | {PLAIN_MOST} | {verdict(ratio, PLAIN_MOST)} |"
        )
    kept, back = (
        statistics.median(json_from(__file__, role, threads=1)["ms"] for _ in range(3))
        for role in ("adam", "adam_without")
    )
    return write_section(
        "training speed",
        "## A step of training\n\n`python benchmarks/training_speed.py`, medians of "
        f"{ROUNDS} alternating runs of {STEPS} steps each; ratios are medians over the runs. "
        f"{machine()}.\n\n"
        "| threads | | ms | ms | ratio | at most | |\n|---|---|---|---|---|---|---|\n"
        + "\n".join(rows)
        + "\n\n| | ours | a plain solution |\n|---|---|---|\n"
        f"| peak allocation of a step, MB | {memory['ours']['step_mb']:.1f} "
        f"| {memory['plain']['step_mb']:.1f} |\n"
        f"| page faults per step | {memory['ours']['faults']:.1f} "
        f"| {memory['plain']['faults']:.1f} |\n"
        f"| peak memory of the process, MB | {memory['ours']['peak_mb']:.0f} "
        f"| {memory['plain']['peak_mb']:.0f} |\n\n"
        f"A step of Adam on `FullyConnectedNetwork`, batch 32: {kept:.2f} ms; "
        f"{back:.2f} ms without the line in `train_net` that keeps freed memory from going back "
        "to the system.",
    )


def _row(threads: int, seen: dict, name: str, most: float, role: str) -> str:
    if role not in seen:
        return f"| {threads} | ours / {name} | {_ms(seen, 'ours')} | | | {most} | not installed |"
    ratio = _ratio(seen["ours"], seen[role])
    return (
        f"| {threads} | ours / {name} | {_ms(seen, 'ours')} | {_ms(seen, role)} "
        f"| {ratio:.2f} | {most} | {verdict(ratio, most)} |"
    )


def _ratio(first: list[float], second: list[float]) -> float:
    return statistics.median(a / b for a, b in zip(first, second, strict=True))


def _ms(seen: dict, role: str) -> str:
    return f"{statistics.median(seen[role]):.2f}"


def measure(role: str) -> None:
    """Times the steps of one role in this process, and prints the figures as JSON."""
    step = ROLES[role]()
    for _ in range(WARM):
        step()
    began, times = resource.getrusage(resource.RUSAGE_SELF).ru_minflt, []
    for _ in range(STEPS):
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    tracemalloc.start()
    step()  # replaces arrays that live between steps with traced ones
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    step()
    measured = {
        "ms": 1000 * statistics.median(times),
        "faults": (usage.ru_minflt - began) / STEPS,
        "step_mb": (tracemalloc.get_traced_memory()[1] - held) / 1e6,
        "peak_mb": usage.ru_maxrss / 1e3,
    }
    print(json.dumps(measured))


def data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    images = rng.random((IMAGES, 32, 32, 3), dtype=np.float32) - np.float32(0.5)
    return images, rng.integers(10, size=IMAGES)


def stepping(model, loss, optimizer, batch: int = BATCH, keep: bool = True) -> Callable[[], None]:
    from lib.mlp.memory import keep_freed_memory
    from lib.mlp.train import SVHN_DataLoader

    if keep:
        keep_freed_memory()
    loader = SVHN_DataLoader(*data(), batch)

    def step() -> None:
        feat, label = loader.get_batch()
        loss.forward(model.forward(feat), label)
        model.backward(loss.backward())
        optimizer.step()

    return step


def ours() -> Callable[[], None]:
    from lib.mlp.fully_conn import TinyNet
    from lib.mlp.layer_utils import cross_entropy
    from lib.optim import SGD

    model = TinyNet()
    return stepping(model, cross_entropy(), SGD(model.net, RATE))


def adam(keep: bool = True) -> Callable[[], None]:
    from lib.mlp.fully_conn import FullyConnectedNetwork
    from lib.mlp.layer_utils import cross_entropy
    from lib.optim import Adam

    model = FullyConnectedNetwork()
    return stepping(model, cross_entropy(), Adam(model.net, 5e-4), 32, keep)


def plain() -> Callable[[], None]:
    """A straightforward solution like most students', with a one-hot array in float64."""
    from lib.mlp.fully_conn import Module
    from lib.mlp.layer_utils import cross_entropy, fc, flatten, leaky_relu, sequential
    from lib.optim import SGD

    class FC(fc):
        def forward(self, feat):
            self.meta = feat
            return np.dot(feat, self.params[self.w_name]) + self.params[self.b_name]

        def backward(self, dprev):
            self.grads[self.w_name] = np.dot(self.meta.T, dprev)
            self.grads[self.b_name] = np.sum(dprev, axis=0)
            return np.dot(dprev, self.params[self.w_name].T)

    class LeakyReLU(leaky_relu):
        def forward(self, feat):
            self.meta = feat
            return np.where(feat > 0, feat, self.negative_slope * feat)

        def backward(self, dprev):
            dfeat = np.ones_like(self.meta)
            dfeat[self.meta < 0] = self.negative_slope
            return dprev * dfeat

    class Loss(cross_entropy):
        def forward(self, feat, label):
            scores = np.exp(feat - np.max(feat, axis=1, keepdims=True))
            scores = scores / np.sum(scores, axis=1, keepdims=True)
            one_hot = np.zeros(feat.shape)
            one_hot[np.arange(len(label)), label] = 1
            self.meta = scores, one_hot
            return -np.sum(one_hot * np.log(scores)) / len(label)

        def backward(self):
            scores, one_hot = self.meta
            return (scores - one_hot) / len(one_hot)

    model = Module()
    model.net = sequential(
        flatten(), FC(3072, 512, 2.5e-2, "a"), LeakyReLU(), FC(512, 10, 2.5e-2, "b")
    )
    model.cast(np.float32)
    return stepping(model, Loss(), SGD(model.net, RATE))


def products() -> Callable[[], None]:
    """The six matrix products of a step, with new arrays for the results as in a step."""
    rng = np.random.default_rng(0)

    def draw(*shape: int) -> np.ndarray:
        return rng.random(shape, dtype=np.float32)

    x, w1, w2 = draw(BATCH, 3072), draw(3072, 512), draw(512, 10)
    hidden, dhidden, dscores = draw(BATCH, 512), draw(BATCH, 512), draw(BATCH, 10)

    def step() -> None:
        x @ w1, hidden @ w2
        hidden.T @ dscores, dscores @ w2.T
        x.T @ dhidden, dhidden @ w1.T

    return step


def torch() -> Callable[[], None]:
    import os

    import torch
    from torch import nn

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    model = nn.Sequential(nn.Flatten(), nn.Linear(3072, 512), nn.LeakyReLU(), nn.Linear(512, 10))
    loss, optimizer = nn.CrossEntropyLoss(), torch.optim.SGD(model.parameters(), RATE)
    images, labels = map(torch.from_numpy, data())
    state = {"order": torch.randperm(IMAGES), "at": 0}

    def step() -> None:
        if state["at"] + BATCH > IMAGES:
            state.update(order=torch.randperm(IMAGES), at=0)
        chosen = state["order"][state["at"] : state["at"] + BATCH]
        state["at"] += BATCH
        feat = images[chosen].requires_grad_()
        optimizer.zero_grad()
        value = loss(model(feat), labels[chosen])
        value.backward()
        optimizer.step()
        value.item()

    return step


ROLES = {
    "ours": ours,
    "plain": plain,
    "products": products,
    "torch": torch,
    "adam": adam,
    "adam_without": lambda: adam(keep=False),
}

if __name__ == "__main__":
    sys.path.insert(0, str(P1.library))
    raise SystemExit(measure(sys.argv[1]) if len(sys.argv) > 1 else main())
