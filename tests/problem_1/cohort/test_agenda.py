"""Which task of a class comes next: submissions in order, and the longest training first."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace

import pytest

from autograder.cohort import agenda as agendas
from autograder.cohort.agenda import AHEAD, ROUNDS, Agenda
from autograder.cohort.plan import Plan
from autograder.cohort.pool import Failed
from autograder.cohort.work import Outcome, Training, Work
from autograder.hand_in.students import HandIn
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.problem_1.training import PLAN
from autograder.training.images import Images
from autograder.training.judged import solution_recipe
from autograder.training.replay import Replay, Task, stored_replay

FOUR = SimpleNamespace(workers=4, shares_files=True)
CLUSTER = SimpleNamespace(workers=4, shares_files=False)
DONE = Replay(0.8, (0.5, 0.8))


class Silent:
    """Shows nothing, and counts."""

    def __init__(self):
        self.total = self.finished = self.seen = 0

    def graded(self, hand_in, outcome):
        self.seen += 1

    def recipes(self, total):
        self.total = total

    def trained(self, key, replay):
        self.finished += 1


def task(epochs):
    return Task(replace(solution_recipe(P1), epochs=epochs))


def outcome(epochs=None):
    return Outcome(20.0, 34.0, False, 1.0, None if epochs is None else task(epochs))


@pytest.fixture
def images(tmp_path):
    return Images(P1, PLAN.modes["short"], tmp_path / "replays", "digest", "text", None, None)


@pytest.fixture
def class_of(tmp_path, monkeypatch, images):
    """`class_of(n)`: the agenda of n submissions, and what it shows."""
    monkeypatch.setattr(Plan, "images", property(lambda plan: images))

    def made(count, pool=FOUR):
        hand_ins = [HandIn(f"s{n}", tmp_path / f"s{n}", tmp_path) for n in range(count)]
        plan = Plan(P1, tmp_path / "states", (), 1, "short", "none", tmp_path)
        shown = Silent()
        return hand_ins, Agenda(hand_ins, plan, pool, shown), shown

    return made


def epochs_of(given):
    return [each.task.recipe.epochs for each in given if isinstance(each, Training)]


def test_half_of_the_workers_train_the_longest_recipes_while_submissions_are_graded(class_of):
    hand_ins, agenda, _ = class_of(8)
    assert [next(agenda) for _ in range(4)] == hand_ins[:4]
    for hand_in, epochs in zip(hand_ins, (3, 9, 6, 12), strict=False):
        agenda.receive(hand_in, outcome(epochs))
    given = [next(agenda) for _ in range(4)]
    assert epochs_of(given) == [12, 9]
    assert given[2:] == hand_ins[4:6]


def test_when_all_are_graded_every_worker_trains(class_of):
    hand_ins, agenda, _ = class_of(4)
    assert [next(agenda) for _ in hand_ins] == hand_ins
    for hand_in, epochs in zip(hand_ins, (3, 9, 6, 12), strict=True):
        agenda.receive(hand_in, outcome(epochs))
    assert epochs_of(next(agenda) for _ in hand_ins) == [12, 9, 6, 3]
    assert next(agenda) is None


def test_a_recipe_is_trained_once_kept_and_then_judged_for_all_who_chose_it(class_of, images):
    hand_ins, agenda, shown = class_of(3)
    assert [next(agenda) for _ in hand_ins] == hand_ins
    for hand_in, epochs in zip(hand_ins, (6, 6, None), strict=True):
        agenda.receive(hand_in, outcome(epochs))
    training = next(agenda)
    assert next(agenda) is None
    agenda.receive(training, DONE)
    assert stored_replay(task(6), images) == DONE
    assert {next(agenda), next(agenda)} == set(hand_ins[:2])
    for hand_in in hand_ins[:2]:
        agenda.receive(hand_in, outcome())
    assert next(agenda) is None
    assert (shown.seen, shown.total, shown.finished) == (3, 1, 1)
    assert not agenda.failed
    assert not agenda.untrained


def test_a_training_that_an_earlier_class_kept_is_not_trained_again(class_of, images):
    for _ in range(2):
        (hand_in,), agenda, shown = class_of(1)
        assert next(agenda) == hand_in
        agenda.receive(hand_in, outcome(6))
        following = next(agenda)
        if isinstance(following, Training):
            agenda.receive(following, DONE)
    assert following == hand_in
    assert shown.total == 0


def test_a_training_whose_workers_are_lost_is_begun_again_and_then_given_up(class_of):
    (hand_in,), agenda, _ = class_of(1)
    agenda.receive(next(agenda), outcome(6))
    for _ in range(ROUNDS):
        assert not agenda.untrained
        training = next(agenda)
        assert epochs_of([training]) == [6]
        agenda.receive(training, Failed("two workers died"))
    assert next(agenda) is None
    assert agenda.untrained == ["two workers died"]
    assert hand_in not in agenda.failed


def test_for_a_cluster_a_few_submissions_are_read_ahead_and_given_in_their_order(
    class_of, monkeypatch
):
    read = []

    def prepared(hand_in, plan):
        read.append(hand_in)
        if hand_in.student == "s2":
            return outcome()  # its state is still valid
        if hand_in.student == "s3":
            raise ValueError("no good")
        return Work(hand_in, None, 1, None)

    monkeypatch.setattr(agendas, "prepared", prepared)
    hand_ins, agenda, shown = class_of(30, CLUSTER)
    given = [next(agenda).hand_in]
    agenda.threads.shutdown()
    assert set(read) == set(hand_ins[: AHEAD + 1])
    agenda.threads = ThreadPoolExecutor(1)
    while (work := next(agenda)) is not None:
        given.append(work.hand_in)
    assert given == [hand_ins[n] for n in range(30) if n not in (2, 3)]
    assert shown.seen == 2
    assert agenda.failed == {hand_ins[3]: "the grader could not grade it: ValueError: no good"}
