"""What follows from a grading seed, so that the seed does not follow from it.

The sandbox is told a key, from which it draws the inputs. Seeds are numbers, for people to write
down, and whoever had handed in code could have tried all of a million at home until the key came
out. So whatever is derived goes through scrypt, which takes some hundredths of a second for each.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from functools import lru_cache

import numpy as np

BITS = 53
"""Of a seed that is drawn: more than can be tried out, and JSON keeps them exactly."""
COST = 2**13
"""scrypt's n: 8 MiB and 20 to 50 ms for each seed. To try 10^6 takes ten hours of a processor, all
of 53 bits takes millions of years."""


def new_seed() -> int:
    """A grading seed that nobody knows."""
    return secrets.randbits(BITS)


@lru_cache(maxsize=256)
def stretched(seed: int) -> bytes:
    """A secret that follows from a seed, and only slowly."""
    return hashlib.scrypt(str(seed).encode(), salt=b"a grading seed", n=COST, r=8, p=1, dklen=32)


def key_of(seed: int) -> str:
    """What the sandbox is told of a seed: enough to draw inputs, and no other secret of it."""
    return _derived(seed, "inputs").hex()


def secret_generator(purpose: str, seed: int) -> np.random.Generator:
    """A generator that follows from a grading seed, and that no sandbox can work out."""
    return np.random.default_rng(np.frombuffer(_derived(seed, purpose), dtype=np.uint32))


def seed_of_hand_in(seed: int, student: str, digest: str, first: str) -> int:
    """The seed for one hand-in of a class that has a seed.

    What somebody hands in first has the class's, so that the solution is observed once for all.
    Whatever replaces it has one of its own: what an earlier result said of the inputs is of no use
    then. It follows from the class's seed, so that a hand-in has one Grade whenever it is graded;
    who does not know that cannot choose a hand-in for its seed, and who does needs none.

    Args:
        seed: the class's.
        digest: of what was handed in.
        first: the digest of what this student handed in first.
    """
    if digest == first:
        return seed
    return int.from_bytes(_derived(seed, "hand-in", student, digest)[:8]) >> (64 - BITS)


def _derived(seed: int, *purpose: str) -> bytes:
    text = "".join(f"{len(part)}:{part}" for part in purpose)
    return hmac.digest(stretched(seed), text.encode("utf-8", "replace"), "sha256")
