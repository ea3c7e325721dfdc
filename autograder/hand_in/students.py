"""Finds the submissions in a class's folder.

Folders and zips are named after the students' ids. A zip may also have the assignment's id after
the student's, as `collect_submission.py` writes it.
"""

from __future__ import annotations

import filecmp
import math
import os
import re
import stat
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.hand_in.files import Inaccessible, printable
from autograder.hand_in.times import TIMESTAMP, timestamp

STUDENT_ID = re.compile(r"[\w=+@-](?:[\w .,=+@'’()~-]{0,98}[\w=+@'’()~-])?")
"""Ids that are safe in paths, pages and gradebooks on every system; excludes `..` and `*`."""
AGAIN = re.compile(r"(?P<first>.+?) ?\([1-9]\d?\)", re.DOTALL)
ZIP = ".zip"
LONGEST_ID, MOST_BYTES = 100, 240
"""Characters, and bytes as UTF-8: folders are named after ids, and file systems allow 255 bytes."""


@dataclass(frozen=True)
class HandIn:
    """What a student handed in.

    Attributes:
        student: the id; of a group, that of its first member.
        path: a folder or a zip.
        folder: the class's folder, below which no link is followed.
        timestamp: the submission time in UTC ("2026-11-23 16:26:01"), if it is known.
        reason: why it cannot be graded, if its name or kind already shows that.
        files: which files of a platform's download belong to this submission: (path there, path
            here). If empty, `path` is the submission.
        others: ids of the other members of a group, who get the same grade.
        late: whether the platform marked it as late; None if the platform has no such mark.
        copies: names of further files with the same content, which were not read.
    """

    student: str
    path: Path
    folder: Path
    timestamp: str | None = None
    reason: str | None = None
    files: tuple[tuple[str, str], ...] = ()
    others: tuple[str, ...] = ()
    late: bool | None = None
    copies: tuple[str, ...] = ()

    @property
    def late_by_mark_s(self) -> float | None:
        """Infinity if the platform only says that it was late, 0 if it only says that it was not.

        None if there is no such mark, or the time itself is known.
        """
        if self.late is None or self.timestamp is not None:
            return None
        return math.inf if self.late else 0.0

    @property
    def entry(self) -> str:
        """The name in the class's folder."""
        return self.path.relative_to(self.folder).parts[0]

    @property
    def students(self) -> tuple[str, ...]:
        """Everybody who gets the grade."""
        return (self.student, *self.others)


def student_ids(names: Iterable[str], assignment: str) -> dict[str, str]:
    """The ids of students, by the names of their folders and zips.

    A browser adds ` (1)` to the second download of a file. That is no part of the id where it
    follows the assignment's id, or where the name without it is there, too.

    Args:
        names: all that are in the class's folder.
        assignment: the assignment's id.
    """
    ids = {name: _stem(name) for name in names}
    ended = f"_{assignment}"
    zips = {name for name in ids if name.lower().endswith(ZIP)}
    plain = {folded(stem.removesuffix(ended if name in zips else "")) for name, stem in ids.items()}
    for name, stem in ids.items():
        again = AGAIN.fullmatch(stem)
        first = again["first"] if again else stem
        if name in zips:
            is_collected, first = first.endswith(ended), first.removesuffix(ended)
            ids[name] = first if is_collected or folded(first) in plain else stem
        elif folded(first) in plain:
            ids[name] = first
    return ids


def handed_in(folder: Path, assignment: str) -> list[HandIn]:
    """The submissions of a class, sorted by student id.

    For each student, `folder` contains a folder `<student>/<assignment>`, a zip `<student>.zip`, or
    a zip `<student>_<assignment>.zip` as students create it. Everything else is listed with the
    reason why it cannot be graded. Of identical zips of one student one is read; several different
    submissions of one student are set aside. `assignment` is the assignment's id.

    Raises:
        OSError: the class's folder cannot be read.
    """
    names = sorted(name for name in os.listdir(folder) if not name.startswith("."))
    ids = student_ids(names, assignment)
    found: dict[str, list[HandIn]] = {}
    for name in names:
        hand_in = _hand_in(folder / name, folder, assignment, ids[name])
        found.setdefault(folded(hand_in.student), []).append(hand_in)
    every = [one for same in found.values() for one in _of_one_student(same)]
    return sorted(every, key=lambda hand_in: (hand_in.student, hand_in.path.name))


def _stem(name: str) -> str:
    """A name without `.zip`. Folders keep all of theirs, as it may have a dot."""
    return name[: -len(ZIP)] if name.lower().endswith(ZIP) else name


def _of_one_student(same: list[HandIn]) -> list[HandIn]:
    """One of identical zips; several different submissions with the reason against all of them."""
    if len(same) == 1:
        return same
    first, *others = sorted(same, key=lambda one: (len(one.entry), one.entry))
    if all(_are_same_zips(first, other) for other in others):
        return [replace(first, copies=tuple(other.entry for other in others))]
    names = " and ".join(printable(one.entry) for one in (first, *others))
    reason = f"several submissions have this name: {names}; keep the one that counts"
    return [replace(one, timestamp=None, reason=reason) for one in same]


def _are_same_zips(one: HandIn, other: HandIn) -> bool:
    pair = one.path, other.path
    if one.reason or other.reason or not all(path.suffix.lower() == ZIP for path in pair):
        return False
    try:
        return filecmp.cmp(*pair, shallow=False)
    except OSError:
        return False


def _hand_in(path: Path, folder: Path, assignment: str, student: str) -> HandIn:
    is_zip = path.suffix.lower() == ZIP
    if not is_id(student):
        shown = printable((student or path.stem).encode("utf-8", "replace").decode())
        return HandIn(shown, path, folder, reason="its name is not a valid student id; rename it")
    work = path if is_zip else path / assignment
    try:
        if reason := _reason_against(path, work):
            return HandIn(student, path, folder, reason=reason)
        return HandIn(student, work, folder, None if is_zip else timestamp(work, folder))
    except OSError as error:
        return HandIn(student, path, folder, reason=f"it cannot be read: {error.strerror}")
    except Inaccessible as reason:
        return HandIn(student, path, folder, reason=f"{TIMESTAMP}: {reason}")


def _reason_against(path: Path, work: Path) -> str | None:
    """Why the submission cannot be graded, as far as can be seen without opening it."""
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
    """Whether a name can be a student's id. Accents may be separate combining characters.

    macOS decomposes accents in zip files, and Hindi and Thai always use combining vowel signs.
    """
    if student.isascii():  # most of ten thousand
        return len(student) <= LONGEST_ID and STUDENT_ID.fullmatch(student) is not None
    bare = "".join(c for c in student if not unicodedata.category(c).startswith("M"))
    begins = not student or unicodedata.category(student[0])[0] != "M"
    fits = len(student) <= LONGEST_ID and len(student.encode("utf-8", "replace")) <= MOST_BYTES
    return bool(begins and fits and STUDENT_ID.fullmatch(bare))


def folded(student: str) -> str:
    return unicodedata.normalize("NFKC", student).casefold()
