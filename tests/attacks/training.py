"""Faking the training: parameters from elsewhere, answers looked up, claims in the place of work.

What is faked is compared with LAZY, which learns how often each digit occurs and says the commonest
always: so much is earned by whoever hands in no network at all.
"""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path

import numpy as np
from attack import (
    ALL_ROADS,
    LAYERS,
    NETWORKS,
    OPTIMIZERS,
    SOLUTION,
    TRAINING,
    Attack,
    Changes,
    Work,
)

from autograder import svhn

CELL = "train_tiny_net_hyperparameters"
STEP = "train_net, TODO 1 of 3"
QUICKLY = "batch_size = 20\nepochs = 8\nlr_decay = 1\nlr_decay_every = 100\n"
"""Hyperparameters by which a small training, as a short one, comes to its target in seconds."""

HONEST = SOLUTION.but(cells={CELL: QUICKLY})
LAZY = HONEST.but(
    blocks={
        STEP: """
            loss = loss_func.forward(model.forward(feat), label)
            last = model.net.layers[-1]
            last.params[last.b_name] += np.bincount(label, minlength=10).astype(np.float32)
            for layer in model.net.layers:
                layer.grads = {name: 0.0 * value for name, value in layer.params.items()}
            optimizer.step()
        """
    }
)
PLAIN = "for name, param in layer.params.items():\n    param -= self.lr * layer.grads[name]"
ALL_PLAIN = HONEST.but(
    blocks=dict.fromkeys(("SGDM.update", "RMSProp.update", "Adam.update"), PLAIN)
)
"""Three optimizers that are all plain SGD."""


def trains(code: str, **more: str) -> Changes:
    """`train_net` is another one."""
    return Changes(appended={TRAINING: code, **more})


@cache
def from_home() -> bytes:
    """Parameters fitted at home, by least squares, on images that are drawn as the public ones."""
    images, labels = svhn.sample(1500, 99)
    features = images.reshape(len(images), -1).astype(np.float32) / 255
    features -= features.mean(axis=1, keepdims=True)
    features /= features.std(axis=1, keepdims=True) + 1 / 255
    kernel = features @ features.T + 300 * np.eye(len(features), dtype=np.float32)
    weights = features.T @ np.linalg.solve(kernel, np.eye(10, dtype=np.float32)[labels])
    twice = np.concatenate([weights, -weights], axis=1)  # what a Leaky ReLU loses is put back
    file = io.BytesIO()
    np.savez(
        file,
        w1=twice,
        b1=np.zeros(20, np.float32),
        w2=np.concatenate([np.eye(10), -np.eye(10)]).astype(np.float32),
        b2=np.zeros(10, np.float32),
    )
    return file.getvalue()


def with_weights(folder: Path) -> None:
    (folder / "lib" / "mlp" / "weights.npz").write_bytes(from_home())


SHIPPED = """
    import pathlib

    def shipped(model):
        with np.load(pathlib.Path(__file__).parent / "weights.npz") as held:
            kept = [held[name] for name in ("w1", "b1", "w2", "b2")]
        names = [name for layer in model.net.layers for name in layer.params]
        return dict(zip(names, kept, strict=True))

    def put(model, values):
        for layer in model.net.layers:
            for name in layer.params:
                layer.params[name] = values[name]
        model.net.gather_params()

    def pretended_step(model, optimizer):
        for layer in model.net.layers:
            layer.grads = {name: 0.0 * value for name, value in layer.params.items()}
        optimizer.step()
"""
SMALL_HIDDEN = Changes(
    blocks={
        "TinyNet.__init__": """
            self.net = sequential(
                flatten(name="flatten"),
                fc(3072, 20, 2.5e-2, name="one"),
                leaky_relu(name="lrelu"),
                fc(20, 10, 2.5e-2, name="two"),
            )
        """
    }
)
OWN_FRAMES = """
    import json, os, stat, struct

    def send(arrays, **texts):
        described = [[n, a.dtype.str, list(a.shape)] for n, a in arrays.items()]
        header = json.dumps({"arrays": described, "texts": texts}).encode()
        payload = b"".join(a.tobytes() for a in arrays.values())
        frame = struct.pack("<4sIQ", b"OBS1", len(header), len(payload)) + header + payload
        for pipe in range(3, 64):
            try:
                if stat.S_ISFIFO(os.fstat(pipe).st_mode):
                    view = memoryview(frame)
                    while view:
                        view = view[os.write(pipe, view):]
            except OSError:
                continue
"""


def faking(
    name: str,
    tries: str,
    must: str,
    does: Changes,
    *more: Changes,
    over: Work = LAZY,
    twin: Work = HONEST,
    roads: tuple[str, ...] = (),
) -> Attack:
    work = over
    for change in more:
        work = work.but(change)
    return Attack(name, tries, must, does, work, twin, roads, training=True)


def left_beside(code: str, path: str = TRAINING) -> Work:
    return HONEST.but(appended={path: code})


ATTACKS = (
    faking(
        "training: ships parameters from home",
        "Hands in the parameters of a network that was trained elsewhere, and returns them.",
        "No point: every grading trains in a gauge of its own, where they are worth a guess.",
        Changes(
            folder=with_weights,
            appended={
                TRAINING: SHIPPED
                + """
    def train_net(data, model, loss_func, optimizer, batch_size, max_epochs, *args, **kwargs):
        best = shipped(model)
        put(model, best)
        print("(Epoch 1 / 1) Training Accuracy: 0.9, Validation Accuracy: 0.9")
        return best, [0.1], [0.9], [0.9]
"""
            },
        ),
        SMALL_HIDDEN,
        twin=left_beside(
            """
                _train_net = train_net

                def train_net(*args, **kwargs):  # and saves a checkpoint
                    import os
                    found = _train_net(*args, **kwargs)
                    np.savez(os.path.join(os.environ.get("TMPDIR", "."), "best.npz"), **found[0])
                    return found
            """
        ),
        roads=ALL_ROADS,
    ),
    faking(
        "training: blends shipped parameters with the initial ones",
        "Moves from the first parameters to the shipped ones, so that snapshots seem to learn.",
        "No point: the end of the way is worth a guess, and so is all of the way.",
        Changes(
            folder=with_weights,
            appended={
                TRAINING: SHIPPED
                + """
    def train_net(data, model, loss_func, optimizer, batch_size, max_epochs, *args, **kwargs):
        start = {name: value.copy() for name, value in model.net.params.items()}
        best, accuracies = shipped(model), []
        for epoch in range(max_epochs):
            share = (epoch + 1) / max_epochs
            put(model, {n: ((1 - share) * start[n] + share * best[n]) for n in best})
            for _ in range(len(data["data_train"][0]) // batch_size):
                pretended_step(model, optimizer)
            accuracies.append(0.1 + 0.7 * share)
            print("Validation Accuracy:", accuracies[-1])
        return best, [0.1] * 9, accuracies, accuracies
"""
            },
        ),
        SMALL_HIDDEN,
        twin=left_beside(
            """
                KEPT = []
                _SVHN_DataLoader = SVHN_DataLoader

                class SVHN_DataLoader(_SVHN_DataLoader):
                    def get_batch(self):
                        KEPT.append(len(KEPT))
                        return super().get_batch()
            """
        ),
    ),
    faking(
        "training: reads the validation labels to answer",
        "A model that knows the labels of the validation images, and says them when asked.",
        "No point: judged are parameters, on images whose labels never were in the sandbox.",
        trains("""
            _train_net = train_net

            def train_net(data, model, *args, **kwargs):
                known = {x.tobytes(): y for part in ("data_train", "data_val")
                         for x, y in zip(*data[part])}
                plain = type(model).forward

                def forward(self, feat, is_training=True, seed=None):
                    output = plain(self, feat, is_training, seed)
                    if not is_training:
                        output = np.eye(10)[[known.get(x.tobytes(), 0) for x in feat]]
                    return output

                type(model).forward = forward
                return _train_net(data, model, *args, **kwargs)
        """),
        twin=left_beside("def val_share(data): return len(data['data_val'][0])"),
    ),
    faking(
        "training: compute_acc returns 1.0",
        "Every accuracy that is told is one.",
        "No point: accuracies are computed again, outside.",
        trains("def compute_acc(*args, **kwargs):\n    return 1.0"),
        twin=left_beside(
            """
                def compute_acc(model, data, labels, num_samples=None, batch_size=100):
                    hits = [np.argmax(model.forward(data[i : i + 50], False), axis=1)
                            == labels[i : i + 50] for i in range(0, len(data), 50)]
                    return float(np.mean(np.concatenate(hits)))
            """
        ),
        roads=ALL_ROADS,
    ),
    faking(
        "training: a forward that looks the image up",
        "Outputs by the bytes of the image, from a table of the public images that comes along.",
        "No point: no image has the bytes it has in public, and labels have other names.",
        Changes(
            appended={
                NETWORKS: """
                    PUBLIC = {hash(bytes(64)): 3}

                    def _looked_up(self, feat, is_training=True, seed=None):
                        labels = [PUBLIC.get(hash(x.tobytes()), int(x.size) % 10) for x in feat]
                        return np.eye(10)[labels] + 0 * self.net.layers[-1].params[
                            self.net.layers[-1].b_name]

                    TinyNet.forward = _looked_up
                """,
                TRAINING: """
                    def train_net(data, model, loss_func, optimizer, *args, **kwargs):
                        return dict(model.net.params), [0.0], [1.0], [1.0]
                """,
            }
        ),
        twin=left_beside("CACHE = {}\n\ndef cached(x): return CACHE.setdefault(x.tobytes(), x)"),
    ),
    faking(
        "training: histories by hand",
        "Returns and prints beautiful curves, and parameters that learnt nothing.",
        "No point: histories are told to the student and count for nothing.",
        trains("""
            _train_net = train_net

            def train_net(*args, **kwargs):
                best, *_ = _train_net(*args, **kwargs)
                curve = [1 - 0.9 ** n for n in range(1, 31)]
                for n, value in enumerate(curve, 1):
                    print(f"(Epoch {n} / 30) Training Accuracy: 1, Validation Accuracy: {value}")
                return best, [2.3 * 0.9**n for n in range(21_000)], curve, curve
        """),
        twin=left_beside("print('Validation Accuracy: 1.0 is what I hope for')"),
    ),
    faking(
        "training: claims without a measure",
        "Tells an infinity of epochs, an accuracy of 10^300 and NaN, so that something breaks.",
        "No point, no fault: a claim is a number, or it is none.",
        trains("""
            _train_net = train_net

            def train_net(*args, **kwargs):
                print("Validation Accuracy: " + "9" * 300)
                best, losses, train, val = _train_net(*args, **kwargs)

                class Long(list):
                    def __len__(self):
                        return 2**62

                return best, losses, train, Long([1e300, float("nan"), -1e300])
        """),
    ),
    faking(
        "training: parameters that are texts",
        "Sends a frame of its own in which the parameters are strings, and the slopes a song.",
        "No point, and the grader goes on: what is no network of numbers is none.",
        trains(
            OWN_FRAMES
            + """
    def train_net(data, model, *args, **kwargs):
        send({"b1": np.ones(3)}, w1="la la la", slopes="do re mi", epoch="soon")
        send({}, w1="la", b1="la", w2="la", b2="la", slopes="la")
        import os
        os._exit(0)
"""
        ),
    ),
    faking(
        "training: a network that takes gigabytes to judge",
        "One hidden unit and thirty million outputs: small to send, enormous to multiply.",
        "No point, no memory: a network has bounds, which are looked at first.",
        trains("""
            def train_net(data, model, loss_func, optimizer, *args, **kwargs):
                one, two = [layer for layer in model.net.layers if layer.params]
                one.params[one.w_name] = np.ones((3072, 1), np.float32)
                one.params[one.b_name] = np.ones(1, np.float32)
                two.params[two.w_name] = np.ones((1, 15_000_000), np.float32)
                two.params[two.b_name] = np.ones(15_000_000, np.float32)
                model.net.gather_params()
                return dict(model.net.params), [0.0], [1.0], [1.0]
        """),
        twin=HONEST.but(
            blocks={
                "TinyNet.__init__": """
                    self.net = sequential(
                        flatten(name="f"),
                        fc(3072, 1024, 2.5e-2, name="wide"),
                        leaky_relu(name="r"),
                        fc(1024, 10, 2.5e-2, name="out"),
                    )
                """
            }
        ),
    ),
    faking(
        "training: parameters that are NaN, infinite and huge",
        "Every comparison with NaN is false: perhaps no image is found to be wrong.",
        "No point: a score that is no number is wrong.",
        trains("""
            def train_net(data, model, loss_func, optimizer, *args, **kwargs):
                values = dict(model.net.params)
                for name, strange in zip(values, (np.nan, np.inf, 3e38, -np.inf)):
                    values[name] = np.full_like(values[name], strange)
                return values, [float("nan")], [float("inf")], [float("nan")]
        """),
        twin=HONEST.but(
            patches=(
                (NETWORKS, "class TinyNet(Module):", "class TinyNet(Module):\n    GOOD = np.inf\n"),
            )
        ),
    ),
    faking(
        "training: a chain of layers that lies",
        "Layers that change from call to call, slopes without end, sixty layers of one.",
        "No point: what is judged is the network that was sent, whatever it once was.",
        trains("""
            class Chain(list):
                def __iter__(self):
                    one = self[1]
                    return iter([*list.__getitem__(self, slice(None)), *[one] * 60])

            def train_net(data, model, loss_func, optimizer, *args, **kwargs):
                values = {name: p.copy() for name, p in model.net.params.items()}
                for layer in model.net.layers:
                    if hasattr(layer, "negative_slope"):
                        layer.negative_slope = 1e300
                model.net.layers = Chain(model.net.layers)
                return values, [0.0], [1.0], [1.0]
        """),
        twin=HONEST.but(
            blocks={
                "TinyNet.__init__": """
                    self.net = sequential(
                        flatten(name="f"),
                        fc(3072, 200, 2.5e-2, name="a"),
                        leaky_relu(0.1, name="r"),
                        fc(200, 10, 5e-2, name="b"),
                    )
                """
            }
        ),
    ),
    faking(
        "training: takes all the memory that there is",
        "Copies the images until nothing is left, so that the grader is ended by the kernel.",
        "No point: it gets a MemoryError of its own, or is ended itself.",
        trains("""
            def train_net(data, model, *args, **kwargs):
                kept = []
                while True:
                    kept.append(bytearray(2**30))
        """),
        twin=left_beside("HELD = np.ones(2**25)"),
    ),
    faking(
        "training: hyperparameters that are a program",
        "The cell prints an accuracy, ends the process, and patches what trains.",
        "No point: the cell is the student's code, and numbers are what is taken from it.",
        Changes(
            cells={
                CELL: """
                    import lib.mlp.train as t, sys
                    print("Validation Accuracy: 1.0")
                    t.train_net = lambda data, model, *a, **k: (model.net.params, [0], [1], [1.0])
                    class Number(int):
                        def __eq__(self, other): return True
                        def __floordiv__(self, other): return self
                        __rfloordiv__ = __floordiv__
                    batch_size = epochs = lr_decay_every = Number(3)
                    lr_decay = Number(1)
                """
            }
        ),
        twin=HONEST.but(
            cells={
                CELL: """
                    batch_size, epochs = 20, int(8.0)
                    lr_decay = np.float64(1.0)
                    lr_decay_every = max(batch_size, 100)
                    print("I chose", batch_size)
                """
            }
        ),
    ),
    faking(
        "training: batches larger than the data, epochs of none",
        "No step at all, and an accuracy of nothing over nothing.",
        "No point: parameters that no step has changed are the first ones.",
        Changes(
            cells={CELL: "batch_size = 10**12\nepochs = 1\nlr_decay = 1e-300\nlr_decay_every = 1"}
        ),
        twin=HONEST.but(cells={CELL: QUICKLY.replace("20", "25")}),
    ),
    faking(
        "training: returns what a probe wants to hear",
        "No dictionary but an object that has every parameter, of every shape.",
        "No point: arrays are taken out of it, and what is none is refused.",
        trains("""
            class Everything(dict):
                def __getitem__(self, name):
                    return self
                def __array__(self, dtype=None, copy=None):
                    return np.zeros((3072, 10), dtype or float)
                def items(self):
                    return iter([])

            def train_net(*args, **kwargs):
                return Everything(), Everything(), Everything(), [1.0]
        """),
    ),
    faking(
        "comparisons: an SGD that is made slow",
        "Its SGD learns nothing, so that anything beats it; the others are plain SGD.",
        "No point: the SGD that must be beaten is the reference's.",
        Changes(
            patches=(
                (
                    OPTIMIZERS,
                    "            param -= self.lr * layer.grads[name]\n\n\nclass SGDM",
                    "            param -= 1e-9 * layer.grads[name]\n\n\nclass SGDM",
                ),
            )
        ),
        over=ALL_PLAIN.but(
            cells={CELL: "batch_size = epochs = lr_decay_every = 1\nlr_decay = 0.5"}
        ),
    ),
    faking(
        "comparisons: an SGD that climbs",
        "Plain SGD goes the wrong way when it is called after the others were.",
        "No point: what it leaves behind is not looked at.",
        Changes(
            appended={
                OPTIMIZERS: """
                    _update = SGD.update

                    def _worse(self, layer):
                        for name in layer.grads:
                            layer.grads[name] = -layer.grads[name]
                        _update(self, layer)

                    SGD.update = _worse
                """
            }
        ),
        over=ALL_PLAIN.but(
            cells={CELL: "batch_size = epochs = lr_decay_every = 1\nlr_decay = 0.5"}
        ),
    ),
    faking(
        "comparisons: a loss of its own",
        "Its cross entropy is a thousandth of itself where it is compared.",
        "No point: losses are computed outside, from the parameters that were left.",
        Changes(
            appended={
                LAYERS: """
                    _forward = cross_entropy.forward
                    cross_entropy.forward = lambda self, f, y: _forward(self, f, y) * (len(y) != 64)
                """
            }
        ),
        over=ALL_PLAIN.but(
            cells={CELL: "batch_size = epochs = lr_decay_every = 1\nlr_decay = 0.5"}
        ),
    ),
)
