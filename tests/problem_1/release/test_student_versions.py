"""Which Python and numpy grade, and what students are told about it."""

import pytest
from student_folder import edit, load, pytest_in

from autograder.problem_1 import ASSIGNMENT as P1
from autograder.release.contents import files


@pytest.fixture(scope="module")
def graded_with():
    return load("graded_with", P1.handout / "tests" / "graded_with.py")


def test_the_handout_names_the_same_versions_everywhere(graded_with):
    python, numpy = ".".join(map(str, graded_with.PYTHON)), str(graded_with.NUMPY)
    assert P1.graded_with == {"Python": python, "numpy": numpy}
    readme = files(P1)["README.md"].decode()
    assert f"Your work is graded with Python {python} and numpy {numpy}." in readme
    assert "You need Python {}.{} or newer".format(*graded_with.OLDEST) in readme


@pytest.mark.parametrize(
    ("numpy", "python", "said"),
    [
        ("2.4.6", (3, 11), []),
        ("2.0", (3, 13), ["Your Python is 3.13, and your work is graded with Python 3.11"]),
        ("2.0", (3, 10), ["which lacks some old modules"]),
        ("1.26.4", (3, 11), ["Your numpy is 1.26.4", "np.Inf"]),
        ("3.0.0", (3, 11), ["do not use names that are newer"]),
    ],
)
def test_versions_are_named_where_they_matter(graded_with, numpy, python, said):
    sentences = graded_with.differences(numpy, python)
    assert bool(sentences) == bool(said)
    for part in said:
        assert any(part in sentence for sentence in sentences)


def test_a_python_that_is_too_old_is_named(graded_with):
    assert graded_with.too_old((3, 11)) is None
    assert "This is Python 3.9, but the assignment needs 3.11" in graded_with.too_old((3, 9))


def test_pytest_says_that_python_is_too_old_in_one_sentence(solved):
    edit(solved / "tests/graded_with.py", "OLDEST = 3, 11", "OLDEST = 3, 99")
    ran = pytest_in(solved)
    assert ran.returncode == 1
    assert "but the assignment needs 3.99 or newer" in ran.stderr
    assert "Traceback" not in ran.stdout + ran.stderr


def test_pytest_says_what_other_versions_grade(solved):
    edit(solved / "tests/graded_with.py", "(3, 11), 2", "(3, 10), 2")
    assert "and your work is graded with Python 3.10" in pytest_in(solved).stdout
