"""Fingerprints -> how alike two works are in each block, and how much that says.

Two steps make the rare count and the common not. A fingerprint weighs the more, the fewer works
have it. And what a pair shares in a block is compared with what all pairs of the class share there:
the evidence of a block is minus the logarithm of the share of pairs that are at least as alike in
it. The obvious line, which many write, is no evidence, however long it is. Nor is a single block
ever more than one in a hundred: how rare it is below that, a class cannot tell, since a few may
have one source, such as a tutorial. So what counts is in how many blocks a pair is alike.

The works' common fingerprints are counted by products of sparse matrices, so no text is compared
with another. The number of products grows with the square of the works, each a few additions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from autograder.similar.calibration import taken_with
from autograder.similar.fingerprints import Prints
from autograder.similar.parts import ELSEWHERE

COMMON = 0.25
"""What more than this share of the works has says nothing about a pair."""
MOST_EVIDENCE = float(np.log(100))
"""Of one block, in nats."""
LEAST_COMMON = 3
"""In a small class, what this many works have is still no sign of a pair."""


@dataclass(frozen=True)
class Shared:
    """What pairs of works share, summed over the blocks.

    Attributes:
        evidence: of each work of the class (row) with each work (column), in nats.
        own: for each work, the evidence if another shared all that it has.
        blocks: by place.
    """

    evidence: np.ndarray
    own: np.ndarray
    blocks: dict[str, Block]


@dataclass(frozen=True)
class Block:
    """A block in all works.

    Attributes:
        works: a row for each work, a column for each fingerprint that tells works apart.
        columns: the fingerprints, sorted.
        weights: of the fingerprints.
        pairs: what the pairs of the class share, sorted; only of those that share anything.
        number: of the pairs of the class.
    """

    works: sparse.csr_array
    columns: np.ndarray
    weights: np.ndarray
    pairs: np.ndarray
    number: int

    def evidence(self, shared: np.ndarray) -> np.ndarray:
        """How much it says that a pair shares fingerprints of this total weight, in nats."""
        at_least = len(self.pairs) - np.searchsorted(self.pairs, shared * (1 - 1e-6))
        found = np.log((self.number + 1) / (at_least + 1))
        return np.where(shared > 0, found, 0.0)


def shared_by(
    works: Sequence[Prints], students: int, advance: Callable[[], object] = lambda: None
) -> Shared:
    """Compare every work of the class with every other and with the references.

    Args:
        works: of the class, then the references.
        students: how many of them are the class's.
        advance: called after each of the `places_of` the works.
    """
    evidence = np.zeros((students, len(works)), dtype=np.float32)
    own = np.zeros(len(works))
    blocks = {}
    homes = _homes(works)
    for place in places_of(works):
        block = _block(works, students, place, homes)
        advance()
        if block is None:
            continue
        blocks[place] = block
        weighted = block.works.multiply(block.weights[None, :]).tocsr()
        for row, shared in enumerate(_rows(weighted[:students], block.works)):
            evidence[row] += np.minimum(block.evidence(shared), MOST_EVIDENCE)
        own += np.minimum(block.evidence(weighted.sum(axis=1)), MOST_EVIDENCE)
    return Shared(evidence, own, blocks)


def places_of(works: Sequence[Prints]) -> list[str]:
    """The blocks that somebody wrote."""
    return sorted({place for work in works for place in work.by_place})


def _rows(left: sparse.csr_array, right: sparse.csr_array) -> Iterator[np.ndarray]:
    """The rows of left @ right.T, a few at a time, so that memory grows with the works only."""
    turned, at_once = right.T.tocsr(), 64
    for begin in range(0, left.shape[0], at_once):
        yield from (left[begin : begin + at_once] @ turned).toarray()


def _homes(works: Sequence[Prints]) -> dict[int, str]:
    """For what stands outside of the blocks, the block in which most works have the same.

    What no work has in a block is compared with what others have outside of the blocks.
    """
    loose = {int(each) for work in works for each in work.by_place.get(ELSEWHERE, ())}
    if not loose:
        return {}
    found: dict[int, Counter[str]] = {}
    sought = np.array(sorted(loose), dtype=np.uint64)
    for work in works:
        for place, prints in work.by_place.items():
            if place != ELSEWHERE:
                for each in np.intersect1d(prints, sought, assume_unique=True):
                    found.setdefault(int(each), Counter())[place] += 1
    homes = dict.fromkeys(loose, ELSEWHERE)
    return homes | {e: max(sorted(count), key=count.__getitem__) for e, count in found.items()}


def _block(
    works: Sequence[Prints], students: int, place: str, homes: dict[int, str]
) -> Block | None:
    nothing = np.empty(0, dtype=np.uint64)
    at_home = np.array(sorted(e for e, home in homes.items() if home == place), dtype=np.uint64)
    found = []
    for work in works:
        prints = nothing if place == ELSEWHERE else work.by_place.get(place, nothing)
        if len(at_home) and ELSEWHERE in work.by_place:
            moved = np.intersect1d(work.by_place[ELSEWHERE], at_home, assume_unique=True)
            prints = np.union1d(prints, moved)
        found.append(prints)
    columns, counts = np.unique(np.concatenate(found), return_counts=True)
    most = max(LEAST_COMMON, COMMON * len(works))
    kept = (counts > 1) & (counts <= most)
    if not kept.any():
        return None
    columns, counts = columns[kept], counts[kept]
    weights = np.log(len(works) / counts)
    matrix = _matrix(found, columns)
    weighted = matrix.multiply(weights[None, :]).tocsr()
    others = taken_with(students, len(works))
    above = [
        shared[row + 1 :] for row, shared in enumerate(_rows(weighted[:students], matrix[:others]))
    ]
    pairs = np.concatenate(above) if above else np.empty(0)
    number = len(pairs)
    return Block(matrix, columns, weights, np.sort(pairs[pairs > 0]), number)


def _matrix(found: Sequence[np.ndarray], columns: np.ndarray) -> sparse.csr_array:
    rows, at = [], []
    for row, prints in enumerate(found):
        place = np.searchsorted(columns, prints)
        place = place[place < len(columns)]
        hit = place[np.isin(columns[place], prints)]
        at.append(np.unique(hit))
        rows.append(np.full(len(at[-1]), row))
    every_row, every_column = np.concatenate(rows), np.concatenate(at)
    ones = np.ones(len(every_row), dtype=np.float32)
    return sparse.csr_array((ones, (every_row, every_column)), (len(found), len(columns)))
