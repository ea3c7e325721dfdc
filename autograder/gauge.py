"""The secret gauge that each grading trains in.

Parameters could be shipped in a submission instead of trained. So the 3072 features are put in
another order, some of them with the other sign, and the labels are exchanged, on training and
judged images alike: differently for each grading seed. Honest training from a symmetric
initialisation does not notice; parameters made elsewhere are worth no more than a guess. Training
images come in another order, too, or their public copies would tell feature by feature what the
gauge is.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

import numpy as np

from autograder.seeds import stretched

FEATURES = 32 * 32 * 3
CLASSES = 10


def new_seed() -> int:
    """A grading seed: 53 bits are more than can be tried out, and JSON keeps them exactly."""
    return secrets.randbits(53)


def secret_generator(purpose: str, seed: int) -> np.random.Generator:
    """A generator that follows from a grading seed, and that no sandbox can work out."""
    digest = hashlib.sha256(purpose.encode() + stretched(seed)).digest()
    return np.random.default_rng(np.frombuffer(digest, dtype=np.uint32))


@dataclass(frozen=True)
class Gauge:
    """A signed permutation of the features, and a permutation of the classes.

    Attributes:
        order: (3072,) integers; feature i in the gauge is feature order[i] of the image.
        sign: (3072,) float32, 1 or -1.
        classes: (10,) integers; class k is called classes[k].
    """

    order: np.ndarray
    sign: np.ndarray
    classes: np.ndarray

    @classmethod
    def of(cls, seed: int) -> Gauge:
        """The gauge of a grading seed. What the sandbox is told of the seed does not reveal it."""
        rng = secret_generator("gauge", seed)
        return cls(
            order=rng.permutation(FEATURES),
            sign=rng.choice(np.array([-1, 1], np.float32), FEATURES),
            classes=rng.permutation(CLASSES),
        )

    def features(self, features: np.ndarray) -> np.ndarray:
        """Features (N, 3072) in the gauge; float32 stays float32."""
        return features[:, self.order] * self.sign

    def labels(self, labels: np.ndarray) -> np.ndarray:
        """The labels (N,) as they are called in the gauge."""
        return self.classes[labels]
