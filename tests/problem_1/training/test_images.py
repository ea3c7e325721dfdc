"""Recipes are trained on the notebook's images, with the notebook's preprocessing."""

import numpy as np
import pytest
from lib.mlp.datasets import SVHN_data

from autograder.assignment.training import Mode
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.problem_1 import svhn
from autograder.problem_1.training import PLAN
from autograder.training.images import open_images

PLAIN = Mode("plain", 1500, 300, 0.75, 0.5)


def test_features_equal_those_that_the_notebook_loads(twin):
    theirs = SVHN_data(PLAIN.training, PLAIN.validation, twin)
    ours = open_images(P1, PLAIN, twin)
    for (features, labels), name in ((ours.train, "train"), (ours.val, "val")):
        assert np.array_equal(labels, theirs[f"labels_{name}"])
        assert len(features) == len(labels)
        expected = theirs[f"data_{name}"]
        assert np.allclose(features[:], expected, atol=1e-6)
        some = np.array([7, 3, 3])
        assert features[some].dtype == np.float32
        assert np.allclose(features[some], expected[some], atol=1e-6)


def test_standardised_images_have_mean_0_and_deviation_1(images):
    some = images.train[0][:50].reshape(50, -1)
    assert np.allclose(some.mean(axis=1), 0, atol=1e-4)
    assert np.all((some.std(axis=1) > 0.9) & (some.std(axis=1) <= 1.001))


def test_chance_is_the_share_of_the_most_common_digit(images):
    labels = images.val[1].tolist()
    assert images.chance == max(map(labels.count, range(10))) / len(labels)


def test_too_few_images_are_refused_with_instructions(twin):
    with pytest.raises(svhn.DataError, match=r"1,800.*73,257.*autograder data"):
        open_images(P1, PLAN.modes["full"], twin)


def test_missing_data_is_refused_with_instructions(tmp_path):
    with pytest.raises(svhn.DataError, match="autograder data"):
        open_images(P1, PLAN.modes["short"], tmp_path / "nothing")
