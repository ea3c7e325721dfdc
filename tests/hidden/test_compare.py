"""The comparisons: losses are computed here, from the parameters that training left behind.

The plain SGD that must be beaten is the reference's: a student's own could be made to lose. A loss
can be made small without any gradient, so the parameters must also have gone where this optimizer
leads from the same start. SGD at a rate of thirty times its own does so, too; so each counts by the
checks of its optimizer's update.
"""

from autograder.judgement.checks import check, require
from autograder.training import networks

AHEAD = 0.9
"""The part of SGD's loss to stay below. Correct work is far below (benchmarks/comparisons.py)."""


def loss(probe, answer, prefix=""):
    names = ("w1", "b1", "w2", "b2", "slopes")
    parameters = {name: getattr(answer, prefix + name) for name in names}
    return networks.loss(parameters, probe.given.x, probe.given.y)


def beats_sgd(probe, name):
    own, sgd = loss(probe, probe.student), loss(probe, probe.reference, "sgd_")
    require(
        own < AHEAD * sgd, f"{name} did not get below plain SGD: its training loss is {own:.4g}"
    )
    for w in ("w1", "w2"):
        begun = getattr(probe.given, w)
        ends = (getattr(answer, w) - begun for answer in (probe.student, probe.reference))
        require(
            networks.cosine(*ends) >= networks.SAME_WAY,
            f"the training with {name} did not change the weights as {name} changes them",
        )


@check(
    "compare_sgd_momentum",
    announced="reaches a lower training loss than plain SGD",
    counts_with=(
        "sgd_momentum_update",
        "sgd_momentum_from_the_start",
        "sgd_momentum_of_a_network",
    ),
)
def test_compare_sgd_momentum(compare_sgd_momentum):
    beats_sgd(compare_sgd_momentum, "SGDM")


@check(
    "compare_optimizers",
    announced="RMSProp reaches a lower training loss than plain SGD",
    counts_with=(
        "rmsprop_update",
        "rmsprop_from_the_start",
        "rmsprop_of_a_network",
    ),
)
def test_compare_optimizers_rmsprop(compare_optimizers_rmsprop):
    beats_sgd(compare_optimizers_rmsprop, "RMSProp")


@check(
    "compare_optimizers",
    announced="and so does your Adam",
    counts_with=(
        "adam_update",
        "adam_from_the_start",
        "adam_of_a_network",
    ),
)
def test_compare_optimizers_adam(compare_optimizers_adam):
    beats_sgd(compare_optimizers_adam, "Adam")
