"""Brings every state of a class up to date: which task comes next, and what its result leads to.

Submissions are graded in their order. On a cluster, threads of this process read the next ones and
write the states of the last ones, so that workers wait neither for a disk nor for each other. A
Grade may need a recipe to be trained. Each distinct recipe is trained once, the longest first, and
trainings begin while submissions are still graded. When a training is finished, the submissions
that chose its recipe are judged again.
"""

from __future__ import annotations

import heapq
import json
import shutil
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

from autograder.cohort.plan import Plan
from autograder.cohort.pool import Failed, Pool, completed, failure_reason
from autograder.cohort.work import (
    Graded,
    Outcome,
    Training,
    Work,
    carry_out,
    keep,
    prepared,
)
from autograder.hand_in.students import HandIn
from autograder.training.images import Images
from autograder.training.replay import Progress, Replay, Task, store_replay, stored_replay

THREADS = 4
AHEAD = 8
"""How many submissions are read before a worker is free for them."""
ROUNDS = 3
"""How often a training is given up by the pool before it fails: it runs no student code, so that
workers that died of it were lost by chance."""
Assigned = HandIn | Work | Training
"""What a worker may be given, see `work.carry_out`."""


class Shown(Protocol):
    """What shows how far a class is."""

    def graded(self, hand_in: HandIn, outcome: Outcome | Failed) -> None:
        """A submission was graded or set aside."""

    def recipes(self, total: int) -> None:
        """So many distinct recipes are to be trained, as is known by now."""

    def training(self, key: str, epochs: int, progress: Progress) -> None:
        """A training of so many epochs has come so far."""

    def trained(self, key: str, replay: Replay) -> None:
        """A training is finished."""


def bring_up_to_date(hand_ins: Sequence[HandIn], plan: Plan, pool: Pool, shown: Shown) -> Agenda:
    """Bring every state up to date; returns the agenda, which knows what became of them.

    Args:
        hand_ins: the submissions.
        plan: how they are graded.
        pool: the workers. If they do not see these files, submissions are read and states are
            written here.
        shown: shows how far it is.
    """
    agenda = Agenda(hand_ins, plan, pool, shown)
    with agenda.threads:
        done: Iterator[tuple[Assigned, object]] = completed(
            agenda, carry_out, plan, pool, agenda.heard, agenda.kept
        )
        for task, result in done:
            agenda.receive(task, result)
    return agenda


class Agenda(Iterator[Assigned | None]):
    """The tasks of a class.

    Attributes:
        failed: the hand-ins that have no state, and why.
        untrained: why trainings failed.
        corrected: how many submissions were judged again from stored observations because the
            judging has changed.
        threads: read submissions ahead, and write states.
    """

    def __init__(self, hand_ins: Sequence[HandIn], plan: Plan, pool: Pool, shown: Shown) -> None:
        self.failed: dict[HandIn, str] = {}
        self.untrained: list[str] = []
        self.corrected = 0
        self.threads = ThreadPoolExecutor(THREADS)
        self._plan, self._pool, self._shown = plan, pool, shown
        self._to_grade, self._graded_once = deque(hand_ins), set[HandIn]()
        self._read = deque[tuple[HandIn, Future[Work | Outcome | Failed]]]()
        self._to_train: list[tuple[float, str, Training]] = []
        self._trainings = 0
        self._waiting: dict[str, list[HandIn]] = {}
        self._epochs: dict[str, int] = {}
        self._given_up: Counter[str] = Counter()

    def __next__(self) -> Assigned | None:
        """The next task; None if there is none before another result is known.

        Until all submissions are graded, half of the workers train at most: a recipe that takes
        longer may still be found.
        """
        while (to_grade := bool(self._to_grade or self._read)) or self._to_train:
            may_train = not to_grade or self._trainings < self._pool.workers // 2
            if self._to_train and may_train:
                self._trainings += 1
                return heapq.heappop(self._to_train)[-1]
            if self._pool.shares_files:
                return self._to_grade.popleft()
            if (work := self._next_read()) is not None:
                return work
        return None

    def _next_read(self) -> Work | None:
        """The next submission, or None if there is nothing to do for a worker."""
        while self._to_grade and len(self._read) <= AHEAD:
            hand_in = self._to_grade.popleft()
            self._read.append((hand_in, self.threads.submit(self._prepared, hand_in)))
        hand_in, reading = self._read.popleft()
        work = reading.result()
        if isinstance(work, Work):
            return work
        self._received(hand_in, work)
        return None

    def _prepared(self, hand_in: HandIn) -> Work | Outcome | Failed:
        try:
            return prepared(hand_in, self._plan)
        except Exception as error:  # as in a worker: it stops nobody else
            return Failed(failure_reason(error))

    def receive(self, task: Assigned, result: object) -> None:
        """Take the result of a task."""
        if isinstance(task, Training):
            assert isinstance(result, Replay | Failed)
            self._trained(task, result)
        elif isinstance(task, Work):
            assert isinstance(result, Outcome | Failed)
            self._received(task.hand_in, result)
        else:
            assert isinstance(result, Outcome | Failed)
            self._received(task, result)

    def kept(self, task: Assigned, result: object) -> Future[Outcome | Failed] | None:
        """Write what a worker of a cluster has graded; other results are complete."""
        if isinstance(task, Work) and isinstance(result, Graded):
            return self.threads.submit(self._kept, task, result)
        return None

    def heard(self, message: str) -> None:
        """Take what a running training tells, see `work.Telling`."""
        told = json.loads(message)
        key = told.pop("key")
        self._shown.training(key, self._epochs[key], Progress(**told))

    @property
    def _images(self) -> Images:
        """No training is asked for without images."""
        assert self._plan.images is not None
        return self._plan.images

    def _kept(self, work: Work, result: Graded) -> Outcome | Failed:
        try:
            return keep(work, result, self._plan)
        except OSError as error:
            return Failed(failure_reason(error))

    def _received(self, hand_in: HandIn, outcome: Outcome | Failed) -> None:
        first = hand_in not in self._graded_once
        self._graded_once.add(hand_in)
        if isinstance(outcome, Failed):
            self.failed[hand_in] = outcome.reason
            if first:  # later, there is an observation that must not be lost
                shutil.rmtree(self._plan.states / hand_in.student, ignore_errors=True)
        elif first:
            self.corrected += outcome.corrected
            if outcome.missing_replay is not None:
                self._want(outcome.missing_replay, hand_in)
        if first:
            self._shown.graded(hand_in, outcome)

    def _want(self, task: Task, hand_in: HandIn) -> None:
        """A Grade waits for this training."""
        images = self._images
        if stored_replay(task, images) is not None:  # of an earlier class
            self._to_grade.appendleft(hand_in)
            return
        key, mode = task.key(images), images.mode
        if key not in self._waiting:
            self._waiting[key] = []
            self._epochs[key] = task.recipe.fitting_epochs(mode)
            self._plan_training(Training(task, key))
            self._shown.recipes(len(self._epochs))
        self._waiting[key].append(hand_in)

    def _plan_training(self, training: Training) -> None:
        cost = training.task.recipe.cost(self._images.mode)
        heapq.heappush(self._to_train, (-cost, training.key, training))

    def _trained(self, training: Training, result: Replay | Failed) -> None:
        self._trainings -= 1
        if isinstance(result, Failed):
            self._given_up[training.key] += 1
            if self._given_up[training.key] < ROUNDS:
                self._plan_training(training)
            else:
                self.untrained.append(result.reason)
            return
        store_replay(result, training.task, self._images)
        self._shown.trained(training.key, result)
        self._to_grade.extendleft(self._waiting[training.key])
