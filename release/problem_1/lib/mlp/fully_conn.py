"""Fully connected networks, built from the layers of `layer_utils`.

Every network is created by `Network(keep_prob=0, dtype=np.float32, seed=None)`. keep_prob and seed
are for its dropout layer, if it has one. dtype is the dtype of its parameters.
"""

from __future__ import annotations

import numpy as np

from lib.mlp.layer_utils import dropout, fc, flatten, leaky_relu, sequential

__all__ = [
    "DropoutNet",
    "DropoutNetTest",
    "FullyConnectedNetwork",
    "Module",
    "SmallFullyConnectedNetwork",
    "TestFCReLU",
    "TinyNet",
]


class Module:
    """Base class of all networks. Their layers are in `self.net`, a `sequential`."""

    net: sequential

    def forward(
        self, feat: np.ndarray, is_training: bool = True, seed: int | None = None
    ) -> np.ndarray:
        """feat (N, ...) -> the output of the last layer

        is_training and seed are for the layers that have modes, such as dropout.
        """
        output = feat
        for layer in self.net.layers:
            modes = (is_training, seed) if layer.has_modes else ()
            output = layer.forward(output, *modes)
        self.net.gather_params()
        return output

    def backward(self, dprev: np.ndarray) -> np.ndarray:
        """dprev, the gradient of the loss with respect to the output -> that with respect to feat

        Sets the gradients of every layer. dprev is cast to the dtype of the parameters: otherwise a
        float64 array in the loss would make the whole backward pass float64.
        """
        dprev = dprev.astype(np.result_type(*self.net.params.values()), copy=False)
        for layer in reversed(self.net.layers):
            dprev = layer.backward(dprev)
        self.net.gather_grads()
        return dprev

    def cast(self, dtype: np.typing.DTypeLike) -> None:
        """Convert every parameter to `dtype`."""
        for layer in self.net.layers:
            for name, param in layer.params.items():
                layer.params[name] = param.astype(dtype)
        self.net.gather_params()

    def __repr__(self) -> str:
        return f"{type(self).__name__}: {self.net!r}"


class TestFCReLU(Module):
    """Flatten -> FC -> Leaky ReLU, from 15 features to 5."""

    __test__ = False  # not a test, although its name starts with Test

    def __init__(self, keep_prob=0, dtype=np.float32, seed=None) -> None:
        #############################################################################
        # TODO: Build the network in self.net = sequential(...):                    #
        # Flatten -> FC (15 to 5) -> Leaky ReLU. Give each layer a name.            #
        #############################################################################
        raise NotImplementedError("TestFCReLU.__init__: write your solution here")
        #############################################################################
        #                             END OF YOUR CODE                              #
        #############################################################################
        self.cast(dtype)


class SmallFullyConnectedNetwork(Module):
    """FC -> Leaky ReLU -> FC, from 4 features through 30 to 7 classes."""

    def __init__(self, keep_prob=0, dtype=np.float32, seed=None) -> None:
        #############################################################################
        # TODO: Build the network in self.net = sequential(...):                    #
        # FC (4 to 30) -> Leaky ReLU -> FC (30 to 7), with the default init_scale.  #
        # Give each layer a name.                                                   #
        #############################################################################
        raise NotImplementedError("SmallFullyConnectedNetwork.__init__: write your solution here")
        #############################################################################
        #                             END OF YOUR CODE                              #
        #############################################################################
        self.cast(dtype)


class DropoutNet(Module):
    """Three FC layers, each with a Leaky ReLU, and dropout at the end: 15 features to 10."""

    def __init__(self, keep_prob=0, dtype=np.float32, seed=None) -> None:
        self.net = sequential(
            flatten(name="flatten"),
            fc(15, 20, 5e-2, name="fc1"),
            leaky_relu(name="relu1"),
            fc(20, 30, 5e-2, name="fc2"),
            leaky_relu(name="relu2"),
            fc(30, 10, 5e-2, name="fc3"),
            leaky_relu(name="relu3"),
            dropout(keep_prob, seed=seed, name="dropout"),
        )
        self.cast(dtype)


class TinyNet(Module):
    """Flatten -> FC -> Leaky ReLU -> FC, from a 32 x 32 x 3 image to the scores of 10 digits."""

    def __init__(self, keep_prob=0, dtype=np.float32, seed=None) -> None:
        #############################################################################
        # TODO: Build the network in self.net = sequential(...):                    #
        # Flatten -> FC (3072 to a number of hidden units that you choose) ->       #
        # Leaky ReLU -> FC (to 10). Give each layer a name. The default init_scale  #
        # is too small for a network of this size: the loss would not fall for      #
        # several epochs. 1 / sqrt(number of inputs) is a good value.               #
        #############################################################################
        raise NotImplementedError("TinyNet.__init__: write your solution here")
        #############################################################################
        #                             END OF YOUR CODE                              #
        #############################################################################
        self.cast(dtype)


class DropoutNetTest(Module):
    """3072 -> 500 -> 500 -> 10 with dropout after the first layer, to try dropout on images."""

    def __init__(self, keep_prob=0, dtype=np.float32, seed=None) -> None:
        self.net = sequential(
            flatten(name="flatten"),
            fc(3072, 500, 1e-2, name="fc1"),
            dropout(keep_prob, seed=seed, name="dropout"),
            leaky_relu(name="relu1"),
            fc(500, 500, 1e-2, name="fc2"),
            leaky_relu(name="relu2"),
            fc(500, 10, 1e-2, name="fc3"),
        )
        self.cast(dtype)


class FullyConnectedNetwork(Module):
    """Five hidden layers of 100 units, to compare optimizers."""

    def __init__(self, keep_prob=0, dtype=np.float32, seed=None) -> None:
        self.net = sequential(
            flatten(name="flatten"),
            fc(3072, 100, 5e-2, name="fc1"),
            leaky_relu(name="relu1"),
            fc(100, 100, 5e-2, name="fc2"),
            leaky_relu(name="relu2"),
            fc(100, 100, 5e-2, name="fc3"),
            leaky_relu(name="relu3"),
            fc(100, 100, 5e-2, name="fc4"),
            leaky_relu(name="relu4"),
            fc(100, 100, 5e-2, name="fc5"),
            leaky_relu(name="relu5"),
            fc(100, 10, 5e-2, name="fc6"),
        )
        self.cast(dtype)
