"""Ordinary mistakes, one at a time: each is seen, and costs points where it was made.

A network is judged with the student's own layers, so a wrong layer shows there, too; that is the
second list of a row. What else a mistake may not cost is everything that is not listed.
"""

from dataclasses import dataclass

import pytest

LAYERS = "lib/mlp/layer_utils.py"
NETWORKS = "lib/mlp/fully_conn.py"
OPTIMIZERS = "lib/optim.py"
TRAINING = "lib/mlp/train.py"


@dataclass(frozen=True)
class Mistake:
    """A change of the solution, the section it belongs to, and networks that show it as well."""

    name: str
    file: str
    old: str
    new: str
    section: str
    follows: tuple[str, ...] = ()


FC_NETWORKS = ("cascade", "small_network", "dropout_network")
MISTAKES = (
    Mistake(
        "flatten_in_fortran_order",
        LAYERS,
        "output = feat.reshape(len(feat), -1)",
        'output = feat.reshape(len(feat), -1, order="F")',
        "fc_forward",
        ("cascade", "dropout_network"),
    ),
    Mistake(
        "flatten_for_three_dimensions_only",
        LAYERS,
        "output = feat.reshape(len(feat), -1)",
        "output = feat.reshape(feat.shape[0], feat.shape[1] * feat.shape[2])",
        "fc_forward",
        ("fc_backward",),
    ),
    Mistake(
        "fc_without_bias",
        LAYERS,
        "output = feat @ self.params[self.w_name] + self.params[self.b_name]",
        "output = feat @ self.params[self.w_name]",
        "fc_forward",
        FC_NETWORKS,
    ),
    Mistake(
        "fc_adds_the_bias_in_place_to_the_weights",
        LAYERS,
        "output = feat @ self.params[self.w_name] + self.params[self.b_name]",
        "output = feat @ self.params[self.w_name] + self.params[self.b_name]\n        feat -= 0.5",
        "fc_forward",
        ("fc_backward", *FC_NETWORKS),
    ),
    Mistake(
        "fc_averages_the_weight_gradient",
        LAYERS,
        "self.grads[self.w_name] = feat.T @ dprev",
        "self.grads[self.w_name] = feat.T @ dprev / len(feat)",
        "fc_backward",
        FC_NETWORKS,
    ),
    Mistake(
        "fc_averages_the_bias_gradient",
        LAYERS,
        "dprev.sum(axis=0)",
        "dprev.mean(axis=0)",
        "fc_backward",
        FC_NETWORKS,
    ),
    Mistake(
        "fc_accumulates_gradients",
        LAYERS,
        "self.grads[self.w_name] = feat.T @ dprev",
        "self.grads[self.w_name] = self.grads.get(self.w_name, 0) + feat.T @ dprev",
        "fc_backward",
    ),
    Mistake(
        "leaky_relu_with_a_slope_of_its_own",
        LAYERS,
        "output = np.maximum(feat, self.negative_slope * feat)",
        "output = np.maximum(feat, 0.01 * feat)",
        "leaky_relu_forward",
    ),
    Mistake(
        "leaky_relu_in_place",
        LAYERS,
        "output = np.maximum(feat, self.negative_slope * feat)",
        "output = feat\n        output[feat < 0] *= self.negative_slope",
        "leaky_relu_forward",
        ("leaky_relu_backward",),
    ),
    Mistake(
        "leaky_relu_is_a_relu",
        LAYERS,
        "output = np.maximum(feat, self.negative_slope * feat)",
        "output = np.maximum(feat, 0)",
        "leaky_relu_forward",
        FC_NETWORKS,
    ),
    Mistake(
        "dropout_forgets_to_scale",
        LAYERS,
        "output = feat * kept / self.keep_prob",
        "output = feat * kept",
        "dropout_forward",
        ("dropout_network",),
    ),
    Mistake(
        "dropout_exchanges_keep_and_drop",
        LAYERS,
        "kept = self.rng.random_sample(feat.shape) < self.keep_prob",
        "kept = self.rng.random_sample(feat.shape) > self.keep_prob",
        "dropout_forward",
    ),
    Mistake(
        "dropout_draws_one_mask_for_all_examples",
        LAYERS,
        "kept = self.rng.random_sample(feat.shape) < self.keep_prob",
        "kept = self.rng.random_sample((1, *feat.shape[1:])) < self.keep_prob",
        "dropout_forward",
    ),
    Mistake(
        "dropout_draws_from_numpy_at_large",
        LAYERS,
        "kept = self.rng.random_sample(feat.shape) < self.keep_prob",
        "kept = np.random.random_sample(feat.shape) < self.keep_prob",
        "dropout_forward",
        ("dropout_network",),
    ),
    Mistake(
        "dropout_at_test_time",
        LAYERS,
        "if is_training and 0 < self.keep_prob < 1:",
        "if 0 < self.keep_prob < 1:",
        "dropout_forward",
        ("dropout_network",),
    ),
    Mistake(
        "dropout_drops_all_for_a_keep_probability_of_0",
        LAYERS,
        "if is_training and 0 < self.keep_prob < 1:",
        "if is_training:",
        "dropout_forward",
        ("dropout_backward", "dropout_network"),
    ),
    Mistake(
        "dropout_backward_forgets_to_scale",
        LAYERS,
        "dprev * self.kept / self.keep_prob",
        "dprev * self.kept",
        "dropout_backward",
        ("dropout_network",),
    ),
    Mistake(
        "dropout_backward_scales_at_test_time",
        LAYERS,
        "dfeat = dprev if self.kept is None else",
        "dfeat = dprev / self.keep_prob if self.kept is None and self.keep_prob else dprev "
        "if self.kept is None else",
        "dropout_backward",
        ("dropout_network",),
    ),
    Mistake(
        "softmax_overflows",
        LAYERS,
        "scores = np.exp(feat - feat.max(axis=-1, keepdims=True))",
        "scores = np.exp(feat)",
        "cross_entropy",
    ),
    Mistake(
        "softmax_subtracts_the_largest_of_all",
        LAYERS,
        "scores = np.exp(feat - feat.max(axis=-1, keepdims=True))",
        "scores = np.exp(feat - feat.max())",
        "cross_entropy",
    ),
    Mistake(
        "softmax_in_place",
        LAYERS,
        "scores = np.exp(feat - feat.max(axis=-1, keepdims=True))",
        "feat -= feat.max(axis=-1, keepdims=True)\n    scores = np.exp(feat)",
        "cross_entropy",
    ),
    Mistake(
        "loss_is_never_a_sum",
        LAYERS,
        "        if self.size_average:\n            loss /= len(label)",
        "        loss /= len(label)",
        "cross_entropy",
    ),
    Mistake(
        "gradient_is_never_that_of_a_sum",
        LAYERS,
        "        if self.size_average:\n            dfeat /= len(label)",
        "        dfeat /= len(label)",
        "cross_entropy",
    ),
    Mistake(
        "cascade_without_leaky_relu",
        NETWORKS,
        '            fc(15, 5, name="fullo"),\n            leaky_relu(name="lrelu"),\n',
        '            fc(15, 5, name="fullo"),\n',
        "cascade",
    ),
    Mistake(
        "cascade_with_another_slope",
        NETWORKS,
        '            fc(15, 5, name="fullo"),\n            leaky_relu(name="lrelu"),\n',
        '            fc(15, 5, name="fullo"),\n            leaky_relu(0.1, name="lrelu"),\n',
        "cascade",
    ),
    Mistake(
        "small_network_begins_with_larger_weights",
        NETWORKS,
        'fc(30, 7, name="fullo_2")',
        'fc(30, 7, 0.02, name="fullo_2")',
        "small_network",
    ),
    Mistake(
        "small_network_ends_in_leaky_relu",
        NETWORKS,
        'fc(30, 7, name="fullo_2"),',
        'fc(30, 7, name="fullo_2"), leaky_relu(name="lrelu_2"),',
        "small_network",
    ),
    Mistake(
        "velocity_is_not_kept",
        OPTIMIZERS,
        "            param += self.velocity[name]",
        "            param += self.velocity.pop(name)",
        "sgd_momentum",
    ),
    Mistake(
        "velocity_has_the_other_sign",
        OPTIMIZERS,
        "self.velocity[name] = self.momentum * v - self.lr * layer.grads[name]\n"
        "            param += self.velocity[name]",
        "self.velocity[name] = self.momentum * v + self.lr * layer.grads[name]\n"
        "            param -= self.velocity[name]",
        "sgd_momentum",
    ),
    Mistake(
        "velocity_without_the_learning_rate",
        OPTIMIZERS,
        "self.velocity[name] = self.momentum * v - self.lr * layer.grads[name]\n"
        "            param += self.velocity[name]",
        "self.velocity[name] = self.momentum * v - layer.grads[name]\n"
        "            param += self.lr * self.velocity[name]",
        "sgd_momentum",
    ),
    Mistake(
        "epsilon_of_rmsprop_outside_the_root",
        OPTIMIZERS,
        "np.sqrt(self.cache[name] + self.eps)",
        "(np.sqrt(self.cache[name]) + self.eps)",
        "rmsprop",
    ),
    Mistake(
        "decay_of_rmsprop_exchanged",
        OPTIMIZERS,
        "self.decay * cache + (1 - self.decay) * grad**2",
        "(1 - self.decay) * cache + self.decay * grad**2",
        "rmsprop",
    ),
    Mistake(
        "rmsprop_uses_the_cache_before_the_update",
        OPTIMIZERS,
        "np.sqrt(self.cache[name] + self.eps)",
        "np.sqrt(cache + self.eps)",
        "rmsprop",
    ),
    Mistake(
        "adam_counts_parameters",
        OPTIMIZERS,
        "        if layer is self.net.layers[0]:  # a new step begins\n            self.t += 1\n"
        "        for name, param in layer.params.items():\n",
        "        for name, param in layer.params.items():\n            self.t += 1\n",
        "adam",
    ),
    Mistake(
        "epsilon_of_adam_inside_the_root",
        OPTIMIZERS,
        "(np.sqrt(v_hat) + self.eps)",
        "np.sqrt(v_hat + self.eps)",
        "adam",
    ),
    Mistake(
        "adam_without_bias_correction",
        OPTIMIZERS,
        "v_hat = self.vt[name] / (1 - self.beta2**self.t)",
        "v_hat = self.vt[name]",
        "adam",
    ),
    Mistake(
        "adam_counts_after_use",
        OPTIMIZERS,
        "        if layer is self.net.layers[0]:  # a new step begins\n            self.t += 1\n",
        "        if layer is self.net.layers[-1]:\n            self.t += 1\n",
        "adam",
    ),
)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_a_mistake_costs_points_where_it_was_made(mistake, change, graded, lost):
    found = lost(graded(change(mistake.file, mistake.old, mistake.new)))
    assert mistake.section in found
    assert set(found) <= {mistake.section, *mistake.follows}, found


TRAINING_MISTAKES = (
    ("loss_after_the_step", "loss_hist.append(loss)", "loss_hist.append(loss + 1)", "losses"),
    (
        "two_steps",
        "                optimizer.step()",
        "                optimizer.step(); optimizer.step()",
        "steps",
    ),
    (
        "no_backward_of_the_loss",
        "model.backward(loss_func.backward())",
        "model.backward(model.forward(feat))",
        "steps",
    ),
    ("rate_never_decays", "optimizer.lr *= lr_decay", "pass", "learning_rate"),
    (
        "training_accuracy_of_a_batch",
        "compute_acc(model, data_train, labels_train)",
        "compute_acc(model, feat, label)",
        "training_accuracy",
    ),
    (
        "accuracy_of_the_test_set",
        "compute_acc(model, data_val, labels_val)",
        'compute_acc(model, *data["data_test"])',
        "validation_accuracy",
    ),
    ("best_are_the_last", "if val_acc > opt_val_acc:", "if True:", "best_parameters"),
    ("best_are_no_copies", "name: p.copy() for", "name: p for", "best_parameters"),
)


@pytest.mark.parametrize(
    ("name", "old", "new", "check"), TRAINING_MISTAKES, ids=[row[0] for row in TRAINING_MISTAKES]
)
def test_a_mistake_in_train_net_is_told(name, old, new, check, change, graded, lost):
    grade = graded(change(TRAINING, old, new))
    assert lost(grade) == {}
    failed = {test.name for section in grade.sections for test in section.tests if not test.passed}
    assert f"train_tiny_net_{check}" in failed
    assert all(test.startswith("train_tiny_net_") for test in failed)
