"""A student's choices are read as plain numbers; an invalid recipe is refused with a message."""

import re
from operator import attrgetter

import numpy as np
import pytest

from autograder.diagnosis.in_process import load, run_trusted
from autograder.diagnosis.variants import solution
from autograder.observation.observe import Observation
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.problem_1.training import PLAN
from autograder.sandbox.session import Ending
from autograder.training.judged import solution_recipe
from autograder.training.recipe import Inexpressible, Layer, Recipe, network

CHAIN = """self.net = sequential(
            flatten(name="flatten"),
            fc(3072, 512, 2.5e-2, name="fullo_1"),
            leaky_relu(name="lrelu"),
            fc(512, 10, 2.5e-2, name="fullo_2"),
        )"""
CELL = "batch_size, epochs, lr_decay, lr_decay_every = 32, 7, 0.5, 2"


def read_of(chain: str = CHAIN, cell: str = CELL, more: str = "") -> Recipe:
    files = dict(solution(P1).files)
    text = files["lib/mlp/fully_conn.py"].decode()
    assert text.count(CHAIN) == 1
    files["lib/mlp/fully_conn.py"] = (text.replace(CHAIN, chain) + more).encode()
    cells = {"train_tiny_net_hyperparameters": cell}
    return Recipe.read(
        PLAN, run_trusted(load(P1, files), cells, P1.probes["train_tiny_net_recipe"], seed=1)
    )


def test_the_solution_s_choices_are_read():
    recipe = solution_recipe(P1)
    assert [layer.kind for layer in recipe.layers] == ["flatten", "fc", "leaky_relu", "fc"]
    assert recipe.layers[1] == Layer("fc", 3072, 512, 0.025)
    assert recipe.layers[2] == Layer("leaky_relu", slope=0.01)
    assert recipe.layers[3] == Layer("fc", 512, 10, 0.025)
    assert (recipe.batch_size, recipe.epochs, recipe.lr_decay_every) == (25, 20, 50)
    assert recipe.lr_decay == 0.99


def test_every_choice_is_in_the_recipe():
    chain = """self.net = sequential(
            flatten(), fc(3072, 40, 0.1, name="a"), leaky_relu(0.25, name="b"),
            fc(40, 20, 0.2, name="c"), leaky_relu(0, name="d"), dropout(0.5, name="e"),
            fc(20, 10, name="f"))
        self.net.layers[1].params["a_b"] = 0.03 * np.random.randn(40)"""
    recipe = read_of(chain)
    assert recipe.layers[1].spread == pytest.approx(0.1)
    assert recipe.layers[1].bias_spread == pytest.approx(0.03, rel=0.3)
    kinds = [layer.kind for layer in recipe.layers]
    assert kinds == ["flatten", "fc", "leaky_relu", "fc", "leaky_relu", "dropout", "fc"]
    assert [layer.slope for layer in recipe.layers][2] == 0.25
    assert recipe.layers[5].keep_prob == 0.5
    assert recipe.layers[6].spread == pytest.approx(0.002, rel=0.2)
    assert (recipe.batch_size, recipe.epochs, recipe.lr_decay) == (32, 7, 0.5)


def test_equal_choices_give_equal_recipes():
    other = CHAIN.replace("fullo_1", "one").replace("fullo_2", "two").replace("2.5e-2", "0.025")
    assert read_of(other) == read_of()


def test_a_recipe_survives_json():
    recipe = solution_recipe(P1)
    assert Recipe.from_dict(recipe.as_dict()) == recipe


def test_a_network_built_from_a_recipe_has_that_recipe():
    library, layers = (
        load(P1, solution(P1).files),
        solution_recipe(P1).layers,
    )
    library.fully_conn.TinyNet = lambda: network(layers, library)
    seen = run_trusted(library, solution(P1).cells, P1.probes["train_tiny_net_recipe"], seed=2)
    assert Recipe.read(PLAN, seen) == solution_recipe(P1)


@pytest.mark.parametrize(
    ("chain", "says"),
    [
        (CHAIN.replace("leaky_relu(", "Own("), "layer 3 of TinyNet is not one of flatten, fc"),
        (
            CHAIN.replace("3072, 512", "3072, 17000").replace("512, 10", "17000, 10"),
            "1 to 16384 outputs",
        ),
        (CHAIN.replace("512, 10", "100, 10"), "from 100 to 10 features; expected 512 inputs"),
        ("self.net = sequential(flatten(name='f'))", "0 weights"),
        (CHAIN.replace("2.5e-2", "float('nan')"), "not finite"),
    ],
    ids=["a layer of one's own", "too wide", "no chain", "nothing to train", "NaN"],
)
def test_an_invalid_network_is_refused_with_the_reason(chain, says):
    own = "\n\nclass Own(leaky_relu):\n    pass\n\n\nclass Own:\n" + (
        "    def __init__(self, name='own'):\n"
        "        self.name, self.params, self.grads = name, {}, {}\n"
    )
    with pytest.raises(Inexpressible, match=re.escape(says)):
        read_of(chain, more=own)


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        (CELL.replace("32", "0"), "batch_size"),
        (CELL.replace("32", "2.5"), "batch_size"),
        (CELL.replace("7", "-1"), "epochs"),
        (CELL.replace("7", "'many'"), "epochs"),
        (CELL.replace("0.5", "float('inf')"), "lr_decay"),
        (CELL.replace("0.5, 2", "0.5, 0"), "lr_decay_every"),
        (CELL.replace("32", "np.array([3, 4])"), "batch_size"),
    ],
)
def test_hyperparameters_out_of_range_are_refused_by_name(cell, says):
    with pytest.raises(Inexpressible, match=f"^{says} is not a"):
        read_of(cell=cell)


@pytest.mark.parametrize(
    "forged",
    [
        {},
        {"kinds": np.zeros((2, 2))},
        {"kinds": np.arange(1000)},
        {"kinds": np.array([99.0])},
        {"kinds": "text"},
        {"kinds": np.array([1]), "inputs": np.array([2**60]), "outputs": np.array([2**60])},
        {"kinds": np.array([1, 2]), "inputs": np.array([3072])},
    ],
    ids=str,
)
def test_forged_numbers_are_refused(forged):
    columns = ("inputs", "outputs", "spread", "bias_spread", "slopes", "keep_probs")
    values = {name: np.zeros(1) for name in columns} | forged
    with pytest.raises(Inexpressible):
        Recipe.read(PLAN, Observation("train_tiny_net_recipe", values, {}, Ending("finished")))


@pytest.mark.parametrize("mode", PLAN.modes.values(), ids=attrgetter("name"))
def test_an_endless_recipe_is_cut_to_the_epochs_that_fit_into_the_minutes_of_its_mode(mode):
    endless = Recipe((Layer("fc", 3072, 512, 0.02), Layer("fc", 512, 10, 0.02)), 25, 10**9, 1.0, 1)
    fitting = endless.fitting_epochs(mode)
    assert 20 < fitting < 1000
    assert endless.cost(mode) <= mode.minutes
    tiny_batches = Recipe(endless.layers, 1, 10**9, 1.0, 1)
    assert tiny_batches.fitting_epochs(mode) < fitting
