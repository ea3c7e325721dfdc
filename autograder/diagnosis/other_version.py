"""Recognises code that was written for another version of Python or numpy, by its error.

The messages are the student's claims, so a hint is made of our own words alone.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from autograder.sandbox.protocol import Raised

NUMPY_NAMES = tuple(
    re.compile(pattern)
    for pattern in (
        r"module 'numpy' has no attribute '(?P<name>\w{1,40})'",
        r"cannot import name '(?P<name>\w{1,40})' from 'numpy'",
        r"`np\.(?P<name>\w{1,40})` was removed",
    )
)
ARRAY_METHOD = re.compile(r"'numpy\.ndarray' object has no attribute '(?P<name>\w{1,40})'")
MODULE = re.compile(r"No module named '(?P<name>\w{1,40})[.\w]*'")
STANDARD_NAME = re.compile(
    r"module '(?P<module>\w{1,40})' has no attribute '(?P<name>\w{1,40})'"
    r"|cannot import name '(?P<imported>\w{1,40})' from '(?P<origin>\w{1,40})'"
)

GONE_FROM_NUMPY: Mapping[str, str] = {
    **dict.fromkeys(("Inf", "Infinity", "infty", "PINF"), "np.inf"),
    **{"NINF": "-np.inf", "NaN": "np.nan", "product": "np.prod", "cumproduct": "np.cumprod"},
    **{"alltrue": "np.all", "sometrue": "np.any", "round_": "np.round", "mat": "np.asmatrix"},
    **{"in1d": "np.isin", "trapz": "np.trapezoid", "msort": "np.sort(a, axis=0)"},
    **{"rank": "np.ndim", "row_stack": "np.vstack", "asscalar": "a.item()"},
    **{"asfarray": "np.asarray(a, dtype=float)", "cast": "np.asarray(a, dtype=...)"},
    **{"find_common_type": "np.result_type", "math": "the module math"},
    **{"float": "float", "int": "int", "bool": "bool", "object": "object", "str": "str"},
    **{"float_": "np.float64", "complex_": "np.complex128", "complex": "complex"},
    **{"int0": "np.intp", "bool8": "np.bool_", "unicode_": "np.str_", "string_": "np.bytes_"},
    **{"longfloat": "np.longdouble", "cfloat": "np.complex128"},
}
"""Names that numpy 2, or a version before it, no longer has, and what to use."""
NEW_IN_NUMPY: Mapping[str, str] = {
    **{"concat": "concatenate", "permute_dims": "transpose", "pow": "power", "astype": "array"},
    **{"acos": "arccos", "asin": "arcsin", "atan": "arctan", "atan2": "arctan2"},
    **{"acosh": "arccosh", "asinh": "arcsinh", "atanh": "arctanh", "trapezoid": "trapz"},
    **{"cumulative_sum": "cumsum", "cumulative_prod": "cumprod", "matrix_transpose": "swapaxes"},
    **{"vecdot": "einsum", "matvec": "matmul", "vecmat": "matmul", "unique_values": "unique"},
    **{"unique_counts": "unique", "unique_inverse": "unique", "unique_all": "unique"},
    **{"unstack": "split", "bitwise_invert": "invert", "isdtype": "issubdtype"},
}
"""Names that numpy 2 brought, and what older versions have."""
GONE_FROM_ARRAYS: Mapping[str, str] = {
    "ptp": "np.ptp(a)",
    "itemset": "a[index] = value",
    "newbyteorder": "a.view(a.dtype.newbyteorder())",
}
GONE_FROM_PYTHON: Mapping[str, tuple[int, int]] = {
    **dict.fromkeys(("asynchat", "asyncore", "distutils", "imp", "smtpd"), (3, 12)),
    **dict.fromkeys(("aifc", "audioop", "cgi", "cgitb", "chunk", "crypt", "imghdr"), (3, 13)),
    **dict.fromkeys(("mailcap", "msilib", "nis", "nntplib", "ossaudiodev", "pipes"), (3, 13)),
    **dict.fromkeys(("sndhdr", "spwd", "sunau", "telnetlib", "uu", "xdrlib", "lib2to3"), (3, 13)),
}
NEW_IN_PYTHON: Mapping[tuple[str, str], tuple[int, int]] = {
    ("itertools", "batched"): (3, 12),
    ("math", "sumprod"): (3, 12),
    ("typing", "override"): (3, 12),
    ("typing", "TypeAliasType"): (3, 12),
    ("copy", "replace"): (3, 13),
    ("warnings", "deprecated"): (3, 13),
    ("math", "fma"): (3, 13),
}
NEW_SYNTAX: Mapping[tuple[int, int], tuple[re.Pattern[str], str]] = {
    (3, 12): (
        re.compile(r"f-string\b.*", re.DOTALL),
        "within the braces of an f-string, older versions allow neither the quotes around it nor a "
        "backslash nor a comment. Put the expression into a variable first",
    ),
    (3, 14): (
        re.compile(r"multiple exception types must be parenthesized.*", re.DOTALL),
        "older versions need parentheses around several exceptions after except",
    ),
}
"""By the version that brought it: the message of older versions, and what to do."""


@dataclass(frozen=True)
class Versions:
    """What runs the student's code.

    Attributes:
        python, numpy: major and minor version.
    """

    python: tuple[int, int]
    numpy: tuple[int, int]

    def __str__(self) -> str:
        return "graded with Python {}.{} and numpy {}.{}".format(*self.python, *self.numpy)


def ours() -> Versions:
    """The versions of the grader, which also run student code in the sandbox."""
    major, minor = np.__version__.split(".")[:2]
    return Versions(sys.version_info[:2], (int(major), int(minor)))


def hints(every: Iterable[Raised | None], versions: Versions) -> dict[str, str]:
    """What to do about errors that another version explains: texts by name, without repetition."""
    found = (_hint(raised, versions) for raised in every if raised is not None)
    return {name: f"{text} (this was {versions})." for name, text in filter(None, found)}


def _hint(raised: Raised, versions: Versions) -> tuple[str, str] | None:
    match raised.type:
        case "AttributeError" | "ImportError":
            return (
                _of_numpy(raised.message, versions)
                or _of_arrays(raised.message, versions)
                or _of_standard_name(raised.message, versions)
            )
        case "ModuleNotFoundError":
            return _of_module(raised.message, versions)
        case "SyntaxError" | "IndentationError":
            return _of_syntax(raised.message, versions)
    return None


def _of_numpy(message: str, versions: Versions) -> tuple[str, str] | None:
    found = next(filter(None, (pattern.match(message) for pattern in NUMPY_NAMES)), None)
    name = found["name"] if found else ""
    if name in GONE_FROM_NUMPY:
        text = f"np.{name} was removed from numpy: use {GONE_FROM_NUMPY[name]} instead"
        return f"numpy_without_{name}", text
    if name in NEW_IN_NUMPY and versions.numpy < (2, 0):
        text = f"np.{name} exists only since numpy 2: use np.{NEW_IN_NUMPY[name]} instead"
        return f"numpy_2_{name}", text
    return None


def _of_arrays(message: str, versions: Versions) -> tuple[str, str] | None:
    found = ARRAY_METHOD.match(message)
    if found is None or versions.numpy < (2, 0) or found["name"] not in GONE_FROM_ARRAYS:
        return None
    name, instead = found["name"], GONE_FROM_ARRAYS[found["name"]]
    text = f"arrays have no method {name} since numpy 2: write {instead} instead"
    return f"arrays_without_{name}", text


def _of_standard_name(message: str, versions: Versions) -> tuple[str, str] | None:
    found = STANDARD_NAME.match(message)
    if found is None:
        return None
    module, name = found["module"] or found["origin"], found["name"] or found["imported"]
    since = NEW_IN_PYTHON.get((module, name))
    if since is None or versions.python >= since:
        return None
    text = f"{module}.{name} exists only since Python {_dotted(since)}: write it without"
    return f"python_{module}_{name}", text


def _of_module(message: str, versions: Versions) -> tuple[str, str] | None:
    found = MODULE.match(message)
    gone = GONE_FROM_PYTHON.get(found["name"]) if found else None
    if found is None or gone is None or versions.python < gone:
        return None
    text = f"Python {_dotted(gone)} removed the module {found['name']}: write it without"
    return f"python_without_{found['name']}", text


def _of_syntax(message: str, versions: Versions) -> tuple[str, str] | None:
    for since, (pattern, text) in NEW_SYNTAX.items():
        if versions.python < since and pattern.match(message):
            text = f"this may be syntax of Python {_dotted(since)}: {text}"
            return f"syntax_of_python_{_dotted(since)}", text
    return None


def _dotted(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))
