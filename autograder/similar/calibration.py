"""How unlikely a likeness is among the pairs of this class.

Most pairs of a class worked apart, and their likeness says what chance does here: with this
assignment, this lecture, these students. The upper end of their distribution is fitted by an
exponential tail and continued to the pairs in question. The sum of many small agreements falls off
faster than that, so the probabilities err on the side of chance. Of the uppermost quarter of the
tail, the fit uses only that it is above the rest, so some pairs that did work together hardly move
it.

A class has many pairs, so a rare likeness is to be expected in some. The probability is therefore
that of the whole: that any pair would be so alike, if all had worked apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

TAIL, LEAST_IN_TAIL, MOST_TAIL = 0.01, 50, 0.5
"""The share of pairs that the tail is fitted to; more in a small class."""
LEAST_PAIRS = 45
"""Ten students. Below it, the pairs with references are taken, too; if there are none, nothing is
said to be unlikely."""
FITTED = 0.75
"""Of the tail: what is above may be no chance."""
NARROWEST = 0.01
"""Of the tail: pairs that are all the same tell nothing about the next ones."""


@dataclass(frozen=True)
class Tail:
    """The upper end of the likeness of a class's pairs.

    Attributes:
        begin: the likeness at which it begins.
        share: of the pairs that are in it.
        scale: by how much the likeness rises while pairs become rarer by a factor of e.
        compared: how many pairs were compared, of which the rarest is sought.
    """

    begin: float
    share: float
    scale: float
    compared: int

    def unlikely(self, likeness: np.ndarray) -> np.ndarray:
        """The probability that any pair would be so alike if all had worked apart."""
        one = self.share * np.exp(-np.maximum(likeness - self.begin, 0.0) / self.scale)
        found: np.ndarray = -np.expm1(self.compared * np.log1p(-one))
        return np.where(likeness > self.begin, found, 1.0)


def taken_with(students: int, works: int) -> int:
    """The first how many works make pairs with the class's that say what chance does."""
    return students if students * (students - 1) // 2 >= LEAST_PAIRS else works


def tail_of(likeness: np.ndarray, compared: int) -> Tail | None:
    """The tail of a class's pairs; None if there are too few of them.

    Args:
        likeness: of the pairs that say what chance does, see `taken_with`.
        compared: how many pairs were compared, with the references.
    """
    pairs = len(likeness)
    if pairs < LEAST_PAIRS:
        return None
    share = min(max(TAIL, LEAST_IN_TAIL / pairs), MOST_TAIL)
    begin = float(np.quantile(likeness, 1 - share))
    scale = _scale_of(likeness[likeness > begin] - begin)
    return Tail(begin, share, max(scale, NARROWEST), compared)


def _scale_of(excess: np.ndarray) -> float:
    """The maximum-likelihood scale of an exponential, censored above FITTED of the values."""
    if not len(excess):
        return 0.0
    most = np.quantile(excess, FITTED)
    return float(np.minimum(excess, most).sum() / (excess <= most).sum())
