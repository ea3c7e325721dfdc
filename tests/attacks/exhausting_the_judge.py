"""Exhausting the grader: answers that are small when sent and large when judged.

A megabyte of booleans takes eight as floats, and many times that when broadcast against an array of
the reference. Other submissions must not be affected.
"""

from attack import (
    COHORT,
    DIRECTORY,
    LAYERS,
    NBGRADER,
    NETWORKS,
    OPTIMIZERS,
    SOLUTION,
    TRAINING,
    ZIP,
    Attack,
    Changes,
    Work,
)
from exhausting_time import TANH_MISSING, honest, tanh
from lying_objects import NO_LOSS

ROADS = (DIRECTORY, COHORT, NBGRADER)
ONE_BLOCK_MISSING = SOLUTION.without("RMSProp.update")


def dropout_net(forward: str) -> Changes:
    """The given DropoutNet with a forward pass that returns the value of an expression.

    The expression may use `right`, the right output.
    """
    return Changes(
        appended={
            NETWORKS: f"""
    def _forward(self, feat, is_training=True, seed=None, _given=DropoutNet.forward):
        right = _given(self, feat, is_training, seed)
        return {forward}

    DropoutNet.forward = _forward
"""
        }
    )


def activation(value: str) -> Changes:
    return tanh(f"def tanh(x): return {value}")


def honest_net(forward: str) -> Work:
    return SOLUTION.plus(dropout_net(forward))


ATTACKS = (
    Attack(
        "answers booleans that grow when judged",
        tries="Sends six million booleans in a shape that broadcasts against the reference's.",
        must="No points, no cost: an array of another shape than the reference's reaches no check.",
        baseline=ONE_BLOCK_MISSING,
        changes=dropout_net("(np.arange(6_000_000) % 2 == 0).reshape(600_000, 1, 10)"),
        twin=honest_net("np.ascontiguousarray(right, dtype=np.float64)"),
        roads=ROADS,
    ),
    Attack(
        "answers a column that grows beside a row",
        tries="Sends gradients of shape (2000000, 1), which broadcast against the right ones.",
        must="No points, no cost: shapes are compared before values.",
        baseline=SOLUTION.without("fc.backward"),
        changes=Changes(
            blocks={
                "fc.backward": """
                    self.grads[self.w_name] = np.ones((2_000_000, 1), dtype=bool)
                    self.grads[self.b_name] = np.ones((2_000_000, 1), dtype=bool)
                    dfeat = np.ones((2_000_000, 1), dtype=bool)
                """
            }
        ),
        twin=SOLUTION.plus(
            blocks={
                "fc.backward": """
                    self.grads[self.w_name] = feat.T @ dprev
                    self.grads[self.b_name] = np.ones(len(dprev)) @ dprev
                    dfeat = dprev @ self.params[self.w_name].T
                """
            }
        ),
        roads=ROADS,
    ),
    Attack(
        "answers float16 that grows when judged",
        tries="Sends float16, which takes four times the memory when compared as float64.",
        must="No points, no cost: nothing is cast before its shape is checked.",
        # wrong, not unwritten: the right loss does not need softmax, and earns its points
        baseline=SOLUTION.plus(blocks={"softmax": "scores = np.zeros(feat.shape)"}),
        changes=Changes(
            blocks={"softmax": "scores = np.full((1_500_000, 1, feat.shape[1]), 0.2, np.float16)"}
        ),
        twin=SOLUTION.plus(
            blocks={
                "softmax": """
                    halves = np.exp((feat - feat.max(axis=-1, keepdims=True)).astype(np.float64))
                    scores = halves / halves.sum(axis=-1, keepdims=True)
                """
            }
        ),
        roads=(ZIP,),
    ),
    Attack(
        "answers in dozens of dimensions",
        tries=(
            "Sends the right numbers with thirty extra dimensions of 1, which broadcast anywhere."
        ),
        must="No points: a shape must be exactly right.",
        baseline=TANH_MISSING,
        changes=activation("np.tanh(x).reshape((1,) * (32 - x.ndim) + x.shape)"),
        twin=honest("def tanh(x): return np.tanh(x.reshape((1,) * 30 + x.shape)).reshape(x.shape)"),
    ),
    Attack(
        "answers one number where an array is expected",
        tries="Sends a mean, which broadcasts against any number of rows.",
        must="No points: a single number is not accepted as an array.",
        baseline=TANH_MISSING,
        changes=activation("np.float64(np.tanh(x).mean())"),
        twin=honest("def tanh(x): return np.tanh(x) + np.float64(0)"),
    ),
    Attack(
        "answers an array where one number is expected",
        tries="Sends eight million losses instead of one.",
        must="No points: only an array of size 1 is accepted as a number.",
        baseline=NO_LOSS,
        changes=Changes(
            blocks={
                "cross_entropy.forward": """
                    scores = softmax(feat)
                    loss = np.zeros(8_000_000, dtype=bool)
                """
            }
        ),
        twin=SOLUTION.plus(
            appended={
                LAYERS: """
    def _forward(self, feat, label, _written=cross_entropy.forward):
        return np.array([[_written(self, feat, label)]])

    cross_entropy.forward = _forward
"""
            }
        ),
        roads=ROADS,
    ),
    Attack(
        "answers histories with millions of entries",
        tries="Returns histories of five million entries.",
        must="No points: a history must have as many entries as there were iterations.",
        baseline=SOLUTION.without("train_net, TODO 1 of 3"),
        changes=Changes(
            appended={
                TRAINING: """
    def train_net(*given, **named):
        many = np.zeros(5_000_000, dtype=np.int8)
        return {"script_w": many, "script_b": many}, many, many, many
"""
            }
        ),
    ),
    Attack(
        "answers with thousands of names",
        tries="Writes frames with names of its own into the pipe that carries results.",
        must="No points: names that the reference does not have are dropped.",
        baseline=TANH_MISSING,
        changes=tanh("""
            import json, os, stat, struct

            def tanh(x):
                for part in range(20):
                    names = [[f"v{part}_{n}", "|b1", [0]] for n in range(90)]
                    header = json.dumps({"arrays": names}).encode()
                    frame = struct.pack("<4sIQ", b"OBS1", len(header), 0) + header
                    for number in range(3, 64):
                        try:
                            if stat.S_ISFIFO(os.fstat(number).st_mode):
                                os.write(number, frame)
                        except OSError:
                            pass
                return None
        """),
        twin=honest("""
            import json, struct

            def tanh(x):
                packed = struct.pack("<4sIQ", b"OBS1", 0, 0) + json.dumps(x.tolist()).encode()
                return np.tanh(np.array(json.loads(packed[16:])))
        """),
    ),
    Attack(
        "keeps a huge optimizer state",
        tries="Keeps a velocity of ten million numbers for a small parameter.",
        must="No points: a parameter's state must have the parameter's shape.",
        baseline=SOLUTION.without("SGDM.update"),
        changes=Changes(
            blocks={
                "SGDM.update": """
                    for name in layer.params:
                        self.velocity[name] = np.zeros((10_000_000, 1), dtype=bool)
                """
            }
        ),
        twin=SOLUTION.plus(
            appended={
                OPTIMIZERS: """
    class Spare(dict):
        pass

    def _update(self, layer, _written=SGDM.update):
        self.velocity = Spare(self.velocity)
        self.spare = np.zeros(1_000_000, dtype=bool)
        _written(self, layer)

    SGDM.update = _update
"""
            }
        ),
    ),
    Attack(
        "is a little wrong everywhere",
        tries="Is off by a few percent everywhere, so that every pair of mistakes is looked up.",
        must="No points: the work and the memory of this search are limited.",
        baseline=ONE_BLOCK_MISSING,
        changes=Changes(
            appended={
                LAYERS: """
    def _off(layer, name):
        written = getattr(layer, name)

        def off(self, *given, **named):
            result = 1.03 * written(self, *given, **named)
            for gradient in getattr(self, "grads", {}):
                self.grads[gradient] = 1.05 * self.grads[gradient]
            return result

        setattr(layer, name, off)

    for _layer in (flatten, fc, leaky_relu, dropout, cross_entropy):
        for _name in ("forward", "backward"):
            _off(_layer, _name)
""",
                OPTIMIZERS: """
    def _off(optimizer):
        written = optimizer.update

        def off(self, layer):
            before = {name: value.copy() for name, value in layer.params.items()}
            written(self, layer)
            for name, value in layer.params.items():
                value += 0.07 * (value - before[name])

        optimizer.update = off

    for _optimizer in (SGDM, RMSProp, Adam):
        _off(_optimizer)
""",
            }
        ),
        roads=(ZIP,),
    ),
    Attack(
        "grows while others answer",
        tries="Answers at once, and leaves children behind that take memory later.",
        must="No points: memory is watched all the time, whatever else is going on.",
        baseline=TANH_MISSING,
        changes=Changes(
            cells=dict(tanh("def tanh(x): return None").cells),
            appended={
                LAYERS: """
    import os, time

    for _ in range(9):
        if os.fork() == 0:
            time.sleep(0.2)
            held = b"x" * (400 * 2**20)
            time.sleep(20)
            os._exit(0)
"""
            },
        ),
        roads=(DIRECTORY, NBGRADER),
    ),
    Attack(
        "forks while others answer",
        tries="Leaves a child behind that keeps forking as long as the grader is working.",
        must="No points: processes are counted, and end with the run that started them.",
        baseline=TANH_MISSING,
        changes=Changes(
            cells=dict(tanh("def tanh(x): return None").cells),
            appended={
                LAYERS: """
    import os, time

    if os.fork() == 0:
        os.setsid()
        end = time.monotonic() + 20
        while time.monotonic() < end:
            try:
                if os.fork() == 0:
                    time.sleep(20)
                    os._exit(0)
            except OSError:
                time.sleep(0.01)
        os._exit(0)
"""
            },
        ),
        roads=(DIRECTORY,),
    ),
)
