"""Faking the training by what is judged: recipes, networks and notebook cells that lie, that hold
no numbers, or that are too large."""

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
    """A TinyNet of another chain."""
    return Changes(blocks={"TinyNet.__init__": f"self.net = sequential({chain})"})


ATTACKS = (
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
)
