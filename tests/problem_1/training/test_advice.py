"""What is said about choices whose training fell short: true numbers, and nothing without cause."""

import re
from dataclasses import replace

import pytest

from autograder.problem_1 import ASSIGNMENT as P1
from autograder.problem_1.advice import advice
from autograder.training.curve import shape_of
from autograder.training.judged import solution_recipe
from autograder.training.recipe import Layer


@pytest.fixture(scope="module")
def chosen():
    return solution_recipe(P1)


def test_nothing_is_said_about_the_choices_of_the_solution(chosen):
    assert list(advice(chosen)) == []


@pytest.mark.parametrize(
    ("place", "change", "kind", "says"),
    [
        (1, dict(spread=0.002), "start_first", r" 0\.002\. .*sqrt\(3072\) = 0\.018\. .*small"),
        (3, dict(spread=1.0), "start_second", r" of 1\. .*sqrt\(512\) = 0\.044\. .*large"),
        (1, dict(outputs=8), "units", "8 hidden units"),
        (2, dict(slope=0.9), "slope", r"slope of 0\.9,"),
    ],
)
def test_a_layer_far_from_the_advice_is_named_with_its_number(chosen, place, change, kind, says):
    layers = list(chosen.layers)
    layers[place] = replace(layers[place], **change)
    ((found, text),) = advice(replace(chosen, layers=tuple(layers)))
    assert found == kind
    assert re.search(says, text)


def test_a_layer_of_dropout_that_drops_most_is_named(chosen):
    def with_dropout(keep_prob):
        return replace(chosen, layers=(*chosen.layers, Layer("dropout", keep_prob=keep_prob)))

    assert [kind for kind, _ in advice(with_dropout(0.2))] == ["kept"]
    for usual in (0.0, 0.5, 1.0):  # 0 means no dropout
        assert list(advice(with_dropout(usual))) == []


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (dict(epochs=2), "epochs"),
        (dict(batch_size=5000), "batch_size"),
        (dict(lr_decay=1.5), "grows"),
    ],
)
def test_a_hyperparameter_far_from_the_usual_is_named_with_its_number(chosen, change, kind):
    ((found, text),) = advice(replace(chosen, **change))
    assert found == kind
    assert f"{next(iter(change.values())):g}" in text


def test_a_rate_that_soon_falls_to_nothing_is_named(chosen):
    tenfold = replace(chosen, lr_decay=0.1, lr_decay_every=1)
    assert [kind for kind, _ in advice(tenfold)] == ["falls"]
    assert list(advice(replace(tenfold, lr_decay_every=10))) == []
    assert list(advice(replace(tenfold, lr_decay=0.99))) == []


@pytest.mark.parametrize(
    ("curve", "says"),
    [
        ((), ""),
        ((0.18, 0.19, 0.185), "In no epoch"),
        ((0.2, 0.3, 0.4, 0.5, 0.6, 0.65, 0.68, 0.70), "still rises"),
        ((0.3, 0.6, 0.7, 0.5, 0.2), "after epoch 3 of 5"),
        ((0.3, 0.6, 0.7, 0.70, 0.70, 0.70, 0.70, 0.70), "hardly changes"),
        ((0.7,), "hardly changes"),
        ((0.3, 0.5, 0.70, 0.70, 0.70, 0.66, 0.71, 0.69), ""),  # it goes up and down
    ],
)
def test_the_shape_of_a_curve_is_said_in_words(curve, says):
    said = shape_of(curve, chance=0.19)
    assert says in said
    assert bool(said) == bool(says)
