"""Whole gradings with a training, on a small twin that is learnt in seconds."""

from dataclasses import replace

import pytest

from autograder import course, svhn
from autograder.grade import grade, regrade
from autograder.observe import Observations
from autograder.submission import read
from autograder.training import Mode, prepare

SEED = 11
SMALL = Mode("small", 1500, 200, 500, 0.4, standardised=True)
CELL = "batch_size, epochs, lr_decay, lr_decay_every = 20, 5, 1, 9"
TRAINING, OPTIMIZERS = "lib/mlp/train.py", "lib/optim.py"


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    twin, folder = tmp_path_factory.mktemp("twin"), tmp_path_factory.mktemp("images")
    svhn.draw(twin, train=1800, test=20)
    return prepare(SMALL, SEED, folder, twin)


@pytest.fixture(scope="module")
def trained(images, sandbox):
    def run(submission):
        cells = {**submission.cells}
        if "train_tiny_net_hyperparameters" in cells and "NotImpl" not in str(cells):
            cells["train_tiny_net_hyperparameters"] = CELL
        return grade(replace(submission, cells=cells), SEED, sandbox, images)

    return run


def section(grade, name):
    return next(section for section in grade.sections if section.id == name)


def test_the_solution_has_all_points(right, trained, images):
    found = trained(right)
    assert (found.score, found.max_score) == (37, 37)
    assert (found.training, found.data) == ("small", images.data)
    judged = section(found, "train_tiny_net").tests[0]
    assert (judged.name, judged.passed) == ("train_tiny_net_accuracy", True)
    assert "judged accuracy" in judged.message


def test_what_students_receive_has_no_point(trained):
    found = trained(read(course.RELEASE))
    assert (found.score, found.max_score) == (0, 37)
    told = section(found, "train_tiny_net").tests[0].message
    assert "raised NotImplementedError" in told


def test_points_are_in_proportion_to_the_accuracy(change, trained):
    found = trained(
        change(TRAINING, "optimizer.step()", "if len(loss_hist) < 90: optimizer.step()")
    )
    training = section(found, "train_tiny_net")
    accuracy = float(training.tests[0].message.split("%")[0].split()[-1]) / 100
    assert 0.15 < accuracy < 0.39
    assert training.score == pytest.approx(5 * (accuracy - 0.1) / 0.3, abs=0.01)
    assert not training.tests[0].passed


def test_a_rate_of_0_and_told_accuracies_of_1_earn_nothing(change, trained):
    still = change(OPTIMIZERS, "param -= self.lr * layer.grads[name]", "param -= 0")
    lying = change(TRAINING, "return correct / len(data)", "return 1.0", base=still)
    found = trained(lying)
    assert section(found, "train_tiny_net").score < 0.6  # a lucky guess of 500 labels
    assert "your code printed 100.0%" in section(found, "train_tiny_net").tests[0].message
    assert section(found, "compare_sgd_momentum").score == 1, "the reference's SGD is to be beaten"


def test_optimizers_that_are_sgd_do_not_beat_sgd(change, trained):
    plain = "param -= self.lr * layer.grads[name]"
    wrong = change(
        OPTIMIZERS, "            param += self.velocity[name]\n", f"            {plain}\n"
    )
    wrong = change(
        OPTIMIZERS,
        "param -= self.lr * grad / np.sqrt(self.cache[name] + self.eps)",
        plain,
        base=wrong,
    )
    wrong = change(
        OPTIMIZERS,
        "param -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)",
        plain,
        base=wrong,
    )
    found = trained(wrong)
    assert section(found, "compare_sgd_momentum").score == 0
    assert section(found, "compare_optimizers").score == 0
    assert section(found, "train_tiny_net").score == 5


def test_what_was_observed_can_be_graded_again(change, sandbox, tmp_path):
    wrong = change(OPTIMIZERS, "self.momentum * v -", "self.momentum * v +")
    kept = []
    first = grade(wrong, SEED, sandbox, keep=kept.append)
    kept[0].save(tmp_path / "ada.npz")
    again = regrade(wrong, Observations.load(tmp_path / "ada.npz"), sandbox)
    assert replace(again, elapsed_s=0) == replace(first, elapsed_s=0)
