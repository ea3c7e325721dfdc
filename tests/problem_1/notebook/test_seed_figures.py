"""The figures printed in a student's run of years ago come out of our notebook, on any processor.

They do not depend on that student's random numbers, or on numpy's legacy generator alone, which
gives the same numbers for ever. What they do depend on differs:

* An error beside printed digits ("Difference:", "updated_w error:") is how far the exact answer is
  from those digits. Rounding moves it by less than 1e-7 of itself.
* A loss or a spread is the exact answer but for rounding, for which each test states a bound.
* An error of DropoutNet's gradients is nothing but rounding, see `test_dropout_network`.
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
"""Of the numerical gradients, to either side."""

UNITS = 16
"""By how many units in the last place of the loss a numerical gradient of DropoutNet may be off.

A loss between 2 and 4 is off by up to five and a half: in each example the exponentials, their sum,
a quotient and a logarithm come to four, sum and mean over the examples to the rest. A gradient is
the difference of two losses, so eleven. The curve adds STEP^2 / 6 of a third derivative, which is
at most 4^3 times that of a softmax, 0.097, where dropout multiplies by 4: another 4.7. Off by 2.5
at most is what the kernels of OpenBLAS were seen to be.
"""


@dataclass(frozen=True)
class Compared:
    """Two arrays that a check cell gave to rel_error."""

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
    """What these cells print; what they give to rel_error is added to `compared`."""
    lines: list[str] = []
    namespace = {"print": lambda *words: lines.append(" ".join(map(str, words)))}
    exec(compile(cells["imports"], "imports", "exec"), namespace)
    rel_error = namespace["rel_error"]

    def kept(one, other):
        if compared is not None:
            compared.append(Compared(np.array(one), np.array(other)))
        return rel_error(one, other)

    namespace["rel_error"] = kept
    for grade_id in grade_ids:
        exec(compile(cells[grade_id], grade_id, "exec"), namespace)
    return "\n".join(lines)


@pytest.fixture(scope="module")
def printed(cells):
    """What a section's check cell prints: printed("fc_forward")."""
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
    # the standard deviation of at most 210 numbers near 0.002 is off by less than 210 roundings of
    # its size, which are 1e-12 of what is printed here, its distance from 0.002
    assert [float(line.split()[0]) for line in lines[1:3]] == pytest.approx(
        [4.732445743017475e-05, 5.648012981167489e-05], rel=1e-12
    )
    loss = float(lines[lines.index("Testing the loss ...") + 1])
    # a score is a sum of 31 terms, whose sizes add up to at most 14.1, of hidden features that are
    # sums of 5: rounding is at most 5.9e-14, in whatever order. A loss moves at most twice as far
    assert loss == pytest.approx(2.4250083210516835, rel=0, abs=1.2e-13)


def test_dropout_network(cells):
    """Correct gradients, whose numerical counterparts differ from them by rounding and no more.

    A numerical gradient is a difference of losses and so a whole number of units: of the last place
    of the loss, divided by 2 STEP. To which number a loss is rounded depends on the order in which
    a processor adds. What the cell prints is the largest relative distance between such a whole
    number of units and the exact gradient, which for gradients of 1e-9 is large, and no machine
    need print what another one does. So the figures of the published run must be distances of that
    kind: from our gradients, to six digits, by as few units as rounding explains. This holds for no
    other network.
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
    """Every relative error of an element that rounding could make of it, a row an element."""
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
