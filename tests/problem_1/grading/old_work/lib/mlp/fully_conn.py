# ruff: noqa
import numpy as np

from lib.mlp.layer_utils import *


class Module(object):
    def __init__(self):
        pass

    def forward(self, feat, is_training=True, seed=None):
        output = feat
        for layer in self.net.layers:
            if isinstance(layer, dropout):
                output = layer.forward(output, is_training, seed)
            else:
                output = layer.forward(output)
        self.net.gather_params()
        return output

    def backward(self, dprev):
        for layer in self.net.layers[::-1]:
            dprev = layer.backward(dprev)
        self.net.gather_grads()
        return dprev


class TestFCReLU(Module):
    def __init__(self, keep_prob=0, dtype=np.float32, seed=None):
        self.net = sequential(
            flatten("my_flatten"),
            fc(15, 5, name="my_fc"),
            leaky_relu(name="my_relu"),
        )


class SmallFullyConnectedNetwork(Module):
    def __init__(self, keep_prob=0, dtype=np.float32, seed=None):
        self.net = sequential(
            flatten("unneeded"),
            fc(4, 30, name="first"),
            leaky_relu(name="between"),
            fc(30, 7, name="second"),
        )


class DropoutNet(Module):
    def __init__(self, keep_prob=0, dtype=np.float32, seed=None):
        self.dropout = keep_prob
        self.seed = seed
        self.net = sequential(
            flatten(name="flat"),
            fc(15, 20, 5e-2, name="fc1"),
            leaky_relu(name="relu1"),
            fc(20, 30, 5e-2, name="fc2"),
            leaky_relu(name="relu2"),
            fc(30, 10, 5e-2, name="fc3"),
            leaky_relu(name="relu3"),
            dropout(keep_prob, seed=seed),
        )


class TinyNet(Module):
    def __init__(self, keep_prob=0, dtype=np.float32, seed=None):
        self.net = sequential(
            flatten(name="flat"),
            fc(3072, 50, 0.02, name="fc1"),
            leaky_relu(name="relu1"),
            fc(50, 10, 0.1, name="fc2"),
        )
