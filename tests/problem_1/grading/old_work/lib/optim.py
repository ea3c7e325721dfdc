# ruff: noqa
import numpy as np


class Optimizer(object):
    def __init__(self, net, lr=1e-4):
        self.net = net
        self.lr = lr

    def step(self):
        for layer in self.net.layers:
            self.update(layer)

    def update(self, layer):
        raise NotImplementedError


class SGD(Optimizer):
    def update(self, layer):
        for n, dv in layer.grads.items():
            layer.params[n] -= self.lr * dv


class SGDM(Optimizer):
    def __init__(self, net, lr=1e-4, momentum=0.0):
        self.net = net
        self.lr = lr
        self.momentum = momentum
        self.velocity = {}

    def update(self, layer):
        for n, dv in layer.grads.items():
            if n not in self.velocity:
                self.velocity[n] = np.zeros_like(dv)
            self.velocity[n] = self.momentum * self.velocity[n] - self.lr * dv
            layer.params[n] = layer.params[n] + self.velocity[n]


class RMSProp(Optimizer):
    def __init__(self, net, lr=1e-2, decay=0.99, eps=1e-8):
        self.net = net
        self.lr = lr
        self.decay = decay
        self.eps = eps
        self.cache = {}

    def update(self, layer):
        for n in layer.params:
            if n not in self.cache:
                self.cache[n] = np.zeros(layer.params[n].shape)
            self.cache[n] *= self.decay
            self.cache[n] += (1 - self.decay) * np.square(layer.grads[n])
            layer.params[n] -= self.lr * layer.grads[n] * (self.cache[n] + self.eps) ** -0.5


class Adam(Optimizer):
    def __init__(self, net, lr=1e-3, beta1=0.9, beta2=0.999, t=0, eps=1e-8):
        self.net = net
        self.lr = lr
        self.beta1, self.beta2 = beta1, beta2
        self.eps = eps
        self.mt = {}
        self.vt = {}
        self.t = t

    def update(self, layer):
        self.t += 1  # once a layer, those without parameters included
        for n in layer.grads:
            g = layer.grads[n]
            self.mt[n] = self.beta1 * self.mt.get(n, np.zeros_like(g)) + (1 - self.beta1) * g
            self.vt[n] = self.beta2 * self.vt.get(n, np.zeros_like(g)) + (1 - self.beta2) * g * g
            rate = self.lr * np.sqrt(1 - self.beta2**self.t) / (1 - self.beta1**self.t)
            root = np.sqrt(self.vt[n]) + self.eps * np.sqrt(1 - self.beta2**self.t)
            layer.params[n] -= rate * self.mt[n] / root
