"""The optimizers."""

from __future__ import annotations

from collections.abc import Mapping

from autograder.assignment.variant import Patch, Variant
from autograder.assignment.words import Words
from autograder.problem_1.misconceptions import OPTIMIZERS
from autograder.problem_1.misconceptions.optimizer_words import (
    MOMENTUM,
    epsilon,
    new_optimizer,
    one_parameter,
    several_parameters,
)

VELOCITY = "self.velocity[name] = self.momentum * v - self.lr * layer.grads[name]"
ADD_VELOCITY = "            param += self.velocity[name]"
SGDM = VELOCITY + "\n" + ADD_VELOCITY
INITIAL_VELOCITY = "v = self.velocity.get(name, 0.0)"

INITIAL_CACHE = "cache = self.cache.get(name, 0.0)"
CACHE = "self.cache[name] = self.decay * cache + (1 - self.decay) * grad**2"
RMSPROP = "param -= self.lr * grad / np.sqrt(self.cache[name] + self.eps)"

COUNT = "        if layer is self.net.layers[0]:\n            self.t += 1\n"
ADAM_LOOP = (
    COUNT
    + "        for name, param in layer.params.items():\n            grad = layer.grads[name]\n"
)
INITIAL_MOMENTS = "m, v = self.mt.get(name, 0.0), self.vt.get(name, 0.0)"
MT = "self.mt[name] = self.beta1 * m + (1 - self.beta1) * grad"
VT = "self.vt[name] = self.beta2 * v + (1 - self.beta2) * grad**2"
M_HAT = "m_hat = self.mt[name] / (1 - self.beta1**self.t)"
V_HAT = "v_hat = self.vt[name] / (1 - self.beta2**self.t)"
ADAM = "param -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)"

VARIANTS = (
    Variant(
        "sgd_momentum_forgets_its_velocity",
        OPTIMIZERS,
        ADD_VELOCITY,
        "            param += self.velocity.pop(name)",
        "The velocity is lost after the step: it must be kept in self.velocity.",
    ),
    Variant(
        "sgd_momentum_ignores_momentum",
        OPTIMIZERS,
        VELOCITY,
        "self.velocity[name] = -self.lr * layer.grads[name]",
        "The velocity depends only on the newest gradient, as in plain SGD.",
    ),
    Variant(
        "sgd_momentum_never_slows_down",
        OPTIMIZERS,
        VELOCITY,
        "self.velocity[name] = v - self.lr * layer.grads[name]",
        "The old velocity is kept in full: where is self.momentum used?",
    ),
    Variant(
        "sgd_momentum_turns_the_sign_of_the_velocity",
        OPTIMIZERS,
        SGDM,
        "self.velocity[name] = self.momentum * v + self.lr * layer.grads[name]\n"
        "            param -= self.velocity[name]",
        "Your velocity has the opposite sign, and you subtract it. From a velocity of 0, that "
        "gives the same steps. A velocity that is already stored in self.velocity then moves the "
        "parameter the wrong way.",
    ),
    Variant(
        "sgd_momentum_goes_uphill",
        OPTIMIZERS,
        VELOCITY,
        "self.velocity[name] = self.momentum * v + self.lr * layer.grads[name]",
        "Steps go up the gradient. Look at the signs in the formula.",
    ),
    Variant(
        "sgd_momentum_subtracts_the_velocity",
        OPTIMIZERS,
        ADD_VELOCITY,
        "            param -= self.velocity[name]",
        "The velocity is subtracted from the parameter. Look at the signs in the formula.",
    ),
    Variant(
        "sgd_momentum_keeps_a_velocity_without_the_learning_rate",
        OPTIMIZERS,
        SGDM,
        "self.velocity[name] = self.momentum * v - layer.grads[name]\n"
        "            param += self.lr * self.velocity[name]",
        "The learning rate multiplies the velocity as a whole. In the formula it multiplies the "
        "gradient. The two differ when the learning rate changes.",
    ),
    Variant(
        "sgd_momentum_adds_the_old_velocity",
        OPTIMIZERS,
        SGDM,
        VELOCITY + "\n            param += v",
        "The step uses the velocity from before it was updated with this gradient.",
    ),
    Variant(
        "sgd_momentum_weighs_the_gradient",
        OPTIMIZERS,
        VELOCITY,
        "self.velocity[name] = self.momentum * v - (1 - self.momentum) * self.lr "
        "* layer.grads[name]",
        "The gradient is multiplied by 1 - momentum, as in a moving average. The formula here has "
        "no such factor.",
    ),
    Variant(
        "sgd_momentum_looks_ahead",
        OPTIMIZERS,
        ADD_VELOCITY,
        "            param += self.momentum * self.velocity[name] - self.lr * layer.grads[name]",
        "This is Nesterov's momentum, which looks a step ahead. The formula here is the plain one.",
    ),
    Variant(
        "sgd_momentum_begins_with_the_first_gradient",
        OPTIMIZERS,
        INITIAL_VELOCITY,
        "v = self.velocity.get(name, -self.lr * layer.grads[name])",
        "The velocity starts with the first gradient instead of its initial value, so the first "
        "step is too large. What is its initial value?",
    ),
    Variant(
        "sgd_momentum_changes_the_gradient",
        OPTIMIZERS,
        VELOCITY,
        "grad = layer.grads[name]\n            grad *= self.lr\n"
        "            self.velocity[name] = self.momentum * v - grad",
        "update writes into the gradient. Look for *= and -= on what comes from layer.grads.",
    ),
    Variant(
        "sgd_momentum_shares_a_velocity_between_layers",
        OPTIMIZERS,
        "            " + INITIAL_VELOCITY + "\n            " + SGDM,
        "            key = name if len(self.net.layers) == 1 else name[-1]\n"
        "            v = np.resize(self.velocity.get(key, 0.0), param.shape)\n"
        "            self.velocity[key] = self.momentum * v - self.lr * layer.grads[name]\n"
        "            param += self.velocity[key]",
        "Parameters of several layers share one velocity. Which key does the dictionary use?",
    ),
    Variant(
        "rmsprop_has_epsilon_outside_the_root",
        OPTIMIZERS,
        RMSPROP,
        "param -= self.lr * grad / (np.sqrt(self.cache[name]) + self.eps)",
        "Epsilon is added outside of the root, as in Adam. Where does it stand here?",
    ),
    Variant(
        "rmsprop_has_no_epsilon",
        OPTIMIZERS,
        RMSPROP,
        "param -= self.lr * grad / np.sqrt(self.cache[name])",
        "self.eps is not used: where does epsilon stand in the formula?",
    ),
    Variant(
        "rmsprop_exchanges_the_weights_of_its_average",
        OPTIMIZERS,
        CACHE,
        "self.cache[name] = (1 - self.decay) * cache + self.decay * grad**2",
        "decay and 1 - decay are swapped in the moving average: which of them belongs to the "
        "old value?",
    ),
    Variant(
        "rmsprop_uses_the_old_cache",
        OPTIMIZERS,
        RMSPROP,
        "param -= self.lr * grad / np.sqrt(cache + self.eps)",
        "The step uses the cache from before it was updated with this gradient.",
    ),
    Variant(
        "rmsprop_forgets_the_root",
        OPTIMIZERS,
        RMSPROP,
        "param -= self.lr * grad / (self.cache[name] + self.eps)",
        "The step divides by the moving average itself. Which function does the formula apply "
        "to it first?",
    ),
    Variant(
        "rmsprop_forgets_the_square",
        OPTIMIZERS,
        CACHE,
        "self.cache[name] = self.decay * cache + (1 - self.decay) * grad",
        "The cache averages the gradients. What must it average so that its root always exists?",
    ),
    Variant(
        "rmsprop_adds_up_all_squares",
        OPTIMIZERS,
        CACHE,
        "self.cache[name] = cache + grad**2",
        "The cache only ever grows, as in Adagrad: where is decay used?",
    ),
    Variant(
        "rmsprop_adds_the_whole_square",
        OPTIMIZERS,
        CACHE,
        "self.cache[name] = self.decay * cache + grad**2",
        "The new square is added with weight 1. In a moving average, the two weights sum to 1.",
    ),
    Variant(
        "rmsprop_forgets_its_cache",
        OPTIMIZERS,
        RMSPROP,
        "param -= self.lr * grad / np.sqrt(self.cache.pop(name) + self.eps)",
        "The cache is lost after the step: it must be kept in self.cache.",
    ),
    Variant(
        "rmsprop_begins_with_the_first_square",
        OPTIMIZERS,
        INITIAL_CACHE,
        "cache = self.cache.get(name, grad**2)",
        "The cache starts with the first squared gradient. What is its initial value?",
    ),
    Variant(
        "rmsprop_squares_the_gradient_in_place",
        OPTIMIZERS,
        CACHE,
        "step = grad.copy()\n            grad **= 2\n"
        "            self.cache[name] = self.decay * cache + (1 - self.decay) * grad\n"
        "            grad = step",
        "update writes into the gradient. Look for **= and *= on what comes from layer.grads.",
    ),
    Variant(
        "rmsprop_goes_uphill",
        OPTIMIZERS,
        RMSPROP,
        "param += self.lr * grad / np.sqrt(self.cache[name] + self.eps)",
        "Steps go up the gradient. Look at the sign of the update.",
    ),
    Variant(
        "adam_counts_parameters",
        OPTIMIZERS,
        ADAM_LOOP,
        "        for name, param in layer.params.items():\n            self.t += 1\n"
        "            grad = layer.grads[name]\n",
        "t grows once per parameter, so the weights and the biases of one layer are corrected "
        "differently. Where in update may it grow?",
    ),
    Variant(
        "adam_never_counts",
        OPTIMIZERS,
        COUNT,
        "        self.t = max(self.t, 1)\n",
        "t does not grow from step to step.",
    ),
    Variant(
        "adam_counts_after_use",
        OPTIMIZERS,
        COUNT,
        "",
        "t is incremented only after the step that needs it, so the first correction uses t = 0 "
        "and divides by 0.",
        further=(
            Patch(
                OPTIMIZERS,
                ADAM,
                ADAM + "\n        if layer is self.net.layers[-1]:\n            self.t += 1",
            ),
        ),
    ),
    Variant(
        "adam_has_epsilon_inside_the_root",
        OPTIMIZERS,
        ADAM,
        "param -= self.lr * m_hat / np.sqrt(v_hat + self.eps)",
        "Epsilon is added under the root, as in RMSProp. Where does it stand here?",
    ),
    Variant(
        "adam_has_no_epsilon",
        OPTIMIZERS,
        ADAM,
        "param -= self.lr * m_hat / np.sqrt(v_hat)",
        "self.eps is not used: where does epsilon stand in the formula?",
    ),
    Variant(
        "adam_corrects_no_bias",
        OPTIMIZERS,
        M_HAT,
        "m_hat = self.mt[name]",
        "Neither moving average is corrected for starting at 0: where is t used?",
        further=(Patch(OPTIMIZERS, V_HAT, "v_hat = self.vt[name]"),),
    ),
    Variant(
        "adam_corrects_the_bias_of_the_first_average_only",
        OPTIMIZERS,
        V_HAT,
        "v_hat = self.vt[name]",
        "The moving average of the squares is not corrected for starting at 0.",
    ),
    Variant(
        "adam_corrects_the_bias_of_the_second_average_only",
        OPTIMIZERS,
        M_HAT,
        "m_hat = self.mt[name]",
        "The moving average of the gradients is not corrected for starting at 0.",
    ),
    Variant(
        "adam_corrects_both_by_the_same_beta",
        OPTIMIZERS,
        V_HAT,
        "v_hat = self.vt[name] / (1 - self.beta1**self.t)",
        "Both moving averages are corrected with beta1. Each has its own beta.",
    ),
    Variant(
        "adam_multiplies_beta_by_t",
        OPTIMIZERS,
        M_HAT,
        "m_hat = self.mt[name] / (1 - self.beta1 * self.t)",
        "In the bias correction beta is multiplied by t. Look at the formula again: t is an "
        "exponent.",
        further=(Patch(OPTIMIZERS, V_HAT, "v_hat = self.vt[name] / (1 - self.beta2 * self.t)"),),
    ),
    Variant(
        "adam_corrects_the_bias_without_t",
        OPTIMIZERS,
        M_HAT,
        "m_hat = self.mt[name] / (1 - self.beta1)",
        "The bias correction is the same in every step: where is t used?",
        further=(Patch(OPTIMIZERS, V_HAT, "v_hat = self.vt[name] / (1 - self.beta2)"),),
    ),
    Variant(
        "adam_keeps_the_corrected_averages",
        OPTIMIZERS,
        ADAM,
        ADAM + "\n            self.mt[name], self.vt[name] = m_hat, v_hat",
        "mt and vt keep the corrected averages, which are then corrected again in the next "
        "step. Use the corrected averages in the step, but do not store them.",
    ),
    Variant(
        "adam_exchanges_the_betas",
        OPTIMIZERS,
        MT,
        "self.mt[name] = self.beta2 * m + (1 - self.beta2) * grad",
        "beta1 and beta2 are swapped in the update.",
        further=(
            Patch(OPTIMIZERS, VT, "self.vt[name] = self.beta1 * v + (1 - self.beta1) * grad**2"),
            Patch(OPTIMIZERS, M_HAT, "m_hat = self.mt[name] / (1 - self.beta2**self.t)"),
            Patch(OPTIMIZERS, V_HAT, "v_hat = self.vt[name] / (1 - self.beta1**self.t)"),
        ),
    ),
    Variant(
        "adam_exchanges_the_weights_of_its_averages",
        OPTIMIZERS,
        MT,
        "self.mt[name] = (1 - self.beta1) * m + self.beta1 * grad",
        "beta and 1 - beta are swapped in the moving averages: which of them belongs to the old "
        "value?",
        further=(
            Patch(OPTIMIZERS, VT, "self.vt[name] = (1 - self.beta2) * v + self.beta2 * grad**2"),
        ),
    ),
    Variant(
        "adam_forgets_the_square",
        OPTIMIZERS,
        VT,
        "self.vt[name] = self.beta2 * v + (1 - self.beta2) * np.abs(grad)",
        "vt averages the absolute values of the gradients. What should it average instead?",
    ),
    Variant(
        "adam_forgets_the_root",
        OPTIMIZERS,
        ADAM,
        "param -= self.lr * m_hat / (v_hat + self.eps)",
        "The step divides by the moving average of the squares itself. Which function does the "
        "formula apply to it first?",
    ),
    Variant(
        "adam_forgets_its_averages",
        OPTIMIZERS,
        ADAM,
        ADAM + "\n            del self.mt[name], self.vt[name]",
        "The moving averages are lost after the step: they must be kept in self.mt and self.vt.",
    ),
    Variant(
        "adam_begins_with_the_first_gradient",
        OPTIMIZERS,
        INITIAL_MOMENTS,
        "m, v = self.mt.get(name, grad), self.vt.get(name, grad**2)",
        "The moving averages start with the first gradient. What are their initial values?",
    ),
    Variant(
        "adam_changes_the_gradient",
        OPTIMIZERS,
        VT,
        "step = grad.copy()\n            grad **= 2\n"
        "            self.vt[name] = self.beta2 * v + (1 - self.beta2) * grad\n"
        "            grad = step",
        "update writes into the gradient. Look for **= and *= on what comes from layer.grads.",
    ),
    Variant(
        "adam_goes_uphill",
        OPTIMIZERS,
        ADAM,
        "param += self.lr * m_hat / (np.sqrt(v_hat) + self.eps)",
        "Steps go up the gradient. Look at the sign of the update.",
    ),
    Variant("adam_counting_layers", OPTIMIZERS, COUNT, "        self.t += 1\n", correct=True),
    Variant(
        "adam_counting_layers_with_parameters",
        OPTIMIZERS,
        COUNT,
        "        if layer.params:\n            self.t += 1\n",
        correct=True,
    ),
    Variant(
        "adam_in_its_efficient_form",
        OPTIMIZERS,
        ADAM,
        "param -= (self.lr * np.sqrt(1 - self.beta2**self.t) / (1 - self.beta1**self.t)\n"
        "                      * self.mt[name] / (np.sqrt(self.vt[name]) + self.eps))",
        correct=True,
    ),
)

PAIRS = (
    ("adam_counts_parameters", "adam_has_epsilon_inside_the_root"),
    ("adam_counts_parameters", "adam_corrects_the_bias_of_the_first_average_only"),
    ("adam_exchanges_the_betas", "adam_has_epsilon_inside_the_root"),
    ("adam_corrects_no_bias", "adam_has_epsilon_inside_the_root"),
    ("sgd_momentum_goes_uphill", "sgd_momentum_begins_with_the_first_gradient"),
    ("rmsprop_has_epsilon_outside_the_root", "rmsprop_exchanges_the_weights_of_its_average"),
    ("rmsprop_has_epsilon_outside_the_root", "rmsprop_adds_the_whole_square"),
    ("adam_counts_parameters", "rmsprop_has_epsilon_outside_the_root"),
    ("adam_has_epsilon_inside_the_root", "rmsprop_has_epsilon_outside_the_root"),
)
"""Pairs of mistakes that the same person is likely to make, see pairs.py."""

VELOCITIES = {"velocity": "the velocity"}
CACHES = {"cache": "the cache"}
MOMENTS = {"mt": "the first moment", "vt": "the second moment"}

WORDS: Mapping[str, Words] = {
    "sgd_momentum": one_parameter(VELOCITIES, MOMENTUM),
    "sgd_momentum_fresh": new_optimizer(
        VELOCITIES, MOMENTUM, {"without": "with the default momentum of 0"}
    ),
    "sgd_momentum_network": several_parameters,
    "rmsprop": one_parameter(CACHES),
    "rmsprop_fresh": new_optimizer(CACHES),
    "rmsprop_network": several_parameters,
    "rmsprop_epsilon": epsilon,
    "adam": one_parameter(MOMENTS),
    "adam_fresh": new_optimizer(MOMENTS),
    "adam_network": several_parameters,
    "adam_epsilon": epsilon,
}
