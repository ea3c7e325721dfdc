import pytest

from autograder import course, svhn
from autograder.sandbox.selftest import choose
from autograder.training import Mode, prepare

SEED = 11
SMALL = Mode("small", 1500, 200, 500, 0.35, standardised=True)


@pytest.fixture(scope="session")
def twin(tmp_path_factory):
    folder = tmp_path_factory.mktemp("twin")
    svhn.draw(folder, train=1800, test=20)
    return folder


@pytest.fixture(scope="session")
def images(twin, tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    return prepare(SMALL, SEED, folder, twin)


@pytest.fixture(scope="session")
def sandbox():
    return choose()


@pytest.fixture(scope="session")
def solution():
    """The library's files, as a submission has them."""
    files = (course.LIBRARY / "lib").rglob("*.py")
    return {path.relative_to(course.LIBRARY).as_posix(): path.read_bytes() for path in files}
