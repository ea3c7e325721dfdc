"""What a row of the tables is."""

from __future__ import annotations

from dataclasses import dataclass, field

LAYERS = "lib/mlp/layer_utils.py"
NETWORKS = "lib/mlp/fully_conn.py"
TRAINING = "lib/mlp/train.py"
OPTIMIZERS = "lib/optim.py"


@dataclass(frozen=True)
class Alternative:
    """The solution, done in another way that is as right."""

    name: str
    blocks: dict[str, str] = field(default_factory=dict)
    patches: tuple[tuple[str, str, str], ...] = ()
    cells: dict[str, str] = field(default_factory=dict)
