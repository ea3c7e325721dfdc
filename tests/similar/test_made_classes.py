"""Made classes: the copies come first, and without copies nothing is unlikely."""

from __future__ import annotations

import random

import pytest
from fingerprinted import prints, work
from made_class import listener, made_class

from autograder.similar.comparison import compared

UNLIKELY = 0.001


def check(seed: int, students: int, copies: int, among: int) -> None:
    """Both claims, on a class of as many students with and without copies.

    The first students of both classes are the same, so they are fingerprinted once.
    """
    alone, none = made_class(seed, students)
    assert not none
    of_all = prints(*(each.submission() for each in alone))
    least = min(pair.unlikely for pair in compared(of_all).pairs)
    assert least > UNLIKELY, f"seed {seed}: a pair of strangers is said to be unlikely: {least}"

    with_copies, pairs = made_class(seed, students, copies)
    assert len(pairs) == copies
    known = {tuple(each.code.values()): of_all[work(each.name)] for each in alone}
    found = {}
    for each in with_copies:
        same = known.get(tuple(each.code.values()))
        found |= {work(each.name): same} if same else prints(each.submission())
    first = compared(found).pairs[:among]
    missed = pairs - {frozenset((pair.a.name, pair.b.name)) for pair in first}
    assert not missed, f"seed {seed}: {missed} are not among the first {among}"


def test_the_copies_in_a_class_of_fifty_come_first():
    check(seed=100, students=50, copies=4, among=5)


@pytest.fixture(scope="module")
def alone_and_listening():
    """Sixty who worked alone, and forty of them as they write after a lecture."""
    alone, rng = made_class(101, 60)[0], random.Random("lecture")
    listening = [listener(each, rng) for each in alone[:40]]
    return tuple(prints(*(one.submission() for one in each)) for each in (alone, listening))


@pytest.mark.parametrize("listeners", [0, 2, 4, 8, 20, 40])
def test_who_followed_the_same_lecture_is_not_said_to_be_unlikely(listeners, alone_and_listening):
    alone, listening = alone_and_listening
    pairs = compared({**alone, **dict(list(listening.items())[:listeners])}).pairs
    assert min(pair.unlikely for pair in pairs) > UNLIKELY
    if listeners == 20:  # it is no secret either: they are what is most alike in the class
        assert {pairs[0].a, pairs[0].b} <= set(list(listening)[:listeners])


@pytest.mark.proof
@pytest.mark.parametrize("seed", range(2))  # benchmarks/similar.py has twenty
def test_ten_copies_in_a_class_of_200_are_among_the_first_twelve(seed):
    check(seed, students=200, copies=10, among=12)
