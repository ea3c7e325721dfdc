"""The training loop."""

from __future__ import annotations

from .alternative import TRAINING, Alternative

IN_TRAINING = (
    Alternative(
        "deep copies of the best, and histories as arrays",
        {
            "train_net, TODO 1 of 3": """
                out = model.forward(feat, is_training=True)
                loss = float(loss_func.forward(out, label))
                dout = loss_func.backward()
                _ = model.backward(dout)
                optimizer.step()
            """,
            "train_net, TODO 2 of 3": """
                train_acc, val_acc = [
                    compute_acc(model, x, y, batch_size=64)
                    for x, y in (data["data_train"], data["data_val"])
                ]
            """,
            "train_net, TODO 3 of 3": """
                import copy
                if opt_val_acc < val_acc:
                    opt_val_acc, opt_params = val_acc, copy.deepcopy(model.net.params)
            """,
        },
        (
            (
                TRAINING,
                "    return opt_params, loss_hist, train_acc_hist, val_acc_hist",
                "    return (opt_params, np.array(loss_hist), np.asarray(train_acc_hist), "
                "tuple(val_acc_hist))",
            ),
        ),
    ),
    Alternative(
        "best parameters rebuilt layer by layer",
        {
            "train_net, TODO 2 of 3": """
                def right(x, y):
                    return np.mean(np.argmax(model.forward(x, False), axis=-1) == y)

                train_acc, val_acc = right(data_train, labels_train), right(data_val, labels_val)
            """,
            "train_net, TODO 3 of 3": """
                if val_acc == max(val_acc_hist) and val_acc > opt_val_acc:
                    opt_val_acc = val_acc
                    for layer in model.net.layers:
                        for n in layer.params:
                            opt_params[n] = np.array(layer.params[n], copy=True)
            """,
        },
    ),
)
