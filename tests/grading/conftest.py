"""Gradings of the tiny assignment in the sandbox that gradings use here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from autograder.assignment import Assignment
from autograder.grading.grade import grade
from autograder.grading.result import Grade
from autograder.hand_in.submission import Submission
from autograder.sandbox.backend import Backend
from autograder.sandbox.selftest import choose

SEED = 2024


@pytest.fixture(scope="session")
def sandbox(tiny: Assignment) -> Backend:
    return choose(None, tiny.probes_folder)


@pytest.fixture(scope="session")
def right(work: Callable[..., Submission]) -> Submission:
    """The solution as a submission."""
    return work()


@pytest.fixture(scope="session")
def change(right: Submission) -> Callable[..., Submission]:
    """`change(path, old, new)`: the solution with a text replaced that occurs once in the file."""

    def make(path: str, old: str, new: str, base: Submission = right) -> Submission:
        text = base.files[path].decode()
        assert text.count(old) == 1, f"{path} holds {text.count(old)} times: {old}"
        return replace(base, files={**base.files, path: text.replace(old, new).encode()})

    return make


@pytest.fixture(scope="session")
def graded(tiny: Assignment, sandbox: Backend) -> Callable[..., Grade]:
    def run(submission: Submission, seed: int = SEED, **options: object) -> Grade:
        return grade(tiny, submission, seed, sandbox, **options)

    return run
