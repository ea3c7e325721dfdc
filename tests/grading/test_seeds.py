"""Grading seeds: keys follow from a seed, and a seed cannot be found from its key."""

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from autograder import seeds
from autograder.seeds import (
    key_of,
    new_seed,
    secret_generator,
    seed_of_hand_in,
    stretched,
)

SEED = 20_261


def test_the_sandbox_does_not_know_the_grading_seed():
    assert str(SEED) not in key_of(SEED)
    assert key_of(1) != key_of(2)
    assert key_of(1) == key_of(1)


def test_deriving_a_key_from_a_seed_is_expensive(monkeypatch):
    """So that nobody can try 2^53 seeds, or a million small ones, during a grading."""
    asked = []
    monkeypatch.setattr(seeds.hashlib, "scrypt", lambda *_, **how: asked.append(how) or bytes(32))
    stretched.cache_clear()
    key_of(1)
    stretched.cache_clear()
    assert [128 * how["r"] * how["n"] for how in asked] == [8 * 2**20]
    assert seeds.BITS == 53


def test_a_class_derives_its_key_once():
    stretched.cache_clear()
    for _ in range(3):
        key_of(SEED)
        secret_generator("one thing", SEED)
        secret_generator("another", SEED)
    assert stretched.cache_info().misses == 1


def test_one_secret_of_a_seed_does_not_reveal_another():
    known = np.random.default_rng(np.frombuffer(bytes.fromhex(key_of(SEED)), dtype=np.uint32))
    secret, other = secret_generator("one thing", SEED), secret_generator("another", SEED)
    draws = [rng.integers(2**60) for rng in (known, secret, other)]
    assert len(set(draws)) == 3
    assert secret_generator("one thing", SEED).integers(2**60) == draws[1]


def test_every_first_submission_has_the_seed_of_the_class():
    assert seed_of_hand_in(SEED, "ada", "a", first="a") == SEED
    assert seed_of_hand_in(SEED, "linus", "b", first="b") == SEED


def test_a_resubmission_has_its_own_reproducible_seed():
    named = itertools.product((SEED, SEED + 1), ("ada", "ad"), ("b", "ab", "c"))
    found = [seed_of_hand_in(seed, who, digest, first="a") for seed, who, digest in named]
    assert len({*found, SEED, SEED + 1}) == len(found) + 2
    assert seed_of_hand_in(SEED, "ada", "b", first="a") == found[0]


@given(st.integers(0, 2**53 - 1), st.text(), st.text())
def test_every_seed_survives_json(seed, student, digest):
    with_cost, seeds.COST = seeds.COST, 2
    try:
        found = seed_of_hand_in(seed, student, digest, first="-")
    finally:
        seeds.COST = with_cost
        stretched.cache_clear()
    assert found == int(float(found))
    assert 0 <= found < 2**seeds.BITS
    assert 0 <= new_seed() < 2**seeds.BITS
