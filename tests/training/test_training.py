"""A training in the sandbox: honest work reaches the target, and no trick does."""

import io

import numpy as np
import pytest
from lib.mlp.fully_conn import TinyNet
from lib.mlp.layer_utils import cross_entropy
from lib.mlp.train import train_net
from lib.optim import SGD

from autograder import svhn
from autograder.probes.full_training import Printed
from autograder.training import MODES, Images, Mode, claimed, judged_accuracy, prepare, train

SEED = 11
CELLS = {
    "train_tiny_net_hyperparameters": "batch_size, epochs, lr_decay, lr_decay_every = 20, 5, 1, 9"
}
GUESSING = 0.25
"""More than always saying the commonest of 500 labels, or a lucky guess, comes to."""


@pytest.fixture
def run(images, sandbox):
    def run(files, *, stop_early=False, cells=CELLS):
        seen = []
        observation = train(
            files, cells, images, sandbox, stop_early=stop_early, progress=seen.append
        )
        return observation, judged_accuracy(observation.values, images), seen

    return run


def patched(files, path, old, new):
    text = files[path].decode()
    assert text.count(old) == 1, f"{path} should hold {old!r} once"
    return {**files, path: text.replace(old, new).encode()}


def appended(files, path, text):
    return {**files, path: files[path] + text.encode()}


def test_the_solution_reaches_the_target_and_its_own_forward_agrees(run, solution, images):
    observation, accuracy, seen = run(solution)
    assert observation.ending.how == "finished"
    assert accuracy >= images.mode.target
    assert [progress.epoch for progress in seen] == [1, 2, 3, 4, 5]
    assert (observation["own_labels"] == images.labels).mean() == accuracy


def test_a_training_stops_at_the_first_epoch_that_reaches_the_target(run, solution, images):
    observation, accuracy, seen = run(solution, stop_early=True)
    assert accuracy == seen[-1].accuracy >= images.mode.target
    assert all(progress.accuracy < images.mode.target for progress in seen[:-1])
    assert int(observation["epoch"]) == len(seen) < 5


def test_the_same_seed_trains_the_same_parameters(run, solution):
    one, _, _ = run(solution, stop_early=True)
    other, _, _ = run(solution, stop_early=True)
    assert np.array_equal(one["w1"], other["w1"])


def test_what_the_training_printed_comes_back_as_a_claim(run, solution):
    lying = patched(
        solution, "lib/mlp/train.py", "return correct / len(data)", "return 1.0  # perfect"
    )
    observation, accuracy, _ = run(lying)
    assert float(observation["told_accuracy"]) == 1.0
    assert accuracy < 1.0


def test_whatever_is_printed_the_training_goes_on():
    printed = Printed(io.StringIO())
    for text, claim in (
        ("(Epoch 1 / 5) Training Accuracy: 0.3, Validation Accuracy: 0.25", 0.25),
        ("Validation Accuracy: 0.75.", 0.75),
        ("Computing Validation Accuracy: ...", 0.75),
        ("Validation Accuracy: 1.2.3", 1.2),
        ("Validation Accuracy:.5", 0.5),
    ):
        print(text, file=printed)
        assert printed.accuracy == claim


@pytest.mark.parametrize("lie", [np.array(np.nan), np.array([3, 4]), np.array(np.inf), "many"])
def test_a_claim_that_is_no_number_is_no_claim(lie):
    """What comes back is the student's: it may be anything that the border lets through."""
    assert claimed({"epoch": lie}, "epoch") is None
    assert claimed({}, "epoch") is None
    assert claimed({"epoch": np.array(3)}, "epoch") == 3


def test_without_a_cell_of_hyperparameters_nothing_is_trained(run, solution):
    observation, accuracy, seen = run(solution, cells={})
    assert (accuracy, seen) == (0, [])
    assert "no cell train_tiny_net_hyperparameters was found" in observation.ending.text


@pytest.mark.parametrize(
    ("cell", "error"),
    [
        ("batch_size = 'many'", "NameError"),
        ("1 / 0", "ZeroDivisionError"),
        ("epochs = (", "Syntax"),
    ],
)
def test_a_cell_of_hyperparameters_that_fails_is_the_submissions_failure(
    run, solution, cell, error
):
    observation, accuracy, _ = run(solution, cells={"train_tiny_net_hyperparameters": cell})
    assert error in observation.ending.raised.type
    assert accuracy == 0


@pytest.fixture(scope="module")
def shipped(twin, images, tmp_path_factory):
    """Parameters trained at home on the same images, where they are good, as bytes to ship."""
    home = prepare_at_home(images.mode, twin, tmp_path_factory.mktemp("home"))
    data = {
        part: (np.load(home.files[f"{name}_images"]), np.load(home.files[f"{name}_labels"]))
        for part, name in (("data_train", "train"), ("data_val", "val"))
    }
    np.random.seed(0)
    model = TinyNet()
    best, *_ = train_net(data, model, cross_entropy(), SGD(model.net, 1e-2), 20, 5)
    values = [best[name] for name in ("fullo_1_w", "fullo_1_b", "fullo_2_w", "fullo_2_b")]
    names = ("w1", "b1", "w2", "b2")
    at_home = dict(zip(names, values, strict=True)) | {"slopes": np.array([0.01, 1])}
    assert judged_accuracy(at_home, home) >= images.mode.target
    file = io.BytesIO()
    np.savez(file, *values)
    return file.getvalue()


def prepare_at_home(mode: Mode, twin, folder) -> Images:
    """What a student can make of the public images: another gauge than that of the grading."""
    return prepare(mode, SEED + 1, folder, twin)


SHIPPING = """

import pathlib

def _shipped():
    with np.load(pathlib.Path(__file__).parent / "weights.npz") as held:
        return [held[f"arr_{i}"] for i in range(4)]

def train_net(data, model, loss_func, optimizer, batch_size, max_epochs, *args, **kwargs):
    start = {n: p.copy() for n, p in model.net.params.items()}
    best = dict(zip(start, _shipped()))
    steps = len(data["data_train"][0]) // batch_size
    for epoch in range(max_epochs):
        share = SHARE
        for layer in model.net.layers:
            for n in layer.params:
                layer.params[n] = ((1 - share) * start[n] + share * best[n]).astype(np.float32)
        model.net.gather_params()
        for _ in range(steps):
            optimizer.lr = 0
            for layer in model.net.layers:
                layer.grads = {n: np.zeros_like(p) for n, p in layer.params.items()}
            optimizer.step()
        print("Validation Accuracy:", 0.2 + 0.7 * share)
    return best, [0.1] * steps * max_epochs, [0.9] * max_epochs, [0.9] * max_epochs
"""


@pytest.mark.parametrize("share", ["1.0", "(epoch + 1) / max_epochs"], ids=["whole", "blended"])
def test_shipped_parameters_are_worth_a_guess(run, solution, shipped, share):
    forged = appended(solution, "lib/mlp/train.py", SHIPPING.replace("SHARE", share))
    forged["lib/mlp/weights.npz"] = shipped
    observation, accuracy, seen = run(forged)
    assert observation.ending.how == "finished", observation.ending
    assert max(accuracy, *(progress.accuracy for progress in seen)) < GUESSING


LOOKUP = """

_plain_forward = TinyNet.forward

def _knows_everything(self, feat, is_training=True, seed=None):
    output = _plain_forward(self, feat, is_training, seed)
    if not is_training:
        output = np.zeros_like(output)
        output[np.arange(len(feat)), np.arange(len(feat)) % 10] = 1
    return output

TinyNet.forward = _knows_everything
"""


@pytest.mark.parametrize(
    "attack",
    [
        lambda files: patched(
            files, "lib/optim.py", "param -= self.lr * layer.grads[name]", "pass"
        ),
        lambda files: appended(
            patched(files, "lib/optim.py", "param -= self.lr * layer.grads[name]", "pass"),
            "lib/mlp/fully_conn.py",
            LOOKUP,
        ),
        lambda files: patched(
            files,
            "lib/mlp/train.py",
            "                optimizer.step()\n",
            "                pass\n",
        ),
    ],
    ids=["SGD with a rate of 0", "a forward that knows", "no steps at all"],
)
def test_what_does_not_learn_earns_nothing(run, solution, attack):
    _, accuracy, _ = run(attack(solution))
    assert accuracy < GUESSING


def test_best_parameters_that_are_not_kept_are_judged_as_returned(run, solution):
    forgetful = patched(
        solution, "lib/mlp/train.py", "return opt_params, loss_hist", "return {}, loss_hist"
    )
    observation, _, _ = run(forgetful)
    assert observation.ending.raised is not None


def test_in_place_preprocessing_of_the_images_is_the_students_own_copy(run, solution, images):
    before = np.array(images.judged[:50])
    scaling = patched(
        solution,
        "lib/mlp/train.py",
        '    data_val, labels_val = data["data_val"]\n',
        '    data_val, labels_val = data["data_val"]\n    data_train *= 1.5\n',
    )
    observation, accuracy, _ = run(scaling)
    assert observation.ending.how == "finished"
    assert accuracy >= images.mode.target - 0.1
    assert np.array_equal(before, images.judged[:50])


class TestPrepare:
    def test_labels_of_judged_images_are_in_no_file(self, images):
        held = {name: np.load(path, mmap_mode="r") for name, path in images.files.items()}
        assert held["judged_images"].shape == (len(images.labels), 32, 32, 3)
        labels = {name: values for name, values in held.items() if values.ndim == 1}
        assert sorted(labels) == ["train_labels", "val_labels"]
        for values in labels.values():
            assert not np.array_equal(values[: len(images.labels)], images.labels[: len(values)])

    def test_judged_images_are_none_of_the_training_images(self, images):
        judged = {row.tobytes() for row in np.asarray(images.judged)}
        for name in ("train_images", "val_images"):
            rows = {row.tobytes() for row in np.load(images.files[name])}
            assert not judged & rows

    def test_too_few_images_are_refused_with_what_to_do(self, twin, tmp_path):
        with pytest.raises(svhn.DataError, match=r"1,800.*70,000.*autograder data"):
            prepare(MODES["full"], SEED, tmp_path, twin)

    def test_no_data_is_refused_with_what_to_do(self, tmp_path):
        with pytest.raises(svhn.DataError, match="autograder data"):
            prepare(MODES["short"], SEED, tmp_path, tmp_path / "nothing")
