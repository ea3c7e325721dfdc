"""A class's folder -> who handed in what. Names of folders and zips are the students' ids; a zip
may have the assignment's name after it, as `collect_submission.py` writes it."""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.hand_in.files import Inaccessible, printable
from autograder.hand_in.times import TIMESTAMP, timestamp

STUDENT_ID = re.compile(r"[\w=+@-](?:[\w .,=+@'’()~-]{0,98}[\w=+@'’()~-])?")
"""What may stand in a path, a page and a gradebook of every system; `..` and `*` may not."""
LONGEST_ID, MOST_BYTES = 100, 240
"""Characters, and what they are as UTF-8: folders are named by ids, and a name has 255 bytes."""


@dataclass(frozen=True)
class HandIn:
    """What a student handed in.

    Attributes:
        student: the id.
        path: a folder or a zip.
        folder: the class's, below which no link is followed.
        timestamp: when, in UTC ("2026-11-23 16:26:01"), if the folder says so as nbgrader's do.
        reason: why it cannot be graded, if that can be seen from its name and place.
    """

    student: str
    path: Path
    folder: Path
    timestamp: str | None = None
    reason: str | None = None


def handed_in(folder: Path, assignment: str) -> list[HandIn]:
    """Every student of a class, in order of their ids.

    `folder` holds a folder `<student>/<assignment>`, a zip `<student>.zip` or what students make, a
    zip `<student>_<assignment>.zip`, for each. What fits none is listed, too, with the reason why
    it cannot be graded. The assignment is called by its id.

    Raises:
        OSError: the class's own folder cannot be read.
    """
    names = sorted(name for name in os.listdir(folder) if not name.startswith("."))
    found = [_found(folder / name, folder, assignment) for name in names]
    count = Counter(_folded(one.student) for one in found)
    return [
        replace(one, timestamp=None, reason="several submissions have this name")
        if count[_folded(one.student)] > 1
        else one
        for one in sorted(found, key=lambda one: (one.student, one.path.name))
    ]


def _found(path: Path, folder: Path, assignment: str) -> HandIn:
    is_zip = path.suffix.lower() == ".zip"
    student = path.stem.removesuffix(f"_{assignment}") if is_zip else path.name
    if not is_id(student):
        shown = printable((student or path.stem).encode("utf-8", "replace").decode())
        return HandIn(shown, path, folder, reason="its name is no student id; rename it")
    work = path if is_zip else path / assignment
    try:
        if reason := _why_not(path, work):
            return HandIn(student, path, folder, reason=reason)
        return HandIn(student, work, folder, None if is_zip else timestamp(work, folder))
    except OSError as error:
        return HandIn(student, path, folder, reason=f"it cannot be read: {error.strerror}")
    except Inaccessible as reason:
        return HandIn(student, path, folder, reason=f"of its {TIMESTAMP}: {reason}")


def _why_not(path: Path, work: Path) -> str | None:
    """Why what stands there cannot be graded, as far as can be seen without opening it."""
    kind = path.lstat().st_mode
    if stat.S_ISLNK(kind):
        return "it is a link"
    if path == work:
        return None
    if not stat.S_ISDIR(kind):
        return "it is neither a folder nor a zip file"
    try:
        return "it is a link" if stat.S_ISLNK(work.lstat().st_mode) else None
    except FileNotFoundError:
        return f"it has no folder {work.name}"


def is_id(student: str) -> bool:
    """Whether a name can be a student's id; accents and vowel signs may be characters of their own.

    A Mac writes them so into zip files, and Hindi and Thai always do.
    """
    bare = "".join(c for c in student if not unicodedata.category(c).startswith("M"))
    begins = not student or unicodedata.category(student[0])[0] != "M"
    fits = len(student) <= LONGEST_ID and len(student.encode("utf-8", "replace")) <= MOST_BYTES
    return bool(begins and fits and STUDENT_ID.fullmatch(bare))


def _folded(student: str) -> str:
    return unicodedata.normalize("NFKC", student).casefold()
