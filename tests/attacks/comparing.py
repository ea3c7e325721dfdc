"""Faking the comparisons of optimizers: SGD in the place of the others, and a spoilt SGD or loss.

Solving in the place of the optimizers is a part of `solving`.
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
    """Optimizers that keep the right averages, and move by plain SGD."""
    return {
        block: KEPT_STATE.replace("STATES", f"({states})").replace("RATE", str(rate))
        for block, states in STATES.items()
    }


ALL_PLAIN = HONEST.but(blocks=dict.fromkeys(OPTIMIZER_BLOCKS, PLAIN))
"""Three optimizers that are all plain SGD."""

ATTACKS = (
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
