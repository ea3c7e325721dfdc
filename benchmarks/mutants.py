"""Measures how many mutants of the solution's blocks the hidden suites kill.

usage: python benchmarks/mutants.py [part of a block's name ...]

Cosmic Ray's operators change one thing at a time in each block and answer cell. Every mutant is
observed and marked. A mutant that fails no check is either a gap in the suites, or equivalent to
the solution; then EQUIVALENT lists it with the reason. The table is written only if all blocks are
tried.
"""

from __future__ import annotations

import os
import re
import signal
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names
from results import machine, write_section

from autograder.diagnosis import costs
from autograder.diagnosis.in_process import observe_trusted
from autograder.diagnosis.variants import solution
from autograder.hand_in.submission import Submission
from autograder.judgement.suites import judge
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.release.strip import strip

SEED = 31
PATIENCE_S = 30
SLOW = ("fc_forward_training_size", "fc_backward_training_size", "train_tiny_net_network")
QUICK = tuple(name for name in costs.seen(P1) if name not in SLOW)
BLOCK = re.compile(r"^( *)### BEGIN SOLUTION\n(.*?)^ *### END SOLUTION\n", re.DOTALL | re.MULTILINE)
PLACE = re.compile(r'raise NotImplementedError\("(.+?): write your solution here"\)')

CHOICE = "students choose it; the training judges it"
KINK = "at 0 either derivative is right, or both sides are equal"
CHANCE = "a draw equals keep_prob with probability 0"
RANGE = "keep_prob is in [0, 1], and a mask for 1 keeps everything"
ROWS = "logits have two dimensions"
HALF = "1 % b is 1 - b for b above 0.5, and every decay is above 0.5"
BATCHES = "the accuracy is the same in batches of any size"
CELL = "activations_definitions"

EQUIVALENT = {
    ("train_net, TODO 2 of 3", "at_once = 1001"): BATCHES,
    ("train_net, TODO 2 of 3", "at_once = 999"): BATCHES,
    ("TinyNet.__init__", 'fc(3072, 512, 1.025, name="fullo_1"),'): CHOICE,
    ("TinyNet.__init__", 'fc(3072, 512, -0.975, name="fullo_1"),'): CHOICE,
    ("TinyNet.__init__", 'fc(512, 10, 1.025, name="fullo_2"),'): CHOICE,
    ("TinyNet.__init__", 'fc(512, 10, -0.975, name="fullo_2"),'): CHOICE,
    ("flatten.forward", "output = feat.reshape(len(feat), - 2)"): "any negative size is worked out",
    ("flatten.forward", "output = feat.reshape(len(feat), ~1)"): "any negative size is inferred",
    (
        "leaky_relu.backward",
        "dfeat = np.where(feat > 0, dprev, self.negative_slope * dprev)",
    ): KINK,
    ("dropout.forward", "if is_training and 0 < self.keep_prob < 2:"): RANGE,
    ("dropout.forward", "if is_training and 0 < self.keep_prob <= 1:"): RANGE,
    ("dropout.forward", "if is_training and 0 != self.keep_prob < 1:"): RANGE,
    ("dropout.forward", "if is_training and 0 < self.keep_prob != 1:"): RANGE,
    (
        "dropout.forward",
        "kept = self.rng.random_sample(feat.shape) <= self.keep_prob",
    ): CHANCE,
    ("softmax", "scores = np.exp(feat - feat.max(axis=1, keepdims=True))"): ROWS,
    ("softmax", "scores = np.exp(feat - feat.max(axis=+1, keepdims=True))"): ROWS,
    ("softmax", "scores /= scores.sum(axis=1, keepdims=True)"): ROWS,
    ("softmax", "scores /= scores.sum(axis=+1, keepdims=True)"): ROWS,
    (
        "RMSProp.update",
        "self.cache[name] = self.decay * cache + (1 % self.decay) * grad**2",
    ): HALF,
    ("Adam.update", "self.mt[name] = self.beta1 * m + (1 % self.beta1) * grad"): HALF,
    ("Adam.update", "self.vt[name] = self.beta2 * v + (1 % self.beta2) * grad**2"): HALF,
    ("Adam.update", "v_hat = self.vt[name] / (1 % self.beta2**self.t)"): HALF,
    ("Adam.update", "if layer == self.net.layers[0]:"): "layers are compared by identity",
    ("train_tiny_net_hyperparameters", "batch_size = 26"): CHOICE,
    ("train_tiny_net_hyperparameters", "batch_size = 24"): CHOICE,
    ("train_tiny_net_hyperparameters", "epochs = 21"): CHOICE,
    ("train_tiny_net_hyperparameters", "epochs = 19"): CHOICE,
    ("train_tiny_net_hyperparameters", "lr_decay = 1.99"): CHOICE,
    ("train_tiny_net_hyperparameters", "lr_decay_every = 51"): CHOICE,
    ("train_tiny_net_hyperparameters", "lr_decay_every = 49"): CHOICE,
    (CELL, "leaky_relu = lambda x: np.where(x > 0, x, 0.1 * x)"): KINK,
    (CELL, "elu = lambda x: np.where(x > 0, x, 0.5 * (np.exp(x) - 1))"): KINK,
    (CELL, "selu = lambda x: 1.0507 * np.where(x > 0, x, 1.6732 * (np.exp(x) - 1))"): KINK,
}
"""The reason why a mutant is right, by its block and its changed line."""


@dataclass(frozen=True)
class Mutant:
    """A block with one change.

    Attributes:
        place: the block's name.
        line: the changed line.
        work: the solution with the change.
    """

    place: str
    line: str
    work: Submission


def main() -> None:
    wanted = sys.argv[1:]
    tried, killed, excused = Counter(), Counter(), Counter()
    survivors: list[str] = []
    for mutant in mutants():
        if wanted and not any(part in mutant.place for part in wanted):
            continue
        tried[mutant.place] += 1
        if is_killed(mutant.work):
            killed[mutant.place] += 1
        elif (mutant.place, mutant.line) in EQUIVALENT:
            excused[mutant.place] += 1
        else:
            survivors.append(f"* {mutant.place}: `{mutant.line}`")
            print("survives:", survivors[-1], flush=True)
    rows = [f"| {p} | {n} | {killed[p]} | {excused[p]} |" for p, n in tried.items()]
    total = f"| all | {tried.total()} | {killed.total()} | {excused.total()} |"
    head = ["| block | mutants | killed | equivalent |", "|---|---|---|---|"]
    text = "\n".join([*head, *rows, total, "", f"Survivors: {len(survivors)}", *survivors])
    print(text)
    if not wanted:
        write_section(
            "mutants",
            "## Mutants of the solution\n\n`python benchmarks/mutants.py`, Cosmic Ray's operators "
            f"on every block and answer cell. {machine()}.\n\n{text}",
        )


def is_killed(work: Submission) -> bool:
    """Whether a check fails; tries the quick probes first."""
    return fails(work, QUICK) or fails(work, SLOW)


def fails(work: Submission, names: tuple[str, ...]) -> bool:
    def too_long(*_: object) -> None:
        raise TimeoutError

    signal.signal(signal.SIGALRM, too_long)
    signal.alarm(PATIENCE_S)
    try:
        student = observe_trusted(P1, work, SEED, names)
    except Exception:  # it cannot be imported, or hangs
        return True
    finally:
        signal.alarm(0)
    right = costs.reference(P1, SEED).only(names)
    return any(verdict.failure is not None for verdict in judge(P1, student, right))


def mutants() -> Iterator[Mutant]:
    right = solution(P1)
    for path, content in right.files.items():
        text = content.decode()
        places = iter(PLACE.findall(strip(text, path)))
        for block in BLOCK.finditer(text):
            place = next(places)
            for line, code in mutations(block[2]):
                changed = text[: block.start(2)] + code + text[block.end(2) :]
                files = dict(right.files) | {path: changed.encode()}
                yield Mutant(place, line, Submission("mutant", files, right.cells))
    for name, text in right.cells.items():
        block = BLOCK.search(text)
        for line, code in mutations(block[2]):
            changed = text[: block.start(2)] + code + text[block.end(2) :]
            cells = dict(right.cells) | {name: changed}
            yield Mutant(name, line, Submission("mutant", right.files, cells))


def mutations(block: str) -> Iterator[tuple[str, str]]:
    """(changed line, block) for each distinct mutant of a block."""
    code = textwrap.dedent(block)
    indent = " " * (len(block) - len(block.lstrip(" ")))
    seen = {code}
    for name in sorted(operator_names()):
        try:
            operator = get_operator(name)()
        except TypeError:  # an operator on names of variables, which needs arguments
            continue
        for occurrence in range(10_000):
            changed = mutate_code(code, operator, occurrence)
            if changed is None:
                break
            if changed not in seen:
                seen.add(changed)
                yield new_line(code, changed), textwrap.indent(changed, indent)


def new_line(old: str, new: str) -> str:
    before = old.splitlines()
    lines = [line.strip() for line in new.splitlines() if line not in before]
    return " ".join(lines) or "(a line is gone)"


if __name__ == "__main__":
    main()
