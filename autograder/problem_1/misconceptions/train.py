"""Known mistakes in `train_net` and the hyperparameters.

The judged training decides the points of the accuracy; these variants explain them.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from autograder.assignment.variant import Patch, Variant
from autograder.assignment.words import Described, Given, Statements, Symptoms, Values, Words
from autograder.problem_1.misconceptions import TRAINING
from autograder.problem_1.probes.train import BATCH, SIZES, STEPS

LOSS = "loss = loss_func.forward(model.forward(feat), label)"
BACKWARD = "model.backward(loss_func.backward())"
STEP = "                optimizer.step()"
TRAIN_ACC = "train_acc = compute_acc(model, data_train, labels_train, batch_size=at_once)"
VAL_ACC = "val_acc = compute_acc(model, data_val, labels_val, batch_size=at_once)"
IF_BEST = "if val_acc > opt_val_acc:"
COPIES = "opt_params = {name: p.copy() for name, p in model.net.params.items()}"
DECAY = "            if epoch % lr_decay_every == 0:\n                optimizer.lr *= lr_decay"
CELL = "train_tiny_net_hyperparameters"

VARIANTS = (
    Variant(
        "train_tiny_net_computes_the_loss_after_the_step",
        TRAINING,
        STEP,
        STEP + "\n                loss = loss_func.forward(model.forward(feat), label)",
        "The recorded loss is computed after the step. The history must hold the loss from "
        "which the gradients were computed.",
    ),
    Variant(
        "train_tiny_net_takes_two_steps",
        TRAINING,
        STEP,
        STEP + "\n" + STEP,
        "The optimizer takes two steps in each iteration, with the same gradients.",
    ),
    Variant(
        "train_tiny_net_never_steps",
        TRAINING,
        STEP,
        "                pass",
        "Gradients are computed, but nothing uses them: the parameters do not change.",
    ),
    Variant(
        "train_tiny_net_steps_before_backward",
        TRAINING,
        BACKWARD + "\n" + STEP,
        "optimizer.step()\n                " + BACKWARD,
        "The optimizer steps before the backward pass: which gradients does that step use?",
    ),
    Variant(
        "train_tiny_net_never_runs_the_loss_backward",
        TRAINING,
        BACKWARD,
        "model.backward(model.forward(feat))",
        "The model's backward does not receive the gradient of the loss with respect to the "
        "scores. What computes that gradient?",
    ),
    Variant(
        "train_tiny_net_trains_in_test_mode",
        TRAINING,
        LOSS,
        "loss = loss_func.forward(model.forward(feat, False), label)",
        "Training runs the model's forward pass with is_training=False.",
    ),
    Variant(
        "train_tiny_net_computes_training_accuracy_on_a_batch",
        TRAINING,
        TRAIN_ACC,
        "train_acc = compute_acc(model, feat, label)",
        "The training accuracy is that of the last batch. It must be computed on all of the "
        "training data.",
    ),
    Variant(
        "train_tiny_net_validates_on_the_test_data",
        TRAINING,
        VAL_ACC,
        'val_acc = compute_acc(model, *data["data_test"])',
        "The validation accuracy is computed on the test data. The test data must not be used "
        "to choose the best epoch.",
    ),
    Variant(
        "train_tiny_net_validates_on_the_training_data",
        TRAINING,
        VAL_ACC,
        "val_acc = compute_acc(model, data_train, labels_train)",
        "The validation accuracy is computed on the training data. What does it measure then?",
    ),
    Variant(
        "train_tiny_net_exchanges_the_accuracies",
        TRAINING,
        TRAIN_ACC,
        "train_acc = compute_acc(model, data_val, labels_val)",
        "Training and validation accuracy are swapped.",
        further=(
            Patch(TRAINING, VAL_ACC, "val_acc = compute_acc(model, data_train, labels_train)"),
        ),
    ),
    Variant(
        "train_tiny_net_gives_accuracies_in_percent",
        TRAINING,
        VAL_ACC,
        "val_acc = compute_acc(model, data_val, labels_val) * 100\n            train_acc *= 100",
        "The accuracies are percentages. Elsewhere they are fractions, from 0 to 1.",
    ),
    Variant(
        "train_tiny_net_keeps_the_last_parameters",
        TRAINING,
        IF_BEST,
        "if True:",
        "opt_params holds the parameters of the last epoch, whether it was the best or not. Do "
        "you compare and store opt_val_acc?",
    ),
    Variant(
        "train_tiny_net_keeps_the_last_of_equals",
        TRAINING,
        IF_BEST,
        "if val_acc >= opt_val_acc:",
        "If several epochs are equally good, opt_params holds the parameters of the last one. Look "
        "at the comparison.",
    ),
    Variant(
        "train_tiny_net_keeps_the_first_parameters",
        TRAINING,
        IF_BEST,
        "if not opt_params:",
        "opt_params holds the parameters of the first epoch: better ones never replace them.",
    ),
    Variant(
        "train_tiny_net_keeps_the_best_of_the_training_data",
        TRAINING,
        IF_BEST,
        "if train_acc > opt_val_acc:",
        "The best epoch is not chosen by its accuracy on the validation data.",
        further=(Patch(TRAINING, "opt_val_acc = val_acc", "opt_val_acc = train_acc"),),
    ),
    Variant(
        "train_tiny_net_never_keeps_any",
        TRAINING,
        IF_BEST,
        "if val_acc < opt_val_acc:",
        "opt_params stay empty: look at how val_acc is compared with opt_val_acc, which starts "
        "at -1.",
    ),
    Variant(
        "train_tiny_net_keeps_no_copies",
        TRAINING,
        COPIES,
        "opt_params = dict(model.net.params)",
        "opt_params holds the arrays themselves, which training keeps changing. So at the end "
        "they are the last parameters, not the best. A new dictionary does not copy the arrays "
        "in it.",
    ),
    Variant(
        "train_tiny_net_never_lowers_the_rate",
        TRAINING,
        DECAY,
        "",
        "The learning rate never changes: where is lr_decay used?",
    ),
    Variant(
        "train_tiny_net_lowers_the_rate_every_epoch",
        TRAINING,
        DECAY,
        "            optimizer.lr *= lr_decay",
        "The learning rate is lowered after every epoch: where is lr_decay_every used?",
    ),
    Variant(
        "train_tiny_net_has_a_decay_of_zero",
        CELL,
        "lr_decay = 0.99",
        "lr_decay = 0",
        "lr_decay is 0, and the learning rate is multiplied by it. Which factor leaves a number "
        "unchanged?",
    ),
    Variant(
        "train_tiny_net_trains_for_no_epoch",
        CELL,
        "epochs = 20",
        "epochs = 0",
        "The number of epochs is 0: nothing would be trained.",
    ),
)


def _loop(given: Given) -> Described:
    runs = dict(
        plain="in a training where only optimizer.step() changes anything",
        decayed="with a decaying learning rate",
        equal="when epochs have equal validation accuracies",
    )
    values = dict(
        loss_hist="the history of the loss",
        last="the parameter after the last step",
        train_acc_hist="the history of the training accuracy",
        val_acc_hist="the history of the validation accuracy",
        best="the returned best parameter",
        best_later="the returned best parameter after further training",
    )
    return Described(
        values={f"{run}_{name}": what for run in runs for name, what in values.items()}
        | dict(best_biases="the returned best biases"),
        starts={f"{run}_last": given["start"] for run in runs},
        inputs={
            "the losses of all steps": given["losses"],
            "the initial parameter": given["start"],
        },
        numbers={
            "the decay of the learning rate": given["lr_decay"],
            "the batch size": BATCH,
        },
        when={f"{run}_{name}": when for run, when in runs.items() for name in values if when},
        axes=("the entries",),
    )


def _about_loop(values: Values, given: Given) -> Statements:
    examples, drawn = values.get("plain_examples"), STEPS * BATCH
    if examples is not None and 0 < examples < drawn:
        yield (
            "batches",
            f"The steps of the first epoch train on {int(examples)} different examples; "
            f"{drawn} are drawn for them. Does each step use its own batch?",
        )
    yield from _accuracies(values)


def _accuracies(values: Values) -> Statements:
    """Accuracies of a sample are multiples of 1 / its size."""
    for name, examples in (("train", SIZES["data_train"]), ("val", SIZES["data_val"])):
        history = values.get(f"plain_{name}_acc_hist")
        if history is None or not np.isfinite(history).all() or _counts(history, examples):
            continue
        sizes = [size for size in range(2, examples) if _counts(history, size)]
        if sizes and 0 < history.max() <= 1:
            which = {"train": "training", "val": "validation"}[name]
            yield (
                "sample",
                f"The {which} accuracy is always a multiple of 1 / {sizes[0]}, so it is that of "
                f"{sizes[0]} examples. There are {examples}.",
            )


def _counts(history: np.ndarray, examples: int) -> bool:
    """Whether accuracies may be those of so many examples."""
    correct = history.astype(float) * examples  # a claim may have any dtype
    return bool(np.allclose(correct, np.round(correct), rtol=0, atol=1e-6))


WORDS: Mapping[str, Words] = {
    "train_tiny_net_loop": _loop,
}


SYMPTOMS: Mapping[str, Symptoms] = {
    "train_tiny_net_loop": _about_loop,
}
