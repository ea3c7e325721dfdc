"""A recipe, trained by us: with the solution's library, on all images, once for everybody.

What is trained follows from the recipe, the images and the library, and from no grading seed: a
class trains each distinct recipe once, and later classes find it kept beside the images. A named
mistake of the student's layers or loop is patched into the library first.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autograder.assignment import Assignment
from autograder.atomic import write_whole
from autograder.diagnosis.in_process import like_a_fresh_process, load
from autograder.diagnosis.variants import applied, named
from autograder.training.images import Features, Images
from autograder.training.recipe import Recipe, network

AT_ONCE = 1000
FORMAT = 1


@dataclass(frozen=True)
class Progress:
    """How far a training has come: the epochs it has done, and the accuracy after them."""

    epoch: int
    accuracy: float


@dataclass(frozen=True)
class Replay:
    """What became of a recipe.

    Attributes:
        accuracy: of the parameters that `train_net` returned, on the validation images.
        curve: the same of the network after each epoch.
        failure: what kept the training from its end, in a sentence; empty for nothing.
    """

    accuracy: float
    curve: tuple[float, ...]
    failure: str = ""


@dataclass(frozen=True)
class Task:
    """What is to be trained.

    Attributes:
        recipe: the student's choices.
        mistakes: names of the variants that the library has in it.
    """

    recipe: Recipe
    mistakes: tuple[str, ...] = ()

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Task:
        """What `as_dict` gave."""
        return cls(Recipe.from_dict(data["recipe"]), tuple(data["mistakes"]))

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return {"recipe": self.recipe.as_dict(), "mistakes": list(self.mistakes)}

    def library(self, assignment: Assignment) -> Mapping[str, bytes]:
        """The solution's files with the mistakes in them.

        Raises:
            Unfit: two of them do not go together.
        """
        return applied(assignment, (named(assignment, name) for name in self.mistakes)).files

    def key(self, images: Images) -> str:
        """A name for all that decides what comes out."""
        digest = hashlib.sha256()
        parts = [json.dumps(self.recipe.as_dict(), sort_keys=True), images.digest]
        parts.append(json.dumps(asdict(images.mode), sort_keys=True))
        for path, content in sorted(self.library(images.assignment).items()):
            parts += [path, hashlib.sha256(content).hexdigest()]
        digest.update("\n".join(parts).encode())
        return digest.hexdigest()[:32]


def enough(images: Images) -> float:
    """The accuracy of a replay from which on all points are given.

    A replay differs from the student's own training by chance; honest 75% must not lose by it.
    """
    return images.mode.target - images.plan.spread


def kept(task: Task, images: Images) -> Replay | None:
    """What an earlier grading trained, if it did."""
    try:
        data = json.loads(_place(task, images).read_text("utf-8"))
        if data.pop("format") != FORMAT:
            return None
        return Replay(**{**data, "curve": tuple(data["curve"])})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def replayed(
    task: Task, images: Images, progress: Callable[[Progress], None] = lambda _: None
) -> Replay:
    """What is kept of this task, or what comes out of it now, which is then kept."""
    found = kept(task, images)
    if found is None:
        found = train(task, images, progress)
        with contextlib.suppress(OSError):  # the data may lie where nobody may write
            _keep(found, _place(task, images))
    return found


def train(
    task: Task, images: Images, progress: Callable[[Progress], None] = lambda _: None
) -> Replay:
    """Trains a recipe from its start, and no longer than it takes to earn all points.

    Student code has no part in it: the library is ours. It uses as many cores as BLAS has threads.
    """
    recipe, plan = task.recipe, images.plan
    library = load(images.assignment, task.library(images.assignment))
    epochs = recipe.fitting_epochs(len(images.train[0]))
    sets = {"data_train": images.train, "data_val": images.val, "data_test": images.val}
    watched = Watched(library.train.compute_acc, images, bool(task.mistakes), progress)
    vars(library.train)["compute_acc"] = watched
    failure = ""
    if epochs < recipe.epochs:
        failure = f"{epochs} of its {recipe.epochs} epochs fit into an hour of one processor core"
    with like_a_fresh_process(plan.seed):
        try:
            model = network(recipe.layers, library)
            best, *_ = library.train.train_net(
                sets,
                model,
                library.layer_utils.cross_entropy(),
                library.optim.SGD(model.net, plan.rate),
                recipe.batch_size,
                epochs,
                recipe.lr_decay,
                recipe.lr_decay_every,
            )
            model.net.load(best)
        except Enough:
            pass
        except Exception as error:
            return Replay(
                0.0, tuple(watched.curve), f"it ended with {type(error).__name__}: {error}"
            )
        accuracy = watched.own(model, *images.val, batch_size=AT_ONCE)
    return Replay(accuracy, tuple(watched.curve), failure)


class Enough(BaseException):
    """All points are earned."""


class Watched:
    """Stands for the library's `compute_acc`: keeps the curve, and ends what has earned all.

    Accuracies on the training images take a fifth of the time and decide nothing, unless there is
    a mistake in the loop: then everything runs as the student's would, and to its end.
    """

    def __init__(
        self,
        own: Callable[..., float],
        images: Images,
        faithfully: bool,
        progress: Callable[[Progress], None],
    ) -> None:
        self.own = own
        self.curve: list[float] = []
        self._images, self._faithfully, self._progress = images, faithfully, progress

    def __call__(
        self, model: Any, data: Features, labels: np.ndarray, *args: Any, **kwargs: Any
    ) -> float:
        if data is not self._images.val[0]:
            return self.own(model, data, labels, *args, **kwargs) if self._faithfully else np.nan
        accuracy = self.own(model, data, labels, batch_size=AT_ONCE)
        self.curve.append(accuracy)
        self._progress(Progress(len(self.curve), accuracy))
        if accuracy >= enough(self._images) and not self._faithfully:
            raise Enough
        return accuracy


def _place(task: Task, images: Images) -> Path:
    return images.replays / f"{task.key(images)}.json"


def _keep(found: Replay, path: Path) -> None:
    """Whole or not at all: another process may be training the same."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, json.dumps({"format": FORMAT, **asdict(found)}))
