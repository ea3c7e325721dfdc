"""The six functions of the notebook's last cell. Each has its own probe, so all are tried."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.assignment.probe import Probe, given

CELL = "activations_definitions"
FUNCTIONS = ("sigmoid", "leaky_relu", "relu", "elu", "selu", "tanh")


def _points(rng: np.random.Generator) -> dict[str, np.ndarray]:
    return dict(
        x=np.sort(rng.choice([-1, 1], size=60) * rng.uniform(0.01, 10, size=60)),
        table=rng.uniform(0.01, 3, size=(2, 4)) * rng.choice([-1, 1], size=(2, 4)),
    )


def _probe(function: str) -> Probe:
    def run(lib, cells, x, table):
        namespace: dict[str, Any] = {
            "__name__": "__main__",
            "np": np,
            "X": np.linspace(-10, 10, 100),
        }
        try:
            exec(compile(cells[CELL], CELL, "exec"), namespace)
        except Exception:
            if function not in namespace:  # a function defined above the error still counts
                raise
        if function not in namespace:
            raise NameError(f"the cell {CELL} does not define {function}")
        yield dict(out=namespace[function](x))
        yield dict(x_after=x, table=namespace[function](table))

    run.__name__ = f"activations_{function}"
    return given(_points, cell=CELL)(run)


for _function in FUNCTIONS:
    _probe(_function)
