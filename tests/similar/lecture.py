"""A lecture that wrote nine of the blocks on the board, in a way of its own.

Its helpers, constants and comments are rare elsewhere, so honest students who follow it share
exactly what otherwise tells a copy.
"""

from __future__ import annotations

ON_THE_BOARD = {
    "SGDM.update": """
def blend(old, new, weight):
    # slide 12: every optimizer is a blend of old and new
    return weight * old + new

for key in layer.params:
    step = -self.lr * layer.grads[key]
    self.velocity[key] = blend(self.velocity.get(key, np.zeros(1)), step, self.momentum)
    layer.params[key] += self.velocity[key]
""",
    "RMSProp.update": """
def running(old, new, beta):
    # slide 17: a running mean forgets with beta
    return old + (1.0 - beta) * (new - old)

for key in layer.params:
    squared = np.power(layer.grads[key], 2)
    self.cache[key] = running(self.cache.get(key, np.zeros_like(squared)), squared, self.decay)
    scale = np.power(self.cache[key] + self.eps, -0.5)
    layer.params[key] -= self.lr * scale * layer.grads[key]
""",
    "Adam.update": """
def running(old, new, beta):
    # slide 17: a running mean forgets with beta
    return old + (1.0 - beta) * (new - old)

def unbias(mean, beta, steps):
    # slide 23: the start at zero is divided out
    return mean / max(1.0 - np.power(beta, steps), 1e-12)

if layer is self.net.layers[0]:
    self.t += 1
for key in layer.params:
    slope = layer.grads[key]
    self.mt[key] = running(self.mt.get(key, np.zeros_like(slope)), slope, self.beta1)
    self.vt[key] = running(self.vt.get(key, np.zeros_like(slope)), slope * slope, self.beta2)
    first = unbias(self.mt[key], self.beta1, self.t)
    second = unbias(self.vt[key], self.beta2, self.t)
    layer.params[key] -= self.lr * first / (np.power(second, 0.5) + self.eps)
""",
    "dropout.forward": """
# slide 31: draw, compare, rescale
if is_training and 1e-8 < self.keep_prob < 1.0 - 1e-8:
    kept = np.less(self.rng.random_sample(feat.shape), self.keep_prob)
    output = np.where(kept, feat * (1.0 / self.keep_prob), 0.0)
else:
    output = np.array(feat, copy=True)
""",
    "dropout.backward": """
# slide 32: what was dropped learns nothing
if self.kept is None:
    dfeat = np.array(dprev, copy=True)
else:
    dfeat = np.where(self.kept, dprev * (1.0 / self.keep_prob), 0.0)
""",
    "softmax": """
def stable(z):
    # slide 8: never exponentiate something large
    return np.clip(z - np.max(z, axis=-1, keepdims=True), -700.0, 0.0)

powers = np.exp(stable(feat))
scores = np.divide(powers, np.sum(powers, axis=-1, keepdims=True))
""",
    "cross_entropy.forward": """
# slide 9: the log of a sum, with 1e-300 for safety
scores = softmax(feat)
picked = np.take_along_axis(scores, np.reshape(label, (-1, 1)), axis=1)
loss = np.sum(-np.log(np.maximum(picked, 1e-300)))
if self.size_average:
    loss = loss / float(feat.shape[0])
""",
    "cross_entropy.backward": """
# slide 10: probabilities minus a one-hot matrix
one_hot = np.eye(scores.shape[1])[label]
dfeat = np.subtract(scores, one_hot)
if self.size_average:
    dfeat = np.divide(dfeat, float(scores.shape[0]))
""",
    "leaky_relu.backward": """
# slide 5: a slope for each side
slopes = np.full(feat.shape, self.negative_slope)
slopes[np.greater_equal(feat, 0.0)] = 1.0
dfeat = np.multiply(slopes, dprev)
""",
}
"""By place, the text on the board."""
