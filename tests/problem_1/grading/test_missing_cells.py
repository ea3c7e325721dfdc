"""A notebook that is missing, unreadable or lacks its cells earns as much as the released one."""

import json
import shutil

import pytest

from autograder.hand_in.notebook import grade_id_of
from autograder.hand_in.submission import read
from autograder.problem_1 import ASSIGNMENT as P1

NAMED = {"cascade_names", "small_network_names"}
NOT_FOUND = "was found: hand in the notebook as it was released, with this cell answered"
NOT_DEFINED = "does not define param_name_w"


def without(notebook):
    cells = [cell for cell in notebook["cells"] if grade_id_of(cell) not in P1.answers]
    return notebook | {"cells": cells}


def holding(text, notebook):
    """Replaces the text of every answer cell."""
    for cell in notebook["cells"]:
        if grade_id_of(cell) in P1.answers:
            cell["source"] = text
    return notebook


NOTEBOOKS = {
    "deleted": (lambda notebook: None, NOT_FOUND),
    "of version 3": (lambda notebook: notebook | {"nbformat": 3}, NOT_FOUND),
    "not JSON": (lambda notebook: json.dumps(notebook).encode()[:-100], NOT_FOUND),
    "not UTF-8": (lambda notebook: json.dumps(notebook).encode("utf-16"), NOT_FOUND),
    "with cells that are not a list": (lambda notebook: notebook | {"cells": {}}, NOT_FOUND),
    "without any cell": (lambda notebook: notebook | {"cells": []}, NOT_FOUND),
    "without answer cells": (without, NOT_FOUND),
    "with empty cells": (lambda notebook: holding("", notebook), NOT_DEFINED),
    "with comments": (lambda notebook: holding("# see the library", notebook), NOT_DEFINED),
    "in another language": (lambda notebook: holding("%%bash\nexit 0", notebook), NOT_DEFINED),
}


def handed_in(folder, notebook):
    """The solution's library with this notebook: bytes, JSON data or none."""
    shutil.copytree(P1.library / "lib", folder / "lib")
    if notebook is not None:
        content = notebook if isinstance(notebook, bytes) else json.dumps(notebook).encode()
        (folder / P1.notebook).write_bytes(content)
    return read(P1, folder)


def source():
    return json.loads(P1.source.read_text("utf-8"))


@pytest.fixture(scope="module")
def released(tmp_path_factory, graded):
    notebook = (P1.release / P1.notebook).read_bytes()
    return graded(handed_in(tmp_path_factory.mktemp("released"), notebook))


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_faulty_notebook_earns_as_much_as_the_released_one(name, released, tmp_path, graded):
    change, says = NOTEBOOKS[name]
    found = graded(handed_in(tmp_path, change(source())))
    assert [s.score for s in found.sections] == [s.score for s in released.sections]
    failed = {t.name: t.message for s in found.sections for t in s.tests if not t.passed}
    assert all(says in failed[check] for check in NAMED), failed


def test_names_defined_in_the_library_do_not_count_as_the_cells(tmp_path, right, graded):
    """A cell can use the library's networks, but must define the names itself."""
    submission = handed_in(tmp_path, holding("", source()))
    path = "lib/mlp/fully_conn.py"
    named = right.files[path] + b"\nparam_name_w, param_name_b = 'fullo_w', 'fullo_b'\n"
    submission.files[path] = named
    failed = {t.name: t.message for s in graded(submission).sections for t in s.tests}
    assert NOT_DEFINED in failed["cascade_names"]
