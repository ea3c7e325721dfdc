"""A release, built once for all tests of this folder, and copies of it to change."""

import shutil
import sys
from pathlib import Path

import pytest

from autograder.problem_1 import ASSIGNMENT as P1
from autograder.release.build import build
from autograder.release.proofs import answer

sys.path.append(str(Path(__file__).parent))  # for `planting` and `student_folder`

from student_folder import load


@pytest.fixture(scope="session")
def built(made_once):
    """A fresh build, which tests must not change."""
    return made_once("release", lambda folder: build(P1, folder / P1.id)) / P1.id


@pytest.fixture
def release(built, tmp_path):
    """A copy of a fresh build, which tests may change."""
    return shutil.copytree(built, tmp_path / P1.id)


@pytest.fixture
def solved(release):
    """A copy with the solution in it."""
    answer(P1, release)
    return release


@pytest.fixture(scope="session")
def collecting():
    """The module `collect_submission`."""
    return load("collect_submission", P1.handout / "collect_submission.py")
