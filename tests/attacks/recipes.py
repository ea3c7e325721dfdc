"""Faking the training with recipes, networks and notebook cells that lie, contain no numbers, or
are too large."""

from __future__ import annotations

from attack import NETWORKS, Changes
from training import CELL, HONEST, QUICKLY, faking, left_beside, trains

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


def built(chain: str) -> Changes:
    """A TinyNet with this chain of layers."""
    return Changes(blocks={"TinyNet.__init__": f"self.net = sequential({chain})"})


ATTACKS = (
    faking(
        "training: parameters that are strings",
        "Sends a frame of its own in which parameters and slopes are strings.",
        "No points, and the grader goes on: only a network of numbers is accepted.",
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
        "Returns a network of one hidden unit and 15 million outputs: small to send, huge to run.",
        "No points, no memory: a network's size is limited, and checked first.",
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
        twin=HONEST.plus(
            built(
                'flatten(name="f"), fc(3072, 1024, 2.5e-2, name="wide"), leaky_relu(name="r"), '
                'fc(1024, 10, 2.5e-2, name="out")'
            )
        ),
    ),
    faking(
        "training: a recipe that takes gigabytes",
        "Defines a TinyNet of one hidden unit and 15 million outputs for the grader to train.",
        "No points, no memory: a recipe's size is limited, and checked first.",
        built('flatten(name="f"), fc(3072, 1, name="a"), fc(1, 15_000_000, name="b")'),
    ),
    faking(
        "training: an endless recipe",
        "Asks for a thousand million epochs at a learning rate that soon vanishes.",
        "No points, and a few minutes at most: the epochs that fit are computed beforehand.",
        Changes(
            cells={CELL: "batch_size = 500\nepochs = 10**9\nlr_decay = 1e-9\nlr_decay_every = 1"}
        ),
        twin=HONEST.plus(cells={CELL: QUICKLY.replace("epochs = 8", "epochs = 10**9")}),
    ),
    faking(
        "training: parameters that are NaN, infinite and huge",
        "Returns NaN, since every comparison with NaN is false.",
        "No points: a score that is not a number is wrong, and no training leads to NaN.",
        trains("""
            def train_net(data, model, loss_func, optimizer, *args, **kwargs):
                values = dict(model.net.params)
                for name, strange in zip(values, (np.nan, np.inf, 3e38, -np.inf)):
                    values[name] = np.full_like(values[name], strange)
                return values, [float("nan")], [float("inf")], [float("nan")]
        """),
        twin=HONEST.plus(
            patches=(
                (NETWORKS, "class TinyNet(Module):", "class TinyNet(Module):\n    GOOD = np.inf\n"),
            )
        ),
    ),
    faking(
        "training: a chain of layers that lies",
        "Uses layers that change from call to call, a huge slope and sixty repeated layers.",
        "No points: the network that was sent is judged, whatever it was before.",
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
        twin=HONEST.plus(
            built(
                'flatten(name="f"), fc(3072, 200, 2.5e-2, name="a"), leaky_relu(0.1, name="r"), '
                'fc(200, 10, 5e-2, name="b")'
            )
        ),
    ),
    faking(
        "training: a TinyNet that differs when it is read",
        "Shows a good recipe when the chain is read, and cannot learn when it is trained.",
        "No points: a recipe earns no more than the student's code can train.",
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
        "training: takes all memory",
        "Allocates until nothing is left, so that the kernel kills the grader.",
        "No points: it gets a MemoryError, or is killed itself.",
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
        "Prints an accuracy in the hyperparameters' cell, and replaces train_net.",
        "No points: the cell runs as the student's code, and only numbers are taken from it.",
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
        twin=HONEST.plus(
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
        "training: batches larger than the data",
        "Takes no step at all, so that an accuracy is nothing over nothing.",
        "No points: parameters that no step has changed are the initial ones.",
        Changes(
            cells={CELL: "batch_size = 10**12\nepochs = 1\nlr_decay = 1e-300\nlr_decay_every = 1"}
        ),
        twin=HONEST.plus(cells={CELL: QUICKLY.replace("20", "25")}),
    ),
    faking(
        "training: returns a dictionary that has everything",
        "Returns an object that has every parameter, in every shape.",
        "No points: arrays are copied out of it, and anything else is refused.",
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
)
