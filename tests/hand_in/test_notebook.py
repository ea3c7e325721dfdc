"""Untrusted notebooks: how cells are read, and how magics are removed."""

import json
import random

import pytest
from handing_in import COURSE, GOOD, LIBRARY, RATE, about, folder, notebook

from autograder.hand_in.notebook import without_magics
from autograder.hand_in.submission import read


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "not valid JSON"),
        (b"<html>Not found</html>", "not valid JSON"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"cells": ' * 50_000, "nested too deeply"),
        (b"[1, 2]", "not a notebook"),
        (b"\xff\xfe{", "not UTF-8"),
        (json.dumps({"nbformat": 3, "worksheets": []}).encode(), "version 3, expected 4"),
        (json.dumps({"nbformat": 4, "cells": {}}).encode(), "no list of cells"),
        (json.dumps({"cells": []}).encode(), "an unknown version"),
        (json.dumps({"nbformat": -(10**400), "cells": []}).encode(), "an unknown version, ex"),
    ],
)
def test_an_invalid_notebook_leaves_the_library(tmp_path, content, why):
    found = read(COURSE, folder(tmp_path, {**LIBRARY, "Tiny.ipynb": content}))
    assert dict(found.files) == LIBRARY
    assert dict(found.cells) == {}
    assert why in about(found)


def test_a_notebook_with_a_byte_order_mark_is_read(tmp_path):
    content = b"\xef\xbb\xbf" + json.dumps(GOOD).encode()
    assert read(COURSE, folder(tmp_path, {"n.ipynb": content})).cells


@pytest.mark.parametrize(
    "cell",
    [
        None,
        7,
        {},
        {"metadata": None},
        {"metadata": {"nbgrader": ["step_rate"]}, "cell_type": "code"},
        {"metadata": {"nbgrader": {"grade_id": {}}}, "cell_type": "code", "source": "x"},
        {"metadata": {"nbgrader": {"grade_id": "step_rate"}}, "cell_type": "code"},
        {"metadata": {"nbgrader": {"grade_id": "step_rate"}}, "cell_type": "code", "source": 1},
        {
            "metadata": {"nbgrader": {"grade_id": "step_rate"}},
            "cell_type": "code",
            "source": [["x"]],
        },
    ],
)
def test_malformed_cells_are_skipped(tmp_path, cell):
    content = {"nbformat": 4, "cells": [cell, *notebook(norm_definitions="y")["cells"]]}
    found = read(COURSE, folder(tmp_path, LIBRARY, ("n.ipynb", content)))
    assert found.cells == {"norm_definitions": "y"}


STUB = 'raise NotImplementedError("step_rate: write your solution here")'


@pytest.mark.parametrize(
    ("sources", "read_as", "counted"),
    [
        (["first = 1", "second = 2"], "first = 1\nsecond = 2", "2 of them"),
        (["x = 1", STUB], "x = 1", "1 of them"),
        ([STUB, "%time f()"], "pass", "1 of them"),
        ([STUB, STUB], STUB, "1 of them"),
    ],
)
def test_cells_of_one_id_are_one_cell_but_for_those_still_as_released(
    tmp_path, sources, read_as, counted
):
    content = notebook(step_rate=sources[0])
    content["cells"] += notebook(step_rate=sources[1])["cells"]
    found = read(COURSE, folder(tmp_path, LIBRARY, ("n.ipynb", content)))
    assert found.cells["step_rate"] == read_as
    (said,) = [error for error in found.errors if "2 cells step_rate" in error]
    assert counted in said


def test_a_cell_that_was_turned_into_text_is_read_as_code_and_mentioned(tmp_path):
    content = notebook(step_rate="x = 1")
    for cell in content["cells"]:
        cell["cell_type"] = "markdown"
    found = read(COURSE, folder(tmp_path, LIBRARY, ("n.ipynb", content)))
    assert found.cells["step_rate"] == "x = 1"
    assert any("step_rate is not a code cell" in error for error in found.errors)


@pytest.mark.parametrize(
    ("text", "python"),
    [
        ("%matplotlib inline\nx = 1", "pass\nx = 1"),
        ("if x:\n    %time f()", "if x:\n    pass"),
        ("    x = 1\n    if x:\n        y = 2\n", "x = 1\nif x:\n    y = 2"),
        ("\n  x = 1\ny = 2", "\nx = 1\ny = 2"),
        ("!pip install torch\nx = 1", "pass\nx = 1"),
        ("%%time\nx = 1", "pass\nx = 1"),
        ("%%bash\nrm -rf /", ""),
        ("%%writefile lib/optim.py\nx", ""),
        ("files = !ls\ny = 1", "files = None\ny = 1"),
        ("np.where?\n?np\nx = 1", "pass\npass\nx = 1"),
        ("x = (a\n     %b)", "x = (a\n     %b)"),
        ("print('%d' % 3)", "print('%d' % 3)"),
        ("x = a % b", "x = a % b"),
        ("f('(')  # (\n%time g()", "f('(')  # (\npass"),
        ('x = f("""\n(don\'t)\n""")\n%time g()', 'x = f("""\n(don\'t)\n""")\npass'),
        ("a , b =!ls", "a , b = None"),
        ("s = 'a\u2028b'  # \x0c\x85\n%time g()", "s = 'a\u2028b'  # \x0c\x85\npass"),
        ("x = 1\r\n%time g()\ry = 2", "x = 1\npass\ny = 2"),
    ],
)
def test_magics_are_removed_as_text(text, python):
    assert without_magics(text) == python


@pytest.mark.parametrize(
    ("beginning", "again", "end"),
    [("", " ", "x"), ("", "a ", "!"), ("np.mean?", " ", "x"), ("", "\\'", ""), ("", "\\'\\\"", "")],
)
def test_a_line_that_is_almost_a_magic_is_read_in_linear_time(beginning, again, end):
    """With backtracking these lines would take hours, so that this test would hang."""
    line = beginning + 50_000 * again + end
    assert without_magics(line) == line.lstrip()


@pytest.mark.parametrize("seed", range(30))
def test_damaged_notebooks_never_break_the_reader(tmp_path, seed):
    rng = random.Random(seed)
    right = json.dumps(notebook(step_rate=RATE, norm_definitions="relu = 1")).encode()
    for _ in range(40):
        content = bytearray(right)
        for _ in range(rng.randint(1, 6)):
            content[rng.randrange(len(content))] = rng.choice(b'{}[]":,0ntf\\x')
        found = read(COURSE, folder(tmp_path, {**LIBRARY, "n.ipynb": bytes(content)}))
        assert dict(found.files) == LIBRARY
        assert all(isinstance(text, str) for text in found.cells.values())
