"""Everything in one dtype."""

from __future__ import annotations

from .alternative import Alternative


def everywhere(dtype: str) -> dict[str, str]:
    """All layers and optimizers compute in one dtype, for inputs of any dtype."""
    return {
        "flatten.forward": f"output = feat.reshape(feat.shape[0], -1).astype({dtype})",
        "flatten.backward": f"dfeat = dprev.reshape(feat.shape).astype({dtype})",
        "fc.forward": f"""
            w, b = (self.params[n].astype({dtype}) for n in (self.w_name, self.b_name))
            output = np.dot(feat.astype({dtype}), w) + b
        """,
        "fc.backward": f"""
            dprev, feat = dprev.astype({dtype}), feat.astype({dtype})
            self.grads[self.w_name] = np.dot(feat.T, dprev)
            self.grads[self.b_name] = np.sum(dprev, axis=0)
            dfeat = np.dot(dprev, self.params[self.w_name].astype({dtype}).T)
        """,
        "leaky_relu.forward": f"""
            x = feat.astype({dtype})
            output = np.where(x < 0, {dtype}(self.negative_slope) * x, x)
        """,
        "leaky_relu.backward": f"""
            dfeat = dprev.astype({dtype})
            dfeat[feat < 0] *= {dtype}(self.negative_slope)
        """,
        "dropout.forward": f"""
            output = feat.astype({dtype})
            if is_training and self.keep_prob not in (0, 1):
                kept = (self.rng.uniform(size=feat.shape) < self.keep_prob).astype({dtype})
                kept /= {dtype}(self.keep_prob)
                output = output * kept
        """,
        "dropout.backward": f"""
            dfeat = dprev.astype({dtype})
            if self.kept is not None:
                dfeat = dfeat * self.kept
        """,
        "softmax": f"""
            z = feat.astype({dtype})
            z = z - np.max(z, axis=-1, keepdims=True)
            e = np.exp(z)
            scores = e / np.sum(e, axis=-1, keepdims=True)
        """,
        "cross_entropy.forward": f"""
            scores = softmax(feat)
            z = feat.astype({dtype})
            z = z - np.max(z, axis=1, keepdims=True)
            picked = np.log(np.sum(np.exp(z), axis=1)) - z[range(len(label)), label]
            loss = {dtype}(picked.mean() if self.size_average else picked.sum())
        """,
        "SGDM.update": f"""
            for name in layer.params:
                v = self.velocity.get(name, np.zeros_like(layer.params[name]))
                v = (self.momentum * v - self.lr * layer.grads[name]).astype({dtype})
                self.velocity[name] = v
                layer.params[name] = layer.params[name].astype({dtype}) + v
        """,
        "RMSProp.update": f"""
            for name in layer.params:
                g = layer.grads[name].astype({dtype})
                c = self.cache.get(name, np.zeros_like(g)).astype({dtype})
                self.cache[name] = c = self.decay * c + {dtype}(1 - self.decay) * g * g
                step = {dtype}(self.lr) * g / np.sqrt(c + {dtype}(self.eps))
                layer.params[name] = layer.params[name].astype({dtype}) - step
        """,
        "Adam.update": f"""
            if layer.params:
                self.t += 1
            for name in layer.params:
                g = layer.grads[name].astype({dtype})
                m = self.mt.get(name, np.zeros_like(g)).astype({dtype})
                v = self.vt.get(name, np.zeros_like(g)).astype({dtype})
                self.mt[name] = m = self.beta1 * m + {dtype}(1 - self.beta1) * g
                self.vt[name] = v = self.beta2 * v + {dtype}(1 - self.beta2) * g**2
                m, v = m / (1 - self.beta1**self.t), v / (1 - self.beta2**self.t)
                step = {dtype}(self.lr) * m / (np.sqrt(v) + {dtype}(self.eps))
                layer.params[name] = layer.params[name].astype({dtype}) - step
        """,
    }


IN_ONE_DTYPE = (
    Alternative("float32 throughout", everywhere("np.float32")),
    Alternative("float64 throughout", everywhere("np.float64")),
)
