"""Faking the training: parameters from elsewhere, answers from a table, false claims.

Most attacks on the training are compared with UNWRITTEN. Its `train_net` and hyperparameters are
right, but its layers are unwritten, so it cannot train and earns nothing for its recipe. The others
are compared with STILL, which never takes a step. `solving`, `recipes` and `comparing` use the
same baselines.
"""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path

import numpy as np
from attack import ALL_ROADS, NETWORKS, SOLUTION, TRAINING, Attack, Changes, Work

from autograder.problem_1 import svhn

CELL = "train_tiny_net_hyperparameters"
STEP = "train_net, TODO 1 of 3"
QUICKLY = "batch_size = 20\nepochs = 8\nlr_decay = 1\nlr_decay_every = 100\n"
"""Hyperparameters with which a small or short training reaches its target in seconds."""

HONEST = SOLUTION.plus(cells={CELL: QUICKLY})
UNWRITTEN = HONEST.without(
    "fc.forward",
    "fc.backward",
    "leaky_relu.forward",
    "leaky_relu.backward",
    "softmax",
    "cross_entropy.forward",
    "cross_entropy.backward",
)
STILL = HONEST.plus(
    blocks={
        STEP: """
            loss = loss_func.forward(model.forward(feat), label)
            model.backward(loss_func.backward())
        """
    }
)


def trains(code: str, **more: str) -> Changes:
    """Appends code that replaces `train_net`."""
    return Changes(appended={TRAINING: code, **more})


def trains_tiny_net(body: str, folder=None) -> Changes:
    """A `train_net` that is honest except for TinyNet, the network that earns points.

    `body` gets images (N, 3072), labels (N,), the model's two layers with parameters, and `best`,
    a copy of the parameters that it is to change.
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
    """Code of several lines, indented to fit the body of `trains_tiny_net`."""
    return "\n                    ".join(code.strip("\n").splitlines())


@cache
def from_home() -> bytes:
    """Parameters fitted elsewhere by least squares, on images drawn like the public ones."""
    images, labels = svhn.sample(1500, 99)
    features = images.reshape(len(images), -1).astype(np.float32) / 255
    features -= features.mean(axis=1, keepdims=True)
    features /= features.std(axis=1, keepdims=True) + 1 / 255
    kernel = features @ features.T + 300 * np.eye(len(features), dtype=np.float32)
    weights = features.T @ np.linalg.solve(kernel, np.eye(10, dtype=np.float32)[labels])
    twice = np.concatenate([weights, -weights], axis=1)  # restores what a Leaky ReLU loses
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


def faking(
    name: str,
    tries: str,
    must: str,
    changes: Changes,
    *,
    baseline: Work = UNWRITTEN,
    twin: Work = HONEST,
    roads: tuple[str, ...] = (),
) -> Attack:
    return Attack(name, tries, must, changes, baseline, twin, roads, training=True)


def left_beside(code: str, path: str = TRAINING) -> Work:
    return HONEST.plus(appended={path: code})


ATTACKS = (
    faking(
        "training: ships trained parameters",
        "Hands in the parameters of a network that was trained elsewhere, and returns them.",
        "No points: the network is judged on a problem that was drawn for this grading.",
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
        "Adds the shipped parameters to the initial ones, so that it seems to learn.",
        "No points: they do not fit the new problem.",
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
        "training: answers with the validation labels",
        "Memorises the validation labels, and returns them when the model sees the images.",
        "No points: the parameters are judged, on images that were never in the sandbox.",
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
        baseline=STILL,
        twin=left_beside("def val_share(data): return len(data['data_val'][0])"),
    ),
    faking(
        "training: compute_acc returns 1.0",
        "Reports an accuracy of 1 everywhere.",
        "No points: the grader trains the network itself, and that accuracy counts.",
        trains("def compute_acc(*args, **kwargs):\n    return 1.0"),
        baseline=STILL,
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
        "Looks the image's bytes up in a table of public images that it hands in.",
        "No points: the problem contains no public image, and the network itself is judged.",
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
        "training: made-up histories",
        "Returns and prints perfect curves, with parameters that learnt nothing.",
        "No points: histories are compared with the expected values.",
        trains("""
            _train_net = train_net

            def train_net(*args, **kwargs):
                best, *_ = _train_net(*args, **kwargs)
                curve = [1 - 0.9 ** n for n in range(1, 31)]
                for n, value in enumerate(curve, 1):
                    print(f"(Epoch {n} / 30) Training Accuracy: 1, Validation Accuracy: {value}")
                return best, [2.3 * 0.9**n for n in range(21_000)], curve, curve
        """),
        baseline=STILL,
        twin=left_beside("print('Validation Accuracy: 1.0 is what I hope for')"),
    ),
    faking(
        "training: a made-up accuracy in the notebook",
        "Shows a training in the notebook that reached 99% and never ran.",
        "No points: the notebook's accuracy is only reported beside the measured one.",
        Changes(notebook=lambda notebook: boasting(notebook)),
        baseline=STILL,
        twin=HONEST.plus(notebook=lambda notebook: boasting(notebook)),
        roads=ALL_ROADS,
    ),
)


def boasting(notebook: dict) -> dict:
    """Adds the output of a very successful training."""
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "train_tiny_net_run":
            text = "(Epoch 30 / 30) Training Accuracy: 0.99, Validation Accuracy: 0.99\n"
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": [text]}]
    return notebook
