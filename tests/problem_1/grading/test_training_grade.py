"""Complete gradings with a training, on a small twin that is learnt in seconds."""

import json
from dataclasses import replace

import pytest

from autograder.grading.evidence import observing_hash
from autograder.grading.grade import grade, regrade
from autograder.hand_in.submission import read
from autograder.observation.observe import Observations
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.problem_1.training import PLAN
from autograder.training.replay import Replay, Task, replayed

SEED = 11
CELL = "batch_size, epochs, lr_decay, lr_decay_every = 20, 5, 1, 9"
LAYERS, NETWORKS = "lib/mlp/layer_utils.py", "lib/mlp/fully_conn.py"
TRAINING, OPTIMIZERS = "lib/mlp/train.py", "lib/optim.py"


@pytest.fixture(scope="module")
def trained(images, sandbox):
    def run(submission, cell=CELL, keep=lambda _: None, replay=None):
        cells = {**submission.cells}
        if "NotImpl" not in cells.get("train_tiny_net_hyperparameters", ""):
            cells["train_tiny_net_hyperparameters"] = cell
        replay = replay or (lambda task: replayed(task, images))
        return grade(P1, replace(submission, cells=cells), SEED, sandbox, images, replay, keep)

    return run


@pytest.fixture(scope="module")
def with_replay(right, trained, sandbox):
    """`with_replay(function)`: the solution's Grade with this replay, from a single training."""
    kept = []
    trained(right, keep=kept.append, replay=lambda _: None)

    def regraded(replay):
        return regrade(P1, right.name, kept[0], sandbox, training=True, replay=replay)

    return regraded


FEW_UNITS = '            fc(3072, 8, 1e-4, name="fullo_1"),\n'


def without_activation(submission):
    text = submission.files[NETWORKS].decode()
    begin = text.index("class TinyNet")
    tiny = text[begin:].replace('            leaky_relu(name="lrelu"),\n', "", 1)
    return (text[:begin] + tiny.replace("fc(512, 10", "fc(8, 10", 1)).encode()


def section(grade, name="train_tiny_net"):
    return next(section for section in grade.sections if section.id == name)


def test_the_solution_has_all_points(right, trained, images):
    found = trained(right)
    assert (found.score, found.max_score) == (37, 37)
    assert (found.training, found.data) == ("small", images.data)
    accuracy, own, *_ = section(found).tests
    assert (accuracy.name, accuracy.passed) == ("train_tiny_net_accuracy", True)
    assert "trained again by the grader, reach" in accuracy.message
    assert (own.name, own.passed) == ("train_tiny_net_own_code", True)
    assert not section(found).awaits_a_person


def test_the_released_files_earn_no_points(trained):
    found = trained(read(P1, P1.release))
    assert (found.score, found.max_score) == (0, 37)
    assert "raised NotImplementedError" in section(found).tests[0].message


def test_points_are_in_proportion_to_the_accuracy(with_replay, images):
    def half(_):
        chance = images.chance
        return Replay(chance + (images.mode.target - PLAN.spread - chance) / 2, (0.2, 0.3))

    found = section(with_replay(half))
    assert found.score == 2.5
    assert not found.tests[0].passed


def test_an_accuracy_at_chance_earns_nothing(with_replay, images):
    found = section(with_replay(lambda _: Replay(images.chance, (0.2,))))
    assert found.score == 0


def test_a_named_mistake_is_reproduced_in_the_replay_and_costs_points_once(change, trained):
    asked = []

    def replay(task: Task) -> Replay:
        asked.append(task.mistakes)
        return Replay(1.0, (1.0,))

    wrong = change(LAYERS, "dprev.sum(axis=0)", "dprev.mean(axis=0)")
    found = section(trained(wrong, replay=replay))
    assert asked == [("fc_backward_averages_the_bias_gradient",)]
    assert found.score == 5


def test_an_unnamed_mistake_limits_the_points_by_what_the_code_learns(change, trained):
    wrong = change(
        LAYERS,
        "= feat.T @ dprev",
        "= 0.1 * (feat.T @ dprev) + 0.7 * dprev.mean()",
    )
    found = section(trained(wrong, replay=lambda _: Replay(1.0, (1.0,))))
    own = found.tests[1]
    assert not own.passed
    assert 0 <= found.score < 2


def test_a_network_that_learns_too_little_is_told_what_about_it_may_be_the_reason(change, trained):
    linear = change(NETWORKS, '            fc(3072, 512, 2.5e-2, name="fullo_1"),\n', FEW_UNITS)
    linear = replace(linear, files={**linear.files, NETWORKS: without_activation(linear)})
    found = section(trained(linear))
    assert not found.tests[0].passed
    said = {hint.misconception.removeprefix("train_tiny_net_symptom_") for hint in found.hints}
    assert said == {"layers", "start_first", "start_second", "units", "curve"}
    (layers,) = (hint.text for hint in found.hints if hint.misconception.endswith("_layers"))
    assert layers.startswith("TinyNet consists of Flatten, FC, FC.")


def test_checks_of_the_loop_count_by_their_weights(change, trained):
    wrong = change(TRAINING, "if val_acc > opt_val_acc:", "if val_acc >= opt_val_acc:")
    found = section(trained(wrong))
    assert found.tests[0].passed
    assert found.score == pytest.approx(5 * 11 / 12, abs=0.01)


def test_a_loop_that_never_steps_earns_nothing_whatever_the_notebook_printed(change, trained):
    wrong = change(TRAINING, "                optimizer.step()", "                pass")
    printed = {
        "cell_type": "code",
        "metadata": {"nbgrader": {"grade_id": "train_tiny_net_run"}},
        "source": "",
        "outputs": [{"output_type": "stream", "text": ["Validation Accuracy: 0.25\n",
                                                        "Validation Accuracy: 0.99\n"]}],
    }  # fmt: skip
    notebook = json.dumps({"nbformat": 4, "cells": [printed]}).encode()
    found = section(trained(replace(wrong, notebook=notebook)))
    assert found.score == 0
    assert "your notebook printed 99.0%" in found.tests[0].message


def test_a_network_that_no_recipe_expresses_waits_for_a_person(change, trained):
    own = change(
        NETWORKS,
        'leaky_relu(name="lrelu"),\n            fc(512, 10, 2.5e-2, name="fullo_2"),',
        'Own(name="own"),\n            fc(512, 10, 2.5e-2, name="fullo_2"),',
    )
    text = own.files[NETWORKS].decode() + (
        "\n\nclass Own(leaky_relu.__mro__[1]):\n"
        "    def __init__(self, name):\n"
        "        self.name, self.params, self.grads = name, {}, {}\n"
        "    def forward(self, feat):\n        self.meta = feat\n        return np.tanh(feat)\n"
        "    def backward(self, d):\n        return d * (1 - np.tanh(self.meta) ** 2)\n"
    )
    own = replace(own, files={**own.files, NETWORKS: text.encode()})
    found = section(trained(own))
    assert found.score == 0
    assert found.awaits_a_person
    assert "layer 3 of TinyNet" in found.hints[-1].text


def test_optimizers_that_are_fast_sgd_earn_nothing(change, trained):
    plain = "param -= 40 * self.lr * layer.grads[name]"
    wrong = change(
        OPTIMIZERS, "            param += self.velocity[name]\n", f"            {plain}\n"
    )
    wrong = change(
        OPTIMIZERS,
        "param -= self.lr * grad / np.sqrt(self.cache[name] + self.eps)",
        plain,
        base=wrong,
    )
    wrong = change(
        OPTIMIZERS,
        "param -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)",
        plain,
        base=wrong,
    )
    found = trained(wrong)
    for name, weights in (("compare_sgd_momentum", 1), ("compare_optimizers", 2)):
        assert 0 <= section(found, name).score <= weights / 3
        assert "it earns" in str(section(found, name).tests)
    assert section(found).score == 5


def test_a_mistake_that_has_no_name_is_not_looked_up_for_the_replay(change, trained, sandbox):
    unnamed = change(LAYERS, "+ self.params[self.b_name]", "- self.params[self.b_name]")
    kept = []
    found = trained(unnamed, keep=kept.append)
    assert kept[0].training["mistakes"] == ()
    hints = {hint.misconception for hint in section(found, "fc_forward").hints}
    assert hints == {"fc_forward_symptom_formula"}
    again = regrade(P1, found.submission, kept[0], sandbox, training=True)
    assert replace(again, elapsed_s=0) == replace(found, elapsed_s=0)


def test_kept_observations_are_regraded_without_a_training(change, trained, sandbox, tmp_path):
    wrong = change(OPTIMIZERS, "self.momentum * v -", "self.momentum * v +")
    kept = []
    first = trained(wrong, keep=kept.append)
    kept[0].save(tmp_path / "ada.npz")
    read_again = Observations.load(tmp_path / "ada.npz")
    again = regrade(P1, first.submission, read_again, sandbox, training=True)
    assert replace(again, elapsed_s=0) == replace(first, elapsed_s=0)
    other = {**read_again.training, "mistakes": ["fc_forward_forgets_the_bias"]}
    with pytest.raises(ValueError, match=r"different mistakes .*; grade the submission again"):
        regrade(P1, first.submission, replace(read_again, training=other), sandbox, training=True)


def test_a_grade_that_waits_for_its_replay_is_completed_from_kept_evidence(
    right, trained, sandbox, tmp_path
):
    kept = []
    waiting = trained(right, keep=kept.append, replay=lambda _: None)
    assert section(waiting).score is None
    assert waiting.max_score == 32
    kept[0].save(tmp_path / "ada.npz")
    again = regrade(
        P1,
        right.name,
        Observations.load(tmp_path / "ada.npz"),
        sandbox,
        training=True,
        replay=lambda _: Replay(0.9, (0.9,)),
    )
    assert (again.score, again.max_score) == (37, 37)


NOTEBOOK_BAR = """

from tqdm.notebook import tqdm as _bar

_without_bar = train_net


def train_net(*args, **kwargs):
    with _bar(total=1, desc="training") as bar:
        result = _without_bar(*args, **kwargs)
        bar.update(1)
    return result
"""


def test_a_progress_bar_for_notebooks_costs_no_points_in_the_library_or_in_the_cell(
    change, trained, right
):
    text = right.files["lib/mlp/train.py"].decode() + NOTEBOOK_BAR
    cell = "from tqdm.notebook import trange\nfor _ in trange(2):\n    pass\n" + CELL
    grade = trained(change("lib/mlp/train.py", text), cell)
    assert section(grade).score == section(grade).max_score, section(grade).failed
    assert grade.score == grade.max_score


def test_the_observing_hash_covers_the_training_plan_if_there_is_a_training():
    """Of a training, only its comparison with a training of the solution is kept."""
    faster = replace(P1, training=replace(PLAN, rate=1.0))
    assert observing_hash(P1, False, False) == observing_hash(faster, False, False)
    assert observing_hash(P1, True, False) != observing_hash(faster, True, False)
