"""The share of points that a training earns: the smaller of two shares.

One depends on the accuracy of the recipe, the other on how well the student's own code trains.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from itertools import islice
from typing import Any

from autograder.assignment import Assignment
from autograder.assignment.training import TrainingPlan, share_of_points
from autograder.assignment.variant import PatchDoesNotApply
from autograder.diagnosis.case import Diagnosis
from autograder.diagnosis.in_process import load, run_trusted
from autograder.diagnosis.symptoms.section import MOST
from autograder.diagnosis.variants import applied, named, solution
from autograder.hand_in.notebook import printed_accuracy
from autograder.hand_in.submission import Submission
from autograder.judgement.checks import how_it_ended
from autograder.judgement.memory import memory_limited
from autograder.judgement.suites import TOO_LARGE
from autograder.observation.observe import Observation, Observations, observe
from autograder.sandbox.backend import Backend
from autograder.sandbox.limits import TRAINING
from autograder.training import fresh
from autograder.training.curve import shape_of
from autograder.training.images import Images
from autograder.training.networks import SAME_DIRECTION
from autograder.training.recipe import Inexpressible, Recipe
from autograder.training.replay import Replay, Task, full_points_accuracy

FULL_SHARE = 0.9
"""The fraction of the solution's accuracy above chance that earns the full share. Correct work
whose batches come in another order reaches 0.99."""
COMPARING = 2**30
"""Bytes for running the solution with a student's network and judging both results. The largest
network was measured to take 600 MiB in addition to its cached result."""
UNREADABLE_CHOICES = "not compared with the solution, because your choices could not be read"
LEAST_LEARNT = 0.15
"""How far above chance the solution's accuracy must be for a comparison to be meaningful."""


@dataclass(frozen=True)
class OwnRun:
    """The result of the student's code on the fresh problem.

    Attributes:
        accuracy, solution: the accuracies of the student's and the solution's parameters on the
            judged images.
        chance: the accuracy of guessing.
        along, downhill: see `fresh.along` and `fresh.downhill`.
        ending: why the run did not finish; empty if it did.
        as_solution: whether the solution with the same mistakes does not finish either.
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
        """The largest share of the training's points that this code can earn."""
        if self.ending:
            return Fraction(int(self.as_solution))
        if not min(self.along, self.downhill) >= SAME_DIRECTION:
            return Fraction(0)
        learnt = self.solution - self.chance
        if learnt < LEAST_LEARNT:
            return Fraction(1)
        share = (self.accuracy - self.chance) / learnt / FULL_SHARE
        return Fraction(min(1.0, max(0.0, share))).limit_denominator(10**6)


@dataclass(frozen=True)
class Trained:
    """The result of judging a training, computed outside the sandbox: plain data.

    Attributes:
        section: the id of the section whose points the training earns.
        mode, data: the training mode and a description of the data.
        target: the assignment's target accuracy.
        chance: the accuracy of always predicting the most frequent class.
        enough: the accuracy from which a replay earns all points.
        recipe: the recipe as `Recipe.as_dict`; None if there is none.
        mistakes: names of the student's known mistakes, which the replay repeats.
        refusal: why there is no recipe, or why it is incomplete; then a person should look.
        own: the run of the student's own code.
        replay: the result of training the recipe; None until it has been trained.
        printed: the best validation accuracy in the submitted notebook, which is not verified.
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
    def pending(self) -> Task | None:
        """The training that is still to be done; None if there is none."""
        if self.recipe is None or self.replay is not None:
            return None
        return Task(Recipe.from_dict(self.recipe), self.mistakes)

    @property
    def share(self) -> Fraction | None:
        """The fraction of the points that the training earns; None while the replay is missing."""
        if self.recipe is None:
            return Fraction(0)
        if self.replay is None:
            return None
        share = share_of_points(self.replay.accuracy, self.chance, self.enough)
        return min(Fraction(share).limit_denominator(10**6), self.own.share)

    def completed(self, train: Callable[[Task], Replay | None]) -> Trained:
        """A copy with the replay that `train` returns, if one is missing."""
        task = self.pending
        return self if task is None else replace(self, replay=train(task))

    def for_manual_review(self) -> Iterator[str]:
        """A message if a person must judge the training, because no replay can."""
        if self.refusal and not self.own.ending:
            yield (
                f"A person will look at this and may give points by hand: {self.refusal}. On the "
                f"problem generated for this grading, the code reaches {self.own.accuracy:.0%}."
            )

    def advice(self, plan: TrainingPlan) -> Iterator[tuple[str, str]]:
        """If the accuracy fell short: what about the recipe may be the reason, and how it looks.

        The statements are (kind, sentences).
        """
        if self.recipe is None or self.replay is None or self._reaches_enough:
            return
        yield from islice(plan.advice(Recipe.from_dict(self.recipe)), MOST)
        if text := shape_of(self.replay.curve, self.chance):
            yield "curve", text

    def results(self) -> Iterator[tuple[str, bool, str]]:
        """The training's results for the Grade: names, whether they passed, and messages."""
        yield f"{self.section}_accuracy", self._reaches_enough, self._accuracy_message()
        own, message = self.own, self.own.ending
        if not message and self.recipe is not None:
            message = (
                f"trained on a problem generated for this grading, your code reaches "
                f"{own.accuracy:.0%}; the solution reaches {own.solution:.0%}"
            )
            if not own.downhill >= SAME_DIRECTION:
                message += "; but single steps do not follow the gradient of their batch"
            elif not own.along >= SAME_DIRECTION:
                message += "; but the parameters move in another direction than the solution's"
        yield (
            f"{self.section}_own_code",
            own.share == 1,
            message or UNREADABLE_CHOICES,
        )

    @property
    def _reaches_enough(self) -> bool:
        return self.replay is not None and self.replay.accuracy >= self.enough

    def _accuracy_message(self) -> str:
        printed = "" if self.printed is None else f"; your notebook printed {self.printed:.1%}"
        if self.recipe is None:
            return f"{self.refusal}{printed}"
        if self.replay is None:
            return f"your choices have not been trained yet{printed}"
        text = (
            f"your choices, trained again by the grader, reach {self.replay.accuracy:.1%} "
            f"after {len(self.replay.curve)} epochs ({self.target:.0%} earns all points)"
        )
        reasons = [text for text in (self.replay.failure, self.refusal) if text]
        return "; ".join([text, *reasons]) + printed

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Trained:
        """Reads the result of `as_dict`.

        Raises:
            TypeError, KeyError: the data has another structure.
        """
        replay = data["replay"]
        return cls(
            **{
                **data,
                "mistakes": tuple(data["mistakes"]),
                "own": OwnRun(**data["own"]),
                "replay": replay and Replay(**{**replay, "curve": tuple(replay["curve"])}),
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
    """Judges the training and adds the result to the observations.

    `found` are the diagnoses of the sections, whose mistakes the solution repeats for comparison.
    """
    assignment, plan, seed = images.assignment, images.plan, student.seed
    files, cells, names = submission.files, submission.cells, [plan.section]
    with fresh.problem_for(assignment, seed).files() as data:
        own = observe(assignment, files, cells, seed, sandbox, TRAINING, names, data)
    printed = printed_accuracy(submission.notebook, plan.run_cell)
    recipe, mistakes = student[plan.recipe_probe], mistakes_of(assignment, found)
    trained = judged(own[plan.section], recipe, seed, images, mistakes, printed)
    return student.with_training(trained.completed(replay).as_dict())


def with_replay(student: Observations, replay: Callable[[Task], Replay | None]) -> Observations:
    """The observations with the missing replay of their training, if `replay` returns it."""
    if student.training is None:
        return student
    trained = Trained.from_dict(student.training)
    return student.with_training(trained.completed(replay).as_dict())


def require_same_mistakes(
    assignment: Assignment, student: Observations, found: Mapping[str, Diagnosis]
) -> None:
    """Requires that the training was judged with the same mistakes as are found now.

    Raises:
        ValueError: they differ, so the submission must be graded again.
    """
    if student.training is not None:
        trained = Trained.from_dict(student.training)
        if trained.mistakes != mistakes_of(assignment, found):
            raise ValueError(
                "different mistakes were found when its training was judged; "
                "grade the submission again"
            )


def mistakes_of(assignment: Assignment, found: Mapping[str, Diagnosis]) -> tuple[str, ...]:
    """Names of the compatible variants found in completely diagnosed sections of trained code.

    Variants of notebook cells are left out, since the recipe contains the hyperparameters already.
    A section that only derived variants explain counts as unexplained: a replay finds variants by
    their names.
    """
    plan = assignment.training_plan
    sections = {*assignment.with_earlier_sections(plan.section), *plan.also_from}
    names: list[str] = []
    for section in (section for section in found if section in sections):
        if not found[section].complete or any(v.derived for v in found[section].found):
            continue
        in_library = [v for v in found[section].found if v.file.startswith("lib/")]
        with contextlib.suppress(PatchDoesNotApply):
            applied(assignment, [*(named(assignment, name) for name in names), *in_library])
            names += [variant.name for variant in in_library]
    return tuple(names)


def solution_recipe(assignment: Assignment) -> Recipe:
    """The solution's recipe."""
    submission, plan = solution(assignment), assignment.training_plan
    library = load(assignment, submission.files)
    probe = assignment.probes[plan.recipe_probe]
    return Recipe.read(plan, run_trusted(library, submission.cells, probe, seed=0))


def judged(
    seen: Observation,
    chosen: Observation,
    seed: int,
    images: Images,
    mistakes: tuple[str, ...],
    printed: float | None,
) -> Trained:
    """Judges the observations of two probes; the replay is left open.

    Args:
        seen: the observation of the probe in which the student's own code trains.
        chosen: the observation of the recipe probe.
        seed: the grading seed.
        images: the images that recipes are trained on.
        mistakes: names of the variants found in the student's layers and loop.
        printed: the accuracy that the notebook shows.
    """
    recipe, refusal = None, ""
    try:
        recipe = Recipe.read(images.plan, chosen)
    except Inexpressible as reason:
        unfinished = chosen.ending.how != "finished"
        refusal = how_it_ended(chosen) if unfinished else str(reason)
    if recipe is not None and _is_true(chosen.values.get("own_forward")):
        refusal = "TinyNet overrides the forward pass, which the repeated training does not include"
    return Trained(
        images.plan.section,
        images.mode.name,
        images.data,
        images.mode.target,
        images.chance,
        full_points_accuracy(images),
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
    """The run of the student's code, compared with the solution with the same mistakes."""
    try:
        with memory_limited(COMPARING):
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
    problem, chance = fresh.problem_for(assignment, seed), _chance(assignment)
    accuracy = problem.accuracy(seen.values) if "w1" in seen else 0.0
    ending = "" if "w1" in seen else how_it_ended(seen)
    if recipe is None:
        return OwnRun(accuracy, 0.0, chance, 0.0, 0.0, ending)
    expected = fresh.solution_run(assignment, seed, recipe.layers, mistakes)
    if "w1" not in expected:
        return OwnRun(accuracy, 0.0, chance, 0.0, 0.0, ending, as_solution=bool(mistakes))
    along = 0.0 if ending else fresh.along(assignment, seen.values, expected.values, seed)
    downhill = fresh.downhill(seen.values, expected.values)
    return OwnRun(accuracy, problem.accuracy(expected.values), chance, along, downhill, ending)


def _is_true(value: object) -> bool:
    return getattr(value, "size", 0) == 1 and bool(value)
