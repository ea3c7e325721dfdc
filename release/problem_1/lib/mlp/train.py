"""Training a network: batches, accuracy, and the training loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lib.mlp.memory import keep_freed_memory
from lib.mlp.progress import progress_bar

if TYPE_CHECKING:
    from lib.mlp.fully_conn import Module
    from lib.mlp.layer_utils import cross_entropy
    from lib.optim import Optimizer

__all__ = ["SVHN_DataLoader", "compute_acc", "train_net"]


class SVHN_DataLoader:
    """Batches in random order. No example is repeated within one pass over the data.

    Each pass draws a new order from numpy's global generator. The last examples of a pass are left
    out if they are too few for a batch.
    """

    def __init__(self, data: np.ndarray, labels: np.ndarray, batch_size: int) -> None:
        if len(data) != len(labels):
            raise ValueError(f"{len(data)} examples but {len(labels)} labels")
        if not 1 <= batch_size <= len(data):
            raise ValueError(f"batch_size must be in 1..{len(data)}; found {batch_size}")
        self.data, self.labels, self.batch_size = data, labels, batch_size
        self.order = np.empty(0, dtype=int)
        self.position = 0

    def get_batch(self) -> tuple[np.ndarray, np.ndarray]:
        """The next batch: data (batch_size, ...) and labels (batch_size,), both copies"""
        if self.position + self.batch_size > len(self.order):
            self.order = np.random.permutation(len(self.data))
            self.position = 0
        chosen = self.order[self.position : self.position + self.batch_size]
        self.position += self.batch_size
        return self.data[chosen], self.labels[chosen]


def compute_acc(
    model: Module,
    data: np.ndarray,
    labels: np.ndarray,
    num_samples: int | None = None,
    batch_size: int = 100,
) -> float:
    """The fraction of `data` that the model classifies correctly at test time (without dropout).

    With num_samples, only this many randomly drawn examples are used, or all if there are fewer.
    """
    if num_samples is not None and num_samples < len(data):
        chosen = np.random.choice(len(data), num_samples, replace=False)
        data, labels = data[chosen], labels[chosen]
    correct = 0
    for start in range(0, len(data), batch_size):
        batch = slice(start, start + batch_size)
        scores = model.forward(data[batch], False)
        correct += int(np.count_nonzero(scores.argmax(axis=1) == labels[batch]))
    return correct / len(data)


def train_net(
    data: dict[str, tuple[np.ndarray, np.ndarray]],
    model: Module,
    loss_func: cross_entropy,
    optimizer: Optimizer,
    batch_size: int,
    max_epochs: int,
    lr_decay: float = 1.0,
    lr_decay_every: int = 1000,
    show_every: int = 10,
    verbose: bool = False,
) -> tuple[dict[str, np.ndarray], list[float], list[float], list[float]]:
    """Train a network, and keep the parameters with the best validation accuracy.

    Args:
        data: (examples, labels) under "data_train" and "data_val".
        model: the network. After the call it has the parameters of the last step.
        loss_func: has forward(scores, labels) -> loss and backward() -> its gradient.
        optimizer: updates `model.net`.
        batch_size: examples per step.
        max_epochs: number of epochs. An epoch has len(examples) // batch_size steps.
        lr_decay: factor of the learning rate, applied every lr_decay_every epochs.
        lr_decay_every: epochs between two decays of the learning rate.
        show_every: steps between two printed losses, with verbose.
        verbose: print losses, and accuracies after every epoch.

    Returns:
        opt_params: copies of the parameters at the best validation accuracy, by name.
        loss_hist: the loss of every step.
        train_acc_hist, val_acc_hist: the accuracies after every epoch.
    """
    data_train, labels_train = data["data_train"]
    data_val, labels_val = data["data_val"]
    loader = SVHN_DataLoader(data_train, labels_train, batch_size)
    steps_per_epoch = len(data_train) // batch_size
    max_steps = max_epochs * steps_per_epoch

    opt_params, opt_val_acc = {}, -1.0
    loss_hist, train_acc_hist, val_acc_hist = [], [], []

    keep_freed_memory()
    with progress_bar(max_steps) as bar:
        for epoch in range(1, max_epochs + 1):
            for _ in range(steps_per_epoch):
                feat, label = loader.get_batch()
                loss = None
                #################################################################
                # TODO: One training step: run the model forward on feat,       #
                # compute loss from its output and label with loss_func, run    #
                # both backward passes, and let the optimizer take one step.    #
                #################################################################
                raise NotImplementedError("train_net, TODO 1 of 3: write your solution here")
                #################################################################
                #                       END OF YOUR CODE                        #
                #################################################################
                loss_hist.append(loss)
                step = len(loss_hist)
                if verbose and (step - 1) % show_every == 0:
                    bar.write(f"(Iteration {step} / {max_steps}) loss: {loss}")
                bar.update()

            if epoch % lr_decay_every == 0:
                optimizer.lr *= lr_decay

            train_acc, val_acc = None, None
            #####################################################################
            # TODO: Compute the accuracy on all of the training data, and on    #
            # the validation data. Store them in train_acc and val_acc.         #
            #####################################################################
            raise NotImplementedError("train_net, TODO 2 of 3: write your solution here")
            #####################################################################
            #                         END OF YOUR CODE                          #
            #####################################################################
            train_acc_hist.append(train_acc)
            val_acc_hist.append(val_acc)

            #####################################################################
            # TODO: If val_acc is the best so far, store it in opt_val_acc, and #
            # store copies of the model's parameters (model.net.params) in      #
            # opt_params, by name. They must be copies, because further         #
            # training changes the originals.                                   #
            #####################################################################
            raise NotImplementedError("train_net, TODO 3 of 3: write your solution here")
            #####################################################################
            #                         END OF YOUR CODE                          #
            #####################################################################
            if verbose:
                bar.write(
                    f"(Epoch {epoch} / {max_epochs}) "
                    f"Training Accuracy: {train_acc}, Validation Accuracy: {val_acc}"
                )

    return opt_params, loss_hist, train_acc_hist, val_acc_hist
