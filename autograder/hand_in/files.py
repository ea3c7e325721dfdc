"""Opens and reads untrusted files, one path component at a time and without following links.

Files may change while they are read. So a submission's folder is opened once, and everything in it
is opened relative to that descriptor.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

DEEPEST = 8
LONGEST_PATH = 200

FILE_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
"""O_NONBLOCK: opening a pipe must not wait for its other end."""
FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
TRAVERSE_FLAGS = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
"""For folders on the way to a file, which need not be readable."""

FILE_ERRNOS = frozenset(
    {
        *(errno.EACCES, errno.EPERM),
        *(errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENXIO),
        *(errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL),
    }
)
"""Errors caused by the file itself: it is unreadable, missing, a link or badly named. All others
(EIO, ESTALE, EMFILE, ENOMEM) are the machine's."""


class Unreadable(Exception):  # noqa: N818 - a fact about a submission, not a grader error
    """The submission, or one of its files, cannot be read; the message says why."""


class Inaccessible(Exception):  # noqa: N818 - a fact about the machine
    """The machine cannot read a submission, so it cannot be graded.

    When a class is graded, the student is set aside until a person has looked at the submission.
    """


@dataclass(frozen=True)
class Entry:
    """A regular file.

    Attributes:
        path: relative, with forward slashes.
        size: bytes, according to the directory or zip.
        read: `read(limit)` returns the content; raises Unreadable if it exceeds `limit` bytes.
        opened: opens the file; None inside a zip.
    """

    path: str
    size: int
    read: Callable[[int], bytes]
    opened: Callable[[], BinaryIO] | None = None


def content(path: Path, limit: int, within: Path) -> bytes:
    """The content of a regular file; no component of its path below `within` may be a link.

    Raises:
        Unreadable: it is not a regular file, or has more than `limit` bytes.
        Inaccessible: the machine cannot read it.
    """
    return content_of(limit, partial(opened_at, path, within))


def missing(paths: Iterable[Path]) -> list[str]:
    """The names of the paths that do not exist. A path that cannot be checked is not included."""
    names = []
    for path in paths:
        try:
            os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            names.append(printable(str(path)))
        except OSError:
            continue  # reported when that submission is read
    return names


def printable(text: str) -> str:
    """Untrusted text made safe for a message: no control characters, limited length."""
    if text.isprintable() and len(text) <= LONGEST_PATH:
        return text
    shown = "".join(c if c.isprintable() else "?" for c in text[:LONGEST_PATH])
    return shown + ("..." if len(text) > LONGEST_PATH else "")


def opened_at(path: Path, within: Path | None) -> int:
    """A read descriptor for a path, see `listed`."""
    if within is None:
        return os.open(path, FILE_FLAGS)
    folder = os.open(within, TRAVERSE_FLAGS)
    try:
        return opened_below(folder, path.relative_to(within).parts, FILE_FLAGS)
    finally:
        os.close(folder)


def opened_below(folder: int, parts: Sequence[str], flags: int) -> int:
    """A descriptor for a path below an open folder; no component of the path may be a link."""
    if ".." in parts:
        raise NotADirectoryError(errno.ENOTDIR, "it leads out of its folder")
    *parents, name = parts
    current = os.dup(folder)
    try:
        for part in parents:
            try:
                child = os.open(part, TRAVERSE_FLAGS | os.O_NOFOLLOW, dir_fd=current)
            except NotADirectoryError:
                raise NotADirectoryError(
                    errno.ENOTDIR, f"{printable(part)} is not a folder"
                ) from None
            os.close(current)
            current = child
        return os.open(name, flags | os.O_NOFOLLOW, dir_fd=current)
    finally:
        os.close(current)


def reopened(descriptor: int) -> int:
    """Another descriptor of the same file, at its start."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    return os.dup(descriptor)


def reading_error(error: OSError, what: str) -> Unreadable | Inaccessible:
    """The exception for a failed read: Unreadable if the file is the cause, else Inaccessible."""
    kind = Unreadable if error.errno in FILE_ERRNOS else Inaccessible
    return kind("it is a link" if error.errno == errno.ELOOP else f"{what}: {error.strerror}")


def complaint_about_kind(status: os.stat_result) -> str | None:
    if stat.S_ISLNK(status.st_mode):
        return "it is a link"
    if stat.S_ISDIR(status.st_mode):
        return None
    if not stat.S_ISREG(status.st_mode):
        return "it is not a regular file"
    if status.st_nlink > 1:
        return "it is a hard link to a file that also exists elsewhere"
    return None


def complaint_about_path(path: str) -> str | None:
    """What is wrong with a relative path; None if nothing is."""
    parts = path.split("/")
    if path.startswith("/") or ":" in parts[0]:
        return "its path is absolute"
    if ".." in parts:
        return "its path leads out of the submission"
    if not path.isprintable():
        return "its name contains control characters or is not valid text"
    if len(parts) > DEEPEST or len(path) > LONGEST_PATH:
        return "its path is too long"
    return None


def content_of(limit: int, opened: Callable[[], int], may_be_linked: bool = True) -> bytes:
    """The content of a regular file, which may have been replaced since it was listed."""
    try:
        descriptor = opened()
    except OSError as error:
        raise reading_error(error, "it cannot be opened") from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable("it is not a regular file")
        if not may_be_linked and (complaint := complaint_about_kind(status)):
            raise Unreadable(complaint)
        require_at_most(limit, status.st_size)
        with open(descriptor, "rb", closefd=False) as file:
            read = file.read(limit + 1)
    except OSError as error:
        raise reading_error(error, "it cannot be read") from None
    finally:
        os.close(descriptor)
    require_at_most(limit, len(read))
    return read


def require_at_most(limit: int, size: int) -> None:
    if size > limit:
        raise Unreadable(f"it is larger than {limit / 2**20:.0f} MiB")
