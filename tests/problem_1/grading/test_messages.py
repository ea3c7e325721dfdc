"""Messages tell students where to look, in plain text, and never reveal expected values."""

import re

import numpy as np
import pytest

from autograder.grading.compiled import LONGEST_MESSAGE
from autograder.grading.grade import probe_names, reference
from autograder.problem_1 import ASSIGNMENT as P1

SEED = 2024
LAYERS = "lib/mlp/layer_utils.py"
WRONG = (
    (LAYERS, "feat.T @ dprev", "feat.T @ dprev * 1.1"),
    (LAYERS, "np.maximum(feat, self.negative_slope * feat)", "np.maximum(feat, 0.3 * feat)"),
    (LAYERS, "scores /= scores.sum(axis=-1, keepdims=True)", "scores /= scores.sum()"),
    ("lib/optim.py", "self.momentum * v -", "0.5 * v -"),
    ("lib/optim.py", "grad**2\n            param", "abs(grad)\n            param"),
    ("lib/mlp/train.py", "val_acc = compute_acc(", "val_acc = 0.9 * compute_acc("),
)
NUMBER = re.compile(r"-?\d+\.\d{3,}(?:e[+-]\d+)?")


def numbers(values) -> set[str]:
    """Values as messages would print them, without those of few digits, which are common (0.5)."""
    flat = np.ravel(np.asarray(values, dtype=float))
    printed = {f"{value:.6g}" for value in flat[np.isfinite(flat)]}
    return {text for text in printed if len(re.sub(r"\D", "", text.split("e")[0]).lstrip("0")) >= 5}


@pytest.mark.parametrize("change_", WRONG, ids=lambda row: row[1][:30])
def test_messages_contain_no_expected_value(change_, change, graded, sandbox):
    answers = reference(P1, SEED, sandbox, probe_names(P1, False))
    grade = graded(change(*change_))
    failed = [s for s in grade.sections if not all(t.passed for t in s.tests)]
    assert failed
    for section in failed:
        expected = {
            text
            for probe in answers  # only this section's: others have values equal by chance
            if probe.startswith(section.id) and not probe.endswith("_training_size")
            for value in answers[probe].values.values()
            for text in numbers(value)
        }
        assert len(expected) > 20
        printed = [
            text for t in section.tests if not t.passed for text in NUMBER.findall(t.message)
        ]
        assert set(printed) & expected == set()


@pytest.mark.parametrize("factor", [1.03, 0.4, 7.0])
def test_a_number_and_its_error_do_not_reveal_the_right_number(change, graded, sandbox, factor):
    """The message about a wrong loss is compatible with right losses that are far apart."""
    wrong = change(LAYERS, "return loss", f"return {factor} * loss")
    messages = {t.name: t.message for s in graded(wrong).sections for t in s.tests}
    said = messages["cross_entropy_loss"]
    match = NUMBER_AND_ERROR.search(said)
    assert match is not None, said
    own, error = float(match["own"]), float(match["error"])
    right = float(reference(P1, SEED, sandbox, probe_names(P1, False))["cross_entropy"]["loss"])
    candidates = [
        own / (1 + sign * part * error) for sign in (-1, 1) for part in (1.001, 3.0, 9.999)
    ]
    assert min(candidates) < right < max(candidates)
    assert (max(candidates) - min(candidates)) / right > 5 * abs(factor - 1)
    assert NUMBER.findall(said.replace(match["own"], "")) == []


NUMBER_AND_ERROR = re.compile(
    r"by more than (?P<error>\de[+-]\d+) of .*; yours is (?P<own>[\d.]+)$"
)


def test_an_exception_is_reported_with_the_students_own_line(change, graded):
    wrong = change(
        LAYERS, "dfeat = scores.copy()", "dfeat = scores.copy() / (1 - self.size_average)"
    )
    wrong = change(LAYERS, "dprev.sum(axis=0)", "dprev.sum(axis=3)", base=wrong)
    messages = {t.name: t.message for s in graded(wrong).sections for t in s.tests}
    line = wrong.files[LAYERS].decode().split("dprev.sum(axis=3)")[0].count("\n") + 1
    said = messages["fc_backward_bias_gradient"]
    assert "raised AxisError: axis 3 is out of bounds" in said
    assert f"(lib/mlp/layer_utils.py, line {line}, in backward: " in said
    assert "self.grads[self.b_name] = dprev.sum(axis=3)" in said
    through = messages["cascade_gradients"]
    assert through.index("in backward: self.grads[self.b_name]") < through.index(
        "; called from lib/mlp/fully_conn.py, line"
    )


def test_messages_are_one_short_line_of_printable_text(change, graded):
    evil = 'raise ValueError("\\x1b[2J\\r\\n\\u202e" + "<script>" * 1000)'
    wrong = change("lib/optim.py", "v = self.velocity.get(name, 0.0)", evil)
    grade = graded(wrong)
    messages = [t.message for s in grade.sections for t in s.tests if s.id == "sgd_momentum"]
    assert all("ValueError" in message for message in messages)
    for message in messages:
        assert message.isprintable()
        assert len(message) <= LONGEST_MESSAGE


def test_a_timeout_is_reported_as_a_timeout(change, graded, hurried):
    wrong = change("lib/optim.py", "cache = self.cache.get(name, 0.0)", "while True: pass")
    said = {t.name: t.message for s in graded(wrong).sections for t in s.tests}
    assert "timed out: it did not finish within" in said["rmsprop_update"]
