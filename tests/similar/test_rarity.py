"""What many blocks say, and what a few do."""

from __future__ import annotations

import numpy as np
import pytest
from fingerprinted import work

from autograder.similar.comparison import Comparison, compared
from autograder.similar.fingerprints import Prints

UNLIKELY = 0.001
STUDENTS, BLOCKS, SHOWN, WAYS = 200, 25, 9, 30


def a_class(seed: int) -> np.ndarray:
    """For each student and block, in which way it is written: some ways are usual, most are not."""
    return np.random.default_rng(seed).zipf(1.7, size=(STUDENTS, BLOCKS)).clip(max=WAYS)


def comparison(ways: np.ndarray) -> Comparison:
    return compared({work(f"s{n:03}"): Prints(dict(_prints(row))) for n, row in enumerate(ways)})


def _prints(ways):
    for block, way in enumerate(ways):
        yield f"block {block:02}", np.arange(10 * way, 10 * way + 10, dtype=np.uint64)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("attended", [3, 5, 8])
def test_a_few_who_have_nine_blocks_from_one_tutorial_are_not_said_to_be_unlikely(seed, attended):
    ways = a_class(seed)
    ways[:attended, :SHOWN] = WAYS + 1
    assert min(pair.unlikely for pair in comparison(ways).pairs) > UNLIKELY


@pytest.mark.parametrize("seed", range(4))
def test_two_who_are_alike_in_every_block_are_said_to_be_unlikely(seed):
    ways = a_class(seed)
    ways[1] = ways[0]
    first = comparison(ways).pairs[0]
    assert {first.a.name, first.b.name} == {"s000", "s001"}
    assert first.unlikely <= UNLIKELY


@pytest.mark.parametrize("seed", range(4))
def test_a_copy_of_somebody_who_writes_what_is_usual_comes_first(seed):
    """Only four blocks of 25 say anything about the pair, so it does not stand out yet."""
    ways = a_class(seed)
    ways[0] = 1
    ways[0, :4] = WAYS // 3
    ways[1] = ways[0]
    first = comparison(ways).pairs[0]
    assert {first.a.name, first.b.name} == {"s000", "s001"}
    assert not first.stands_out
