"""The layers of a multi-layer perceptron, each with a forward and a backward pass.

N is the number of examples in a batch, D and M are numbers of features, C is the number of classes.
`feat` is the input of a layer. `dprev` is the gradient of the loss with respect to its output.
`backward` returns the gradient of the loss with respect to `feat`.
"""

from __future__ import annotations

import math

import numpy as np

__all__ = ["cross_entropy", "dropout", "fc", "flatten", "leaky_relu", "sequential", "softmax"]


class Layer:
    """Base class of all layers.

    Attributes:
        name: unique within a network.
        has_modes: whether the layer works differently in training and at test time. `forward` of
            such a layer also takes `is_training` and `seed`.
        params: parameter arrays by name, such as {"fc_w": ..., "fc_b": ...}.
        grads: gradients of the loss by the same names, set by `backward`.
        meta: what `forward` saved for `backward`. `backward` resets it to None.
    """

    has_modes = False

    def __init__(self, name: str) -> None:
        self.name = name
        self.params: dict[str, np.ndarray] = {}
        self.grads: dict[str, np.ndarray] = {}
        self.meta = None

    def take_meta(self):
        """Return what `forward` saved, and reset it: each `backward` needs its own `forward`."""
        meta, self.meta = self.meta, None
        if meta is None:
            raise ValueError(f"{self.name}: backward was called before forward")
        return meta

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name!r})"


def _check_same_shape(name: str, dprev: np.ndarray, expected: tuple[int, ...]) -> None:
    """Raise a ValueError unless the incoming gradient has the shape of the layer's output."""
    if dprev.shape != expected:
        raise ValueError(
            f"{name}.backward: the gradient has shape {dprev.shape}; expected {expected}, "
            f"the shape of the layer's output"
        )


class sequential:
    """A chain of layers, with their parameters and gradients by name."""

    def __init__(self, *layers: Layer) -> None:
        names = [layer.name for layer in layers]
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise ValueError(f"every layer needs a unique name; used more than once: {repeated}")
        self.layers = list(layers)
        self.gather_params()
        self.gather_grads()

    def gather_params(self) -> None:
        """Collect the layers' parameters (the arrays themselves, not copies) in `self.params`."""
        self.params = {name: p for layer in self.layers for name, p in layer.params.items()}

    def gather_grads(self) -> None:
        """Collect the layers' gradients in `self.grads`."""
        self.grads = {name: g for layer in self.layers for name, g in layer.grads.items()}

    def assign(self, name: str, val: np.ndarray) -> None:
        """Set the parameter `name` to the array `val` itself: it is neither copied nor cast."""
        layer = self._owner(name)
        if val.shape != layer.params[name].shape:
            raise ValueError(
                f"{name} has shape {layer.params[name].shape}; cannot assign shape {val.shape}"
            )
        layer.params[name] = self.params[name] = val

    def assign_grads(self, name: str, val: np.ndarray) -> None:
        """Set the gradient of the parameter `name` to the array `val`."""
        layer = self._owner(name)
        if val.shape != layer.params[name].shape:
            raise ValueError(
                f"{name} has shape {layer.params[name].shape}; "
                f"its gradient cannot have shape {val.shape}"
            )
        layer.grads[name] = self.grads[name] = val

    def get_params(self, name: str) -> np.ndarray:
        """The parameter `name`."""
        return self._owner(name).params[name]

    def get_grads(self, name: str) -> np.ndarray:
        """The gradient of the parameter `name`. `backward` must have run."""
        grads = self._owner(name).grads
        if name not in grads:
            raise ValueError(f"{name} has no gradient yet: run backward first")
        return grads[name]

    def load(self, pretrained: dict[str, np.ndarray]) -> None:
        """Copy the values of all parameters from `pretrained`, a dictionary by parameter name."""
        missing = [name for name in self.params if name not in pretrained]
        if missing:
            raise ValueError(f"no values for {missing}; found {list(pretrained)}")
        for name in self.params:
            self.assign(name, pretrained[name].copy())
            print(f"Loading Params: {name} Shape: {pretrained[name].shape}")

    def _owner(self, name: str) -> Layer:
        """The layer that has the parameter `name`."""
        for layer in self.layers:
            if name in layer.params:
                return layer
        known = [n for layer in self.layers for n in layer.params]
        raise ValueError(f"no parameter is called {name!r}; this network has {known}")

    def __repr__(self) -> str:
        return "sequential(\n" + "".join(f"    {layer},\n" for layer in self.layers) + ")"


class flatten(Layer):
    """Reshapes each example (an image, for instance) into one row of features."""

    def __init__(self, name: str = "flatten") -> None:
        super().__init__(name)

    def forward(self, feat: np.ndarray) -> np.ndarray:
        """feat (N, d1, ..., dk) -> (N, d1 * ... * dk)"""
        output = None
        if feat.ndim < 2:
            raise ValueError(f"{self.name}: expected a batch (N, d1, ..., dk); found {feat.shape}")
        #############################################################################
        # TODO: Reshape each example in the batch into one row and store the result #
        # in output. Any number of dimensions may follow the first.                 #
        #############################################################################
        raise NotImplementedError("flatten.forward: write your solution here")
        #############################################################################
        #                             END OF YOUR CODE                              #
        #############################################################################
        self.meta = feat
        return output

    def backward(self, dprev: np.ndarray) -> np.ndarray:
        """dprev (N, d1 * ... * dk) -> (N, d1, ..., dk)"""
        dfeat = None
        feat = self.take_meta()
        _check_same_shape(self.name, dprev, (len(feat), math.prod(feat.shape[1:])))
        #############################################################################
        # TODO: Undo the reshaping: store in dfeat the gradient in the shape of     #
        # feat, the input of the forward pass.                                      #
        #############################################################################
        raise NotImplementedError("flatten.backward: write your solution here")
        #############################################################################
        #                             END OF YOUR CODE                              #
        #############################################################################
        return dfeat


class fc(Layer):
    """A fully connected layer, feat @ w + b.

    The weights, (input_dim, output_dim), start as init_scale times standard normal draws from
    numpy's global generator; the biases, (output_dim,), start at zero.
    """

    def __init__(
        self, input_dim: int, output_dim: int, init_scale: float = 0.002, name: str = "fc"
    ) -> None:
        super().__init__(name)
        self.input_dim, self.output_dim = int(input_dim), int(output_dim)
        self.w_name, self.b_name = name + "_w", name + "_b"
        self.params[self.w_name] = init_scale * np.random.randn(input_dim, output_dim)
        self.params[self.b_name] = np.zeros(output_dim)

    def forward(self, feat: np.ndarray) -> np.ndarray:
        """feat (N, D) -> (N, M), for weights (D, M) and biases (M,)"""
        output = None
        if feat.ndim != 2 or feat.shape[1] != self.input_dim:
            raise ValueError(
                f"{self.name}: the input has shape {feat.shape}; expected (N, {self.input_dim}). "
                f"Images need a flatten layer first"
            )
        #############################################################################
        # TODO: Compute the forward pass of a fully connected layer and store it in #
        # output. The parameters are self.params[self.w_name] and                   #
        # self.params[self.b_name].                                                 #
        #############################################################################
        raise NotImplementedError("fc.forward: write your solution here")
        #############################################################################
        #                             END OF YOUR CODE                              #
        #############################################################################
        self.meta = feat
        return output

    def backward(self, dprev: np.ndarray) -> np.ndarray:
        """dprev (N, M) -> (N, D); sets the gradients of the weights and of the biases"""
        dfeat = None
        feat = self.take_meta()
        _check_same_shape(self.name, dprev, (len(feat), self.output_dim))
        #############################################################################
        # TODO: Compute the three gradients. Store the gradient of the weights in   #
        # self.grads[self.w_name] and the gradient of the biases in                 #
        # self.grads[self.b_name], each with the shape of its parameter. Store the  #
        # gradient of the input in dfeat. feat is the input of the forward pass.    #
        # Sum over the batch; do not average.                                       #
        #############################################################################
        raise NotImplementedError("fc.backward: write your solution here")
        #############################################################################
        #                             END OF YOUR CODE                              #
        #############################################################################
        return dfeat

    def __repr__(self) -> str:
        return f"fc({self.input_dim}, {self.output_dim}, name={self.name!r})"


class leaky_relu(Layer):
    """x where x >= 0, negative_slope * x elsewhere. A slope of 0 makes it a ReLU."""

    def __init__(self, negative_slope: float = 0.01, name: str = "leaky_relu") -> None:
        if not 0 <= negative_slope < 1:
            raise ValueError(f"{name}: negative_slope must be in [0, 1); found {negative_slope}")
        super().__init__(name)
        self.negative_slope = negative_slope

    def forward(self, feat: np.ndarray) -> np.ndarray:
        """feat -> the same shape"""
        output = None
        #############################################################################
        # TODO: Compute the leaky ReLU of feat, with self.negative_slope, and store #
        # it in output. Leave feat as it is.                                        #
        #############################################################################
        raise NotImplementedError("leaky_relu.forward: write your solution here")
        #############################################################################
        #                             END OF YOUR CODE                              #
        #############################################################################
        self.meta = feat
        return output

    def backward(self, dprev: np.ndarray) -> np.ndarray:
        """dprev -> the same shape"""
        dfeat = None
        feat = self.take_meta()
        _check_same_shape(self.name, dprev, feat.shape)
        #############################################################################
        # TODO: Store in dfeat the gradient with respect to feat, the input of the  #
        # forward pass. Leave dprev as it is.                                       #
        #############################################################################
        raise NotImplementedError("leaky_relu.backward: write your solution here")
        #############################################################################
        #                             END OF YOUR CODE                              #
        #############################################################################
        return dfeat

    def __repr__(self) -> str:
        return f"leaky_relu({self.negative_slope}, name={self.name!r})"


class dropout(Layer):
    """Inverted dropout (Srivastava et al., 2014): each activation is kept with probability
    keep_prob and then scaled by 1 / keep_prob, so that its expected value does not change.

    A keep_prob of 0 means no dropout at all, as does 1. At test time the layer is the identity.

    Attributes:
        rng: the `numpy.random.RandomState` that draws the masks.
        kept: the mask of the last forward pass, or None if nothing was dropped.
    """

    has_modes = True

    def __init__(self, keep_prob: float, seed: int | None = None, name: str = "dropout") -> None:
        if not 0 <= keep_prob <= 1:
            raise ValueError(f"{name}: keep_prob must be in [0, 1]; found {keep_prob}")
        super().__init__(name)
        self.keep_prob = keep_prob
        self.rng = np.random.RandomState(seed)
        self.kept: np.ndarray | None = None

    def forward(
        self, feat: np.ndarray, is_training: bool = True, seed: int | None = None
    ) -> np.ndarray:
        """feat -> the same shape. A seed re-seeds the generator, so the mask can be repeated."""
        output, kept = None, None
        if seed is not None:
            self.rng = np.random.RandomState(seed)
        #############################################################################
        # TODO: If is_training, apply inverted dropout to feat; otherwise pass feat #
        # through. Draw from self.rng. Store the mask in kept, for the backward     #
        # pass, and the result in output. Note what a keep_prob of 0 means.         #
        #############################################################################
        raise NotImplementedError("dropout.forward: write your solution here")
        #############################################################################
        #                             END OF YOUR CODE                              #
        #############################################################################
        self.kept = kept
        self.meta = feat
        return output

    def backward(self, dprev: np.ndarray) -> np.ndarray:
        """dprev -> the same shape"""
        dfeat = None
        feat = self.take_meta()
        _check_same_shape(self.name, dprev, feat.shape)
        #############################################################################
        # TODO: Store in dfeat the gradient with respect to the input. Use the mask #
        # in self.kept, and consider forward passes both in training and at test    #
        # time.                                                                     #
        #############################################################################
        raise NotImplementedError("dropout.backward: write your solution here")
        #############################################################################
        #                             END OF YOUR CODE                              #
        #############################################################################
        return dfeat

    def __repr__(self) -> str:
        return f"dropout({self.keep_prob}, name={self.name!r})"


def softmax(feat: np.ndarray) -> np.ndarray:
    """Probabilities from logits, over the last axis: feat (..., C) -> (..., C)"""
    scores = None
    #############################################################################
    # TODO: Store the softmax of feat over its last axis in scores. It must not #
    # overflow, even for logits of 1000 and more.                               #
    #############################################################################
    raise NotImplementedError("softmax: write your solution here")
    #############################################################################
    #                             END OF YOUR CODE                              #
    #############################################################################
    return scores


class cross_entropy:
    """The cross-entropy between the labels and the softmax of the logits.

    The loss is the mean over the batch, or the sum if size_average is False.
    """

    def __init__(self, size_average: bool = True) -> None:
        self.size_average = size_average
        self.meta: tuple[np.ndarray, np.ndarray] | None = None

    def forward(self, feat: np.ndarray, label: np.ndarray) -> float:
        """feat (N, C) logits, label (N,) integers in 0..C-1 -> the loss, a scalar"""
        loss, scores = None, None
        if feat.ndim != 2 or label.shape != feat.shape[:1]:
            raise ValueError(
                f"expected logits (N, C) and labels (N,); found {feat.shape} and {label.shape}"
            )
        #############################################################################
        # TODO: Store the softmax of the logits in scores. Store in loss the        #
        # negative log probability of the correct labels: the mean over the batch   #
        # if self.size_average, and the sum if not. It must be finite and right for #
        # any logits, also if the probability of a correct label is too small for a #
        # floating-point number.                                                    #
        #############################################################################
        raise NotImplementedError("cross_entropy.forward: write your solution here")
        #############################################################################
        #                             END OF YOUR CODE                              #
        #############################################################################
        self.meta = scores, label
        return loss

    def backward(self) -> np.ndarray:
        """The gradient of the loss with respect to the logits, (N, C)"""
        dfeat = None
        if self.meta is None:
            raise ValueError("cross_entropy: backward was called before forward")
        scores, label = self.meta
        self.meta = None
        #############################################################################
        # TODO: Store in dfeat the gradient, with respect to the logits, of the     #
        # loss that forward returned (mean or sum). scores is the softmax that you  #
        # saved.                                                                    #
        #############################################################################
        raise NotImplementedError("cross_entropy.backward: write your solution here")
        #############################################################################
        #                             END OF YOUR CODE                              #
        #############################################################################
        return dfeat
