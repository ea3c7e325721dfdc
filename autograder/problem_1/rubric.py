"""Sections, points and thresholds of the assignment. Points are defined only here."""

from __future__ import annotations

from autograder.assignment.rubric import Section

TARGET = 0.75
"""The validation accuracy that earns all points of train_tiny_net."""

REPLAY_SPREAD = 0.015
"""By how much the accuracy may drop by chance when a recipe is trained again, see
benchmarks/replays.py."""

SHORT_TARGET = 0.50
"""The target of a short training, which uses only some of the images. See
benchmarks/RESULTS.md."""

CARRY_FORWARD = True
"""If True, a mistake that is recognised in one section costs no further points in later ones.

If False, every check is judged independently."""


SECTIONS = (
    Section("fc_forward", "FC Forward", 2),
    Section("fc_backward", "FC Backward", 2),
    Section("leaky_relu_forward", "Leaky ReLU Forward", 2),
    Section("leaky_relu_backward", "Leaky ReLU Backward", 2),
    Section("dropout_forward", "Dropout Forward", 2),
    Section("dropout_backward", "Dropout Backward", 2),
    Section(
        "cascade",
        "Testing cascaded layers: FC + Leaky ReLU",
        2,
        answers=("cascade_names",),
    ),
    Section("cross_entropy", "SoftMax Function and Loss Layer", 2),
    Section(
        "small_network",
        "Test a Small Fully Connected Network",
        2,
        answers=("small_network_names",),
    ),
    Section("dropout_network", "Test a Fully Connected Network regularized with Dropout", 2),
    Section(
        "train_tiny_net",
        f"Training a Network ({TARGET:.0%} validation accuracy)",
        5,
        training=True,
        answers=("train_tiny_net_hyperparameters",),
    ),
    Section("sgd_momentum", "SGD + Momentum", 2),
    Section(
        "compare_sgd_momentum",
        "Comparing SGD and SGD with Momentum",
        1,
        by_hand=(("compare_sgd_momentum_question", 1),),
        training=True,
    ),
    Section("rmsprop", "RMSProp", 2),
    Section("adam", "Adam", 2),
    Section(
        "compare_optimizers",
        "Comparing the optimizers",
        2,
        by_hand=(("compare_optimizers_plot", 1), ("compare_optimizers_question", 1)),
        training=True,
    ),
    Section(
        "activations", "Plot the Activation Functions", 3, answers=("activations_definitions",)
    ),
)
