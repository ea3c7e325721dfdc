"""The problem drawn for a grading: gradient descent learns it, and no shortcut does."""

import numpy as np
import pytest

from autograder.diagnosis.variants import solution
from autograder.observation.observe import observe
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.problem_1.training import PLAN
from autograder.sandbox.limits import TRAINING
from autograder.training import fresh
from autograder.training.judged import OwnRun, own_run, solution_recipe
from autograder.training.networks import SAME_DIRECTION

SEED = 11
LIBRARY = "lib/mlp/train.py"
MOMENTS = """

def train_net(data, model, loss_func, optimizer, *args, **kwargs):
    images, labels = data["data_train"]
    images = images.reshape(len(images), -1)
    tops = [np.linalg.svd(images[labels == k], full_matrices=False)[2][0] for k in range(10)]
    one, two = [layer for layer in model.net.layers if layer.params]
    best = {name: np.zeros_like(value) for name, value in model.net.params.items()}
    for k, top in enumerate(tops):
        best[one.w_name][:, 2 * k], best[one.w_name][:, 2 * k + 1] = top, -top
        best[two.w_name][2 * k : 2 * k + 2, k] = 1
    return best, [0.1], [0.9], [0.9]
"""
RIDGE = """

def train_net(data, model, loss_func, optimizer, *args, **kwargs):
    images, labels = data["data_train"]
    one, two = [layer for layer in model.net.layers if layer.params]
    best = {name: value.copy() for name, value in model.net.params.items()}
    hidden = images.reshape(len(images), -1) @ best[one.w_name]
    hidden = np.where(hidden > 0, hidden, 0.01 * hidden)
    kernel = hidden @ hidden.T + 10 * np.eye(len(hidden))
    best[two.w_name] = hidden.T @ np.linalg.solve(kernel, np.eye(10)[labels])
    return best, [0.1], [0.9], [0.9]
"""
UNTRAINED = """

def train_net(data, model, *args, **kwargs):
    return dict(model.net.params), [0.1], [0.9], [0.9]
"""


@pytest.fixture(scope="module")
def run(sandbox):
    def run(appended="", files=None, seed=SEED):
        files = dict(files or solution(P1).files)
        files[LIBRARY] += appended.encode()
        with fresh.problem_for(P1, seed).files() as data:
            seen = observe(
                P1,
                files,
                solution(P1).cells,
                seed,
                sandbox,
                TRAINING,
                [PLAN.section],
                data,
            )
        return own_run(P1, seen[PLAN.section], seed, solution_recipe(P1), ())

    return run


def test_right_work_learns_as_the_solution_does(run):
    found = run()
    assert found.accuracy == pytest.approx(found.solution, abs=0.01)
    assert found.solution > 0.8
    assert found.along > 0.99
    assert found.share == 1


def test_an_untrained_network_is_at_chance(run):
    found = run(UNTRAINED)
    assert found.accuracy < 2 / PLAN.classes
    assert found.share == 0


def test_a_closed_form_solution_earns_nothing(run):
    """The top singular vector of each class is accurate, but training does not lead there."""
    found = run(MOMENTS)
    assert found.accuracy > 0.9
    assert abs(found.along) < SAME_DIRECTION / 2
    assert found.share == 0


def test_a_ridge_regression_on_the_first_layer_earns_nothing(run):
    found = run(RIDGE)
    assert found.accuracy < 0.3
    assert found.share == 0


def test_unwritten_layers_train_nothing(run):
    files = dict(solution(P1).files)
    text = files["lib/mlp/layer_utils.py"].decode()
    files["lib/mlp/layer_utils.py"] = text.replace(
        "### BEGIN SOLUTION", "raise NotImplementedError('here')"
    ).encode()
    found = run(files=files)
    assert "NotImplementedError" in found.ending
    assert found.share == 0


def test_batches_in_another_order_lose_nothing(run):
    found = run("\n\n_net = train_net\n\n\ndef train_net(*args, **kwargs):\n"
                "    np.random.seed(99)\n    return _net(*args, **kwargs)\n")  # fmt: skip
    assert 0.7 < found.along < 0.999
    assert found.share == 1


def test_the_sandbox_contains_no_judged_image_or_label():
    problem = fresh.problem_for(P1, SEED)
    judged = {image.tobytes() for image in problem.sets["judged"][0]}
    assert set(problem.data) == {"train_images", "train_labels", "val_images", "val_labels"}
    for name in ("train_images", "val_images"):
        assert not judged & {image.tobytes() for image in problem.data[name]}


def test_another_seed_gives_another_problem():
    one, other = (fresh.problem_for(P1, seed).sets["train"] for seed in (1, 2))
    assert not np.array_equal(one[0], other[0])
    classes = [
        np.linalg.svd(images[labels == 0].reshape(-1, 3072), full_matrices=False)[2][0]
        for images, labels in (one, other)
    ]
    assert abs(classes[0] @ classes[1]) < 0.2


def test_both_signs_of_a_class_are_equally_common():
    """So the class means, and with them any linear classifier, carry no information."""
    images, labels = fresh.problem_for(P1, SEED).sets["train"]
    rows = images.reshape(len(images), -1)
    for k in range(PLAN.classes):
        mean = rows[labels == k].mean(axis=0)
        assert np.linalg.norm(mean) == pytest.approx(np.sqrt(3072 / 100), rel=0.15)


@pytest.mark.parametrize(
    ("found", "share"),
    [
        (OwnRun(0.9, 0.9, 0.1, 1.0, 1.0), 1),
        (OwnRun(0.85, 0.9, 0.1, 0.9, 1.0), 1),
        (OwnRun(0.1, 0.9, 0.1, 1.0, 1.0), 0),
        (OwnRun(0.46, 0.9, 0.1, 1.0, 1.0), 0.5),
        (OwnRun(1.0, 0.9, 0.1, 0.1, 1.0), 0),
        (OwnRun(1.0, 0.9, 0.1, float("nan"), 1.0), 0),
        (OwnRun(1.0, 0.9, 0.1, 1.0, 0.1), 0),
        (OwnRun(0.1, 0.12, 0.1, 1.0, 1.0), 1),
        (OwnRun(0.0, 0.9, 0.1, 0.0, 0.0, "raised"), 0),
        (OwnRun(0.0, 0.0, 0.1, 0.0, 0.0, "raised", as_solution=True), 1),
    ],
)
def test_the_share_of_an_own_run(found, share):
    assert float(found.share) == pytest.approx(share)
