"""How unlikely a likeness is said to be."""

from __future__ import annotations

import numpy as np

from autograder.similar.calibration import LEAST_PAIRS, tail_of

PAIRS = 19_900


def drawn(seed: int, pairs: int = PAIRS) -> np.ndarray:
    """Likeness as a sum of many small agreements."""
    rng = np.random.default_rng(seed)
    return rng.gamma(3, 0.03, size=pairs)


def test_chance_is_not_said_to_be_unlikely():
    """Of a hundred classes without copies, a tenth of a class is to be expected."""
    least = [tail_of(each, PAIRS).unlikely(each).min() for each in map(drawn, range(100))]
    assert sum(chance <= 0.001 for chance in least) <= 1


def test_what_is_said_to_happen_in_a_tenth_of_all_classes_happens_about_so_often():
    least = [tail_of(each, PAIRS).unlikely(each).min() for each in map(drawn, range(100))]
    share = np.mean([chance <= 0.1 for chance in least])
    assert 0.02 <= share <= 0.2


def test_a_copy_is_unlikely():
    tail = tail_of(drawn(1), PAIRS)
    assert tail.unlikely(np.array([0.9]))[0] < 1e-4


def test_ten_copies_hardly_move_what_chance_explains():
    strangers = drawn(2)
    copies = np.full(10, 0.95)
    alone, together = tail_of(strangers, PAIRS), tail_of(np.r_[strangers, copies], PAIRS + 10)
    assert together.scale < 1.2 * alone.scale
    assert together.unlikely(copies).max() < 1e-4


def test_the_more_pairs_are_compared_the_less_unlikely_one_is():
    likeness, one = drawn(3), np.array([0.55])
    assert tail_of(likeness, 10 * PAIRS).unlikely(one) > 5 * tail_of(likeness, PAIRS).unlikely(one)


def test_a_small_class_is_not_calibrated():
    assert tail_of(drawn(4, LEAST_PAIRS - 1), LEAST_PAIRS - 1) is None
    assert tail_of(drawn(4, LEAST_PAIRS), LEAST_PAIRS) is not None


def test_pairs_that_are_all_the_same_are_not_unlikely():
    same = np.full(PAIRS, 0.3)
    assert tail_of(same, PAIRS).unlikely(same).min() == 1
