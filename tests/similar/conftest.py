"""A class of strangers, fingerprinted once, and what compares others with it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))

from made_class import Written, made_class

from autograder.hand_in.students import HandIn
from autograder.hand_in.submission import Submission
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.similar.comparison import Comparison, compared
from autograder.similar.fingerprints import Prints, prints_of
from autograder.similar.works import Work

SEED, STRANGERS = 5, 40


def work(name: str, is_reference: bool = False) -> Work:
    return Work(name, HandIn(name, Path(name), Path()), is_reference)


def prints(*submissions: Submission) -> dict[Work, Prints]:
    return {work(each.name): prints_of(P1, each) for each in submissions}


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
