"""The optimizers: with a given state, without a state, with several layers.

Moving averages and roots are well conditioned here, so FLOAT32 holds for any number of steps.
"""

import numpy as np

from autograder.judgement.checks import check, close, either, require_first, unchanged

PARAMETERS = ("w1", "b1", "w2", "b2")


def compare_network(student, expected, steps="after several steps with two layers"):
    for name in PARAMETERS:
        close(getattr(student, name), expected[name], f"parameter {name} {steps}")


def of_reference(probe):
    return {name: getattr(probe.reference, name) for name in PARAMETERS}


@check(
    "sgd_momentum",
    weight=2,
    announced="velocity = momentum * velocity - lr * gradient, and then the new velocity is added",
)
def test_sgd_momentum_update(sgd_momentum):
    close(sgd_momentum.student.w, sgd_momentum.reference.w, "the parameter after one step")


@check(
    "sgd_momentum",
    weight=1,
    announced="velocity = momentum * velocity - lr * gradient, and then the new velocity is added",
)
def test_sgd_momentum_velocity(sgd_momentum):
    student, reference = sgd_momentum.student, sgd_momentum.reference
    close(student.velocity, reference.velocity, "the velocity after one step")


@check("sgd_momentum", weight=2, announced="The velocity starts at 0 and is kept from step to step")
def test_sgd_momentum_from_the_start(sgd_momentum_fresh):
    student, reference = sgd_momentum_fresh.student, sgd_momentum_fresh.reference
    close(student.w, reference.w, "the parameter in the first steps")
    close(student.velocity, reference.velocity, "the velocity after the first steps")
    close(student.without, reference.without, "the parameter, with the default momentum of 0,")


@check("sgd_momentum", weight=1, announced="Every parameter of every layer has its own state")
def test_sgd_momentum_of_a_network(sgd_momentum_network):
    compare_network(sgd_momentum_network.student, of_reference(sgd_momentum_network))


@check("sgd_momentum", weight=1, announced="gradients are not changed")
def test_sgd_momentum_leaves_the_gradients(sgd_momentum_fresh):
    require_first(lambda: test_sgd_momentum_from_the_start(sgd_momentum_fresh))
    student, given = sgd_momentum_fresh.student, sgd_momentum_fresh.given
    unchanged(student.grads_after, given.grads, "the gradient")


@check("rmsprop", weight=2, announced="The cache is a moving average of the squared gradient")
def test_rmsprop_update(rmsprop):
    close(rmsprop.student.w, rmsprop.reference.w, "the parameter after one step")


@check("rmsprop", weight=1, announced="The cache is a moving average of the squared gradient")
def test_rmsprop_cache(rmsprop):
    close(rmsprop.student.cache, rmsprop.reference.cache, "the cache after one step")


@check("rmsprop", weight=2, announced="it starts at 0 and is kept")
def test_rmsprop_from_the_start(rmsprop_fresh):
    student, reference = rmsprop_fresh.student, rmsprop_fresh.reference
    close(student.w, reference.w, "the parameter in the first steps")
    close(student.cache, reference.cache, "the cache after the first steps")


@check("rmsprop", weight=1, announced="Every parameter of every layer has its own state")
def test_rmsprop_of_a_network(rmsprop_network):
    compare_network(rmsprop_network.student, of_reference(rmsprop_network))


@check("rmsprop", weight=1, announced="Epsilon stands under the root")
def test_rmsprop_epsilon(rmsprop_epsilon):
    student, reference = rmsprop_epsilon.student, rmsprop_epsilon.reference
    close(student.w, reference.w, "the parameter, for gradients as small as epsilon,")
    close(student.large, reference.large, "the parameter, for a large epsilon,")


@check("rmsprop", weight=1, announced="gradients are not changed")
def test_rmsprop_leaves_the_gradients(rmsprop_fresh):
    require_first(lambda: test_rmsprop_from_the_start(rmsprop_fresh))
    unchanged(rmsprop_fresh.student.grads_after, rmsprop_fresh.given.grads, "the gradient")


BETA2 = 0.99
"""As in the Adam probes."""


def adam_steps(start, grads, counts, lr, beta1, eps, corrected_eps=True):
    """A parameter after each step, where step k uses t = counts[k]: (steps, *shape)

    The reference counts t once per step. Other counts are right as well. So is the efficient form
    in section 2 of the paper, which adds epsilon before it corrects the root for its bias.
    """
    p, m, v, after = start, 0.0, 0.0, []
    for grad, t, rate in zip(grads, counts, lr, strict=True):
        m = beta1 * m + (1 - beta1) * grad
        v = BETA2 * v + (1 - BETA2) * grad**2
        correction = np.sqrt(1 - BETA2**t)
        root = np.sqrt(v) / correction + (eps if corrected_eps else eps / correction)
        p = p - rate * m / (1 - beta1**t) / root
        after.append(p)
    return np.stack(after)


@check("adam", weight=2, announced="both are corrected for their bias")
def test_adam_update(adam):
    close(adam.student.w, adam.reference.w, "the parameter after one step")


@check("adam", weight=1, announced="Both moving averages start at 0")
def test_adam_moving_averages(adam):
    student, reference = adam.student, adam.reference
    close(student.mt, reference.mt, "mt after one step")
    close(student.vt, reference.vt, "vt after one step")


@check("adam", weight=2, announced="Both moving averages start at 0")
def test_adam_from_the_start(adam_fresh):
    student, reference = adam_fresh.student, adam_fresh.reference
    close(student.w, reference.w, "the parameter in the first steps")
    close(student.mt, reference.mt, "mt after the first steps")
    close(student.vt, reference.vt, "vt after the first steps")


@check("adam", weight=2, announced="t counts steps or layers, not parameters")
def test_adam_of_a_network(adam_network):
    given, student = adam_network.given, adam_network.student
    steps = np.arange(len(given.grads["w1"]))
    lr = np.where(steps < len(steps) // 2, given.lr, given.lr_later)

    def counted(first_layer, second_layer):
        counts = dict(w1=first_layer, b1=first_layer, w2=second_layer, b2=second_layer)
        return {
            name: adam_steps(
                given.values[name], given.grads[name], counts[name], lr, given.decay, 1e-8
            )
            for name in PARAMETERS
        }

    either(
        lambda: compare_network(student, of_reference(adam_network)),  # once per step
        lambda: compare_network(
            student, counted(2 * steps + 1, 2 * steps + 2)
        ),  # once per layer ...
        lambda: compare_network(
            student, counted(3 * steps + 1, 3 * steps + 3)
        ),  # ... for all three layers
    )


@check("adam", weight=1, announced="Epsilon stands outside the root")
def test_adam_epsilon(adam_epsilon):
    given, student = adam_epsilon.given, adam_epsilon.student
    counts = np.arange(len(given.grads)) + 1
    lr = np.full(len(counts), given.lr)
    efficient = adam_steps(
        given.w, given.grads, counts, lr, given.decay, given.eps, corrected_eps=False
    )
    what = "the parameter, for gradients as small as epsilon,"
    either(
        lambda: close(student.w, adam_epsilon.reference.w, what),
        lambda: close(student.w, efficient, what),
    )


@check("adam", weight=1, announced="gradients are not changed")
def test_adam_leaves_the_gradients(adam_fresh):
    require_first(lambda: test_adam_from_the_start(adam_fresh))
    unchanged(adam_fresh.student.grads_after, adam_fresh.given.grads, "the gradient")
