"""The grader trains each recipe itself, only once, and no longer than necessary."""

import json
from dataclasses import replace

import numpy as np
import pytest
from lib.mlp.fully_conn import TinyNet
from lib.mlp.layer_utils import cross_entropy
from lib.mlp.train import train_net
from lib.optim import SGD

from autograder.problem_1 import ASSIGNMENT as P1
from autograder.training import replay as replays
from autograder.training.images import open_images
from autograder.training.judged import solution_recipe
from autograder.training.replay import (
    Progress,
    Replay,
    Task,
    full_points_accuracy,
    replayed,
    stored_replay,
    train,
)

QUICK = replace(solution_recipe(P1), batch_size=20, epochs=5, lr_decay=1.0)
NEVER_STEPS = "train_tiny_net_never_steps"


@pytest.fixture(scope="module")
def found(images):
    return train(Task(QUICK), images)


def test_training_stops_once_a_right_recipe_has_earned_all_points(found, images):
    assert found.accuracy >= full_points_accuracy(images)
    assert all(accuracy < full_points_accuracy(images) for accuracy in found.curve[:-1])
    assert len(found.curve) < QUICK.epochs
    assert found.failure == ""


def test_a_replay_matches_the_notebooks_training(images, twin):
    """The same order as in the notebook: seed the global generator, make the network, train."""
    far = open_images(P1, replace(images.mode, target=2.0), twin)
    ours = train(Task(replace(QUICK, epochs=2)), far)
    sets = {"data_train": images.train, "data_val": images.val}
    np.random.seed(123)
    model = TinyNet()
    _, _, _, theirs = train_net(sets, model, cross_entropy(), SGD(model.net, 1e-2), 20, 2)
    assert ours.curve == pytest.approx(theirs, abs=0.02)
    assert ours.accuracy == max(ours.curve)


def test_the_same_recipe_gives_the_same_replay(found, images):
    assert train(Task(QUICK), images) == found


def test_progress_is_reported_after_every_epoch(images):
    seen = []
    train(Task(QUICK), images, seen.append)
    ends = [progress for progress in seen if progress.epochs.is_integer()]
    assert [progress.epochs for progress in ends] == list(range(1, len(ends) + 1))


def test_progress_is_reported_within_an_epoch(images, monkeypatch):
    monkeypatch.setattr(replays, "STEPS_PER_REPORT", 30)
    seen = []
    found = train(Task(replace(QUICK, epochs=2)), images, seen.append)
    steps = 1500 // 20
    assert [round(progress.epochs * steps) for progress in seen] == [30, 60, 75, 90, 120, 150]
    assert seen[0] == Progress(30 / 75, 0.0)
    assert seen[3] == Progress(90 / 75, found.curve[0])


def test_the_global_generator_is_restored(images):
    np.random.seed(5)
    expected = np.random.rand()
    np.random.seed(5)
    train(Task(replace(QUICK, epochs=1)), images)
    assert np.random.rand() == expected


def test_a_named_mistake_is_reproduced_in_the_replay(images):
    still = train(Task(QUICK, (NEVER_STEPS,)), images)
    assert still.accuracy < 0.25
    assert len(still.curve) == QUICK.epochs, "a loop with a mistake runs to its end"


def test_a_mistake_that_ends_the_training_earns_nothing(images):
    ended = train(Task(QUICK, ("fc_backward_transposes_the_weight_gradient",)), images)
    assert ended.accuracy == 0
    assert "it failed with ValueError" in ended.failure


def test_a_recipe_without_epochs_trains_nothing(images):
    assert train(Task(replace(QUICK, epochs=0)), images).accuracy < 0.3


def test_batches_larger_than_the_data_are_reported(images):
    found = train(Task(replace(QUICK, batch_size=10**6)), images)
    assert found.accuracy == 0
    assert "batch_size must be in 1..1500" in found.failure


def test_a_recipe_that_does_not_fit_into_its_minutes_is_cut_and_reported(images):
    images = replace(images, mode=replace(images.mode, minutes=0.05))
    slow = replace(QUICK, epochs=10**6)
    fitting = slow.fitting_epochs(images.mode)
    assert 0 < fitting < 10
    found = train(Task(replace(slow, layers=QUICK.layers)), images)
    assert f"{fitting} of the 1000000 epochs" in found.failure


class TestKept:
    @pytest.fixture
    def own_images(self, images, tmp_path):
        """The images, with an empty folder for kept replays."""
        return replace(images, replays=tmp_path / "replays")

    def test_a_recipe_is_trained_once(self, own_images, monkeypatch):
        task = Task(replace(QUICK, epochs=1))
        assert stored_replay(task, own_images) is None
        first = replayed(task, own_images)
        monkeypatch.setattr(replays, "train", None)
        assert replayed(task, own_images) == first == stored_replay(task, own_images)

    @pytest.mark.parametrize(
        "other",
        [
            Task(replace(QUICK, epochs=2)),
            Task(replace(QUICK, epochs=1), (NEVER_STEPS,)),
            Task(replace(QUICK, epochs=1, batch_size=21)),
        ],
        ids=["recipe", "mistake", "batch"],
    )
    def test_different_tasks_have_different_keys(self, own_images, other):
        assert other.key(own_images) != Task(replace(QUICK, epochs=1)).key(own_images)

    def test_different_images_give_different_keys(self, own_images):
        task = Task(QUICK)
        assert task.key(replace(own_images, digest="other")) != task.key(own_images)
        other = replace(own_images, mode=replace(own_images.mode, target=0.5))
        assert task.key(other) != task.key(own_images)

    @pytest.mark.parametrize("content", ["", "{", "[]", '{"format": 99}', '{"format": 1, "a": 2}'])
    def test_a_damaged_kept_replay_is_trained_again(self, own_images, content, monkeypatch):
        task, result = Task(QUICK), Replay(0.5, (0.4, 0.5))
        monkeypatch.setattr(replays, "train", lambda *_: result)
        replayed(task, own_images)
        (file,) = own_images.replays.glob("*.json")
        file.write_text(content)
        assert stored_replay(task, own_images) is None
        assert replayed(task, own_images) == result == stored_replay(task, own_images)
        assert json.loads(file.read_text())["format"] == replays.FORMAT

    def test_a_replay_works_where_it_cannot_be_kept(self, own_images):
        own_images.replays.write_text("a file where the folder should be")
        assert replayed(Task(replace(QUICK, epochs=1)), own_images).curve
