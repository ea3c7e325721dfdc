"""Optimizers: each updates the parameters of a network from their gradients, step by step.

p is a parameter, g its gradient and lr the learning rate. The state that an optimizer keeps from
step to step is a dictionary keyed by parameter name. It starts at zero.
"""

from __future__ import annotations

import numpy as np

from lib.mlp.layer_utils import sequential

__all__ = ["SGD", "SGDM", "Adam", "Optimizer", "RMSProp"]


class Optimizer:
    """Base class of all optimizers: holds the network to train, and the learning rate."""

    def __init__(self, net: sequential, lr: float = 1e-4) -> None:
        self.net = net
        self.lr = lr

    def step(self) -> None:
        """Update every layer once, from the gradients of the last backward pass."""
        for layer in self.net.layers:
            self.update(layer)

    def update(self, layer) -> None:
        """Update the parameters of one layer: `layer.params[n]` from `layer.grads[n]`."""
        raise NotImplementedError("each optimizer defines its own update")

    def __repr__(self) -> str:
        return f"{type(self).__name__}(lr={self.lr})"


class SGD(Optimizer):
    """Stochastic gradient descent: p = p - lr * g"""

    def update(self, layer) -> None:
        for name, param in layer.params.items():
            param -= self.lr * layer.grads[name]


class SGDM(Optimizer):
    """SGD with momentum (Polyak, 1964): v = momentum * v - lr * g; p = p + v"""

    def __init__(self, net: sequential, lr: float = 1e-4, momentum: float = 0.0) -> None:
        super().__init__(net, lr)
        self.momentum = momentum
        self.velocity: dict[str, np.ndarray] = {}

    def update(self, layer) -> None:
        #############################################################################
        # TODO: Update every parameter of the layer by SGD with momentum. Keep each #
        # velocity in self.velocity[name]. A velocity that is not there yet is 0.   #
        #############################################################################
        ### BEGIN SOLUTION
        for name, param in layer.params.items():
            v = self.velocity.get(name, 0.0)
            self.velocity[name] = self.momentum * v - self.lr * layer.grads[name]
            param += self.velocity[name]
        ### END SOLUTION
        #############################################################################
        #                             END OF YOUR CODE                              #
        #############################################################################


class RMSProp(Optimizer):
    """RMSProp (Hinton's lectures, 2012), with epsilon under the root:

    c = decay * c + (1 - decay) * g^2; p = p - lr * g / sqrt(c + eps)
    """

    def __init__(
        self, net: sequential, lr: float = 1e-2, decay: float = 0.99, eps: float = 1e-8
    ) -> None:
        super().__init__(net, lr)
        self.decay = decay
        self.eps = eps
        self.cache: dict[str, np.ndarray] = {}

    def update(self, layer) -> None:
        #############################################################################
        # TODO: Update every parameter of the layer by RMSProp. Keep each moving    #
        # average in self.cache[name]. An average that is not there yet is 0.       #
        #############################################################################
        ### BEGIN SOLUTION
        for name, param in layer.params.items():
            grad = layer.grads[name]
            cache = self.cache.get(name, 0.0)
            self.cache[name] = self.decay * cache + (1 - self.decay) * grad**2
            param -= self.lr * grad / np.sqrt(self.cache[name] + self.eps)
        ### END SOLUTION
        #############################################################################
        #                             END OF YOUR CODE                              #
        #############################################################################


class Adam(Optimizer):
    """Adam (Kingma and Ba, 2015), with epsilon outside the root:

    t = t + 1
    m = beta1 * m + (1 - beta1) * g        m_hat = m / (1 - beta1^t)
    v = beta2 * v + (1 - beta2) * g^2      v_hat = v / (1 - beta2^t)
    p = p - lr * m_hat / (sqrt(v_hat) + eps)
    """

    def __init__(
        self,
        net: sequential,
        lr: float = 1e-3,
        beta1: float = 0.9,
        beta2: float = 0.999,
        t: int = 0,
        eps: float = 1e-8,
    ) -> None:
        super().__init__(net, lr)
        self.beta1, self.beta2 = beta1, beta2
        self.t = t
        self.eps = eps
        self.mt: dict[str, np.ndarray] = {}
        self.vt: dict[str, np.ndarray] = {}

    def update(self, layer) -> None:
        #############################################################################
        # TODO: Update every parameter of the layer by Adam. Keep the moving        #
        # averages in self.mt[name] and self.vt[name]. An average that is not there #
        # yet is 0. Add 1 to self.t before you use it: once per step, or once per   #
        # call of update, but not once per parameter.                               #
        #############################################################################
        ### BEGIN SOLUTION
        # a step calls update once per layer, so only the first layer's call counts
        if layer is self.net.layers[0]:
            self.t += 1
        for name, param in layer.params.items():
            grad = layer.grads[name]
            m, v = self.mt.get(name, 0.0), self.vt.get(name, 0.0)
            self.mt[name] = self.beta1 * m + (1 - self.beta1) * grad
            self.vt[name] = self.beta2 * v + (1 - self.beta2) * grad**2
            m_hat = self.mt[name] / (1 - self.beta1**self.t)
            v_hat = self.vt[name] / (1 - self.beta2**self.t)
            param -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
        ### END SOLUTION
        #############################################################################
        #                             END OF YOUR CODE                              #
        #############################################################################
