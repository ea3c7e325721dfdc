# ruff: noqa
import copy

import numpy as np

from lib.mlp.layer_utils import softmax


class DataLoader(object):
    def __init__(self, data, labels, batch_size):
        self.data = data
        self.labels = labels
        self.batch_size = batch_size
        self.indices = np.asarray(range(data.shape[0]))

    def get_batch(self):
        if len(self.indices) < self.batch_size:
            self.indices = np.asarray(range(self.data.shape[0]))
            np.random.shuffle(self.indices)
        current = self.indices[: self.batch_size]
        self.indices = np.delete(self.indices, range(self.batch_size))
        return self.data[current], self.labels[current]


def compute_acc(model, data, labels, num_samples=None, batch_size=100):
    N = data.shape[0]
    num_batches = N // batch_size
    if N % batch_size != 0:
        num_batches += 1
    preds = []
    for i in range(num_batches):
        output = model.forward(data[i * batch_size : (i + 1) * batch_size], False)
        preds.append(np.argmax(softmax(output), axis=1))
    return np.mean(np.hstack(preds) == labels)


def train_net(
    data,
    model,
    loss_func,
    optimizer,
    batch_size,
    max_epochs,
    lr_decay=1.0,
    lr_decay_every=1000,
    show_every=10,
    verbose=False,
):
    data_train, labels_train = data["data_train"]
    data_val, labels_val = data["data_val"]
    dataloader = DataLoader(data_train, labels_train, batch_size)
    opt_val_acc = 0.0
    opt_params = None
    loss_hist = []
    train_acc_hist = []
    val_acc_hist = []
    iters_per_epoch = int(max(data_train.shape[0] // batch_size, 1))

    for epoch in range(max_epochs):
        if epoch % lr_decay_every == 0 and epoch > 0:
            optimizer.lr = optimizer.lr * lr_decay
            print("Decaying learning rate of the optimizer to {}".format(optimizer.lr))
        for _ in range(iters_per_epoch):
            data_batch, labels_batch = dataloader.get_batch()
            pred = model.forward(data_batch, True)
            loss = loss_func.forward(pred, labels_batch)
            dx = loss_func.backward()
            model.backward(dx)
            optimizer.step()
            loss_hist.append(loss)
        train_acc = compute_acc(model, data_train, labels_train)
        val_acc = compute_acc(model, data_val, labels_val)
        train_acc_hist.append(train_acc)
        val_acc_hist.append(val_acc)
        if val_acc > opt_val_acc:
            opt_val_acc = val_acc
            opt_params = copy.deepcopy(model.net.params)
    return opt_params, np.array(loss_hist), np.array(train_acc_hist), val_acc_hist
