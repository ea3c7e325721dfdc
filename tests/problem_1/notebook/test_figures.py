"""The figures of the notebook show what its text says."""

import importlib
import sys
import warnings

import numpy as np
import pytest
from lib.mlp.fully_conn import DropoutNet, TinyNet
from lib.mlp.layer_utils import fc, flatten, sequential
from lib.optim import SGD, SGDM, Adam, RMSProp

from autograder.problem_1 import ASSIGNMENT as P1
from autograder.problem_1.svhn import sample

OPTIMIZERS = {
    "SGD": lambda net: SGD(net, 0.015),
    "SGDM": lambda net: SGDM(net, 0.015, momentum=0.9),
    "RMSProp": lambda net: RMSProp(net, 0.1),
    "Adam": lambda net: Adam(net, 0.2),
}
"""As in the notebook."""


@pytest.fixture(scope="module")
def figures():
    """The package of figures, as a student's notebook imports it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(P1.handout)
        patch.setenv("MPLBACKEND", "Agg")
        yield lambda name: importlib.import_module(f"figures.{name}")
    for name in [name for name in sys.modules if name.partition(".")[0] == "figures"]:
        del sys.modules[name]


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def images(rng):
    return rng.normal(scale=0.3, size=(60, 32, 32, 3)).astype(np.float32)


@pytest.fixture
def labels(rng):
    return rng.integers(10, size=60)


class TenScores:
    """A network that is as sure of its guesses as it is told."""

    def __init__(self, scores):
        self.scores = scores

    def forward(self, feat, is_training=True):
        assert not is_training
        return self.scores[: len(feat)]


class TestDigits:
    def test_a_class_is_shown_under_its_digit(self, figures):
        digits = figures("digits")
        assert [digits.digit_of(label) for label in range(10)] == [1, 2, 3, 4, 5, 6, 7, 8, 9, 0]

    def test_every_column_of_the_sheet_has_one_class(self, figures, labels):
        found = np.array(figures("digits").examples(labels, 3)).reshape(3, 10)
        assert (labels[found] == np.arange(10)).all()
        assert len(np.unique(found)) == 30

    def test_a_place_without_an_example_stays_empty(self, figures):
        found = figures("digits").examples(np.array([0, 0, 1]), 2)
        assert found[:3] == [0, 2, None]
        assert found[10:12] == [1, None]

    def test_a_picture_has_about_the_brightness_of_the_photo(self, figures):
        photos, _ = sample(50, seed=3)
        mean = photos.mean(axis=0)
        shown = figures("digits").as_picture((photos - mean) / 255)
        assert np.abs(shown - photos / 255).mean() < 0.06

    def test_shares_add_up_to_one(self, figures):
        shares = figures("digits").class_shares(np.array([0, 0, 9, 3]))
        assert shares.tolist() == [0.5, 0, 0, 0.25, 0, 0, 0, 0, 0, 0.25]


class TestGradients:
    def test_the_gradients_of_the_example_are_those_of_differences(self, figures):
        chain_rule = figures("gradients").chain_rule
        numbers = {"x": 2.0, "w": 3.0, "b": 1.0}
        _, gradients = chain_rule(**numbers, target=5)
        for name in numbers:
            up, down = (
                chain_rule(**{**numbers, name: numbers[name] + h}, target=5)[0]["L"]
                for h in (1e-4, -1e-4)
            )
            assert gradients[name] == pytest.approx((up - down) / 2e-4)

    def test_the_text_tells_the_numbers_of_the_example(self, figures):
        values, gradients = figures("gradients").chain_rule(2, 3, 1, 5)
        assert (values["y"], values["L"]) == (7, 2)
        assert (gradients["y"], gradients["b"], gradients["w"], gradients["x"]) == (2, 2, 4, 6)
        assert figures("gradients").chain_rule(2, 3.001, 1, 5)[0]["L"] == pytest.approx(2.004002)

    def test_the_error_is_smallest_near_the_step_of_the_checks(self, figures):
        steps = np.logspace(-12, 0, 73)
        errors = figures("gradients").gradient_errors(steps)
        assert 1e-7 < steps[errors.argmin()] < 1e-3
        at_step = errors[np.abs(np.log(steps / 1e-5)).argmin()]
        assert at_step < 1e-10
        assert errors[0] > 1e-6
        assert errors[-1] > 1e-2

    def test_truncation_grows_with_the_square_of_the_step(self, figures):
        one, ten = figures("gradients").gradient_errors(np.array([1e-3, 1e-2]))
        assert ten / one == pytest.approx(100, rel=0.01)

    def test_no_step_is_good_in_float32(self, figures):
        steps = np.logspace(-5, 0, 31)
        assert figures("gradients").gradient_errors(steps, np.float32).min() > 1e-6


class TestTrained:
    def test_only_wrong_images_are_shown_and_the_surest_first(self, figures, rng, images, labels):
        trained = figures("trained")
        found = trained.probabilities(TenScores(rng.normal(size=(60, 10))), images)
        assert found.sum(axis=1) == pytest.approx(np.ones(60))
        chosen = trained.worst_mistakes(found, labels, 10)
        assert len(set(chosen)) == 10
        assert (found[chosen].argmax(axis=1) != labels[chosen]).all()
        sureness = found[chosen].max(axis=1)
        assert (np.diff(sureness) <= 0).all()
        others = np.setdiff1d(np.flatnonzero(found.argmax(axis=1) != labels), chosen)
        assert found[others].max() <= sureness[-1]

    def test_a_network_without_mistakes_shows_none(self, figures, labels):
        found = np.eye(10)[labels]
        assert len(figures("trained").worst_mistakes(found, labels, 10)) == 0

    def test_rows_of_the_confusion_matrix_add_up_to_the_classes(self, figures, rng, labels):
        counts = figures("trained").confusion(labels, rng.integers(10, size=60))
        assert counts.sum(axis=1).tolist() == np.bincount(labels, minlength=10).tolist()

    def test_the_digit_is_a_row_and_the_guess_a_column(self, figures):
        counts = figures("trained").confusion(np.array([2, 2, 5]), np.array([7, 7, 5]))
        assert (counts[2, 7], counts[5, 5], counts.sum()) == (2, 1, 3)

    def test_the_weights_shown_are_those_of_the_first_layer(self, figures):
        model = TinyNet()
        assert figures("trained").first_weights(model) is model.net.params["fullo_1_w"]

    def test_a_network_that_reads_no_images_is_refused(self, figures):
        with pytest.raises(ValueError, match="train a TinyNet first"):
            figures("trained").first_weights(DropoutNet())

    def test_the_published_run_reaches_its_published_accuracies(self, figures):
        run = figures("trained").published_run()
        assert run["epoch"].tolist() == list(range(1, 31))
        assert run["train_accuracy"][-1] == pytest.approx(0.79361, abs=1e-5)
        assert run["val_accuracy"][[0, -1]] == pytest.approx([0.18790, 0.77126], abs=1e-5)


class TestDescent:
    def test_a_path_is_that_of_the_optimizer(self, figures):
        descent = figures("descent")
        points = descent.path(lambda net: SGD(net, 0.001), 3)
        factors = (1 - 0.001 * descent.STEEPNESS) ** np.arange(4)[:, None]
        assert points == pytest.approx(descent.START * factors)

    def test_momentum_is_ahead_of_sgd_at_the_same_rate(self, figures):
        descent = figures("descent")
        last = {name: descent.path(make, 60)[-5:] for name, make in OPTIMIZERS.items()}
        heights = {name: descent.height(points).max() for name, points in last.items()}
        assert heights["SGDM"] < heights["SGD"] / 3
        assert heights["RMSProp"] < heights["SGD"] / 3
        assert heights["Adam"] < heights["SGD"] / 3

    def test_the_steep_direction_forbids_a_larger_rate(self, figures):
        descent = figures("descent")
        assert descent.height(descent.path(lambda net: SGD(net, 0.021), 60)[-1]) > 100

    def test_a_rate_that_is_too_large_gives_infinity_without_a_warning(self, figures, images):
        descent = figures("descent")
        features, labels = descent.shrunk(np.tile(images, (10, 1, 1, 1))), np.arange(600) % 10
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert descent.loss_after(SGD, 1e6, features, labels) == np.inf
            assert descent.loss_after(SGD, 1e-4, features, labels) == pytest.approx(
                descent.CHANCE, abs=0.1
            )

    def test_images_shrink_to_the_means_of_their_squares(self, figures, images):
        small = figures("descent").shrunk(images).reshape(60, 8, 8, 3)
        assert small[5, 2, 7] == pytest.approx(images[5, 8:12, 28:32].mean(axis=(0, 1)), abs=1e-6)


class TestDrawing:
    @pytest.fixture
    def pyplot(self, monkeypatch):
        """matplotlib.pyplot, with the background that dark themes set."""
        pyplot = pytest.importorskip("matplotlib.pyplot")
        pyplot.switch_backend("Agg")
        monkeypatch.setattr(pyplot, "show", lambda: None)
        with pyplot.style.context("dark_background"):
            yield pyplot
        pyplot.close("all")

    @pytest.mark.parametrize(
        "draw",
        [
            lambda f, images, labels: f.show_digits(images, labels),
            lambda f, images, labels: f.show_class_balance(training=labels, test=labels),
            lambda f, images, labels: f.show_chain_rule(),
            lambda f, images, labels: f.show_gradient_check(),
            lambda f, images, labels: f.show_mistakes(linear(), images, labels),
            lambda f, images, labels: f.show_hidden_units(linear()),
            lambda f, images, labels: f.show_confusion(linear(), images, labels),
            lambda f, images, labels: f.show_paths(OPTIMIZERS),
            lambda f, images, labels: f.show_learning_rates({"SGD": SGD}, images[:40], labels[:40]),
        ],
    )
    def test_ink_is_dark_on_white_whatever_the_theme(self, figures, pyplot, images, labels, draw):
        draw(importlib.import_module("figures"), images, labels)
        figure = pyplot.gcf()
        assert figure.get_facecolor() == (1, 1, 1, 1)
        for axes in figure.axes:
            assert axes.title.get_color() == axes.xaxis.label.get_color() == "0.1"

    def test_rates_that_are_far_too_large_do_not_flatten_the_curves(
        self, figures, pyplot, images, labels, monkeypatch
    ):
        descent = importlib.import_module("figures.descent")
        losses = iter([2.2, 1.5, 1.1, 400.0, float("nan"), 3.0, 900.0])
        monkeypatch.setattr(descent, "loss_after", lambda *_: next(losses))
        descent.show_learning_rates({"SGD": SGD}, images[:40], labels[:40])
        low, high = pyplot.gca().get_ylim()
        assert 0.9 < low < 1.1
        assert descent.CHANCE < high < 3


def linear():
    """A network of a single layer that answers at random."""
    model = TinyNet()
    model.net = sequential(flatten(), fc(3072, 10, 0.01, name="only"))
    return model
