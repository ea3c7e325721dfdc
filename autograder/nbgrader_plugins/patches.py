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
import glob
import os
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from fnmatch import fnmatchcase
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


def take_every_folder() -> None:
    """Let autograde take every submitted folder, whatever the notebook in it is called.

    Stock nbgrader passes over a folder without a notebook of the right name, or stops there with a
    traceback; the points of an earlier hand-in stay. Such folders are graded like all others.
    """
    from nbgrader.converters import Autograde

    Autograde.init_notebooks = _init_notebooks


def _init_notebooks(converter: BaseConverter) -> None:
    from nbgrader.converters.base import NbGraderException

    courses = converter.coursedir
    names = _notebooks_of(courses)
    if not names:
        name = printable(courses.assignment_id)
        said = (
            f"The gradebook does not know {name} yet: run `nbgrader generate_assignment {name} "
            "--force` first"  # without it, nbgrader skips an assignment whose release is there
        )
        converter.log.error(said)
        raise NbGraderException(said)
    pattern = converter._format_source(courses.assignment_id, courses.student_id)
    folders = filter(os.path.isdir, glob.glob(pattern))
    chosen = [name for name in names if fnmatchcase(name, courses.notebook_id)]
    converter.notebooks = []
    converter.assignments = {
        folder: [os.path.join(folder, f"{name}.ipynb") for name in chosen] for folder in folders
    }
    if not converter.assignments:
        said = f"No submission was found: there is no folder {printable(pattern)}"
        converter.log.error(said)
        raise NbGraderException(said)


def _notebooks_of(courses: CourseDirectory) -> list[str]:
    """The notebooks of an assignment; empty if the gradebook does not know it."""
    from nbgrader.api import Gradebook, MissingEntry

    with Gradebook(courses.db_url, courses.course_id) as book:
        try:
            return [
                notebook.name for notebook in book.find_assignment(courses.assignment_id).notebooks
            ]
        except MissingEntry:
            return []


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
