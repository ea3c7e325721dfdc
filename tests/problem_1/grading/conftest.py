"""Submissions made from the solution, and functions that grade them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from autograder.diagnosis.variants import solution
from autograder.grading.grade import grade
from autograder.grading.result import Grade
from autograder.hand_in.submission import Submission
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.release.strip import strip
from autograder.sandbox.backend import Backend
from autograder.sandbox.selftest import choose

SEED = 2024


@pytest.fixture(scope="session")
def sandbox() -> Backend:
    return choose()


@pytest.fixture(scope="session")
def right() -> Submission:
    """The solution as a submission."""
    return solution(P1)


@pytest.fixture(scope="session")
def change(right: Submission) -> Callable[..., Submission]:
    """`change(path, old, new)`: the solution with a text replaced that occurs once in the file.

    `change(path, content)` replaces a whole file; `change(path)` leaves it out.
    """

    def make(path: str, *how: str | bytes, base: Submission = right) -> Submission:
        files = dict(base.files)
        if not how:
            del files[path]
        elif len(how) == 1:
            files[path] = how[0] if isinstance(how[0], bytes) else how[0].encode()
        else:
            old, new = how
            text = files[path].decode()
            assert text.count(old) == 1, f"{path} holds {text.count(old)} times: {old}"
            files[path] = text.replace(old, new).encode()
        return Submission("changed", files, base.cells, base.errors)

    return make


@pytest.fixture(scope="session")
def stub(right: Submission) -> Submission:
    """The released stub as a submission."""
    files = {path: strip(text.decode(), path).encode() for path, text in right.files.items()}
    cells = {name: strip(text, P1.notebook, name) for name, text in right.cells.items()}
    return Submission("stub", files, cells)


@pytest.fixture(scope="session")
def graded(sandbox: Backend) -> Callable[..., Grade]:
    def run(submission: Submission, seed: int = SEED, **options: object) -> Grade:
        return grade(P1, submission, seed, sandbox, **options)

    return run


@pytest.fixture(scope="session")
def lost() -> Callable[[Grade], Mapping[str, float]]:
    """The points that a Grade lacks, by section."""

    def by_section(grade: Grade) -> Mapping[str, float]:
        return {
            section.id: round(section.max_score - section.score, 2)
            for section in grade.sections
            if section.score is not None and section.score < section.max_score
        }

    return by_section
