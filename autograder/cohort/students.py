"""A class's folder -> who handed in what. Names of folders and zips are the students' ids; a zip
may have the assignment's name after it, as `collect_submission.py` writes it."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

import dateutil.parser

from autograder import course
from autograder.entries import Unreadable, content, plain

STUDENT_ID = re.compile(r"[\w=+@-](?:[\w .,=+@'()~-]{0,98}[\w=+@'()~-])?")
"""What may stand in a path, a page and a gradebook of every system; `..` and `*` may not."""
TIMESTAMP = "timestamp.txt"
LONGEST_TIMESTAMP = 100


@dataclass(frozen=True)
class HandIn:
    """What a student handed in.

    Attributes:
        student: the id.
        path: a folder or a zip.
        timestamp: when, in UTC ("2026-11-23 16:26:01"), if the folder says so as nbgrader's do.
        reason: why it cannot be graded, if that can be seen from its name and place.
    """

    student: str
    path: Path
    timestamp: str | None = None
    reason: str | None = None


def handed_in(folder: Path) -> list[HandIn]:
    """Every student of a class, in order of their ids.

    `folder` holds a folder `<student>/problem_1`, a zip `<student>.zip` or what students make, a
    zip `<student>_problem_1.zip`, for each. What fits none is listed, too, with the reason why it
    cannot be graded.
    """
    found = [_found(path) for path in sorted(folder.iterdir()) if not path.name.startswith(".")]
    count = Counter(_folded(one.student) for one in found)
    return [
        HandIn(one.student, one.path, reason="several submissions have this name")
        if count[_folded(one.student)] > 1
        else one
        for one in sorted(found, key=lambda one: (one.student, one.path.name))
    ]


def _found(path: Path) -> HandIn:
    is_zip = path.suffix.lower() == ".zip"
    student = path.stem.removesuffix(f"_{course.ASSIGNMENT}") if is_zip else path.name
    shown = plain((student or path.stem).encode("utf-8", "replace").decode())
    work = path if is_zip else path / course.ASSIGNMENT
    if not STUDENT_ID.fullmatch(student):
        return HandIn(shown, path, reason="its name is no student id; rename it")
    if path.is_symlink() or work.is_symlink():
        return HandIn(shown, path, reason="it is a link")
    if not is_zip and not path.is_dir():
        return HandIn(shown, path, reason="it is neither a folder nor a zip file")
    if not work.exists():
        return HandIn(shown, path, reason=f"it has no folder {course.ASSIGNMENT}")
    return HandIn(student, work, None if is_zip else timestamp(work))


def _folded(student: str) -> str:
    return unicodedata.normalize("NFKC", student).casefold()


def timestamp(work: Path) -> str | None:
    """What nbgrader's collect wrote beside the notebook, as `utc` gives it; None for no time."""
    try:
        return utc(content(work / TIMESTAMP, LONGEST_TIMESTAMP).decode("utf-8").strip())
    except (Unreadable, ValueError):
        return None


def utc(text: str) -> str:
    """A time as the gradebook keeps it: in UTC, which it is taken for unless it says otherwise.

    nbgrader's own reader takes an offset such as +0100 for a hundred seconds.

    Raises:
        ValueError: it is no time.
    """
    try:
        time = dateutil.parser.parse(text)
        if time.tzinfo is not None:
            time = time.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{text} is no time") from None
    if time.year < 1000:
        raise ValueError(f"{text} is no time of ours")
    return f"{time:%Y-%m-%d %H:%M:%S}"
