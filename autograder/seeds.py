"""Values that are derived from a grading seed without revealing it.

The sandbox receives a key, from which it draws the test inputs. Seeds are numbers that people write
down, so they can be small. A student whose code saw the key could try a million seeds at home until
one of them gives that key. So every derivation uses scrypt, which takes some hundredths of a second
per seed.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from functools import lru_cache

import numpy as np

BITS = 53
"""Size of a random seed: too large to try every seed, and small enough to be exact in JSON."""
COST = 2**13
"""scrypt's n: 8 MiB and 20 to 50 ms per seed. Trying 10^6 seeds takes ten CPU hours; trying every
seed of 53 bits takes millions of years."""


def new_seed() -> int:
    """A random grading seed."""
    return secrets.randbits(BITS)


@lru_cache(maxsize=256)
def stretched(seed: int) -> bytes:
    """A secret that is derived from a seed, by a slow function."""
    return hashlib.scrypt(str(seed).encode(), salt=b"a grading seed", n=COST, r=8, p=1, dklen=32)


def key_of(seed: int) -> str:
    """The key for the sandbox: enough to draw the inputs; it reveals no other derived secret."""
    return _derived(seed, "inputs").hex()


def secret_generator(purpose: str, seed: int) -> np.random.Generator:
    """A random generator that is derived from a grading seed, and that no sandbox can derive."""
    return np.random.default_rng(np.frombuffer(_derived(seed, purpose), dtype=np.uint32))


def seed_of_hand_in(seed: int, student: str, digest: str, first: str) -> int:
    """The seed for one hand-in of a class.

    A student's first hand-in gets the class's seed, so that the solution is observed only once. A
    later hand-in gets a seed of its own, so that it cannot use what an earlier result revealed
    about the inputs. That seed is derived from the class's seed, so a hand-in gets the same Grade
    whenever it is graded. Without the class's seed, nobody can craft a hand-in to get a certain
    seed.

    Args:
        seed: the class's seed.
        digest: the digest of this hand-in.
        first: the digest of this student's first hand-in.
    """
    if digest == first:
        return seed
    return int.from_bytes(_derived(seed, "hand-in", student, digest)[:8]) >> (64 - BITS)


def _derived(seed: int, *purpose: str) -> bytes:
    text = "".join(f"{len(part)}:{part}" for part in purpose)
    return hmac.digest(stretched(seed), text.encode("utf-8", "replace"), "sha256")
