"""A problem that did not exist before: whether a student's own code trains shows on it.

Each class has a random direction among all of an image's features; an image is its class's
direction with a random sign, in noise. As many have the one sign as the other, so that the mean of
every class is 0 and a linear reading sees nothing. A network of one hidden layer learns it within
150 steps of gradient descent.

Nothing can be brought along for it. What is solved for in another way than by gradient descent is
told by where it arrives: parameters that were trained lie where the solution's training from the
same start leads. Some solutions in closed form arrive nearby, and `train_net` may be one. So single
steps are judged, too, which are those of the student's network, loss and SGD in a loop of ours:
each must go where the gradient of its batch goes from the weights where it begins, and about as
far. To do that is the work itself.
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
from autograder.diagnosis.in_process import load, rehearse
from autograder.diagnosis.kept import Kept
from autograder.diagnosis.variants import applied, named
from autograder.observation.observe import Observation
from autograder.seeds import key_of, secret_generator
from autograder.training import networks
from autograder.training.recipe import Layer, network

SIZES = {"train": 1000, "val": 200, "judged": 1000}
SIGNAL = 0.3
"""Of the direction, in standard deviations of the noise, for each feature."""
LONGER = 10
"""How many times as long as the solution's, or as short, a step may be."""


@dataclass(frozen=True)
class Fresh:
    """The problem of a grading seed.

    Attributes:
        sets: (images (N, height, width, channels) float32, labels (N,)) by the names of SIZES. The
            judged ones never enter a sandbox.
    """

    sets: Mapping[str, tuple[np.ndarray, np.ndarray]]

    @property
    def data(self) -> dict[str, np.ndarray]:
        """What the probe gets."""
        return {
            f"{name}_{what}": values
            for name, pair in self.sets.items()
            if name != "judged"
            for what, values in zip(("images", "labels"), pair, strict=True)
        }

    @contextmanager
    def files(self) -> Iterator[dict[str, Path]]:
        """The same as files, for a sandbox."""
        with tempfile.TemporaryDirectory(prefix="fresh-") as name:
            folder = Path(name)
            folder.chmod(0o711)  # the sandbox's user reads the files in it
            found = {}
            for key, values in self.data.items():
                found[key] = folder / f"{key}.npy"
                np.save(found[key], values)
                found[key].chmod(0o644)
            yield found

    def accuracy(self, parameters: Mapping[str, Any]) -> float:
        """Of a network, see `networks.accuracy`, on the judged images; 0 for what is no network."""
        try:
            return networks.accuracy(parameters, *self.sets["judged"])
        except ValueError:
            return 0.0


@lru_cache(maxsize=2)
def drawn(assignment: Assignment, seed: int) -> Fresh:
    """The problem that follows from a grading seed, and from nothing that a sandbox is told."""
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
    return Fresh(sets)


def solution_run(
    assignment: Assignment, seed: int, layers: tuple[Layer, ...], mistakes: tuple[str, ...]
) -> Observation:
    """What the probe sees of the solution's library with these mistakes, and this chain in it."""
    return _runs[assignment, seed, layers, mistakes]


def _run(asked: tuple[Assignment, int, tuple[Layer, ...], tuple[str, ...]]) -> Observation:
    assignment, seed, layers, mistakes = asked
    submission = applied(assignment, (named(assignment, name) for name in mistakes))
    library = load(assignment, submission.files)
    vars(library.fully_conn)["TinyNet"] = lambda *args, **kwargs: network(layers, library)
    probe = assignment.probes[assignment.training_plan.section]
    return rehearse(library, submission.cells, probe, seed, drawn(assignment, seed).data)


_runs = Kept(64 * 2**20, _run, lambda seen: sum(map(np.size, seen.values.values())) * 4)
"""The last ones, in bytes: students choose how many parameters a network has, up to 128 MiB."""


def along(
    assignment: Assignment, student: Mapping[str, Any], solution: Mapping[str, Any], seed: int
) -> float:
    """How far a training went where the solution's went from the same start: 1 the same way.

    The least cosine between the two changes of a weight matrix; 0 for what cannot be compared.
    """
    plan, cosines = assignment.training_plan, []
    key = assignment.probes[plan.section].inputs(key_of(seed))["seed"]
    for number in _weights(solution):
        there, here = solution[f"w{number}"], student.get(f"w{number}")
        if not isinstance(here, np.ndarray) or here.shape != there.shape:
            return 0.0
        begun = plan.start(key, number, there.shape)
        cosines.append(networks.cosine(here - begun, there - begun))
    return min(cosines, default=0.0)


def downhill(student: Mapping[str, Any], solution: Mapping[str, Any]) -> float:
    """How far single steps go where the solution's go from the same weights: 1 the same way.

    The least cosine between the two changes of a weight matrix in all of the steps; 0 for what
    cannot be compared, and for steps LONGER times as long as the solution's, or as short.
    """
    cosines = []
    for number in _weights(solution):
        there, here = solution[f"steps_w{number}"], student.get(f"steps_w{number}")
        if not isinstance(here, np.ndarray) or here.shape != there.shape:
            return 0.0
        own, right = (np.linalg.norm(values.astype(float)) for values in (here, there))
        if not right / LONGER <= own <= right * LONGER:
            return 0.0
        cosines.append(networks.cosine(here, there))
    return min(cosines, default=0.0)


def _weights(solution: Mapping[str, Any]) -> range:
    """The numbers of a network's weight matrices."""
    return range(1, len(solution["slopes"]) + 1)
