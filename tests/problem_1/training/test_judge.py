import numpy as np
import pytest
from lib.mlp.fully_conn import SmallFullyConnectedNetwork
from lib.mlp.layer_utils import cross_entropy

from autograder.training import networks


@pytest.fixture
def network():
    """(values, model): the parameters of a network with ordinary weights, and the network."""
    rng = np.random.default_rng(0)
    model = SmallFullyConnectedNetwork(dtype=np.float64)
    values = {"slopes": np.array([0.01, 1.0])}
    for number, name in enumerate(("fullo_1", "fullo_2"), start=1):
        for kind in ("w", "b"):
            value = rng.normal(size=model.net.get_params(f"{name}_{kind}").shape)
            model.net.assign(f"{name}_{kind}", value)
            values[f"{kind}{number}"] = value
    return values, model


def test_scores_accuracy_and_loss_equal_the_librarys(network):
    values, model = network
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(2000, 4)), rng.integers(7, size=2000)
    expected = model.forward(x)
    assert np.allclose(networks.scores(values, x), expected)
    assert networks.accuracy(values, x, y) == (expected.argmax(axis=1) == y).mean()
    assert networks.loss(values, x, y) == pytest.approx(cross_entropy().forward(expected, y))


def test_parameters_with_nan_or_infinity_have_accuracy_0(network):
    values, _ = network
    x, y = np.ones((10, 4)), np.zeros(10, int)
    for poison in (np.nan, np.inf, -np.inf):
        broken = {**values, "b2": np.full(7, poison)}
        assert networks.accuracy(broken, x, y) == 0
        assert networks.loss(broken, x, y) == np.inf


@pytest.mark.parametrize(
    "change",
    [
        {"w1": np.ones((5, 30))},
        {"w1": np.ones(4)},
        {"b1": np.ones((2, 30))},
        {"w2": np.ones((29, 7))},
    ],
)
def test_parameters_that_do_not_fit_are_refused(network, change):
    with pytest.raises(ValueError, match="layer"):
        networks.scores({**network[0], **change}, np.ones((3, 4)))


@pytest.mark.parametrize(
    "change",
    [
        {"w1": "a text"},
        {"b1": np.ones(())},
        {"slopes": "ab"},
        {"slopes": np.ones(())},
        {"slopes": np.ones(0)},
        {"slopes": np.ones(3)},
        {"slopes": np.ones(networks.MOST_LAYERS + 1)},
        {"w2": np.ones((30, networks.MOST_OUTPUTS + 1)), "b2": np.ones(networks.MOST_OUTPUTS + 1)},
    ],
    ids=str,
)
def test_invalid_or_too_large_networks_are_refused(network, change):
    """Parameters are untrusted: they may be any value that the protocol can carry."""
    claim = {**network[0], **change}
    for judged in (networks.accuracy, networks.loss):
        with pytest.raises(ValueError, match=r"not an array|layers|at most"):
            judged(claim, np.ones((3, 4)), np.zeros(3, int))


def test_too_many_parameters_are_refused(network, monkeypatch):
    monkeypatch.setattr(networks, "MOST_PARAMETERS", 100)
    with pytest.raises(ValueError, match="at most 100 parameters; found"):
        networks.network(network[0])


def test_only_the_network_is_kept_of_the_values_sent(network):
    claim = {**network[0], "w3": np.ones((7, 7)), "junk": np.ones(9), "w01": np.ones(9)}
    assert networks.network(claim).keys() == network[0].keys()
