"""The comparisons. Losses are computed here, from the parameters after training.

The optimizer must beat the reference's plain SGD, since a student could make their own SGD worse. A
loss can be made small without gradients, so the parameters must also have moved in the direction in
which this optimizer moves them. SGD with thirty times its learning rate does that, too. So each
check is multiplied by the share of the checks of its optimizer's update that pass.
"""

from autograder.judgement.checks import check, require
from autograder.training import networks

AHEAD = 0.9
"""The loss must be below this fraction of SGD's. Correct work is far below it, see
benchmarks/comparisons.py."""


def loss(probe, answer, prefix=""):
    names = ("w1", "b1", "w2", "b2", "slopes")
    parameters = {name: getattr(answer, prefix + name) for name in names}
    return networks.loss(parameters, probe.given.x, probe.given.y)


def beats_sgd(probe, name):
    own, sgd = loss(probe, probe.student), loss(probe, probe.reference, "sgd_")
    require(
        own < AHEAD * sgd,
        f"the training loss with {name} is {own:.4g}, which is not at least a tenth below that of "
        "plain SGD",
    )
    for w in ("w1", "w2"):
        start = getattr(probe.given, w)
        moves = (getattr(answer, w) - start for answer in (probe.student, probe.reference))
        require(
            networks.cosine(*moves) >= networks.SAME_DIRECTION,
            f"the training with {name} moved the weights in another direction than a correct one",
        )


@check(
    "compare_sgd_momentum",
    announced="reaches a lower training loss than plain SGD",
    scaled_by=(
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
    scaled_by=(
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
    scaled_by=(
        "adam_update",
        "adam_from_the_start",
        "adam_of_a_network",
    ),
)
def test_compare_optimizers_adam(compare_optimizers_adam):
    beats_sgd(compare_optimizers_adam, "Adam")
