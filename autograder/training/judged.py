"""What a training earns: what the recipe reaches, as far as the student's own code trains."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from typing import Any

from autograder.assignment import Assignment
from autograder.assignment.training import share_of_points
from autograder.assignment.variant import Unfit
from autograder.diagnosis.diagnose import Diagnosis
from autograder.diagnosis.in_process import load, rehearse
from autograder.diagnosis.variants import applied, named, solution
from autograder.hand_in.notebook import printed_accuracy
from autograder.hand_in.submission import Submission
from autograder.judgement.checks import how_it_ended
from autograder.judgement.memory import limited
from autograder.judgement.suites import TOO_LARGE
from autograder.observation.observe import Observation, Observations, observe
from autograder.sandbox.backend import Backend
from autograder.sandbox.limits import TRAINING
from autograder.training import fresh
from autograder.training.images import Images
from autograder.training.networks import SAME_WAY
from autograder.training.recipe import Inexpressible, Recipe
from autograder.training.replay import Replay, Task, enough

AS_GOOD = 0.9
"""The part of the solution's accuracy, above chance, that counts as all of it: batches in another
order come to 0.99 of it."""
ROOM = 2**30
"""Bytes for the solution's run of a student's network, of which the largest was seen to take 600
MiB more than is kept, and for judging what both came to."""
LEAST = 0.15
"""Above chance, what the solution must have learnt for an accuracy beside it to mean something."""


@dataclass(frozen=True)
class OwnRun:
    """What the student's code did with the fresh problem.

    Attributes:
        accuracy, solution: on the judged images, of the student's parameters and the solution's.
        chance: the accuracy of who guesses.
        along, downhill: see `fresh.along` and `fresh.downhill`.
        ending: how it ended, if it did not come to its end.
        as_solution: whether the solution with the same mistakes does not come to its end either.
    """

    accuracy: float
    solution: float
    chance: float
    along: float
    downhill: float
    ending: str = ""
    as_solution: bool = False

    @property
    def share(self) -> Fraction:
        """How much of a training such code can do."""
        if self.ending:
            return Fraction(int(self.as_solution))
        if not min(self.along, self.downhill) >= SAME_WAY:
            return Fraction(0)
        learnt = self.solution - self.chance
        if learnt < LEAST:
            return Fraction(1)
        part = (self.accuracy - self.chance) / learnt / AS_GOOD
        return Fraction(min(1.0, max(0.0, part))).limit_denominator(10**6)


@dataclass(frozen=True)
class Trained:
    """All that is known of a submission's training, worked out on this side: plain data.

    Attributes:
        section: the id of the section in which it earns points.
        mode, data: how much was trained, and on what, in words.
        target, chance, enough: accuracies: that of the assignment, of naming the commonest class,
            and that from which on all points are given.
        recipe: as `Recipe.as_dict`; None where there is none.
        mistakes: names of what the student does otherwise, and the replay, too.
        refusal: why there is no recipe, or none that says everything; a person should look.
        own: of the student's own code.
        replay: of the recipe; None until it has been trained.
        printed: the last validation accuracy in the notebook that was handed in: a claim.
    """

    section: str
    mode: str
    data: str
    target: float
    chance: float
    enough: float
    recipe: Mapping[str, Any] | None
    mistakes: tuple[str, ...]
    refusal: str
    own: OwnRun
    replay: Replay | None = None
    printed: float | None = None

    @property
    def wanted(self) -> Task | None:
        """What has still to be trained."""
        if self.recipe is None or self.replay is not None:
            return None
        return Task(Recipe.from_dict(self.recipe), self.mistakes)

    @property
    def share(self) -> Fraction | None:
        """The part of the points that the training earns; None where a replay is wanted."""
        if self.recipe is None:
            return Fraction(0)
        if self.replay is None:
            return None
        share = share_of_points(self.replay.accuracy, self.chance, self.enough)
        return min(Fraction(share).limit_denominator(10**6), self.own.share)

    def completed(self, train: Callable[[Task], Replay | None]) -> Trained:
        """With a replay, where one is wanted and `train` gives it."""
        wanted = self.wanted
        return self if wanted is None else replace(self, replay=train(wanted))

    def for_manual_review(self) -> Iterator[str]:
        """What no replay can judge, beside what the student's own code did."""
        if self.refusal and not self.own.ending:
            yield (
                f"A person looks at this and may give points by hand: {self.refusal}. On the "
                f"problem made up for this grading, the code reaches {self.own.accuracy:.0%}."
            )

    def results(self) -> Iterator[tuple[str, bool, str]]:
        """What is said of it in its section: names, whether all is well, and sentences."""
        yield f"{self.section}_accuracy", self._has_all, self._accuracy_told()
        own, said = self.own, self.own.ending
        if not said and self.recipe is not None:
            said = (
                f"trained on a problem made up for this grading, your code reaches "
                f"{own.accuracy:.0%} where the solution reaches {own.solution:.0%}"
            )
            if not own.downhill >= SAME_WAY:
                said += ", but single steps of it do not follow the gradient of their batch"
            elif not own.along >= SAME_WAY:
                said += ", but its parameters do not go where gradient descent leads"
        yield (
            f"{self.section}_own_code",
            own.share == 1,
            said or "there is nothing to compare it with",
        )

    @property
    def _has_all(self) -> bool:
        return self.replay is not None and self.replay.accuracy >= self.enough

    def _accuracy_told(self) -> str:
        printed = "" if self.printed is None else f"; your notebook printed {self.printed:.1%}"
        if self.recipe is None:
            return f"{self.refusal}{printed}"
        if self.replay is None:
            return f"what you chose has still to be trained{printed}"
        text = (
            f"what you chose, trained again by us, reaches {self.replay.accuracy:.1%} "
            f"after {len(self.replay.curve)} epochs (all points from {self.target:.0%} on)"
        )
        more = [text for text in (self.replay.failure, self.refusal) if text]
        return "; ".join([text, *more]) + printed

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Trained:
        """What `as_dict` gave.

        Raises:
            TypeError, KeyError: it is something else.
        """
        found = data["replay"]
        return cls(
            **{
                **data,
                "mistakes": tuple(data["mistakes"]),
                "own": OwnRun(**data["own"]),
                "replay": found and Replay(**{**found, "curve": tuple(found["curve"])}),
            }
        )


def with_training(
    submission: Submission,
    student: Observations,
    found: Mapping[str, Diagnosis],
    sandbox: Backend,
    images: Images,
    replay: Callable[[Task], Replay | None],
) -> Observations:
    """What was observed, with what the student's code does on a problem made up for this grading
    and what the recipe reaches, in the light of what is `found` in other sections."""
    assignment, plan, seed = images.assignment, images.plan, student.seed
    files, cells, names = submission.files, submission.cells, [plan.section]
    with fresh.drawn(assignment, seed).files() as data:
        own = observe(assignment, files, cells, seed, sandbox, TRAINING, names, data)
    printed = printed_accuracy(submission.notebook, plan.run_cell)
    recipe, mistakes = student[plan.recipe_probe], mistakes_of(assignment, found)
    trained = judged(own[plan.section], recipe, seed, images, mistakes, printed)
    return student.with_training(trained.completed(replay).as_dict())


def with_replay(student: Observations, replay: Callable[[Task], Replay | None]) -> Observations:
    """What was observed, with the replay that its training still waits for, if `replay` has it."""
    if student.training is None:
        return student
    trained = Trained.from_dict(student.training)
    return student.with_training(trained.completed(replay).as_dict())


def require_same_mistakes(
    assignment: Assignment, student: Observations, found: Mapping[str, Diagnosis]
) -> None:
    """Refuses a training that was judged beside other mistakes than are found today.

    Raises:
        ValueError: the submission has to be observed again.
    """
    if student.training is not None:
        trained = Trained.from_dict(student.training)
        if trained.mistakes != mistakes_of(assignment, found):
            raise ValueError("its training was judged beside other mistakes; grade it afresh")


def mistakes_of(assignment: Assignment, found: Mapping[str, Diagnosis]) -> tuple[str, ...]:
    """Names of what is understood of the layers, the loss and the loop, and goes together.

    What the hyperparameters' cell says is in the recipe already.
    """
    plan = assignment.training_plan
    concerned = {*assignment.made_of(plan.section), *plan.also_from}
    names: list[str] = []
    for section in (section for section in found if section in concerned):
        if not found[section].complete:
            continue
        those = [v for v in found[section].found if v.file.startswith("lib/")]
        with contextlib.suppress(Unfit):
            applied(assignment, [*(named(assignment, name) for name in names), *those])
            names += [variant.name for variant in those]
    return tuple(names)


def solution_recipe(assignment: Assignment) -> Recipe:
    """What the solution chooses."""
    right, plan = solution(assignment), assignment.training_plan
    library = load(assignment, right.files)
    probe = assignment.probes[plan.recipe_probe]
    return Recipe.read(plan, rehearse(library, right.cells, probe, seed=0))


def judged(
    seen: Observation,
    chosen: Observation,
    seed: int,
    images: Images,
    mistakes: tuple[str, ...],
    printed: float | None,
) -> Trained:
    """What two probes saw, judged.

    Args:
        seen: by the probe in which the student's own code trains.
        chosen: by the recipe probe.
        seed: the grading seed.
        images: what recipes are trained on.
        mistakes: names of the variants that the student's layers and loop show.
        printed: what the notebook says it reached.
    """
    recipe, refusal = None, ""
    try:
        recipe = Recipe.read(images.plan, chosen)
    except Inexpressible as reason:
        unread = chosen.ending.how != "finished"
        refusal = how_it_ended(chosen) if unread else str(reason)
    if recipe is not None and _is_true(chosen.values.get("own_forward")):
        refusal = "TinyNet has a forward pass of its own, which is not in the repeated training"
    return Trained(
        images.plan.section,
        images.mode.name,
        images.data,
        images.mode.target,
        images.chance,
        enough(images),
        None if recipe is None else recipe.as_dict(),
        mistakes,
        refusal,
        own_run(images.assignment, seen, seed, recipe, mistakes),
        printed=printed,
    )


def own_run(
    assignment: Assignment,
    seen: Observation,
    seed: int,
    recipe: Recipe | None,
    mistakes: tuple[str, ...],
) -> OwnRun:
    """What the student's code did, beside what the solution does with the same mistakes."""
    try:
        with limited(ROOM):
            return _compared(assignment, seen, seed, recipe, mistakes)
    except MemoryError:
        return OwnRun(0.0, 0.0, _chance(assignment), 0.0, 0.0, ending=TOO_LARGE)


def _chance(assignment: Assignment) -> float:
    return 1 / assignment.training_plan.classes


def _compared(
    assignment: Assignment,
    seen: Observation,
    seed: int,
    recipe: Recipe | None,
    mistakes: tuple[str, ...],
) -> OwnRun:
    problem, chance = fresh.drawn(assignment, seed), _chance(assignment)
    accuracy = problem.accuracy(seen.values) if "w1" in seen else 0.0
    ending = "" if "w1" in seen else how_it_ended(seen)
    if recipe is None:
        return OwnRun(accuracy, 0.0, chance, 0.0, 0.0, ending)
    right = fresh.solution_run(assignment, seed, recipe.layers, mistakes)
    if "w1" not in right:
        return OwnRun(accuracy, 0.0, chance, 0.0, 0.0, ending, as_solution=bool(mistakes))
    along = 0.0 if ending else fresh.along(assignment, seen.values, right.values, seed)
    downhill = fresh.downhill(seen.values, right.values)
    return OwnRun(accuracy, problem.accuracy(right.values), chance, along, downhill, ending)


def _is_true(value: object) -> bool:
    return getattr(value, "size", 0) == 1 and bool(value)
