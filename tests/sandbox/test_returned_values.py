"""A student's return value becomes plain numbers, or is refused with a message."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from autograder.sandbox.inside.writer import UnusableValueError, as_plain_array

ROOM = 2**20


class Sub(np.ndarray):
    """An array that lies about itself wherever Python asks."""

    def __eq__(self, other):
        return True

    def __array_ufunc__(self, *args, **kwargs):
        return np.zeros(3)

    def __array_function__(self, *args, **kwargs):
        return np.zeros(3)

    def __array__(self, *args, **kwargs):
        return np.zeros(3)

    def copy(self, *args):
        return np.zeros(3)


class Float(float):
    def __eq__(self, other):
        return True

    __hash__ = None


class Pretends:
    def __array__(self, *args, **kwargs):
        return np.ones(3)

    shape = (3,)
    dtype = np.dtype(float)


def _matrix(rows: list[list[float]]) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numpy deprecates matrices
        return np.asmatrix(rows)


EXACT = {
    "float64": (np.arange(6.0).reshape(2, 3), np.arange(6.0).reshape(2, 3)),
    "float32": (np.float32([1, 2]), np.float32([1, 2])),
    "float16": (np.float16([1, 2]), np.float16([1, 2])),
    "bool": (np.array([True, False]), np.array([True, False])),
    "a scalar": (np.float32(3), np.array(3, np.float32)),
    "a float": (2.5, np.array(2.5)),
    "an int": (3, np.array(3)),
    "a boolean": (True, np.array(True)),
    "a list of floats": ([1.0, 2.0], np.array([1.0, 2.0])),
    "a list of scalars": ([np.float32(1), np.float32(2)], np.float32([1, 2])),
    "a tuple of lists": (([1, 2], [3, 4]), np.array([[1, 2], [3, 4]])),
    "an empty list": ([], np.array([])),
    "a matrix": (_matrix([[1.0, 2.0]]), np.array([[1.0, 2.0]])),
    "a subclass": (np.array([1.0, 2.0]).view(Sub), np.array([1.0, 2.0])),
    "a subclass of float": (Float(2.0), np.array(2.0)),
    "transposed": (np.arange(6.0).reshape(2, 3).T, np.arange(6.0).reshape(2, 3).T.copy()),
    "every second": (np.arange(6.0)[::2], np.array([0.0, 2.0, 4.0])),
    "other byte order": (np.array([1.0, 2.0], dtype=">f8"), np.array([1.0, 2.0])),
    "not a number": (np.array([np.nan, np.inf]), np.array([np.nan, np.inf])),
}


@pytest.mark.parametrize(("value", "expected"), EXACT.values(), ids=EXACT)
def test_numbers_are_copied_into_exact_plain_arrays(value, expected):
    got = as_plain_array(value, ROOM)
    assert type(got) is np.ndarray
    assert got.dtype == expected.dtype
    assert got.dtype.isnative
    assert got.flags.c_contiguous
    assert got.flags.owndata
    np.testing.assert_array_equal(got, expected)


def _endless() -> list:
    nested: list = []
    nested.append(nested)
    return nested


UNFIT = {
    "nothing": (None, "returned None; expected a numeric array"),
    "a text": ("abc", "returned a str; expected a numeric array"),
    "an object": (object(), "returned an object; expected"),
    "a dictionary": ({"x": 1}, "returned a dict; expected"),
    "a generator": ((i for i in range(3)), "returned a generator; expected"),
    "a function": (len, "returned a builtin_function_or_method"),
    "something with __array__": (Pretends(), "returned a Pretends; expected"),
    "a masked array": (np.ma.array([1.0, 2.0], mask=[0, 1]), "masked array"),
    "an array of objects": (np.array([1.0, None]), "Python objects"),
    "an array of strings": (np.array(["a"]), "strings"),
    "a list of strings": (["a", "b"], "strings"),
    "a list of unequal lists": ([[1, 2], [3]], "not a rectangular array"),
    "an endless list": (_endless(), r"not a rectangular array|Python objects"),
    "a vast integer": (10**400, "Python objects|not a rectangular"),
    "complex": (np.array([1j]), "complex numbers"),
    "a complex number": (1j, "complex numbers"),
    "dates": (np.array(["2020-01-01"], dtype="M8[D]"), "dates"),
    "records": (np.zeros(2, dtype="f8,f8"), "records"),
    "longdouble": (np.zeros(2, dtype=np.longdouble), "expected float32 or float64"),
    "ten gigabytes by stride": (np.broadcast_to(1.0, (10**5, 10**5)), r"shape \(100000, 100000\)"),
    "a little too large": (np.zeros(ROOM // 8 + 1), "there is room for 1 MiB"),
}


@pytest.mark.parametrize(("value", "says"), UNFIT.values(), ids=UNFIT)
def test_values_that_are_not_numbers_are_refused_with_a_message(value, says):
    if np.dtype(np.longdouble).itemsize == 8 and says.startswith("expected float32"):
        pytest.skip("longdouble is float64 here")
    with pytest.raises(UnusableValueError, match=says):
        as_plain_array(value, ROOM)


def test_a_view_that_changes_later_does_not_change_the_copy():
    kept = np.zeros(3)
    sent = as_plain_array(kept[:], ROOM)
    kept += 1
    np.testing.assert_array_equal(sent, np.zeros(3))
