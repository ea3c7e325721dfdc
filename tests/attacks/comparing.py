"""Faking the comparisons of optimizers: SGD instead of the others, or a broken SGD or loss.

`solving` has the attacks that solve for parameters instead of optimizing.
"""

from __future__ import annotations

from attack import ALL_ROADS, LAYERS, OPTIMIZERS, Changes
from training import HONEST, faking

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
    """Optimizers that keep the right averages, but update by plain SGD at `rate` times its rate."""
    return {
        block: KEPT_STATE.replace("STATES", f"({states})").replace("RATE", str(rate))
        for block, states in STATES.items()
    }


ALL_PLAIN = HONEST.plus(blocks=dict.fromkeys(OPTIMIZER_BLOCKS, PLAIN))
"""Three optimizers that are all plain SGD."""

ATTACKS = (
    faking(
        "comparisons: plain SGD at forty times the learning rate",
        "Makes all three optimizers plain SGD at a high learning rate, so that they beat SGD.",
        "No points: a comparison earns only what its optimizer's own update checks earn.",
        Changes(blocks=dict.fromkeys(OPTIMIZER_BLOCKS, FAST)),
        baseline=ALL_PLAIN,
        roads=ALL_ROADS,
    ),
    faking(
        "comparisons: right state, forty times the learning rate",
        "Keeps the averages correctly, but updates by plain SGD at a high learning rate.",
        "No points: the updated parameters are checked, and they are wrong.",
        Changes(blocks=with_state(40)),
        baseline=HONEST.plus(blocks=with_state(1)),
    ),
    faking(
        "comparisons: an SGD that is slowed down",
        "Its SGD learns almost nothing, so that anything beats it; the others are plain SGD.",
        "No points: the optimizers must beat the reference's SGD.",
        Changes(
            patches=(
                (
                    OPTIMIZERS,
                    "            param -= self.lr * layer.grads[name]\n\n\nclass SGDM",
                    "            param -= 1e-9 * layer.grads[name]\n\n\nclass SGDM",
                ),
            )
        ),
        baseline=ALL_PLAIN,
    ),
    faking(
        "comparisons: an SGD that goes uphill",
        "Makes SGD step uphill, so that the other optimizers beat it.",
        "No points: the comparison does not use the student's SGD.",
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
        baseline=ALL_PLAIN,
    ),
    faking(
        "comparisons: a loss of its own",
        "Its cross entropy returns 0 for the batch size of the comparisons.",
        "No points: losses are computed outside the sandbox, from the final parameters.",
        Changes(
            appended={
                LAYERS: """
                    _forward = cross_entropy.forward
                    cross_entropy.forward = lambda self, f, y: _forward(self, f, y) * (len(y) != 64)
                """
            }
        ),
        baseline=ALL_PLAIN,
    ),
)
