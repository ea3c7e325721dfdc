import pytest

from autograder.assignment.training import Mode
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.problem_1 import svhn
from autograder.sandbox.selftest import choose
from autograder.training.images import open_images

SMALL = Mode("small", 1500, 300, 0.35, 0.5, standardised=True)


@pytest.fixture(scope="session")
def twin(tmp_path_factory):
    folder = tmp_path_factory.mktemp("twin")
    svhn.draw(folder, train=1800, test=20)
    return folder


@pytest.fixture(scope="session")
def images(twin):
    return open_images(P1, SMALL, twin)


@pytest.fixture(scope="session")
def sandbox():
    return choose()
