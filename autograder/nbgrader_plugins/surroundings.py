"""What stock nbgrader does with the files that lie beside a submitted notebook, made harmless.

It copies all of them, a link with what it leads to and /dev/zero without end, and reads a time from
one of them, or ends the whole run where there is no time in it. Only the time is needed: the
library is read where it was handed in.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from nbgrader.converters.base import BaseConverter

from autograder.cohort.students import TIMESTAMP, timestamp


def leave_alone(converter: BaseConverter) -> None:
    """Have this converter copy nothing but the time of a submission."""
    courses = converter.coursedir
    courses.get_existing_timestamp = _time_of
    converter.init_assignment = partial(_begun, converter, converter.init_assignment)


def _begun(converter: BaseConverter, stock: Callable[[str, str], Any], *names: str) -> None:
    """nbgrader's own first step, for an assignment and a student, with nothing to copy."""
    courses = converter.coursedir
    before = courses.ignore
    try:
        courses.ignore = ["*"]
        stock(*names)
    finally:
        courses.ignore = before
    assignment, student = names
    found = timestamp(Path(courses.format_path(courses.submitted_directory, student, assignment)))
    if found is not None:  # by which nbgrader knows a newer hand-in
        graded = Path(courses.format_path(courses.autograded_directory, student, assignment))
        graded.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            (graded / TIMESTAMP).unlink()
        (graded / TIMESTAMP).write_text(f"{found} UTC", "utf-8")


def _time_of(folder: str) -> datetime | None:
    found = timestamp(Path(folder))
    return None if found is None else datetime.fromisoformat(found)
