"""A student's choices for the training as plain numbers: a recipe that can be trained again.

Like everything that leaves the sandbox it is untrusted. That is harmless, because a recipe earns
points only for the accuracy that it reaches when the grader trains it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from autograder.assignment.training import Mode, TrainingPlan
from autograder.observation.observe import Observation

MOST_OUTPUTS = 2**14
MOST_PARAMETERS = 2**25
"""128 MiB of float32."""

OPERATIONS_PER_MINUTE = 3.3e12
"""The floating-point operations that one core performs in about a minute (benchmarks/replays.py).
"""
OVERHEAD = 100
"""Operations per parameter and step in addition to those of the batch, for moving memory in the
update."""


class Inexpressible(Exception):  # noqa: N818 - a fact about a submission
    """The student's choices cannot be expressed as a recipe; the message says why."""


@dataclass(frozen=True)
class Layer:
    """One layer of the chain.

    Attributes:
        kind: one of the plan's kinds.
        inputs, outputs: the sizes of a fully connected layer. A layer of a kind that is not built
            in has its number of features as outputs.
        spread, bias_spread: standard deviations of the initial weights and biases.
        slope: the negative slope of a Leaky ReLU.
        keep_prob: the keep probability of a dropout layer.
    """

    kind: str
    inputs: int = 0
    outputs: int = 0
    spread: float = 0.0
    bias_spread: float = 0.0
    slope: float = 0.0
    keep_prob: float = 0.0


@dataclass(frozen=True)
class Recipe:
    """An untrained network and the hyperparameters of its training.

    Attributes:
        layers: the network's layers in order.
        batch_size, epochs, lr_decay, lr_decay_every: the arguments of `train_net`.
    """

    layers: tuple[Layer, ...]
    batch_size: int
    epochs: int
    lr_decay: float
    lr_decay_every: int

    @classmethod
    def read(cls, plan: TrainingPlan, seen: Observation) -> Recipe:
        """Reads the recipe from the observation of the recipe probe.

        Raises:
            Inexpressible: a layer has an unknown kind, or a number is out of range.
        """
        layers = tuple(_layers(plan, seen))
        _require_chain(layers)
        return cls(
            layers,
            _whole(seen, "batch_size", 1),
            _whole(seen, "epochs", 0),
            _number(seen, "lr_decay"),
            _whole(seen, "lr_decay_every", 1),
        )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Recipe:
        """Reads the result of `as_dict`."""
        return cls(**{**data, "layers": tuple(Layer(**layer) for layer in data["layers"])})

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return asdict(self)

    @property
    def parameters(self) -> int:
        return sum(layer.inputs * layer.outputs + layer.outputs for layer in self.layers)

    def fitting_epochs(self, mode: Mode) -> int:
        """The number of epochs to train: no more than fit into the mode's minutes.

        The work is counted in operations, so that every machine trains the same number of epochs.
        """
        return min(self.epochs, int(mode.minutes // self._minutes_per_epoch(mode)))

    def cost(self, mode: Mode) -> float:
        """The approximate training time in minutes of one core."""
        return self.fitting_epochs(mode) * self._minutes_per_epoch(mode)

    def _minutes_per_epoch(self, mode: Mode) -> float:
        steps = max(1, mode.training // self.batch_size)
        operations = steps * self.parameters * (6 * self.batch_size + OVERHEAD)
        return operations / OPERATIONS_PER_MINUTE


def network(layers: Iterable[Layer], library: Any) -> Any:
    """A new network of these layers, built from a library's classes.

    Args:
        layers: the network's layers in order.
        library: a trusted library, never a student's.
    """
    kinds, made = library.layer_utils, []
    for number, layer in enumerate(layers, start=1):
        name = f"{layer.kind}_{number}"
        match layer.kind:
            case "flatten":
                made.append(kinds.flatten(name=name))
            case "fc":
                made.append(kinds.fc(layer.inputs, layer.outputs, layer.spread, name=name))
                if layer.bias_spread:
                    draws = np.random.randn(layer.outputs)
                    made[-1].params[made[-1].b_name] = layer.bias_spread * draws
            case "leaky_relu":
                made.append(kinds.leaky_relu(layer.slope, name=name))
            case "dropout":
                made.append(kinds.dropout(layer.keep_prob, name=name))
            case kind:
                made.append(getattr(kinds, kind)(layer.outputs, name=name))
    module = library.fully_conn.Module()
    module.net = kinds.sequential(*made)
    module.cast(np.float32)
    return module


def _layers(plan: TrainingPlan, seen: Observation) -> Iterator[Layer]:
    most = plan.most_layers
    columns = {name: _column(seen, name, most) for name in plan.columns}
    count = len(columns["kinds"])
    if not 1 <= count <= most or any(len(column) != count for column in columns.values()):
        raise Inexpressible(f"a network has 1 to {most} layers; TinyNet has {count}")
    for number, row in enumerate(zip(*columns.values(), strict=True), start=1):
        kind, inputs, outputs, spread, bias_spread, slope, keep_prob = row
        if not 0 <= kind < len(plan.kinds):
            raise Inexpressible(
                f"layer {number} of TinyNet is not one of {', '.join(plan.kinds)}, so its "
                "training cannot be repeated"
            )
        match plan.kinds[int(kind)]:
            case "fc":
                sizes = int(inputs), int(outputs)
                yield Layer("fc", *sizes, _rounded(spread), _rounded(bias_spread))
            case "leaky_relu":
                if not 0 <= slope < 1:
                    raise Inexpressible(
                        f"layer {number} of TinyNet has a slope of {slope:g}; expected at least 0 "
                        "and less than 1"
                    )
                yield Layer("leaky_relu", slope=_rounded(slope, 4))
            case "dropout":
                if not 0 <= keep_prob <= 1:
                    raise Inexpressible(
                        f"layer {number} of TinyNet has a keep probability of "
                        f"{keep_prob:g}; expected 0 to 1"
                    )
                yield Layer("dropout", keep_prob=_rounded(keep_prob, 4))
            case "flatten":
                yield Layer("flatten")
            case kind:
                yield Layer(kind, outputs=int(outputs))


def _require_chain(layers: tuple[Layer, ...]) -> None:
    connected = [layer for layer in layers if layer.kind == "fc"]
    features = connected[0].inputs if connected else 0
    for layer in layers:
        if layer.kind != "fc":
            if layer.outputs not in (0, features):
                raise Inexpressible(
                    f"TinyNet has a {layer.kind} layer for {layer.outputs} features, but the "
                    f"layer's input has {features}"
                )
            continue
        if layer.inputs != features or not 1 <= layer.outputs <= MOST_OUTPUTS:
            raise Inexpressible(
                f"TinyNet has an fc layer from {layer.inputs} to {layer.outputs} features; "
                f"expected {features} inputs and 1 to {MOST_OUTPUTS} outputs"
            )
        features = layer.outputs
    total = sum(layer.inputs * layer.outputs for layer in connected)
    if not 1 <= total <= MOST_PARAMETERS:
        raise Inexpressible(f"TinyNet has {total:,} weights; expected 1 to {MOST_PARAMETERS:,}")


def _rounded(value: float, digits: int = 2) -> float:
    """Rounds to significant digits. Deviations are estimated from samples, to about two digits."""
    return float(f"{value:.{digits}g}")


def _column(seen: Observation, name: str, most: int) -> np.ndarray:
    value = seen.values.get(name)
    if not isinstance(value, np.ndarray) or value.ndim != 1 or value.size > most:
        raise Inexpressible("TinyNet could not be read layer by layer")
    value = value.astype(float)
    if not np.isfinite(value).all() or np.abs(value).max(initial=0) > 2**40:
        raise Inexpressible(
            f"TinyNet has {name.replace('_', ' ')} that are too large or not finite"
        )
    return value


def _number(seen: Observation, name: str) -> float:
    value = seen.values.get(name)
    if not isinstance(value, np.ndarray) or value.ndim or not np.isfinite(value) or value <= 0:
        raise Inexpressible(f"{name} is not a positive number")
    return float(value)


def _whole(seen: Observation, name: str, least: int) -> int:
    value = seen.values.get(name)
    if isinstance(value, np.ndarray) and value.ndim:
        raise Inexpressible(f"{name} is not a number but a sequence: is there a comma after it?")
    if not isinstance(value, np.ndarray) or not least <= value <= 2**40 or value != np.round(value):
        raise Inexpressible(f"{name} is not a whole number of at least {least}")
    return int(value)
