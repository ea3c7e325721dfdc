"""Trains recipes with the solution's library and stores the results.

A result depends on the recipe, the images and the library, but not on the grading seed. So each
distinct recipe is trained once, and later classes reuse the result that is stored beside the
images. Known mistakes in the student's layers or loop are patched into the library first.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from autograder.assignment import Assignment
from autograder.atomic import write_whole
from autograder.diagnosis.in_process import load, seeded_and_quiet
from autograder.diagnosis.variants import applied, named
from autograder.training.images import Features, Images
from autograder.training.recipe import Recipe, network

BATCH = 1000
STEPS_PER_REPORT = 50
"""Steps of a training between two reports of its progress, which are below a second."""
FORMAT = 1


@dataclass(frozen=True)
class Progress:
    """The progress of a training.

    Attributes:
        epochs: completed epochs, with the completed part of the current one.
        accuracy: the validation accuracy after the last whole epoch; 0 before the first has ended.
    """

    epochs: float
    accuracy: float


@dataclass(frozen=True)
class Replay:
    """The result of training a recipe.

    Attributes:
        accuracy: the validation accuracy of the parameters that `train_net` returned.
        curve: the validation accuracy after each epoch.
        failure: why the training did not finish; empty if it did.
    """

    accuracy: float
    curve: tuple[float, ...]
    failure: str = ""


@dataclass(frozen=True)
class Task:
    """A recipe to train.

    Attributes:
        recipe: the student's choices.
        mistakes: names of the variants to patch into the library.
    """

    recipe: Recipe
    mistakes: tuple[str, ...] = ()

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Task:
        """Reads the result of `as_dict`."""
        return cls(Recipe.from_dict(data["recipe"]), tuple(data["mistakes"]))

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return {"recipe": self.recipe.as_dict(), "mistakes": list(self.mistakes)}

    def library(self, assignment: Assignment) -> Mapping[str, bytes]:
        """The solution's files with the mistakes applied.

        Raises:
            PatchDoesNotApply: the mistakes are incompatible.
        """
        return applied(assignment, (named(assignment, name) for name in self.mistakes)).files

    def key(self, images: Images) -> str:
        """A hash of everything that affects the result."""
        digest = hashlib.sha256()
        parts = [json.dumps(self.recipe.as_dict(), sort_keys=True), images.digest]
        parts.append(json.dumps(asdict(images.mode), sort_keys=True))
        for path, content in sorted(self.library(images.assignment).items()):
            parts += [path, hashlib.sha256(content).hexdigest()]
        digest.update("\n".join(parts).encode())
        return digest.hexdigest()[:32]


def full_points_accuracy(images: Images) -> float:
    """The accuracy from which a replay earns all points.

    It is lower than the target, because a replay's accuracy may by chance be lower than that of the
    student's own training.
    """
    return images.mode.target - images.plan.spread


def stored_replay(task: Task, images: Images) -> Replay | None:
    """The stored result of an earlier training; None if there is none."""
    try:
        data = json.loads(_path(task, images).read_text("utf-8"))
        if data.pop("format") != FORMAT:
            return None
        return Replay(**{**data, "curve": tuple(data["curve"])})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def replayed(
    task: Task, images: Images, progress: Callable[[Progress], None] = lambda _: None
) -> Replay:
    """The stored result of a task; if there is none, trains it and stores the result."""
    result = stored_replay(task, images)
    if result is None:
        result = train(task, images, progress)
        with contextlib.suppress(OSError):  # the folder may be read-only
            store_replay(result, task, images)
    return result


def train(
    task: Task, images: Images, progress: Callable[[Progress], None] = lambda _: None
) -> Replay:
    """Trains a recipe, stopping early once it earns all points.

    No student code runs: the library is the solution's. Uses as many cores as BLAS has threads.
    """
    recipe, plan = task.recipe, images.plan
    library = load(images.assignment, task.library(images.assignment))
    epochs = recipe.fitting_epochs(images.mode)
    sets = {"data_train": images.train, "data_val": images.val, "data_test": images.val}
    early_stopping = EarlyStopping(library.train.compute_acc, images, bool(task.mistakes), progress)
    vars(library.train)["compute_acc"] = early_stopping
    failure = ""
    if epochs < recipe.epochs:
        failure = (
            f"the limit of {images.mode.minutes:g} minutes on one CPU core allows {epochs} of the "
            f"{recipe.epochs} epochs"
        )
    with seeded_and_quiet(plan.seed):
        try:
            model = network(recipe.layers, library)
            optimizer = library.optim.SGD(model.net, plan.rate)
            steps_per_epoch = max(1, len(images.train[0]) // recipe.batch_size)
            vars(optimizer)["step"] = early_stopping.reporting(optimizer.step, steps_per_epoch)
            best, *_ = library.train.train_net(
                sets,
                model,
                library.layer_utils.cross_entropy(),
                optimizer,
                recipe.batch_size,
                epochs,
                recipe.lr_decay,
                recipe.lr_decay_every,
            )
            model.net.load(best)
        except TargetReached:
            pass
        except Exception as error:
            return Replay(
                0.0, tuple(early_stopping.curve), f"it failed with {type(error).__name__}: {error}"
            )
        accuracy = early_stopping.original(model, *images.val, batch_size=BATCH)
    return Replay(accuracy, tuple(early_stopping.curve), failure)


class TargetReached(BaseException):
    """Stops a training that has earned all points."""


class EarlyStopping:
    """Replaces the library's `compute_acc`: records the curve and stops a training early.

    Accuracies on the training images take a fifth of the time and do not affect the result, so they
    are skipped. With mistakes of the student's in the library (`measure_all`), they might affect
    it. Then nothing is skipped and the training is not stopped early.
    """

    def __init__(
        self,
        original: Callable[..., float],
        images: Images,
        measure_all: bool,
        progress: Callable[[Progress], None],
    ) -> None:
        self.original = original
        self.curve: list[float] = []
        self._images, self._measure_all, self._progress = (
            images,
            measure_all,
            progress,
        )

    def __call__(
        self, model: Any, data: Features, labels: np.ndarray, *args: Any, **kwargs: Any
    ) -> float:
        if data is not self._images.val[0]:
            return (
                self.original(model, data, labels, *args, **kwargs) if self._measure_all else np.nan
            )
        accuracy = self.original(model, data, labels, batch_size=BATCH)
        self.curve.append(accuracy)
        self._progress(Progress(float(len(self.curve)), accuracy))
        if accuracy >= full_points_accuracy(self._images) and not self._measure_all:
            raise TargetReached
        return accuracy

    def reporting(self, step: Callable[[], None], steps_per_epoch: int) -> Callable[[], None]:
        """An optimizer's step that also reports the progress within an epoch."""
        steps = count(1)

        def reporting_step() -> None:
            step()
            if (done := next(steps)) % STEPS_PER_REPORT == 0 and done % steps_per_epoch:
                accuracy = self.curve[-1] if self.curve else 0.0
                self._progress(Progress(done / steps_per_epoch, accuracy))

        return reporting_step


def _path(task: Task, images: Images) -> Path:
    return images.replays / f"{task.key(images)}.json"


def store_replay(result: Replay, task: Task, images: Images) -> None:
    """Writes atomically, because another process may be training the same task.

    Raises:
        OSError: the folder cannot be written to.
    """
    path = _path(task, images)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, json.dumps({"format": FORMAT, **asdict(result)}))
