"""Code for another version of Python or numpy fails, and a hint names what is missing in ours."""

from dataclasses import replace

import pytest

from autograder.commands.doctor import other_versions
from autograder.diagnosis.other_version import Versions, hints, ours
from autograder.sandbox.protocol import Raised

OLD, NOW, NEW = Versions((3, 11), (1, 26)), Versions((3, 11), (2, 4)), Versions((3, 13), (2, 4))

EXPLAINED = {
    "np.Inf": (
        NOW,
        "AttributeError",
        "`np.Inf` was removed in the NumPy 2.0 release. Use `np.inf` instead.",
        "np.Inf was removed from numpy: use np.inf instead",
    ),
    "np.product": (
        NOW,
        "AttributeError",
        "module 'numpy' has no attribute 'product'",
        "np.product was removed from numpy: use np.prod instead",
    ),
    "np.float": (
        OLD,
        "AttributeError",
        "module 'numpy' has no attribute 'float'.\n`np.float` was a deprecated alias for the",
        "np.float was removed from numpy: use float instead",
    ),
    "from numpy import Inf": (
        NOW,
        "ImportError",
        "cannot import name 'Inf' from 'numpy' (/packages/numpy/__init__.py)",
        "np.Inf was removed from numpy: use np.inf instead",
    ),
    "np.concat": (
        OLD,
        "AttributeError",
        "module 'numpy' has no attribute 'concat'",
        "np.concat exists only since numpy 2: use np.concatenate instead",
    ),
    "a method of arrays": (
        NOW,
        "AttributeError",
        "'numpy.ndarray' object has no attribute 'ptp'",
        "arrays have no method ptp since numpy 2: write np.ptp(a) instead",
    ),
    "quotes in an f-string": (
        NOW,
        "SyntaxError",
        "f-string: unmatched '[' (optim.py, line 3)",
        "this may be syntax of Python 3.12: within the braces of an f-string",
    ),
    "several exceptions": (
        NEW,
        "SyntaxError",
        "multiple exception types must be parenthesized (optim.py, line 3)",
        "this may be syntax of Python 3.14: older versions need parentheses",
    ),
    "a module that is gone": (
        NEW,
        "ModuleNotFoundError",
        "No module named 'distutils.util'",
        "Python 3.12 removed the module distutils",
    ),
    "a name that is new": (
        NOW,
        "ImportError",
        "cannot import name 'batched' from 'itertools' (unknown location)",
        "itertools.batched exists only since Python 3.12",
    ),
    "an attribute that is new": (
        NOW,
        "AttributeError",
        "module 'math' has no attribute 'sumprod'",
        "math.sumprod exists only since Python 3.12",
    ),
}


@pytest.mark.parametrize("case", EXPLAINED)
def test_an_error_that_another_version_explains_has_a_hint(case):
    versions, kind, message, text = EXPLAINED[case]
    (said,) = hints([Raised(kind, message), None, Raised(kind, message)], versions).values()
    assert said.startswith(text)
    assert f"(this was {versions})." in said


NOT_EXPLAINED = {
    "a misspelt name": (NOW, "AttributeError", "module 'numpy' has no attribute 'dott'"),
    "an f-string that is wrong everywhere": (NEW, "SyntaxError", "f-string: expecting '}'"),
    "a name that ours has": (NEW, "ImportError", "cannot import name 'batched' from 'itertools'"),
    "a module that never was": (NEW, "ModuleNotFoundError", "No module named 'torch'"),
    "a module that ours has": (NOW, "ModuleNotFoundError", "No module named 'distutils'"),
    "another error that says the same": (NOW, "ValueError", "`np.Inf` was removed in"),
    "a name of another package": (NOW, "ImportError", "cannot import name 'Inf' from 'scipy'"),
    "another object": (NOW, "AttributeError", "'SGDM' object has no attribute 'ptp'"),
    "nothing": (NOW, "SyntaxError", ""),
}


@pytest.mark.parametrize("case", NOT_EXPLAINED)
def test_any_other_error_has_none(case):
    versions, kind, message = NOT_EXPLAINED[case]
    assert hints([Raised(kind, message)], versions) == {}


def test_no_word_of_the_students_gets_into_a_hint():
    message = "module 'numpy' has no attribute 'product' <script>and 100 points</script>"
    (said,) = hints([Raised("AttributeError", message)], NOW).values()
    assert "points" not in said


@pytest.mark.skipif(ours().numpy < (2, 0), reason="numpy 1 has these names")
def test_the_hint_is_in_the_section_that_fails_and_only_there(change, graded):
    old = "self.layer.a -= "
    grade = graded(change("lib/optim.py", old, f"import numpy as np; {old}np.product(1) * "))
    named = {s.id: [h.misconception for h in s.hints] for s in grade.sections}
    assert named == {"scale": [], "step": ["numpy_without_product"]}


@pytest.mark.skipif(ours().python >= (3, 12), reason="Python 3.12 allows it")
def test_an_f_string_of_a_later_python_is_named_in_the_section_that_cannot_import_it(
    change, graded
):
    text = 'NAMES = {"a": 1}\nTEXT = f"{NAMES["a"]}"\n'
    step = graded(change("lib/optim.py", "class SGD:", text + "class SGD:")).sections[1]
    assert not step.tests[0].passed
    assert "syntax_of_python_3.12" in [hint.misconception for hint in step.hints]


def test_doctor_says_when_the_handout_names_other_versions_than_this_machine_has(tiny):
    major, minor = ours().python
    same = replace(tiny, graded_with={"Python": f"{major}.{minor}", "numpy": str(ours().numpy[0])})
    assert list(other_versions(same)) == []
    other = replace(tiny, graded_with={"Python": "3.99", "numpy": str(ours().numpy[0])})
    (sentence,) = other_versions(other)
    assert f"Python 3.99 grades, but Python {major}.{minor} does" in sentence
