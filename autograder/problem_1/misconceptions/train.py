"""`train_net` and the hyperparameters. The training says what mistakes cost; these say why."""

from __future__ import annotations

from autograder.assignment.variant import Patch, Variant
from autograder.problem_1.misconceptions import TRAINING

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
        "The loss that is kept is that after the step. The history is to have the one that the "
        "gradients came from.",
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
        "Gradients are computed, but nothing uses them: the parameters stay as they were.",
    ),
    Variant(
        "train_tiny_net_steps_before_backward",
        TRAINING,
        BACKWARD + "\n" + STEP,
        "optimizer.step()\n                " + BACKWARD,
        "The optimizer steps before the backward pass: where do its gradients come from then?",
    ),
    Variant(
        "train_tiny_net_never_runs_the_loss_backward",
        TRAINING,
        BACKWARD,
        "model.backward(model.forward(feat))",
        "What the model's backward gets is not the gradient of the loss with respect to the "
        "scores. Who computes that?",
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
        "The training accuracy is that of the last batch. It is asked for on all of the training "
        "data.",
    ),
    Variant(
        "train_tiny_net_validates_on_the_test_data",
        TRAINING,
        VAL_ACC,
        'val_acc = compute_acc(model, *data["data_test"])',
        "The validation accuracy is computed on the test data. Choosing the best epoch by it "
        "would use up the test.",
    ),
    Variant(
        "train_tiny_net_validates_on_the_training_data",
        TRAINING,
        VAL_ACC,
        "val_acc = compute_acc(model, data_train, labels_train)",
        "The validation accuracy is computed on the training data. What does it tell then?",
    ),
    Variant(
        "train_tiny_net_exchanges_the_accuracies",
        TRAINING,
        TRAIN_ACC,
        "train_acc = compute_acc(model, data_val, labels_val)",
        "Training and validation accuracy are exchanged.",
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
        "opt_params are those of the last epoch, whether it was the best or not. Is opt_val_acc "
        "compared, and stored?",
    ),
    Variant(
        "train_tiny_net_keeps_the_last_of_equals",
        TRAINING,
        IF_BEST,
        "if val_acc >= opt_val_acc:",
        "Of several epochs that are equally good, opt_params are those of the last. Look at the "
        "comparison.",
    ),
    Variant(
        "train_tiny_net_keeps_the_first_parameters",
        TRAINING,
        IF_BEST,
        "if not opt_params:",
        "opt_params are those of the first epoch: nothing better replaces them later.",
    ),
    Variant(
        "train_tiny_net_keeps_the_best_of_the_training_data",
        TRAINING,
        IF_BEST,
        "if train_acc > opt_val_acc:",
        "The best epoch is chosen by another accuracy than that of the validation data.",
        further=(Patch(TRAINING, "opt_val_acc = val_acc", "opt_val_acc = train_acc"),),
    ),
    Variant(
        "train_tiny_net_never_keeps_any",
        TRAINING,
        IF_BEST,
        "if val_acc < opt_val_acc:",
        "opt_params stay empty: look at how val_acc is compared with opt_val_acc, which begins "
        "at -1.",
    ),
    Variant(
        "train_tiny_net_keeps_no_copies",
        TRAINING,
        COPIES,
        "opt_params = dict(model.net.params)",
        "opt_params holds the very arrays that training goes on to change, so at the end they are "
        "the last ones and not the best. A new dictionary is no copy of what is in it.",
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
        "lr_decay is 0: the learning rate is multiplied by it. By which number is something "
        "multiplied that shall stay as it is?",
    ),
    Variant(
        "train_tiny_net_trains_for_no_epoch",
        CELL,
        "epochs = 20",
        "epochs = 0",
        "The number of epochs is 0: nothing would be trained.",
    ),
)
