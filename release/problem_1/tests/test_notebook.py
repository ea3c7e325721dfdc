"""Runs the checks of the notebook from the terminal, each in its own namespace.

pytest                   the checks that take only seconds
pytest -k fc_forward     one section
pytest --quick           also the checks that train, on few images, to see whether they run
pytest --training        also the checks that train, as in the notebook (takes minutes)
"""

from __future__ import annotations

import pytest
import visible_checks

try:
    CHECKS = visible_checks.read_checks()
except FileNotFoundError:
    pytest.fail(f"{visible_checks.NOTEBOOK} is missing", pytrace=False)
except (ValueError, LookupError, TypeError, AttributeError) as problem:
    pytest.fail(f"{visible_checks.NOTEBOOK.name} is not a valid notebook: {problem}", pytrace=False)
if not CHECKS:
    pytest.fail(
        f"{visible_checks.NOTEBOOK.name} has none of the assignment's graded cells: they were lost "
        "when it was saved by a program that drops cell metadata. Copy your answers into the "
        "original notebook",
        pytrace=False,
    )


@pytest.mark.parametrize(
    "check",
    [
        pytest.param(check, id=check.id, marks=[pytest.mark.training] if check.training else [])
        for check in CHECKS
    ],
)
def test_check(check):
    check.run()
