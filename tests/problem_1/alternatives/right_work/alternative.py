"""The dataclass of the alternatives."""

from __future__ import annotations

from dataclasses import dataclass, field

LAYERS = "lib/mlp/layer_utils.py"
NETWORKS = "lib/mlp/fully_conn.py"
TRAINING = "lib/mlp/train.py"
OPTIMIZERS = "lib/optim.py"


@dataclass(frozen=True)
class Alternative:
    """The solution, in another way that is also correct."""

    name: str
    blocks: dict[str, str] = field(default_factory=dict)
    patches: tuple[tuple[str, str, str], ...] = ()
    cells: dict[str, str] = field(default_factory=dict)
