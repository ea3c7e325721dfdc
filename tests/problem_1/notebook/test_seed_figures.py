"""The notebook reproduces the figures of a student's published run, on any CPU.

These figures depend on no random numbers, or only on numpy's legacy generator, whose numbers never
change. There are three kinds:

* An error relative to printed digits ("Difference:", "updated_w error:") is the distance of the
  exact answer from these digits. Rounding changes it by less than 1e-7 of itself.
* A loss or a standard deviation is exact up to rounding. Each test states the bound.
* An error of DropoutNet's gradients is only rounding, see `test_dropout_network`.
"""

import re
from dataclasses import dataclass
from functools import partial

import nbformat
import numpy as np
import pytest

from autograder.problem_1 import ASSIGNMENT as P1

# The relative errors of DropoutNet's gradients as one machine printed them: keep probability, then
# parameter.
DROPOUT_NETWORK = {
    "0": {
        "fc1_b": 1.5562038182886694e-05,
        "fc1_w": 9.723764020299864e-05,
        "fc2_b": 2.7841895262663007e-06,
        "fc2_w": 0.0019218743762228804,
        "fc3_b": 6.9596628378975445e-09,
        "fc3_w": 0.0003714499355589531,
    },
    "0.25": {
        "fc1_b": 2.1950150920240895e-06,
        "fc1_w": 2.5552274040519906e-05,
        "fc2_b": 1.878084533525588e-06,
        "fc2_w": 0.0009455388205791924,
        "fc3_b": 6.521995746108614e-10,
        "fc3_w": 0.00031318161857379944,
    },
    "0.5": {
        "fc1_b": 2.2332156468536366e-07,
        "fc1_w": 7.381101514624856e-05,
        "fc2_b": 2.609643832002952e-07,
        "fc2_w": 0.0039842857920920054,
        "fc3_b": 1.2050218326231938e-09,
        "fc3_w": 3.584680630505416e-05,
    },
}


STEP = 1e-5
"""The step of the numerical gradients, to each side."""

UNITS = 16
"""Largest error of a numerical gradient of DropoutNet, in units in the last place of the loss.

A loss between 2 and 4 has an error of up to 5.5 units: in each example, the exponentials, their
sum, a quotient and a logarithm contribute 4; the sum and mean over the examples contribute the
rest. A gradient is the difference of two losses, so its error is up to 11. The truncation error is
STEP^2 / 6 of a third derivative. Where dropout multiplies by 4, that is at most 4^3 times the third
derivative of a softmax, 0.097: another 4.7. The kernels of OpenBLAS showed errors of at most 2.5.
"""


@dataclass(frozen=True)
class Compared:
    """Two arrays that a check cell passed to rel_error."""

    numerical: np.ndarray
    analytic: np.ndarray


@pytest.fixture(scope="module")
def cells():
    """The code of the notebook by grade id, without magics."""
    notebook = nbformat.read(P1.source, as_version=4)
    return {
        cell.metadata.nbgrader.grade_id: "\n".join(
            line for line in cell.source.splitlines() if not line.startswith(("%", "!"))
        )
        for cell in notebook.cells
        if cell.cell_type == "code"
    }


def run(cells, *grade_ids: str, compared: list[Compared] | None = None) -> str:
    """Return what these cells print. Append the arguments of rel_error to `compared`."""
    lines: list[str] = []
    namespace = {"print": lambda *words: lines.append(" ".join(map(str, words)))}
    exec(compile(cells["imports"], "imports", "exec"), namespace)
    rel_error = namespace["rel_error"]

    def recorded(one, other):
        if compared is not None:
            compared.append(Compared(np.array(one), np.array(other)))
        return rel_error(one, other)

    namespace["rel_error"] = recorded
    for grade_id in grade_ids:
        exec(compile(cells[grade_id], grade_id, "exec"), namespace)
    return "\n".join(lines)


@pytest.fixture(scope="module")
def printed(cells):
    """A function that returns what a section's check cell prints: printed("fc_forward")."""
    return partial(run, cells)


def number(text: str, after: str) -> float:
    return float(re.search(re.escape(after) + r"\s*([-+.\deE]+)", text)[1])


def test_fc_forward(printed):
    assert number(printed("fc_forward"), "Difference:") == pytest.approx(4.026016e-09, rel=1e-5)


def test_leaky_relu_forward(printed):
    assert number(printed("leaky_relu_forward"), "Difference:") == pytest.approx(
        1.3333332805929594e-08, rel=1e-9
    )


def test_dropout_drops_nothing_at_0_and_1_and_about_what_it_should_between(printed):
    text = printed("dropout_forward")
    parts = re.split(r"Dropout Keep Prob = ", text)[1:]
    for part, dropped in zip(parts, [0, 0.75, 0.5, 0.25, 0], strict=True):
        found = number(part, "Fraction of output set to zero during training time:")
        assert found == pytest.approx(dropped, abs=0.03)
        assert number(part, "zero during testing time:") == 0
        if dropped == 0:
            means = {number(part, f"{mean}:") for mean in ("Mean of input", "during training time")}
            assert len(means) == 1


def test_small_network(printed):
    lines = printed("small_network_names", "small_network").splitlines()
    # The standard deviation of at most 210 numbers near 0.002 has an error of less than 210
    # roundings. Relative to the distance from 0.002, which is printed here, that is 1e-12.
    assert [float(line.split()[0]) for line in lines[1:3]] == pytest.approx(
        [4.732445743017475e-05, 5.648012981167489e-05], rel=1e-12
    )
    loss = float(lines[lines.index("Testing the loss ...") + 1])
    # A score is a sum of 31 terms, whose absolute values add up to at most 14.1. The hidden
    # features are sums of 5 terms. So the rounding error is at most 5.9e-14 in any order of
    # addition. The error of the loss is at most twice as large.
    assert loss == pytest.approx(2.4250083210516835, rel=0, abs=1.2e-13)


def test_dropout_network(cells):
    """The numerical gradients differ from the correct gradients only by rounding.

    A numerical gradient is a difference of losses, so it is a whole number of units: a unit is the
    last place of the loss, divided by 2 STEP. How a loss is rounded depends on the order in which a
    CPU adds. The cell prints the largest relative distance between such a whole number of units and
    the exact gradient. For gradients of 1e-9 this distance is large, and differs between machines.
    So the figures of the published run must be such distances from our gradients, to six digits,
    with no more units than rounding explains. This holds for no other network.
    """
    compared: list[Compared] = []
    text = run(cells, "dropout_network", compared=compared)
    parts = re.split(r"Dropout p = ", text)[1:]
    parameters = [
        (part.split()[0], name) for part in parts for name in sorted(DROPOUT_NETWORK["0"])
    ]
    assert len(parameters) == len(compared) == 18
    unit = np.spacing(2.0) / (2 * STEP)
    for (keep_prob, name), found in zip(parameters, compared, strict=True):
        assert np.abs(found.numerical - found.analytic).max() <= UNITS * unit, name
        published = DROPOUT_NETWORK[keep_prob][name]
        possible = errors_after_rounding(found.analytic, unit)
        assert np.isclose(possible, published, rtol=1e-6, atol=1e-15).any(), name


def errors_after_rounding(gradient: np.ndarray, unit: float) -> np.ndarray:
    """The relative errors that rounding could cause, one row per element."""
    exact = gradient.reshape(-1, 1)
    rounded = (np.round(exact / unit) + np.arange(-UNITS, UNITS + 1)) * unit
    return np.abs(rounded - exact) / np.maximum(1e-8, np.abs(rounded) + np.abs(exact))


def test_sgd_momentum(printed):
    text = printed("sgd_momentum")
    assert number(text, "updated_w error:") == pytest.approx(8.882347033505819e-09, rel=1e-6)
    assert number(text, "velocity error:") == pytest.approx(4.269287743278663e-09, rel=1e-6)


@pytest.mark.parametrize("section", ["fc_backward", "leaky_relu_backward", "dropout_backward"])
def test_gradient_checks_pass(printed, section):
    assert "rror" in printed(section)


@pytest.mark.parametrize("section", ["cascade", "cross_entropy", "rmsprop", "adam", "activations"])
def test_sections_with_other_random_numbers_pass(printed, section):
    answers = {"cascade": ["cascade_names"], "activations": ["activations_definitions"]}
    assert "error" in printed(*answers.get(section, []), section)
