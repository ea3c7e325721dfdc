# ruff: noqa
"""Layers as they were written before there was a common base class: float64, loops, lists."""

import numpy as np


class sequential(object):
    def __init__(self, *args):
        self.params = {}
        self.grads = {}
        self.layers = []
        self.index_of = {}
        for index, layer in enumerate(args):
            if layer.name in [other.name for other in self.layers]:
                raise ValueError("Existing name {}!".format(layer.name))
            self.layers.append(layer)
            for n in layer.params:
                self.params[n] = layer.params[n]
                self.index_of[n] = index
            for n in layer.grads:
                self.grads[n] = layer.grads[n]

    def assign(self, name, val):
        self.layers[self.index_of[name]].params[name] = val

    def assign_grads(self, name, val):
        self.layers[self.index_of[name]].grads[name] = val

    def get_params(self, name):
        return self.params[name]

    def get_grads(self, name):
        return self.grads[name]

    def gather_params(self):
        for layer in self.layers:
            for n in layer.params:
                self.params[n] = layer.params[n]

    def gather_grads(self):
        for layer in self.layers:
            for n in layer.grads:
                self.grads[n] = layer.grads[n]

    def load(self, pretrained):
        for layer in self.layers:
            if not hasattr(layer, "params"):
                continue
            for n in layer.params:
                if n in pretrained:
                    layer.params[n] = pretrained[n].copy()
                    print("Loading Params: {} Shape: {}".format(n, layer.params[n].shape))


class flatten(object):
    def __init__(self, name="flatten"):
        self.name = name
        self.params = {}
        self.grads = {}
        self.meta = None

    def forward(self, feat):
        rows = [np.ravel(example) for example in feat]
        self.meta = feat
        return np.array(rows)

    def backward(self, dprev):
        if self.meta is None:
            raise ValueError("No forward function called before for this module!")
        dfeat = np.reshape(dprev, self.meta.shape)
        self.meta = None
        return dfeat


class fc(object):
    def __init__(self, input_dim, output_dim, init_scale=0.002, name="fc"):
        self.name = name
        self.w_name = name + "_w"
        self.b_name = name + "_b"
        self.input_dim = input_dim
        self.output_dim = output_dim
        self.params = {}
        self.grads = {}
        self.params[self.w_name] = init_scale * np.random.randn(input_dim, output_dim)
        self.params[self.b_name] = np.zeros(output_dim)
        self.grads[self.w_name] = None
        self.grads[self.b_name] = None
        self.meta = None

    def forward(self, feat):
        assert len(feat.shape) == 2 and feat.shape[-1] == self.input_dim
        output = np.dot(feat, self.params[self.w_name])
        for i in range(output.shape[0]):
            output[i] += self.params[self.b_name]
        self.meta = feat
        return output

    def backward(self, dprev):
        feat = self.meta
        if feat is None:
            raise ValueError("No forward function called before for this module!")
        self.grads[self.w_name] = np.einsum("nd,nm->dm", feat, dprev)
        self.grads[self.b_name] = np.ones(len(feat)).dot(dprev)
        self.meta = None
        return np.dot(dprev, self.params[self.w_name].T)


class leaky_relu(object):
    def __init__(self, negative_slope=0.01, name="leaky_relu"):
        self.negative_slope = negative_slope
        self.name = name
        self.params = {}
        self.grads = {}
        self.meta = None

    def forward(self, feat):
        output = feat.copy()
        output[output < 0] *= self.negative_slope
        self.meta = feat
        return output

    def backward(self, dprev):
        dfeat = np.array(dprev)
        dfeat[self.meta <= 0] *= self.negative_slope
        self.meta = None
        return dfeat


class dropout(object):
    def __init__(self, keep_prob, seed=None, name="dropout"):
        self.name = name
        self.params = {}
        self.grads = {}
        self.keep_prob = keep_prob
        self.meta = None
        self.kept = None
        self.is_training = False
        self.rng = np.random.RandomState(seed)
        assert keep_prob >= 0 and keep_prob <= 1, "keep probability must be in [0, 1]"

    def forward(self, feat, is_training=True, seed=None):
        if seed is not None:
            self.rng = np.random.RandomState(seed)
        if is_training and self.keep_prob > 0:
            kept = self.rng.binomial(1, self.keep_prob, size=feat.shape) / self.keep_prob
        else:
            kept = np.ones(feat.shape)
        self.kept = kept
        self.is_training = is_training
        self.meta = feat
        return feat * kept

    def backward(self, dprev):
        self.meta = None
        return dprev * self.kept


def softmax(feat):
    shifted = feat - np.max(feat, axis=1).reshape(-1, 1)
    return np.exp(shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True)))


class cross_entropy(object):
    def __init__(self, size_average=True):
        self.size_average = size_average
        self.dLoss = None
        self.label = None

    def forward(self, feat, label):
        scores = softmax(feat)
        one_hot = np.eye(feat.shape[1])[label]
        loss = -np.sum(one_hot * np.log(scores + 1e-12))
        self.dLoss = scores - one_hot
        if self.size_average:
            loss = loss / feat.shape[0]
            self.dLoss = self.dLoss / feat.shape[0]
        self.label = label
        return loss

    def backward(self):
        if self.dLoss is None:
            raise ValueError("No forward function called before for this module!")
        return self.dLoss
