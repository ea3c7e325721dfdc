"""The figures printed in a student's run of years ago come out of our notebook.

They do not depend on that student's random numbers, or on numpy's legacy generator alone, which
gives the same numbers for ever.
"""

import re

import nbformat
import pytest

from autograder import course

# The relative errors of DropoutNet's gradients: keep probability, then parameter.
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


@pytest.fixture(scope="module")
def printed():
    """What a section's check cell prints: printed("fc_forward")."""
    notebook = nbformat.read(course.SOURCE, as_version=4)
    code = {
        cell.metadata.nbgrader.grade_id: "\n".join(
            line for line in cell.source.splitlines() if not line.startswith(("%", "!"))
        )
        for cell in notebook.cells
        if cell.cell_type == "code"
    }

    def run(*grade_ids: str) -> str:
        lines: list[str] = []
        namespace = {"print": lambda *words: lines.append(" ".join(map(str, words)))}
        for grade_id in ("imports", *grade_ids):
            exec(compile(code[grade_id], grade_id, "exec"), namespace)
        return "\n".join(lines)

    return run


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
    assert [line.split()[0] for line in lines[1:3]] == [
        "4.732445743017475e-05",
        "5.648012981167489e-05",
    ]
    loss = float(lines[lines.index("Testing the loss ...") + 1])
    assert loss == pytest.approx(2.4250083210516835, rel=1e-15)


def test_dropout_network(printed):
    parts = re.split(r"Dropout p = ", printed("dropout_network"))[1:]
    for part in parts:
        for name, error in DROPOUT_NETWORK[part.split()[0]].items():
            assert number(part, f"{name} relative error:") == pytest.approx(error, rel=1e-6)
    assert len(parts) == 3


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
