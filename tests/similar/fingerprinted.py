"""Submissions -> works with their fingerprints, without files."""

from __future__ import annotations

from pathlib import Path

from autograder.hand_in.students import HandIn
from autograder.hand_in.submission import Submission
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.similar.fingerprints import Prints, prints_of
from autograder.similar.works import Work


def work(name: str, is_reference: bool = False) -> Work:
    return Work(name, HandIn(name, Path(name), Path()), is_reference)


def prints(*submissions: Submission) -> dict[Work, Prints]:
    return {work(each.name): prints_of(P1, each) for each in submissions}
