import pytest

from autograder.sandbox.selftest import choose


@pytest.fixture(scope="session")
def sandbox():
    return choose()
