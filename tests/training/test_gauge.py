import numpy as np

from autograder.gauge import CLASSES, FEATURES, Gauge
from autograder.seeds import key_of


def test_a_gauge_is_a_signed_permutation_of_features_and_a_permutation_of_classes():
    gauge = Gauge.of(1)
    assert np.array_equal(np.sort(gauge.order), np.arange(FEATURES))
    assert set(gauge.sign) == {-1, 1}
    assert np.array_equal(np.sort(gauge.classes), np.arange(CLASSES))


def test_a_gauge_follows_from_its_seed_and_differs_between_seeds():
    one, again, other = Gauge.of(1), Gauge.of(1), Gauge.of(2)
    assert np.array_equal(one.order, again.order)
    assert not np.array_equal(one.order, other.order)
    assert not np.array_equal(one.sign, other.sign)


def test_the_sandboxs_key_of_a_seed_is_none_of_the_gauges_numbers():
    rng = np.random.default_rng(np.frombuffer(bytes.fromhex(key_of(1)), dtype=np.uint32))
    assert not np.array_equal(Gauge.of(1).order, rng.permutation(FEATURES))


def test_distances_between_images_are_kept_and_float32_stays_float32():
    images = np.random.default_rng(0).normal(size=(5, FEATURES)).astype(np.float32)
    moved = Gauge.of(3).features(images)
    assert moved.dtype == np.float32
    assert not np.allclose(moved, images)
    assert np.allclose(moved @ moved.T, images @ images.T, rtol=1e-4, atol=1e-3)


def test_labels_are_renamed_one_for_one():
    labels = np.arange(CLASSES).repeat(3)
    assert len(set(zip(labels, Gauge.of(4).labels(labels), strict=True))) == CLASSES
