"""Work that solves nothing earns nothing, whatever it returns instead.

The blocks of the stub are filled with statements that run and return something of the right shape.
The networks are built correctly, so that only their layers are wrong.
"""

import re

import pytest

from autograder.hand_in.submission import Submission

NETWORKS = {
    "TestFCReLU.__init__": 'self.net = sequential(flatten(), fc(15, 5, name="a"), leaky_relu())',
    "SmallFullyConnectedNetwork.__init__": (
        'self.net = sequential(fc(4, 30, name="a"), leaky_relu(), fc(30, 7, name="b"))'
    ),
    "TinyNet.__init__": (
        'self.net = sequential(flatten(), fc(3072, 9, name="a"), leaky_relu(), fc(9, 10, name="b"))'
    ),
}
UPDATES = ("SGDM.update", "RMSProp.update", "Adam.update")
TRAINING = {f"train_net, TODO {i} of 3": "loss = train_acc = val_acc = 0.5" for i in (1, 2, 3)}
SGD = "for n in layer.params: layer.params[n] -= self.lr * layer.grads[n]"


def filled(forward, backward, grads, shape_of_fc="(len(feat), self.output_dim)", update="pass"):
    """Statements for every block, made from expressions.

    In the expressions, `like` stands for the right shape and `same` for the input.
    """

    def of(expression, like, other):
        return expression.replace("like", like).replace("same", other)

    blocks = {}
    for layer in ("flatten", "fc", "leaky_relu", "dropout"):
        shape = {"fc": shape_of_fc, "flatten": "(len(feat), feat[0].size)"}.get(layer, "feat.shape")
        blocks[f"{layer}.forward"] = f"output = {of(forward, shape, 'feat')}; kept = None"
        blocks[f"{layer}.backward"] = f"dfeat = {of(backward, 'feat.shape', 'dprev')}"
    w, b = "self.params[self.w_name]", "self.params[self.b_name]"
    blocks["fc.backward"] += f"; self.grads[self.w_name] = {of(grads, w + '.shape', w)}"
    blocks["fc.backward"] += f"; self.grads[self.b_name] = {of(grads, b + '.shape', b)}"
    blocks["softmax"] = f"scores = {of(forward, 'feat.shape', 'feat')}"
    blocks["cross_entropy.forward"] = f"scores = feat; loss = {of(forward, '()', 'feat.mean()')}"
    blocks["cross_entropy.backward"] = f"dfeat = {of(backward, 'scores.shape', 'scores')}"
    return blocks | dict.fromkeys(UPDATES, update) | NETWORKS | TRAINING


NULLS = {
    "identity": filled("same", "same", "same"),
    "zeros": filled("np.zeros(like)", "np.zeros(like)", "np.zeros(like)"),
    "ones": filled("np.ones(like)", "np.ones(like)", "np.ones(like)"),
    "echo of dout": filled("np.zeros(like)", "same", "same"),
    "noise": filled(*["np.random.standard_normal(like)"] * 3),
    "empty": filled("np.zeros(0)", "np.zeros(0)", "np.zeros(0)"),
    "halves": filled(*["np.full(like, 0.5)"] * 3),
    "sometimes zero": filled(*["np.random.standard_normal(like).clip(0)"] * 3),
    "every optimizer is SGD": filled(*["np.zeros(like)"] * 3, update=SGD),
    "everything raises": {},
    "noise under a seed": filled(*["np.zeros(like)"] * 3)
    | {
        "dropout.forward": "kept = None; rng = np.random.RandomState(seed); "
        "output = rng.standard_normal(feat.shape).clip(0)",
        "dropout.backward": "dfeat = dprev",
    },
    "all but the first is dropped": filled(*["np.zeros(like)"] * 3)
    | {
        "dropout.forward": "kept = None; output = 0 * feat; output.flat[0] = feat.flat[0]",
        "dropout.backward": "dfeat = 0 * dprev; dfeat.flat[0] = dprev.flat[0]",
    },
    "one fixed column is dropped": filled(*["np.zeros(like)"] * 3)
    | {
        "dropout.forward": "on = is_training and 0 < self.keep_prob < 1; "
        "kept = np.ones(feat.shape, bool); kept[:, 0] = not on; "
        "self.scale = self.keep_prob if on else 1; output = feat * kept / self.scale",
        "dropout.backward": "dfeat = dprev * self.kept / self.scale",
    },
}
FUNCTIONS = ("sigmoid", "leaky_relu", "relu", "elu", "selu", "tanh")
CELLS = {
    "identity": "lambda x: x",
    "zeros": "lambda x: 0 * x",
    "ones": "lambda x: 0 * x + 1",
    "noise": "lambda x: np.random.standard_normal(x.shape)",
}


def with_blocks(stub, blocks):
    """The stub with its blocks filled; blocks that are not named raise ZeroDivisionError."""

    def fill(found):
        return blocks.get(found["place"], "raise ZeroDivisionError('no')")

    block = re.compile(r'raise NotImplementedError\("(?P<place>.+?): write your solution here"\)')
    files = {path: block.sub(fill, text.decode()).encode() for path, text in stub.files.items()}
    return Submission("null", files, stub.cells)


LONG = ("identity", "zeros", "ones", "echo of dout")
"""Proofs: almost every value is wrong in a way that many mistakes might explain."""


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.proof] * (name in LONG)) for name in NULLS]
)
def test_a_library_that_does_nothing_earns_nothing(name, stub, graded):
    submission = with_blocks(stub, NULLS[name])
    found = graded(submission)
    assert {s.id: s.score for s in found.sections if s.score} == {}


@pytest.mark.parametrize("name", CELLS)
def test_functions_that_do_nothing_earn_nothing(name, stub, graded):
    cell = "\n".join(f"{function} = {CELLS[name]}" for function in FUNCTIONS)
    found = graded(Submission("null", stub.files, {"activations_definitions": cell}))
    assert found.score == 0


def test_the_blocks_run(stub, graded):
    """Otherwise the tests above would only test exceptions."""
    submission = with_blocks(stub, NULLS["ones"])
    messages = [t.message for s in graded(submission).sections[:-1] for t in s.tests]
    raised = [message for message in messages if "raised" in message]
    assert len(raised) < len(messages) / 4, raised
