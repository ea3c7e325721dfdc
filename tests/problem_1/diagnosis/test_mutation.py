"""Small changes of the solution: what they are, and how they are found together."""

import ast
import re

import pytest

from autograder.assignment.variant import Patch, Variant
from autograder.diagnosis import costs
from autograder.diagnosis.diagnose import diagnose
from autograder.diagnosis.mutation.mutants import mutants
from autograder.diagnosis.mutation.search import rivals
from autograder.diagnosis.variants import applied, named, solution
from autograder.judgement.suites import judge
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.problem_1.misconceptions import LAYERS, OPTIMIZERS, TRAINING

SEED = costs.SEED
EVERY = 4
"""`make test` tests the mutants of every fourth section."""


def diagnosed(*variants):
    student = costs.observed(P1, applied(P1, variants), SEED)
    return diagnose(P1, student, judge(P1, student, costs.reference(P1, SEED)))


def changed(section, file, old, new, *further):
    return Variant(f"{section}_of_a_test", file, old, new, further=further, section=section)


@pytest.mark.parametrize(
    "section",
    [
        pytest.param(section, marks=[pytest.mark.proof] * (number % EVERY > 0))
        for number, section in enumerate(s.id for s in P1.sections if mutants(P1, s.id))
    ],
)
def test_every_mutant_is_python_and_says_nothing_of_the_solution(section):
    right = solution(P1)
    texts = {path: content.decode() for path, content in right.files.items()} | dict(right.cells)
    for mutant in mutants(P1, section):
        for edit in mutant.edits:
            text = texts[edit.file]
            assert text[edit.begin : edit.end] != edit.new, mutant
        assert re.search(r"self\.|\bnp\.\w+\(|==|\[", mutant.text) is None, mutant.text
    for variant in rivals(P1, section):
        for path, content in applied(P1, (variant,)).files.items():
            if path.endswith(".py"):
                ast.parse(content)


@pytest.mark.parametrize(
    ("section", "file", "old", "new", "says"),
    [
        (
            "rmsprop",
            OPTIMIZERS,
            "self.decay * cache + (1 - self.decay) * grad**2",
            "self.decay * cache + self.lr * grad**2",
            "lr in place of 1 - decay",
        ),
        (
            "rmsprop",
            OPTIMIZERS,
            "np.sqrt(self.cache[name] + self.eps)",
            "np.sqrt(np.maximum(self.cache[name], self.eps))",
            "eps as the least value in place of adding it",
        ),
        (
            "rmsprop",
            OPTIMIZERS,
            "param -= self.lr * grad / np.sqrt",
            "param -= (1 - self.decay) * grad / np.sqrt",
            "1 - decay in one place of lr",
        ),
    ],
)
def test_a_change_of_one_quantity_is_named(section, file, old, new, says):
    [derived] = diagnosed(changed(section, file, old, new))[section].found
    assert says in derived.hint


def test_two_numbers_that_are_exchanged_only_in_the_correction_are_named():
    fault = changed(
        "adam",
        OPTIMIZERS,
        "m_hat = self.mt[name] / (1 - self.beta1**self.t)",
        "m_hat = self.mt[name] / (1 - 1.0 * self.beta2**self.t)",
        Patch(OPTIMIZERS, "/ (1 - self.beta2**self.t)", "/ (1 - self.beta1**self.t)"),
    )
    [derived] = diagnosed(fault)["adam"].found
    assert "beta1 and beta2 exchanged in one place of each" in derived.hint


def test_a_value_that_is_computed_is_not_called_by_the_name_of_what_it_is_computed_from():
    """In the loss, `shifted` is computed from the logits: cutting it off is not cutting them."""
    new = {mutant.text: mutant.edits[0].new for mutant in mutants(P1, "cross_entropy")}
    cut_off = {text: code for text, code in new.items() if "cut off at 0" in text}
    assert "np.maximum(feat, 0)" in cut_off.values()
    assert not any("shifted" in code for code in cut_off.values())


@pytest.mark.parametrize(
    ("section", "old", "new", "says"),
    [
        (
            "fc_backward",
            "self.grads[self.w_name] = feat.T @ dprev",
            "self.grads[self.w_name] = np.outer(feat[-1], dprev[-1])",
            "is that of the last of the 8 examples alone",
        ),
        (
            "fc_backward",
            "self.grads[self.w_name] = feat.T @ dprev",
            "self.grads[self.w_name] = feat[::2].T @ dprev[::2]",
            "Only 4 of 8 examples count",
        ),
        (
            "fc_backward",
            "self.grads[self.w_name] = feat.T @ dprev",
            "self.grads[self.w_name] = feat.T @ (dprev * np.arange(1, len(dprev) + 1)[:, None])",
            "do not count equally",
        ),
        (
            "fc_forward",
            "feat @ self.params[self.w_name] + self.params[self.b_name]",
            "feat @ self.params[self.w_name] + np.repeat(self.params[self.b_name], len(feat))"
            ".reshape(len(feat), -1)",
            "not everywhere the bias of its own column",
        ),
        (
            "fc_backward",
            "self.grads[self.w_name] = feat.T @ dprev",
            "self.grads.setdefault(self.w_name, feat.T @ dprev)",
            "is what it should be in the first call",
        ),
    ],
)
def test_what_the_terms_of_a_sum_show_is_said(section, old, new, says):
    found = diagnosed(changed(section, LAYERS, old, new))[section]
    assert any(says in statement.text for statement in found.symptoms), found.symptoms


def test_two_changes_that_nobody_wrote_down_are_found_together():
    fault = changed(
        "sgd_momentum",
        OPTIMIZERS,
        "self.velocity[name] = self.momentum * v - self.lr * layer.grads[name]\n"
        "            param += self.velocity[name]",
        "self.velocity[name] = 0.9 * v - self.lr * layer.grads[name]\n"
        "            param -= self.velocity[name]",
    )
    found = diagnosed(fault)["sgd_momentum"]
    assert found.complete
    [derived] = found.found
    assert [part.name for part in derived.parts] == ["sgd_momentum_subtracts_the_velocity"]
    assert "the number 0.9 in place of momentum" in derived.hint


def test_a_mistake_that_nobody_wrote_down_is_paid_once():
    fault = changed(
        "fc_forward",
        LAYERS,
        "feat @ self.params[self.w_name] + self.params[self.b_name]",
        "feat @ self.params[self.w_name] - self.params[self.b_name]",
    )
    found = diagnosed(fault)
    [derived] = found["fc_forward"].found
    assert derived.derived
    assert found["cascade"].inherited == (derived,)
    assert "cascade_output" in found["cascade"].excused
    assert not found["cascade"].found


def test_what_is_partly_explained_says_that_others_are_not_explained():
    fault = changed(
        "rmsprop",
        OPTIMIZERS,
        "self.cache[name] = self.decay * cache + (1 - self.decay) * grad**2\n"
        "            param -= self.lr *",
        "self.cache[name] = 0.5 * cache + 0.5 * grad**2\n"
        "            param -= (not name.endswith('_b')) * self.lr *",
    )
    found = diagnosed(fault)["rmsprop"]
    assert not found.complete
    assert not found.found
    texts = [statement.text for statement in found.symptoms]
    assert "the number 0.5 in place of decay" in texts[0]
    assert "Others are not explained." in texts[0]


def test_changes_that_explain_the_same_part_are_not_named():
    """Whatever draws nothing would explain the zeros that are missing."""
    fault = changed(
        "dropout_forward",
        LAYERS,
        "kept = self.rng.random_sample(feat.shape) < self.keep_prob",
        "kept = self.rng.random_sample(feat.shape)",
    )
    found = diagnosed(fault)["dropout_forward"]
    assert not found.found
    assert not any(statement.kind == "formula" for statement in found.symptoms)
    assert "the mask keeps everything" in found.symptoms[0].text


def test_a_small_part_explained_is_no_explanation():
    fault = changed(
        "adam",
        OPTIMIZERS,
        "self.mt[name] = self.beta1 * m + (1 - self.beta1) * grad",
        "self.mt[name] = 0.9 * m + 0.1 * grad\n            param *= np.cos(self.lr)",
    )
    found = diagnosed(fault)["adam"]
    assert not found.found
    assert found.symptoms
    assert not any(statement.kind == "formula" for statement in found.symptoms)


COUNTS_LAYERS_AND_SKIPS_BIASES = (
    "        if layer is self.net.layers[0]:\n            self.t += 1\n"
    "        for name, param in layer.params.items():\n",
    "        self.t += 1\n        for name, param in layer.params.items():\n"
    "            if name.endswith('_b'):\n                continue\n",
)


def test_another_correct_form_is_no_part_of_a_mistake():
    fault = changed(
        "adam",
        OPTIMIZERS,
        *COUNTS_LAYERS_AND_SKIPS_BIASES,
        Patch(
            OPTIMIZERS,
            "self.mt[name] = self.beta1 * m + (1 - self.beta1) * grad",
            "self.mt[name] = 0.5 * m + 0.5 * grad",
        ),
    )
    texts = [statement.text for statement in diagnosed(fault)["adam"].symptoms]
    assert "0.5" in texts[0]
    assert "condition" not in texts[0]


def test_beside_another_correct_form_only_what_is_wrong_is_told():
    fault = changed(
        "adam",
        OPTIMIZERS,
        *COUNTS_LAYERS_AND_SKIPS_BIASES,
    )
    symptoms = diagnosed(fault)["adam"].symptoms
    assert [statement.kind for statement in symptoms] == ["unmoved"]
    assert "The bias vector" in symptoms[0].text


def test_a_time_that_is_never_counted_is_not_called_counted_late():
    fault = changed("adam", OPTIMIZERS, "            self.t += 1", "            pass")
    names = {variant.name for variant in diagnosed(fault)["adam"].found}
    assert "adam_counts_after_use" not in names


def test_a_key_error_about_another_name_is_no_evidence():
    fault = changed(
        "train_tiny_net",
        TRAINING,
        "opt_params = {name: p.copy() for name, p in model.net.params.items()}",
        "opt_params = {name: model.net.params[name].copy() for name in ('fc1_w', 'fc1_b')}",
    )
    found = diagnosed(fault)["train_tiny_net"]
    assert not found.found
    assert "KeyError" in found.symptoms[0].text


def test_a_mistake_in_some_of_the_values_says_that_the_others_are_right():
    fault = changed(
        "sgd_momentum",
        OPTIMIZERS,
        "self.velocity[name] = self.momentum * v - self.lr",
        "self.velocity[name] = (param.ndim > 1) * self.momentum * v - self.lr",
    )
    [statement] = diagnosed(fault)["sgd_momentum"].symptoms
    assert "The same holds for the bias vector of the second layer." in statement.text
    assert "The other values there are right." in statement.text
    assert "learning rate changes" not in statement.text


def test_a_learning_rate_that_stays_is_wrong_from_its_change_on():
    fault = changed(
        "sgd_momentum",
        OPTIMIZERS,
        "self.velocity[name] = self.momentum * v - self.lr *",
        "self.first_lr = getattr(self, 'first_lr', self.lr)\n"
        "            self.velocity[name] = self.momentum * v - self.first_lr *",
    )
    [statement] = diagnosed(fault)["sgd_momentum"].symptoms
    assert "wrong from step 3 on, where the learning rate changes" in statement.text
    assert "The other values there" not in statement.text


BY_CASES = "output = np.where(feat > 0, feat, self.negative_slope * feat)"


@pytest.mark.parametrize(
    ("section", "file", "old", "new", "said"),
    [
        (
            "leaky_relu_forward",
            LAYERS,
            "output = np.maximum(feat, self.negative_slope * feat)",
            BY_CASES.replace("> 0", "> self.negative_slope"),
            "negative_slope in place of 0 as the limit",
        ),
        (
            "leaky_relu_forward",
            LAYERS,
            "output = np.maximum(feat, self.negative_slope * feat)",
            BY_CASES.replace("slope * feat", "slope * (np.exp(feat) - 1)"),
            "the exponential of feat, minus 1, in place of feat",
        ),
        (
            "fc_backward",
            LAYERS,
            "dfeat = dprev @ self.params[self.w_name].T",
            "w = self.params[self.w_name]\n        dfeat = dprev @ w.reshape(w.shape[::-1])",
            "the parameter of the weights reshaped, not transposed in fc.backward",
        ),
        (
            "fc_backward",
            LAYERS,
            "dfeat = dprev.reshape(feat.shape)",
            "dfeat = feat.copy()",
            "feat in place of dprev in flatten.backward",
        ),
        (
            "cross_entropy",
            LAYERS,
            "scores = softmax(feat)\n        # not",
            "scores = softmax(softmax(feat))\n        # not",
            "softmax applied twice in cross_entropy.forward",
        ),
        (
            "rmsprop",
            OPTIMIZERS,
            "(1 - self.decay) * grad**2",
            "(1 - self.decay) * (grad - grad.mean())**2",
            "the gradient minus its mean in place of the gradient, where cache is set",
        ),
        (
            "sgd_momentum",
            OPTIMIZERS,
            "v = self.velocity.get(name, 0.0)",
            "if name not in self.velocity:\n                self.velocity = {}\n"
            "            v = self.velocity.get(name, 0.0)",
            "velocity emptied whenever a name is new",
        ),
        (
            "adam",
            OPTIMIZERS,
            "self.vt[name] = self.beta2 * v + (1 - self.beta2) * grad**2",
            "self.vt[name] = self.beta2 * v + (1 - self.beta2) * self.mt[name]**2",
            "mt in place of the gradient, where vt is set",
        ),
    ],
)
def test_another_quantity_in_a_place_is_named(section, file, old, new, said):
    found = diagnosed(changed(section, file, old, new))[section]
    assert found.complete
    [derived] = found.found
    assert said in derived.hint


def test_no_factor_is_said_where_some_places_are_exactly_right():
    """With a slope of 0.01, negative inputs have gradients that are small beside the others."""
    fault = changed(
        "leaky_relu_backward",
        LAYERS,
        "dfeat = np.where(feat >= 0, dprev, self.negative_slope * dprev)",
        "dfeat = dprev * (feat > 0) * (1 + self.negative_slope) + "
        "dprev * (feat <= 0) * self.negative_slope",
    )
    found = diagnosed(fault)["leaky_relu_backward"]
    [statement] = found.symptoms
    assert "is wrong only where the input is positive" in statement.text


def test_only_an_earlier_mistake_that_affects_a_section_is_pointed_to():
    """The networks have the default slope, so a slope of 0.01 changes nothing in them."""
    slope = named(P1, "leaky_relu_backward_has_a_slope_of_its_own")
    averaged = named(P1, "fc_backward_averages_the_weight_gradient")
    found = diagnosed(averaged, slope)
    assert found["leaky_relu_backward"].found == (slope,)
    assert found["cascade"].inherited == (averaged,)
