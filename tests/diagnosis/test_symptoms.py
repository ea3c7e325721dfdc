"""Symptoms are said only when they are true, and the most specific true one is said."""

import numpy as np
import pytest

from autograder.assignment.words import Described
from autograder.diagnosis.symptoms.compared import Compared
from autograder.diagnosis.symptoms.factors import named_factor
from autograder.diagnosis.symptoms.places import place_of
from autograder.diagnosis.symptoms.relations import clause_of, general

rng = np.random.default_rng(5)
RIGHT = rng.normal(size=(8, 6))
X, OTHER = rng.normal(size=(8, 6)), rng.normal(size=(8, 6))
BIAS = rng.normal(size=6)
START = rng.normal(size=(6,))
STEPS = START + np.cumsum(rng.normal(size=(4, 6)), axis=0)
GIVEN = Described(
    inputs={"the input": X, "the biases": BIAS},
    numbers={"the number of examples": 8, "the learning rate": 0.03},
    axes=("the examples", "the features"),
)


def wrong(student, reference=RIGHT, described=GIVEN, **others):
    name = "value"
    return Compared(name, "the value", np.asarray(student, float), reference, described, others)


def moved(student, reference=STEPS):
    described = Described(
        starts={"value": START}, numbers={"the learning rate": 0.03}, inputs=GIVEN.inputs
    )
    return wrong(student, reference, described)


def changes(times):
    """The steps, each with its change multiplied by a number."""
    before = np.concatenate([START[np.newaxis], STEPS[:-1]])
    each = np.asarray(times, float).reshape(-1, 1)
    return START + np.cumsum((STEPS - before) * each, axis=0)


@pytest.mark.parametrize(
    ("value", "kind", "says"),
    [
        (wrong(np.full((8, 6), np.nan)), "not_finite", "is NaN in every place"),
        (wrong(np.where(RIGHT > 0, np.inf, RIGHT)), "not_finite", "infinite in some places"),
        (wrong(RIGHT * 0), "zero", "is 0 everywhere"),
        (wrong(RIGHT.T), "transposed", "is transposed"),
        (wrong(RIGHT.reshape(8, 1, 6)), "reshaped", "(8, 1, 6), which should be (8, 6)"),
        (wrong(X[:, np.newaxis] * np.ones((8, 3, 6)), X * 3), "not_summed", "summed"),
        (wrong(RIGHT.sum(axis=0)), "summed", "summed over the examples"),
        (wrong(RIGHT.mean(axis=1)), "summed", "averaged over the features"),
        (wrong(RIGHT.sum()), "summed", "over everything"),
        (wrong(RIGHT[:5]), "shape", "has the shape (5, 6), which should be (8, 6)"),
        (wrong(X), "an_input", "is the input, unchanged"),
        (wrong(OTHER, **{"the other": OTHER}), "another_value", "belongs in the other"),
        (wrong(RIGHT / 8), "scaled", "is 1 / (the number of examples) times"),
        (wrong(RIGHT * 2), "scaled", "is two times"),
        (wrong(RIGHT * 0.03), "scaled", "is the learning rate times"),
        (wrong(RIGHT * 3.7), "scaled", "too large, by one and the same factor"),
        (wrong(-RIGHT), "opposite_sign", "has the opposite sign"),
        (wrong(X * 8), "an_input_scaled", "is the number of examples times the input"),
        (wrong(RIGHT - BIAS), "offset", "lacks the biases"),
        (wrong(RIGHT + BIAS), "offset", "has the biases added once too often"),
        (wrong(RIGHT + 1), "offset", "one and the same amount in every place"),
        (wrong(RIGHT + OTHER[0]), "offset", "the same for all of the examples"),
        (wrong(RIGHT**2), "function", "the square of"),
        (wrong(np.exp(RIGHT)), "function", "the exponential of"),
        (wrong(np.full((8, 6), 0.3)), "constant", "the same number in every place"),
        (wrong(RIGHT * np.arange(1, 9).reshape(8, 1)), "factor_by_axis", "the examples"),
        (wrong(np.round(RIGHT)), "rounded", "whole numbers"),
        (wrong(np.clip(RIGHT, -0.5, 0.5)), "clipped", "below or above a bound"),
        (wrong(RIGHT[::-1]), "rearranged", "the examples reversed"),
        (wrong(rng.permutation(RIGHT.ravel()).reshape(8, 6)), "rearranged", "other places"),
        (wrong(RIGHT * np.where(X > 0, 1, -1)), "sign", "the opposite sign in some places"),
        (wrong(np.tile(OTHER[:1], (8, 1))), "alike", "the same for all of the examples"),
        (moved(np.tile(START, (4, 1))), "unmoved", "the same after the step as before"),
        (moved(changes([0, 1, 1, 1])), "begins_late", "does not change in the first step"),
        (moved(changes([-1] * 4)), "opposite_sign", "moves the opposite way"),
        (moved(changes([0.03] * 4)), "scaled", "changes by the learning rate times"),
        (moved(changes([0.5, 0.4, 0.3, 0.2])), "factor_by_axis", "differs between the steps"),
    ],
)
def test_what_holds_is_said(value, kind, says):
    clause = clause_of(value)
    assert clause is not None
    assert clause.kind == kind
    assert says in clause.text


@pytest.mark.parametrize("seed", range(50))
def test_nothing_is_said_about_numbers_that_have_nothing_to_do_with_the_right_ones(seed):
    drawn = np.random.default_rng(seed)
    described = Described(
        inputs={"the input": drawn.normal(size=(8, 6)), "the biases": drawn.normal(size=6)},
        numbers={"the number of examples": 8, "the learning rate": 0.03, "momentum": 0.7},
        starts={"value": drawn.normal(size=(6,))},
        places={"at the label": drawn.random((8, 6)) > 0.5},
    )
    reference, student = drawn.normal(size=(8, 6)), drawn.normal(size=(8, 6))
    value = wrong(student, reference, described)
    assert clause_of(value) is None
    assert place_of(value) is None


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (wrong(np.where(X < 0, 0, RIGHT)), "only where the input is negative, and is 0 there"),
        (wrong(np.where(X < 0, RIGHT / 8, RIGHT)), "1 / (the number of examples) times the right"),
        (wrong(np.where(X > 0, X, RIGHT)), "where the input is positive, and is the input itself"),
        (wrong(np.where(RIGHT < 0, 0, RIGHT)), "where the right value is negative"),
        (wrong(np.r_[RIGHT[:-1], OTHER[-1:]]), "only at the last of the examples"),
        (wrong(np.r_[RIGHT[:1], OTHER[1:]]), "only at all but the first of the examples"),
        (wrong(np.r_[RIGHT[:3], OTHER[3:]]), "only after the first 3 of the examples"),
        (moved(np.r_[STEPS[:1], STEPS[1:] * 2]), "right in the first step and wrong from step 2"),
    ],
)
def test_where_a_value_is_wrong_is_said(value, says):
    assert says in place_of(value).text


def test_a_place_is_not_named_after_one_or_two_wrong_numbers():
    student = RIGHT.copy()
    student[2, 3] += 1
    assert place_of(wrong(student)) is None


@pytest.mark.parametrize(
    ("factor", "name"),
    [
        (8, "the number of examples"),
        (1 / 8, "1 / (the number of examples)"),
        (-8, "minus the number of examples"),
        (64, "the square of the number of examples"),
        (2, "two"),
        (0.97, "1 - (the learning rate)"),
        (3.7, None),
    ],
)
def test_a_factor_is_named_by_the_numbers_of_the_inputs(factor, name):
    assert named_factor(factor, GIVEN.numbers) == name


def test_a_factor_that_two_numbers_would_explain_is_not_named():
    assert named_factor(8, {"the number of examples": 8, "the number of classes": 8}) is None


def odd_array(drawn):
    """An array of any shape, with numbers that a hostile library may send."""
    shape = tuple(drawn.integers(0, 5, size=drawn.integers(0, 5)))
    array = drawn.normal(size=shape) * 10.0 ** drawn.integers(-320, 300)
    special = [np.nan, np.inf, -np.inf, 0.0, 1e308, -5e-324]
    return np.where(drawn.random(shape) < drawn.random(), drawn.choice(special), array)


@pytest.mark.parametrize("seed", range(20))
def test_no_array_stops_the_diagnosis(seed):
    drawn = np.random.default_rng(seed)
    with np.errstate(all="ignore"):
        for _ in range(50):
            reference = drawn.normal(size=tuple(drawn.integers(1, 5, size=drawn.integers(0, 4))))
            student = odd_array(drawn)
            if drawn.random() < 0.5:
                student = np.broadcast_to(odd_array(drawn).ravel()[:1].sum(), reference.shape)
            described = Described(
                inputs={"an input": odd_array(drawn), "another": odd_array(drawn)},
                numbers={"a number": float(drawn.choice([0.0, 1e-300, 0.5, 7.0]))},
                starts={"value": drawn.normal(size=reference.shape[1:])},
                axes=("the rows", "the columns"),
            )
            value = wrong(student, reference, described)
            if not value.fits or value.wrong.any():
                clause_of(value)
                place_of(value)
                list(general(value))
