"""Everything that is changed in nbgrader itself; checked against nbgrader 0.9.6.

Stock nbgrader copies everything beside a notebook: it follows links, and copies /dev/zero forever.
It reads the timestamp file, and aborts the whole run if that holds no valid time. It also aborts at
a folder whose name it cannot parse, and silently skips a folder that it cannot access. Only the
time is needed here, because the library is read from the submitted folder.

nbgrader is imported only where it is needed, since one patch must come before that.
`tests/nbgrader/test_patches.py` fails if a later nbgrader lacks what is patched here.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.hand_in.files import Inaccessible, printable
from autograder.hand_in.times import TIMESTAMP, timestamp

if TYPE_CHECKING:
    from nbgrader.converters.base import BaseConverter
    from nbgrader.coursedir import CourseDirectory

NOWHERE = os.devnull
"""Given to nbgrader as the source folder, so that it finds nothing to copy."""


def import_faster() -> None:
    """Halve the time of `import nbgrader`; call it before.

    nbgrader validates notebooks with jsonschema, which would compile a grammar for
    internationalised addresses. No notebook needs it.
    """
    modules: dict[str, Any] = sys.modules  # None makes an import fail
    modules.setdefault("rfc3987_syntax", None)


def find_schema_faster() -> None:
    """Let a gradebook know its newest schema without a process that imports nbgrader once more."""
    import nbgrader.api
    from alembic.script import ScriptDirectory
    from nbgrader.dbutil import ALEMBIC_DIR

    def newest_schema() -> str | None:
        return ScriptDirectory(ALEMBIC_DIR).get_current_head()

    nbgrader.api.get_alembic_version = newest_schema


def leave_alone(converter: BaseConverter) -> None:
    """Make this converter read only the notebook and the timestamp of a submission."""
    courses = converter.coursedir
    courses.get_existing_timestamp = partial(_time_of, courses)
    converter.init_assignment = partial(_init_assignment, converter, converter.init_assignment)
    for path in list(converter.assignments):
        if not os.path.relpath(path, shared_folder(courses, path)).isprintable():
            converter.log.warning("Skipped, because its name is not printable: %s", printable(path))
            del converter.assignments[path]
    for path, why in _unreadable_folders(courses):
        converter.log.warning("Skipped, because it cannot be read (%s): %s", why, printable(path))


def shared_folder(courses: CourseDirectory, path: str | Path) -> Path:
    """The folder above a path that all students share. Links below it may come from a student."""
    for step in (courses.submitted_directory, courses.autograded_directory):
        if Path(path).is_relative_to(folder := _common_folder(courses, step)):
            return folder
    return Path(path).parent


def _common_folder(courses: CourseDirectory, step: str) -> Path:
    two = (courses.format_path(step, student, student) for student in ("a", "b"))
    return Path(os.path.commonpath(list(two)))


def _unreadable_folders(courses: CourseDirectory) -> Iterator[tuple[str, str | None]]:
    """Students' folders that cannot be read, so that they may or may not hold a submission."""
    if courses.student_id != "*":
        return
    folder = _common_folder(courses, courses.submitted_directory)
    with contextlib.suppress(OSError):
        for name in sorted(os.listdir(folder)):
            work = courses.format_path(courses.submitted_directory, name, courses.assignment_id)
            try:
                os.lstat(work)
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                yield str(folder / name), error.strerror


def _init_assignment(
    converter: BaseConverter, stock: Callable[[str, str], Any], *names: str
) -> None:
    """Run nbgrader's own initialization for an assignment and a student, with nothing to copy."""
    courses = converter.coursedir
    assignment, student = names
    handed_in = courses.format_path(courses.submitted_directory, student, assignment)
    found = _time_of(courses, handed_in)
    courses.get_existing_timestamp = lambda folder: found
    converter._format_source = lambda *names, **options: NOWHERE
    try:
        stock(*names)
    finally:
        del converter._format_source
        courses.get_existing_timestamp = partial(_time_of, courses)
    if found is not None:  # nbgrader recognises a newer hand-in by this file
        graded = Path(courses.format_path(courses.autograded_directory, student, assignment))
        graded.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            (graded / TIMESTAMP).unlink()
        (graded / TIMESTAMP).write_text(f"{found:%Y-%m-%d %H:%M:%S} UTC", "utf-8")


def _time_of(courses: CourseDirectory, folder: str) -> datetime | None:
    try:
        found = timestamp(Path(folder), shared_folder(courses, folder))
    except (OSError, Inaccessible):
        return None
    return None if found is None else datetime.fromisoformat(found)
