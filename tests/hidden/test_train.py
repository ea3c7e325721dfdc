"""`train_net` on a scripted model, and the shape of TinyNet.

The share of these checks that pass is multiplied by the share of the training
(`autograder/training`).
"""

import numpy as np

from autograder.judgement.checks import check, close, require, require_first


@check(
    "train_tiny_net",
    weight=1,
    announced="one loss for every iteration, computed before its update",
)
def test_train_tiny_net_losses(train_tiny_net_loop):
    student, reference = train_tiny_net_loop.student, train_tiny_net_loop.reference
    close(student.plain_loss_hist, reference.plain_loss_hist, "the history of losses")


@check(
    "train_tiny_net",
    weight=2,
    announced="runs forward, loss, both backward passes and one step of the optimizer",
)
def test_train_tiny_net_steps(train_tiny_net_loop):
    student, reference = train_tiny_net_loop.student, train_tiny_net_loop.reference
    close(student.plain_last, reference.plain_last, "the parameter after the last step")
    require(
        student.plain_examples == reference.plain_examples,
        "not every step of the first epoch uses the batch that was drawn for it",
    )


@check(
    "train_tiny_net",
    weight=1,
    announced="the learning rate is multiplied by lr_decay every lr_decay_every epochs",
)
def test_train_tiny_net_learning_rate(train_tiny_net_loop):
    require_first(lambda: test_train_tiny_net_steps(train_tiny_net_loop))
    student, reference = train_tiny_net_loop.student, train_tiny_net_loop.reference
    close(student.decayed_last, reference.decayed_last, "the parameter, with a decaying rate,")


@check(
    "train_tiny_net",
    weight=1,
    announced="the accuracies are computed after every epoch, on all of the training data",
)
def test_train_tiny_net_training_accuracy(train_tiny_net_loop):
    student, reference = train_tiny_net_loop.student, train_tiny_net_loop.reference
    close(student.plain_train_acc_hist, reference.plain_train_acc_hist, "the training accuracies")


@check("train_tiny_net", weight=1, announced="and on all of the validation data")
def test_train_tiny_net_validation_accuracy(train_tiny_net_loop):
    student, reference = train_tiny_net_loop.student, train_tiny_net_loop.reference
    close(student.plain_val_acc_hist, reference.plain_val_acc_hist, "the validation accuracies")


@check(
    "train_tiny_net",
    weight=2,
    announced="the best parameters are copies from the epoch with the best validation accuracy",
)
def test_train_tiny_net_best_parameters(train_tiny_net_loop):
    student, reference = train_tiny_net_loop.student, train_tiny_net_loop.reference
    close(student.plain_best, reference.plain_best, "the best parameter")
    close(student.decayed_best, reference.decayed_best, "the best parameter of a second training")
    close(student.plain_best_later, reference.plain_best, "the best parameter, some steps later,")
    close(student.best_biases, reference.best_biases, "the best biases")


@check("train_tiny_net", weight=1, announced="the first of them, if several are equally good")
def test_train_tiny_net_first_of_equals(train_tiny_net_loop):
    require_first(lambda: test_train_tiny_net_best_parameters(train_tiny_net_loop))
    student, reference = train_tiny_net_loop.student, train_tiny_net_loop.reference
    close(
        student.equal_best,
        reference.equal_best,
        "the best parameter, if all epochs are equally good,",
    )


@check("train_tiny_net", weight=2, announced="from 3072 features to 10 classes")
def test_train_tiny_net_network(train_tiny_net_network):
    given, student = train_tiny_net_network.given, train_tiny_net_network.student
    units = int(np.ravel(student.b1)[0])  # the student's own choice
    for place, found, expected in (
        ("first", student.w1, (3072, units)),
        ("second", student.w2, (units, 10)),
    ):
        shape = tuple(int(size) for size in np.ravel(found))
        require(shape == expected, f"the {place} weights have shape {shape}; expected {expected}")
    rows = given.x.reshape(len(given.x), -1)
    hidden = np.outer(rows @ given.inputs, given.hidden[:units]) + given.b1[:units]
    slope = float(student.slope)  # the student's own choice, too
    require(0 <= slope < 1, f"the slope of TinyNet's Leaky ReLU is {slope:g}")
    expected = np.where(hidden > 0, hidden, slope * hidden) @ given.w2[:units] + given.b2
    close(student.out, expected, "the output of TinyNet")


@check(
    "train_tiny_net",
    weight=1,
    announced="the batch size, the number of epochs and the decay of the learning rate",
)
def test_train_tiny_net_hyperparameters(train_tiny_net_hyperparameters):
    student = train_tiny_net_hyperparameters.student
    for name in ("batch_size", "epochs", "lr_decay_every"):
        value = getattr(student, name)
        whole = np.ndim(value) == 0 and value >= 1 and value == np.round(value)
        require(whole, f"{name} is {value}; expected a whole number from 1 on")
    for name in ("batch_size", "epochs"):  # range and slices take no float
        value = getattr(student, name)
        require(value.dtype.kind in "biu", f"{name} is {value}, a float; expected an integer")
    decay = student.lr_decay
    require(np.ndim(decay) == 0 and decay > 0, f"lr_decay is {decay}; expected a number above 0")
