"""A new problem for each grading seed, which shows whether a student's own code trains.

Each class has a random direction in feature space. An image is its class's direction with a random
sign, plus noise. Both signs are equally frequent, so the mean of every class is 0 and a linear
classifier learns nothing. A network with one hidden layer learns the problem within 150 steps of
gradient descent.

Parameters cannot be prepared for an unknown problem. Parameters found by other means than gradient
descent are recognised by their values: trained ones lie where the solution's training from the same
start leads. Some closed-form solutions come close, and a student's `train_net` could compute one.
So single steps are judged as well. They use the student's network, loss and SGD in the grader's
loop. Each must have about the direction and length of the solution's step from the same weights on
the same batch. Code that does this does gradient descent.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from autograder.assignment import Assignment
from autograder.diagnosis.bounded_cache import BoundedCache
from autograder.diagnosis.in_process import load, run_trusted
from autograder.diagnosis.variants import applied, named
from autograder.observation.observe import Observation
from autograder.seeds import key_of, secret_generator
from autograder.training import networks
from autograder.training.recipe import Layer, network

SIZES = {"train": 1000, "val": 200, "judged": 1000}
SIGNAL = 0.3
"""The size of the class direction in each feature, in standard deviations of the noise."""
LARGEST_LENGTH_RATIO = 10
"""How many times longer or shorter than the solution's a step may be."""


@dataclass(frozen=True)
class FreshProblem:
    """The problem for a grading seed.

    Attributes:
        sets: (images (N, height, width, channels) float32, labels (N,)) by the names in SIZES. The
            set "judged" never enters a sandbox.
    """

    sets: Mapping[str, tuple[np.ndarray, np.ndarray]]

    @property
    def data(self) -> dict[str, np.ndarray]:
        """The arrays that the probe receives."""
        return {
            f"{name}_{what}": values
            for name, pair in self.sets.items()
            if name != "judged"
            for what, values in zip(("images", "labels"), pair, strict=True)
        }

    @contextmanager
    def files(self) -> Iterator[dict[str, Path]]:
        """The same arrays as .npy files for a sandbox; they exist inside the block."""
        with tempfile.TemporaryDirectory(prefix="fresh-") as name:
            folder = Path(name)
            folder.chmod(0o711)  # the sandbox's user must be able to open the files
            paths = {}
            for key, values in self.data.items():
                paths[key] = folder / f"{key}.npy"
                np.save(paths[key], values)
                paths[key].chmod(0o644)
            yield paths

    def accuracy(self, parameters: Mapping[str, Any]) -> float:
        """A network's accuracy on the judged images, see `networks`; 0 if it is not valid."""
        try:
            return networks.accuracy(parameters, *self.sets["judged"])
        except ValueError:
            return 0.0


@lru_cache(maxsize=2)
def problem_for(assignment: Assignment, seed: int) -> FreshProblem:
    """The problem for a grading seed. It cannot be derived from anything that enters a sandbox."""
    plan = assignment.training_plan
    rng = secret_generator("fresh problem", seed)
    classes, features = plan.classes, int(np.prod(plan.shape))
    directions = rng.choice(np.array([-SIGNAL, SIGNAL], np.float32), size=(classes, features))
    sets = {}
    for name, size in SIZES.items():
        order = rng.permutation(size)
        labels = np.resize(np.arange(classes), size)[order]
        signs = np.resize(np.repeat(np.array([-1, 1], np.float32), classes), size)[order]
        images = rng.standard_normal((size, features), dtype=np.float32)
        images += signs[:, None] * directions[labels]
        sets[name] = images.reshape(-1, *plan.shape), labels
    return FreshProblem(sets)


def solution_run(
    assignment: Assignment, seed: int, layers: tuple[Layer, ...], mistakes: tuple[str, ...]
) -> Observation:
    """The training probe's observation of the solution with these mistakes and layers."""
    return _runs[assignment, seed, layers, mistakes]


def _run(key: tuple[Assignment, int, tuple[Layer, ...], tuple[str, ...]]) -> Observation:
    assignment, seed, layers, mistakes = key
    submission = applied(assignment, (named(assignment, name) for name in mistakes))
    library = load(assignment, submission.files)
    vars(library.fully_conn)["TinyNet"] = lambda *args, **kwargs: network(layers, library)
    probe = assignment.probes[assignment.training_plan.section]
    return run_trusted(library, submission.cells, probe, seed, problem_for(assignment, seed).data)


_runs = BoundedCache(64 * 2**20, _run, lambda run: sum(map(np.size, run.values.values())) * 4)
"""A cache limited in bytes, because one run may take up to 128 MiB, depending on the network."""


def along(
    assignment: Assignment, student: Mapping[str, Any], solution: Mapping[str, Any], seed: int
) -> float:
    """How well the direction of a training agrees with the solution's from the same start.

    Returns:
        The smallest cosine, over the weight matrices, between the student's change and the
        solution's: 1 is the same direction. 0 if they cannot be compared.
    """
    plan, cosines = assignment.training_plan, []
    key = assignment.probes[plan.section].inputs(key_of(seed))["seed"]
    for number in _weights(solution):
        expected, own = solution[f"w{number}"], student.get(f"w{number}")
        if not isinstance(own, np.ndarray) or own.shape != expected.shape:
            return 0.0
        start = plan.start(key, number, expected.shape)
        cosines.append(networks.cosine(own - start, expected - start))
    return min(cosines, default=0.0)


def downhill(student: Mapping[str, Any], solution: Mapping[str, Any]) -> float:
    """How well single steps agree in direction with the solution's steps from the same weights.

    Returns:
        The smallest cosine, over the weight matrices, between the changes in all steps. 0 if they
        cannot be compared, or differ in length by more than a factor of LARGEST_LENGTH_RATIO.
    """
    cosines = []
    for number in _weights(solution):
        expected, own = solution[f"steps_w{number}"], student.get(f"steps_w{number}")
        if not isinstance(own, np.ndarray) or own.shape != expected.shape:
            return 0.0
        length, expected_length = (np.linalg.norm(x.astype(float)) for x in (own, expected))
        ratio = LARGEST_LENGTH_RATIO
        if not expected_length / ratio <= length <= expected_length * ratio:
            return 0.0
        cosines.append(networks.cosine(own, expected))
    return min(cosines, default=0.0)


def _weights(solution: Mapping[str, Any]) -> range:
    """The numbers of a network's weight matrices."""
    return range(1, len(solution["slopes"]) + 1)
