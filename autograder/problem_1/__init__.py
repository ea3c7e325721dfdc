"""Problem 1, Basics of Neural Networks: everything that is specific to this assignment."""

from __future__ import annotations

from autograder import checkout
from autograder.assignment import Assignment, OlderWork
from autograder.problem_1 import training
from autograder.problem_1.equivalence import SPECIAL
from autograder.problem_1.rubric import CARRY_FORWARD, SECTIONS

_NETWORKS_OF_LAYERS = ("cascade", "small_network", "dropout_network", "train_tiny_net")

ASSIGNMENT = Assignment(
    package=__name__,
    root=checkout.ROOT,
    id="problem_1",
    title="Problem 1: Basics of Neural Networks",
    course="neural_networks",
    notebook="Problem_1.ipynb",
    sections=SECTIONS,
    modules=(
        "lib.grad_check",
        "lib.mlp.layer_utils",
        "lib.mlp.fully_conn",
        "lib.optim",
        "lib.mlp.datasets",
        "lib.mlp.memory",
        "lib.mlp.progress",
        "lib.mlp.train",
    ),
    answered_in=(
        "lib/mlp/fully_conn.py",
        "lib/mlp/layer_utils.py",
        "lib/mlp/train.py",
        "lib/optim.py",
    ),
    used_by={
        "fc_forward": ("fc_backward", *_NETWORKS_OF_LAYERS),
        "fc_backward": _NETWORKS_OF_LAYERS,
        "leaky_relu_forward": ("leaky_relu_backward", *_NETWORKS_OF_LAYERS),
        "leaky_relu_backward": _NETWORKS_OF_LAYERS,
        "dropout_forward": ("dropout_backward", "dropout_network"),
        "dropout_backward": ("dropout_network",),
    },
    special=SPECIAL,
    called={
        "grads": "the gradient",
        "params": "the parameter",
        "w_name": "the weights",
        "b_name": "the biases",
    },
    carry_forward=CARRY_FORWARD,
    data="svhn",
    output=checkout.OUTPUT,
    graded_with={"Python": "3.11", "numpy": "2"},
    training=training.PLAN,
    older_work=OlderWork(
        new_cells=("cascade_names", "small_network_names"),
        new_probes=("cross_entropy_far_apart",),
        # the hyperparameters that the assignment was first published with
        stand_ins={
            "train_tiny_net_hyperparameters": (
                "batch_size = 100\nepochs = 30\nlr_decay = 0.99\nlr_decay_every = 50\n"
            )
        },
    ),
)
