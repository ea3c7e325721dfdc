"""Optimizers and their states."""

from __future__ import annotations

from .alternative import OPTIMIZERS, Alternative

IN_OPTIMIZERS = (
    Alternative(
        "parameters replaced",
        {
            "SGDM.update": """
                for n in layer.params.keys():
                    if n not in self.velocity:
                        self.velocity[n] = np.zeros(layer.params[n].shape)
                    self.velocity[n] = self.momentum * self.velocity[n] - self.lr * layer.grads[n]
                    layer.params[n] = layer.params[n] + self.velocity[n]
            """,
            "RMSProp.update": """
                for n in layer.params.keys():
                    if n not in self.cache:
                        self.cache[n] = 0
                    g = layer.grads[n]
                    self.cache[n] = self.decay * self.cache[n] + (1 - self.decay) * np.square(g)
                    step = self.lr * g / np.sqrt(self.cache[n] + self.eps)
                    layer.params[n] = layer.params[n] - step
            """,
        },
    ),
    Alternative(
        "states changed in place",
        {
            "SGDM.update": """
                for n, p in layer.params.items():
                    v = self.velocity.setdefault(n, np.zeros_like(p))
                    v *= self.momentum
                    v -= self.lr * layer.grads[n]
                    p += v
            """,
            "RMSProp.update": """
                for n, p in layer.params.items():
                    c = self.cache.setdefault(n, np.zeros_like(p))
                    c *= self.decay
                    c += (1 - self.decay) * layer.grads[n] ** 2
                    p -= self.lr * layer.grads[n] / np.sqrt(c + self.eps)
            """,
        },
    ),
    Alternative(
        "states prepared when the optimizer is made",
        {
            "SGDM.update": """
                for n, p in layer.params.items():
                    self.velocity[n] = self.momentum * self.velocity[n] - self.lr * layer.grads[n]
                    p += self.velocity[n]
            """,
        },
        (
            (
                OPTIMIZERS,
                "        self.velocity: dict[str, np.ndarray] = {}",
                "        self.velocity = {}\n        for layer in net.layers:\n"
                "            self.velocity |= {n: 0 * p for n, p in layer.params.items()}",
            ),
        ),
    ),
    Alternative(
        "Adam counting in step",
        {
            "Adam.update": """
                for k in layer.params:
                    g = layer.grads[k]
                    self.mt[k] = self.beta1 * self.mt.get(k, 0) + (1 - self.beta1) * g
                    self.vt[k] = self.beta2 * self.vt.get(k, 0) + (1 - self.beta2) * g * g
                    mhat = self.mt[k] / (1 - np.power(self.beta1, self.t))
                    vhat = self.vt[k] / (1 - np.power(self.beta2, self.t))
                    layer.params[k] -= self.lr * mhat / (np.sqrt(vhat) + self.eps)
            """,
        },
        (
            (
                OPTIMIZERS,
                "        self.vt: dict[str, np.ndarray] = {}\n",
                "        self.vt: dict[str, np.ndarray] = {}\n\n"
                "    def step(self):\n        self.t += 1\n        super().step()\n",
            ),
        ),
    ),
    Alternative(
        "Adam counting layers",
        {
            "Adam.update": """
                self.t = self.t + 1
                for k, p in layer.params.items():
                    m = self.mt[k] if k in self.mt else np.zeros(p.shape)
                    v = self.vt[k] if k in self.vt else np.zeros(p.shape)
                    m += (1 - self.beta1) * (layer.grads[k] - m)
                    v += (1 - self.beta2) * (layer.grads[k] ** 2 - v)
                    self.mt[k], self.vt[k] = m, v
                    alpha = self.lr * np.sqrt(1 - self.beta2**self.t) / (1 - self.beta1**self.t)
                    p -= alpha * m / (np.sqrt(v) + self.eps * np.sqrt(1 - self.beta2**self.t))
            """,
        },
    ),
    Alternative(
        "Adam counting steps by layer",
        {
            "Adam.update": """
                if not hasattr(self, "counts"):
                    self.counts = {}
                t = self.counts[layer.name] = self.counts.get(layer.name, self.t) + 1
                for k, p in layer.params.items():
                    g = layer.grads[k]
                    self.mt[k] = self.beta1 * self.mt.get(k, 0) + (1 - self.beta1) * g
                    self.vt[k] = self.beta2 * self.vt.get(k, 0) + (1 - self.beta2) * g**2
                    p -= (self.lr * (self.mt[k] / (1 - self.beta1**t))
                          / (np.sqrt(self.vt[k] / (1 - self.beta2**t)) + self.eps))
            """,
        },
    ),
    Alternative(
        "Adam in the efficient form of its paper, counting layers with parameters",
        {
            "Adam.update": """
                if layer.params:
                    self.t += 1
                for k, p in layer.params.items():
                    g = layer.grads[k]
                    self.mt[k] = self.beta1 * self.mt.get(k, 0) + (1 - self.beta1) * g
                    self.vt[k] = self.beta2 * self.vt.get(k, 0) + (1 - self.beta2) * g**2
                    rate = self.lr * np.sqrt(1 - self.beta2**self.t) / (1 - self.beta1**self.t)
                    p -= rate * self.mt[k] / (np.sqrt(self.vt[k]) + self.eps)
            """,
        },
    ),
    Alternative(
        "Adam counting steps by parameter",
        {
            "Adam.update": """
                self.count = getattr(self, "count", {})
                for k, p in layer.params.items():
                    t = self.count[k] = self.count.get(k, self.t) + 1
                    g = layer.grads[k]
                    self.mt[k] = self.beta1 * self.mt.get(k, 0) + (1 - self.beta1) * g
                    self.vt[k] = self.beta2 * self.vt.get(k, 0) + (1 - self.beta2) * g**2
                    m_hat = self.mt[k] / (1 - self.beta1**t)
                    v_hat = self.vt[k] / (1 - self.beta2**t)
                    p -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
            """,
        },
    ),
)
