"""How optimizers move: their paths on a bowl, and what the learning rate does to a training."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import matplotlib.pyplot as plt
import numpy as np
from IPython.utils.capture import capture_output
from lib.mlp.fully_conn import Module
from lib.mlp.layer_utils import cross_entropy, fc, leaky_relu, sequential
from lib.mlp.train import train_net

from .style import QUIET, styled

STEEPNESS = np.array([1.0, 100.0])
"""How steep the bowl is along each axis: a step that suits one axis does not suit the other."""
START = np.array([-4.0, 0.8])
RATES = np.logspace(-4, 0, 7)
"""The learning rates that are tried."""
BATCH = 32
CHANCE = np.log(10)
"""The loss of a network that gives ten classes the same probability."""

Make = Callable[[sequential], object]
"""Makes an optimizer of a network, such as `lambda net: SGD(net, 0.01)`."""
MakeAt = Callable[[sequential, float], object]
"""Makes an optimizer of a network and a learning rate, such as the class `SGD` itself."""


def height(point: np.ndarray) -> np.ndarray:
    """The height of the bowl at points (..., 2), which is the loss that the optimizers minimize."""
    return (STEEPNESS * point**2).sum(axis=-1) / 2


def path(make: Make, steps: int) -> np.ndarray:
    """The points (steps + 1, 2) through which an optimizer descends the bowl."""
    layer = fc(1, 2, name="bowl")
    layer.params = {layer.w_name: START.reshape(1, 2).copy()}
    take_step = make(sequential(layer)).step
    points = [START]
    for _ in range(steps):
        layer.grads = {layer.w_name: STEEPNESS * layer.params[layer.w_name]}
        take_step()
        points.append(layer.params[layer.w_name].ravel().copy())
    return np.array(points)


@styled
def show_paths(optimizers: Mapping[str, Make], steps: int = 60) -> None:
    """Draw the paths of optimizers on a bowl, and the height that each has reached after a step."""
    _, (bowl, heights) = plt.subplots(1, 2, figsize=(10, 4), width_ratios=(3, 2))
    across, up = np.meshgrid(np.linspace(-4.6, 3, 200), np.linspace(-1, 1, 200))
    levels = np.geomspace(0.05, 60, 12)
    bowl.contour(across, up, height(np.stack([across, up], axis=-1)), levels, colors="0.85")
    for name, make in optimizers.items():
        points = path(make, steps)
        bowl.plot(*points.T, "o-", markersize=3, linewidth=1, label=name)
        heights.semilogy(height(points), label=name)
    bowl.plot(0, 0, "*", color=QUIET, markersize=12)
    bowl.set(xlabel="first parameter", ylabel="second parameter", xlim=(-4.6, 3), ylim=(-1, 1))
    bowl.set_title(f"The first {steps} steps; the star is the minimum")
    bowl.legend(loc="upper right")
    heights.set(xlabel="Step", title="Height above the minimum", ylim=(1e-3, None))
    plt.show()


class SmallNetwork(Module):
    """Three FC layers on images of 8 x 8 pixels: it trains in a fraction of a second."""

    def __init__(self) -> None:
        self.net = sequential(
            fc(192, 50, 0.1, name="fc1"),
            leaky_relu(name="relu1"),
            fc(50, 50, 0.1, name="fc2"),
            leaky_relu(name="relu2"),
            fc(50, 10, 0.1, name="fc3"),
        )
        self.cast(np.float32)


def shrunk(images: np.ndarray) -> np.ndarray:
    """The means of squares of 4 x 4 pixels: (N, 32, 32, 3) -> (N, 192)"""
    return images.reshape(-1, 8, 4, 8, 4, 3).mean(axis=(2, 4)).reshape(len(images), -1)


def loss_after(make: MakeAt, rate: float, features: np.ndarray, labels: np.ndarray) -> float:
    """The mean loss in the last quarter of one epoch, or infinity if it overflows.

    Every training starts from the same weights and sees the same batches of 32 examples.
    """
    np.random.seed(123)
    model = SmallNetwork()
    data = {"data_train": (features, labels), "data_val": (features[:BATCH], labels[:BATCH])}
    with np.errstate(all="ignore"), capture_output():  # overflows are expected, bars are not wanted
        _, losses, *_ = train_net(data, model, cross_entropy(), make(model.net, rate), BATCH, 1)
    loss = float(np.mean(losses[-(len(losses) // 4) :]))
    return loss if np.isfinite(loss) else np.inf


@styled
def show_learning_rates(
    optimizers: Mapping[str, MakeAt],
    images: np.ndarray,
    labels: np.ndarray,
    steps: int = 400,
) -> None:
    """Draw the loss that each optimizer reaches in a short training, for each of several rates."""
    features, labels = shrunk(images[: steps * BATCH]), labels[: steps * BATCH]
    _, axes = plt.subplots(figsize=(10, 4))
    least = CHANCE
    for name, make in optimizers.items():
        losses = [loss_after(make, rate, features, labels) for rate in RATES]
        least = min([least, *(loss for loss in losses if np.isfinite(loss))])
        axes.semilogx(RATES, losses, "o-", label=name)
    axes.axhline(CHANCE, color=QUIET, linestyle="--", label="guessing")
    # a rate that is far too large gives losses in the hundreds, which would flatten the curves
    axes.set(xlabel="Learning rate", ylabel="Training loss", ylim=(0.9 * least, 1.1 * CHANCE))
    axes.set_title(f"Training loss after {len(labels) // BATCH} steps of a small network")
    axes.grid(True)
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    plt.show()
