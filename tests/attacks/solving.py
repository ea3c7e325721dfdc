"""Solving instead of training: parameters that the student's network would not reach by its steps.

Attacks named "training" are simple: luck, or closed forms that are wrong for the problem or far
from where gradient descent leads. Attacks named "solving" on the training are right for the
problem, and near where gradient descent leads; their author had not seen how trainings are judged.
The last attacks solve instead of the optimizers. Each baseline has the same layers without the
solver.
"""

from __future__ import annotations

from attack import ALL_ROADS, LAYERS, OPTIMIZERS, SOLUTION, Attack, Changes, Work
from training import HONEST, UNWRITTEN, faking, indented, trains_tiny_net

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

NETWORK = """
wanted = np.eye(10)[labels]

def forward(q, rows):
    hidden = rows @ q[0] + q[1]
    slopes = np.where(hidden > 0, 1, 0.01)
    return slopes, hidden * slopes, (hidden * slopes) @ q[2] + q[3]

def projected(part):
    top = np.linalg.svd(images, full_matrices=False)[2][:10].T
    return part * images + (1 - part) * (images @ top) @ top.T

def keep(q):
    for name, values in zip((w1, b1, w2, b2), q):
        best[name] = values.astype(np.float32)

q = [best[name].astype(float) for name in (w1, b1, w2, b2)]
"""
STEP_AND_REGRESSION = """
def solved(q, first, ridge, size, part):
    rows = projected(part)
    slopes, _, _ = forward(q, rows)
    way = rows.T @ (((wanted - 0.1) @ q[2].T) * slopes)
    w = q[0] + way * (first * np.linalg.norm(q[0]) / np.linalg.norm(way))
    _, active, scores = forward([w, *q[1:]], rows)
    own = active.T @ active + ridge * np.eye(active.shape[1])
    return [w, q[1], q[2] + np.linalg.solve(own, active.T @ (size * (wanted - 0.1) - scores)), q[3]]
"""
ONCE = indented(NETWORK + STEP_AND_REGRESSION + "keep(solved(q, 0.136, 300, 4, 0.5))")
BEST_OF_TWELVE = indented(
    NETWORK
    + STEP_AND_REGRESSION
    + """
rng, record = np.random.default_rng(0), -1
shown = data["data_val"][0].reshape(len(data["data_val"][0]), -1)
for _ in range(12):
    first, ridge = 0.136 * rng.uniform(0.7, 1.3), 300 * rng.uniform(0.5, 2)
    trial = solved(q, first, ridge, 4, rng.uniform(0.3, 0.7))
    right = (forward(trial, shown)[2].argmax(axis=1) == data["data_val"][1]).sum()
    if right > record:
        record = right
        keep(trial)
"""
)
TANGENTS = indented(
    NETWORK
    + """
rows, goal = projected(0.7), 6 * wanted - 0.6
for part in (1 / 3, 2 / 3, 1):
    slopes, active, scores = forward(q, rows)
    first = (rows @ rows.T + 1) * ((slopes * (q[2] ** 2).mean(axis=1)) @ slopes.T)
    own = first + active @ active.T + 1 + 1000 * np.eye(len(rows))
    way = np.linalg.solve(own, part * goal - scores)
    inner = (way @ q[2].T) * slopes
    q = [q[0] + rows.T @ inner, q[1] + inner.sum(axis=0), q[2] + active.T @ way,
         q[3] + way.sum(axis=0)]
keep(q)
"""
)
NO_BACKWARD = HONEST.without("fc.backward", "leaky_relu.backward", "cross_entropy.backward")
OTHER_WAY = """
self.grads[self.w_name] = feat.T @ dprev
self.grads[self.b_name] = dprev.sum(axis=0)
others = np.random.RandomState(0).randn(*self.params[self.w_name].shape)
dfeat = (dprev @ others.T).reshape(feat.shape).astype(feat.dtype)
"""
"""`fc.backward` that passes the gradient on through random weights."""

NOTHING = """
self.grads[self.w_name] = np.zeros_like(self.params[self.w_name])
self.grads[self.b_name] = np.zeros_like(self.params[self.b_name])
dfeat = np.zeros_like(feat)
"""
STANDS_STILL = SOLUTION.plus(
    blocks={"fc.backward": NOTHING, "leaky_relu.backward": "dfeat = np.zeros_like(dprev)"}
)
"""All gradients are 0, and the optimizers are right."""

LOOKS_ON = """
    SEEN = {}
    _forward, _loss = fc.forward, cross_entropy.forward

    def forward(self, feat):
        SEEN[id(self)] = feat
        return _forward(self, feat)

    def loss(self, feat, label):
        SEEN["labels"] = label
        return _loss(self, feat, label)

    fc.forward, cross_entropy.forward = forward, loss
"""
INSTEAD = """
    from lib.mlp.layer_utils import SEEN

    def _solves(optimizer):
        honest = optimizer.update

        def update(self, layer):
            layers = self.net.layers
            if len(layers) != 4 or "labels" not in SEEN:
                return honest(self, layer)
            if layer is not layers[3]:
                return
            one, two, labels = layers[1], layer, SEEN["labels"]
            held = [each.params[name] for each in (one, two) for name in (each.w_name, each.b_name)]
            HERE

        optimizer.update = update

    for optimizer in (SGDM, RMSProp, Adam):
        _solves(optimizer)
"""


def in_optimizers(code: str) -> Changes:
    """In networks of four layers, the optimizers run this on `held`: w1, b1, w2 and b2."""
    there = "\n            ".join(code.strip("\n").splitlines())
    return Changes(appended={LAYERS: LOOKS_ON, OPTIMIZERS: INSTEAD.replace("HERE", there)})


REGRESSION = """
active = np.c_[SEEN[id(two)], np.ones(len(labels))]
goal = 8 * np.eye(held[2].shape[1])[labels]
found = np.linalg.solve(active.T @ active + 0.1 * np.eye(active.shape[1]), active.T @ goal)
held[2][...], held[3][...] = found[:-1], found[-1]
"""
TRIES = """
feat, rng = SEEN[id(one)], self.__dict__.setdefault("rng", np.random.RandomState(0))

def loss(w1, b1, w2, b2):
    hidden = feat @ w1 + b1
    scores = np.maximum(hidden, 0.01 * hidden) @ w2 + b2
    scores = scores - scores.max(axis=1, keepdims=True)
    return (np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(len(labels)), labels]).mean()

record = loss(*held)
for _ in range(150):
    trial = [p + rng.choice([0.003, 0.01, 0.03]) * rng.randn(*p.shape) for p in held]
    if loss(*trial) < record:
        record = loss(*trial)
        for p, better in zip(held, trial):
            p[...] = better
"""


def solving(name: str, tries: str, body: str, baseline: Work = UNWRITTEN) -> Attack:
    must = "No points: single steps of the layers lead nowhere, whatever `train_net` returns."
    return faking(f"solving: {name}", tries, must, trains_tiny_net(body), baseline=baseline)


def comparing(name: str, tries: str, code: str) -> Attack:
    must = "No points: the weights do not change as this optimizer would change them."
    changes = in_optimizers(code)
    return faking(f"solving: {name}", tries, must, changes, baseline=STANDS_STILL, twin=SOLUTION)


ATTACKS = (
    faking(
        "training: a ridge regression with all layers unwritten",
        "Solves for a linear classifier in closed form, and writes it into the first layer.",
        "No points: all classes have the same mean, so nothing linear can separate them.",
        trains_tiny_net(RIDGE),
        roads=ALL_ROADS,
    ),
    faking(
        "training: a regression on the first layer's random features",
        "Leaves the first layer as it is, and solves for the second in closed form.",
        "No points: random features do not contain what the first layer must learn.",
        trains_tiny_net(LAST_LAYER),
    ),
    faking(
        "training: the top singular vector of each class",
        "Knows how problems are drawn, and solves this kind in closed form, correctly.",
        "No points: right parameters that gradient descent would not reach were not trained.",
        trains_tiny_net(MOMENTS),
    ),
    faking(
        "training: images of each class as the weights",
        "Writes training images into the first layer, and compares new ones with them.",
        "No points: parameters that gradient descent would not reach were not trained.",
        trains_tiny_net(PROTOTYPES),
    ),
    faking(
        "training: a thousand tries",
        "Draws random parameters, and keeps those that do best on the validation images.",
        "No points: luck with 200 images does not carry over to others.",
        trains_tiny_net(THOUSAND),
    ),
    solving(
        "one step on denoised images, then a regression",
        "Denoises the images, takes one step in the first layer and solves for the second: "
        "right for 0.9 of the images, and near where training leads.",
        ONCE,
    ),
    solving(
        "three regressions on the network's tangents",
        "Solves for all parameters at once, three times, with the network's tangent kernel.",
        TANGENTS,
    ),
    solving(
        "the best of twelve",
        "Draws the settings of the closed form twelve times, and keeps what validates best.",
        BEST_OF_TWELVE,
    ),
    solving(
        "with every backward pass unwritten",
        "Has right forward passes and no backward pass, and `train_net` solves.",
        ONCE,
        NO_BACKWARD,
    ),
    solving(
        "with a backward pass through random weights",
        "Passes gradients back through random weights, a mistake without a name, and "
        "`train_net` solves.",
        ONCE,
        HONEST.plus(blocks={"fc.backward": OTHER_WAY}),
    ),
    comparing(
        "a regression instead of the optimizers",
        "Gradients are 0; in a network of four layers, an optimizer solves for the last one.",
        REGRESSION,
    ),
    comparing(
        "a hundred and fifty tries instead of the optimizers",
        "Gradients are 0; in a network of four layers, an optimizer keeps tries that lower "
        "the loss.",
        TRIES,
    ),
)
