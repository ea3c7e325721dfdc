"""Faking the training: parameters from elsewhere, answers looked up, claims in the place of work.

Most attacks are compared with UNWRITTEN, whose `train_net` and hyperparameters are right and whose
layers were never written: it cannot train, so it earns nothing for what it chose. The others are
compared with STILL, which never takes a step.
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

from autograder.problem_1 import svhn

CELL = "train_tiny_net_hyperparameters"
STEP = "train_net, TODO 1 of 3"
QUICKLY = "batch_size = 20\nepochs = 8\nlr_decay = 1\nlr_decay_every = 100\n"
"""Hyperparameters by which a small training, as a short one, comes to its target in seconds."""

HONEST = SOLUTION.but(cells={CELL: QUICKLY})
UNWRITTEN = HONEST.left(
    "fc.forward",
    "fc.backward",
    "leaky_relu.forward",
    "leaky_relu.backward",
    "softmax",
    "cross_entropy.forward",
    "cross_entropy.backward",
)
STILL = HONEST.but(
    blocks={
        STEP: """
            loss = loss_func.forward(model.forward(feat), label)
            model.backward(loss_func.backward())
        """
    }
)
PLAIN = "for name, param in layer.params.items():\n    param -= self.lr * layer.grads[name]"
FAST = PLAIN.replace("self.lr", "40 * self.lr")
OPTIMIZER_BLOCKS = ("SGDM.update", "RMSProp.update", "Adam.update")
KEPT_STATE = """
    for name, param in layer.params.items():
        grad = layer.grads[name]
        for state, old, new in STATES:
            state[name] = old * state.get(name, np.zeros_like(param)) + new
        param -= RATE * self.lr * grad
"""
STATES = {
    "SGDM.update": "(self.velocity, self.momentum, -self.lr * grad),",
    "RMSProp.update": "(self.cache, self.decay, (1 - self.decay) * grad**2),",
    "Adam.update": "(self.mt, self.beta1, (1 - self.beta1) * grad), "
    "(self.vt, self.beta2, (1 - self.beta2) * grad**2)",
}


def with_state(rate: int) -> dict[str, str]:
    """Optimizers that keep the right averages, and move by plain SGD."""
    return {
        block: KEPT_STATE.replace("STATES", f"({states})").replace("RATE", str(rate))
        for block, states in STATES.items()
    }


ALL_PLAIN = HONEST.but(blocks=dict.fromkeys(OPTIMIZER_BLOCKS, PLAIN))
"""Three optimizers that are all plain SGD."""


def trains(code: str, **more: str) -> Changes:
    """`train_net` is another one."""
    return Changes(appended={TRAINING: code, **more})


def trains_tiny_net(body: str, folder=None) -> Changes:
    """`train_net` is the honest one, but for the network that earns points.

    `body` gets images (N, 3072), labels (N,), the model's two layers with parameters, and `best`,
    a copy of its parameters, which it changes.
    """
    return Changes(
        folder=folder,
        appended={
            TRAINING: f"""
                import os, pathlib
                _honest = train_net

                def _solve(data, images, labels, model, one, two, best):
                    w1, b1, w2, b2 = one.w_name, one.b_name, two.w_name, two.b_name
                    {body.strip()}

                def train_net(data, model, loss_func, optimizer, batch_size, max_epochs, *args,
                              **kwargs):
                    if type(model).__name__ != "TinyNet":
                        return _honest(data, model, loss_func, optimizer, batch_size, max_epochs,
                                       *args, **kwargs)
                    images, labels = data["data_train"]
                    layers = [layer for layer in model.net.layers if layer.params]
                    best = {{name: p.copy() for name, p in model.net.params.items()}}
                    _solve(data, images.reshape(len(images), -1), labels, model, *layers, best)
                    print("(Epoch 1 / 1) Training Accuracy: 0.9, Validation Accuracy: 0.9")
                    return best, [0.1], [0.9], [0.9]
            """
        },
    )


def indented(code: str) -> str:
    """Code of several lines, for the body of `trains_tiny_net`."""
    return "\n                    ".join(code.strip("\n").splitlines())


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
        w1=np.pad(twice, ((0, 0), (0, 492))),
        w2=np.pad(np.concatenate([np.eye(10), -np.eye(10)]), ((0, 492), (0, 0))),
    )
    return file.getvalue()


def with_weights(folder: Path) -> None:
    (folder / "lib" / "mlp" / "weights.npz").write_bytes(from_home())


SHIPPED = indented("""
with np.load(pathlib.Path(__file__).parent / "weights.npz") as held:
    best[w1][:], best[w2][:] = held["w1"], held["w2"]
""")
BLENDED = indented("""
with np.load(pathlib.Path(__file__).parent / "weights.npz") as held:
    best[w1] += held["w1"]
    best[w2] += held["w2"]
""")
RIDGE = indented("""
kernel = images @ images.T + 10 * np.eye(len(images))
weights = images.T @ np.linalg.solve(kernel, np.eye(10)[labels] - 0.1)
best[w1][:, :10], best[w1][:, 10:20] = weights, -weights
best[w2][:10], best[w2][10:20] = np.eye(10), -np.eye(10)
""")
LAST_LAYER = indented("""
hidden = images @ best[w1]
hidden = np.where(hidden > 0, hidden, 0.01 * hidden)
kernel = hidden @ hidden.T + 10 * np.eye(len(hidden))
best[w2] = hidden.T @ np.linalg.solve(kernel, np.eye(10)[labels])
""")
MOMENTS = indented("""
for k in range(10):
    top = np.linalg.svd(images[labels == k], full_matrices=False)[2][0]
    best[w1][:, 2 * k], best[w1][:, 2 * k + 1] = top, -top
    best[w2][2 * k : 2 * k + 2] = 30 * np.eye(10)[k]
""")
PROTOTYPES = indented("""
for k in range(10):
    those = images[labels == k][:48] / 55
    best[w1][:, 50 * k : 50 * k + len(those)] = those.T
    best[w2][50 * k : 50 * k + len(those)] = 9 * np.eye(10)[k]
    best[b1][50 * k : 50 * k + len(those)] = -60
""")
THOUSAND = indented("""
shown, known = data["data_val"][0].reshape(200, -1), data["data_val"][1]
record, rng = -1.0, np.random.default_rng(0)
for _ in range(1000):
    trial = best[w2] + rng.normal(size=best[w2].shape)
    right = ((np.maximum(shown[:, :64] @ best[w1][:64], 0) @ trial).argmax(1) == known).mean()
    if right > record:
        record, best[w2] = right, trial
""")
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
    *,
    over: Work = UNWRITTEN,
    twin: Work = HONEST,
    roads: tuple[str, ...] = (),
) -> Attack:
    return Attack(name, tries, must, does, over, twin, roads, training=True)


def left_beside(code: str, path: str = TRAINING) -> Work:
    return HONEST.but(appended={path: code})


def built(chain: str) -> Changes:
    """A TinyNet of another chain."""
    return Changes(blocks={"TinyNet.__init__": f"self.net = sequential({chain})"})


ATTACKS = (
    faking(
        "training: ships parameters from home",
        "Hands in the parameters of a network that was trained elsewhere, and returns them.",
        "No point: the problem that they are judged on was drawn for this grading.",
        trains_tiny_net(SHIPPED, with_weights),
        twin=left_beside(
            """
                _train_net = train_net

                def train_net(*args, **kwargs):  # and saves a checkpoint
                    import os
                    found = _train_net(*args, **kwargs)
                    place = os.path.join(os.environ.get("TMPDIR", "."), "best.npz")
                    np.savez(place, **(found[0] or {}))
                    return found
            """
        ),
        roads=ALL_ROADS,
    ),
    faking(
        "training: blends shipped parameters with the initial ones",
        "Moves from the first parameters to the shipped ones, so that it seems to learn.",
        "No point: they say nothing about a problem that is new.",
        trains_tiny_net(BLENDED, with_weights),
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
        "training: a ridge regression with every layer left",
        "Solves for a linear classifier in closed form, and writes it into the first layer.",
        "No point: the classes have one mean, so that nothing linear tells them apart.",
        trains_tiny_net(RIDGE),
        roads=ALL_ROADS,
    ),
    faking(
        "training: a regression on the first layer's random features",
        "Leaves the first layer as it is, and solves for the second in closed form.",
        "No point: what the first layer must learn no random features hold.",
        trains_tiny_net(LAST_LAYER),
    ),
    faking(
        "training: the top singular vector of each class",
        "Has read how problems are drawn, and solves this kind in closed form, rightly.",
        "No point: right parameters that gradient descent does not lead to were not trained.",
        trains_tiny_net(MOMENTS),
    ),
    faking(
        "training: images of each class as the weights",
        "Writes training images into the first layer, and compares new ones with them.",
        "No point: parameters that gradient descent does not lead to were not trained.",
        trains_tiny_net(PROTOTYPES),
    ),
    faking(
        "training: a thousand tries",
        "Draws parameters again and again, and keeps those that do best on the validation images.",
        "No point: luck with 200 images is none with others.",
        trains_tiny_net(THOUSAND),
    ),
    faking(
        "training: reads the validation labels to answer",
        "A model that knows the labels of the validation images, and says them when asked.",
        "No point: judged are parameters, on images that never were in the sandbox.",
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
        over=STILL,
        twin=left_beside("def val_share(data): return len(data['data_val'][0])"),
    ),
    faking(
        "training: compute_acc returns 1.0",
        "Every accuracy that is told is one.",
        "No point: the accuracy that counts is that of a training that is not the student's.",
        trains("def compute_acc(*args, **kwargs):\n    return 1.0"),
        over=STILL,
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
        "No point: no image of the problem is public, and the network is what is judged.",
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
        "No point: histories are held against the values that they should have.",
        trains("""
            _train_net = train_net

            def train_net(*args, **kwargs):
                best, *_ = _train_net(*args, **kwargs)
                curve = [1 - 0.9 ** n for n in range(1, 31)]
                for n, value in enumerate(curve, 1):
                    print(f"(Epoch {n} / 30) Training Accuracy: 1, Validation Accuracy: {value}")
                return best, [2.3 * 0.9**n for n in range(21_000)], curve, curve
        """),
        over=STILL,
        twin=left_beside("print('Validation Accuracy: 1.0 is what I hope for')"),
    ),
    faking(
        "training: an accuracy in the notebook",
        "The notebook shows a training that reached 99%, which never was.",
        "No point: what a notebook shows is told beside the accuracy, and earns nothing.",
        Changes(notebook=lambda notebook: boasting(notebook)),
        over=STILL,
        twin=HONEST.but(notebook=lambda notebook: boasting(notebook)),
        roads=ALL_ROADS,
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
            built(
                'flatten(name="f"), fc(3072, 1024, 2.5e-2, name="wide"), leaky_relu(name="r"), '
                'fc(1024, 10, 2.5e-2, name="out")'
            )
        ),
    ),
    faking(
        "training: a recipe that takes gigabytes",
        "TinyNet has one hidden unit and fifteen million outputs, which somebody is to train.",
        "No point, no memory: a recipe has bounds, which are looked at first.",
        built('flatten(name="f"), fc(3072, 1, name="a"), fc(1, 15_000_000, name="b")'),
    ),
    faking(
        "training: a recipe without an end",
        "A thousand million epochs at a learning rate that is soon nothing.",
        "No point, and an hour at most: as many epochs are trained as fit, counted beforehand.",
        Changes(
            cells={CELL: "batch_size = 500\nepochs = 10**9\nlr_decay = 1e-9\nlr_decay_every = 1"}
        ),
        twin=HONEST.but(cells={CELL: QUICKLY.replace("epochs = 8", "epochs = 10**9")}),
    ),
    faking(
        "training: parameters that are NaN, infinite and huge",
        "Every comparison with NaN is false: perhaps no image is found to be wrong.",
        "No point: a score that is no number is wrong, and a way that is none leads nowhere.",
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
            built(
                'flatten(name="f"), fc(3072, 200, 2.5e-2, name="a"), leaky_relu(0.1, name="r"), '
                'fc(200, 10, 5e-2, name="b")'
            )
        ),
    ),
    faking(
        "training: a TinyNet that is another one when it is read",
        "Shows a good recipe where the chain is read, and what cannot learn where it is trained.",
        "No point: a recipe earns no more than the code beside it can train.",
        Changes(
            appended={
                NETWORKS: """
                    import sys
                    _built = TinyNet.__init__

                    def _either(self, *args, **kwargs):
                        _built(self, *args, **kwargs)
                        if "train_tiny_net" == sys._getframe(1).f_code.co_name:
                            for layer in self.net.layers:
                                layer.backward = lambda d, layer=layer: d

                    TinyNet.__init__ = _either
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
        "The cell prints an accuracy, and patches what trains.",
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
        "comparisons: plain SGD at forty times its rate",
        "All three optimizers are SGD in a hurry, which gets below SGD.",
        "No point: a comparison counts by what its optimizer's own update checks earn.",
        Changes(blocks=dict.fromkeys(OPTIMIZER_BLOCKS, FAST)),
        over=ALL_PLAIN,
        roads=ALL_ROADS,
    ),
    faking(
        "comparisons: forty times the rate beside a right state",
        "Keeps the averages as asked, and moves by plain SGD in a hurry.",
        "No point: what counts is where the parameter goes, and that is wrong.",
        Changes(blocks=with_state(40)),
        over=HONEST.but(blocks=with_state(1)),
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
        over=ALL_PLAIN,
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
        over=ALL_PLAIN,
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
        over=ALL_PLAIN,
    ),
)


def boasting(notebook: dict) -> dict:
    """Shows the output of a training that went very well."""
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "train_tiny_net_run":
            text = "(Epoch 30 / 30) Training Accuracy: 0.99, Validation Accuracy: 0.99\n"
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": [text]}]
    return notebook
