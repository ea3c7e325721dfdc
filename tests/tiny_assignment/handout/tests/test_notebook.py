"""The notebook's checks: runs each graded cell after the ungraded cells before it."""

import json
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent
CELLS = json.loads((FOLDER / "Tiny.ipynb").read_text("utf-8"))["cells"]


def code(cell):
    return "".join(cell["source"]) if cell["cell_type"] == "code" else ""


def is_check(cell):
    return cell["cell_type"] == "code" and cell["metadata"]["nbgrader"]["grade"]


CHECKS = {c["metadata"]["nbgrader"]["grade_id"]: n for n, c in enumerate(CELLS) if is_check(c)}


@pytest.mark.parametrize("check", CHECKS)
def test_check(check, monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    names = {}
    for number, cell in enumerate(CELLS[: CHECKS[check] + 1]):
        if not is_check(cell) or number == CHECKS[check]:
            exec(code(cell), names)
