"""A class of strangers, fingerprinted once, and what compares others with it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))

from fingerprinted import prints
from made_class import Written, made_class

from autograder.hand_in.submission import Submission
from autograder.similar.comparison import Comparison, compared
from autograder.similar.fingerprints import Prints
from autograder.similar.works import Work

SEED, STRANGERS = 5, 40


@pytest.fixture(scope="session")
def strangers() -> list[Written]:
    """Forty who worked alone."""
    return made_class(SEED, STRANGERS)[0]


@pytest.fixture(scope="session")
def of_strangers(strangers) -> Mapping[Work, Prints]:
    return prints(*(each.submission() for each in strangers))


@pytest.fixture(scope="session")
def among_strangers(of_strangers) -> Callable[..., Comparison]:
    """`among_strangers(submission, ...)`: the comparison of the strangers and these.

    `without` names a stranger who is left out.
    """

    def among(*submissions: Submission, without: str = "") -> Comparison:
        others = {one: found for one, found in of_strangers.items() if one.name != without}
        return compared({**others, **prints(*submissions)})

    return among
