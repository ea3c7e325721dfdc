"""Lists and reads the files of an untrusted directory or zip.

Only regular files with ordinary names are listed. Everything else is reported in a sentence and
ignored. Nothing is extracted to disk: a file is read into memory, up to a limit.

Files may change while they are read. So a submission's folder is opened once, and everything in it
is opened relative to that descriptor, one path component at a time without following links.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import BinaryIO

MOST_ENTRIES = 5_000
MOST_IN_A_FOLDER = 500
"""So that a folder of images that sorts before `lib` does not use up MOST_ENTRIES."""
DEEPEST = 8
LONGEST_PATH = 200
LARGEST_ZIP = 512 * 2**20
LARGEST_CENTRAL_DIRECTORY = 4 * 2**20
"""Bytes of a zip's central directory: enough for tens of thousands of files."""
MOST_COMPRESSION = 200
COMPRESSION_CHECKED_FROM = 2**20
"""The largest accepted compression ratio, and the size in bytes from which it applies. Text shrinks
to a tenth, plots and progress bars in notebooks to a fiftieth, a zip bomb far more."""

SKIPPED_FOLDERS = {"__pycache__", "__MACOSX", "node_modules", "venv", "env", "site-packages"}
"""Skipped, like everything whose name begins with a dot."""

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

END_OF_CENTRAL_DIRECTORY = struct.Struct("<4s4H2LH")
LONGEST_ZIP_COMMENT = 2**16


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


@contextlib.contextmanager
def listed(
    path: Path, report: Callable[[str], None], within: Path | None = None
) -> Iterator[list[Entry]]:
    """The files in a directory or zip, or a single notebook, sorted by path.

    Files can be read only inside the `with` block.

    Args:
        path: the submission.
        report: called with a sentence for everything that is left out.
        within: a trusted parent folder, such as the class's folder: no component of the path below
            it may be a link. Without it, the whole path is trusted and links are followed.

    Raises:
        Unreadable: the file is not a zip that can be read safely.
        Inaccessible: there is no directory or zip at the path, or the machine cannot read it.
    """
    with contextlib.ExitStack() as stack:
        try:
            root = _opened(path, within)
            stack.callback(os.close, root)
            status = os.fstat(root)
            if stat.S_ISDIR(status.st_mode):
                entries = list(_in_directory(root, report))
            elif not stat.S_ISREG(status.st_mode):
                raise Inaccessible(f"{printable(str(path))} is neither a directory nor a zip file")
            elif path.suffix == ".ipynb":
                entries = [_entry(path.name, status.st_size, partial(_reopened, root))]
            else:
                file = stack.enter_context(os.fdopen(os.dup(root), "rb"))
                entries = list(_in_zip(stack.enter_context(_archive(file)), report))
        except FileNotFoundError:
            shown = printable(str(path))
            raise Inaccessible(f"there is no directory or zip file {shown}") from None
        except OSError as error:
            what = f"{printable(path.name)} cannot be read"
            raise Inaccessible(str(_reading_error(error, what))) from None
        yield _sorted_entries(entries, report)


@contextlib.contextmanager
def unpacked(entry: Entry, report: Callable[[str], None]) -> Iterator[list[Entry]]:
    """The files in a zip that is itself a file in a directory; see `listed`."""
    assert entry.opened is not None  # because it is in a directory
    with contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(entry.opened())
            entries = list(_in_zip(stack.enter_context(_archive(file)), report))
        except OSError as error:
            raise _reading_error(error, f"{entry.path} cannot be read") from None
        yield _sorted_entries(entries, report)


def content(path: Path, limit: int, within: Path) -> bytes:
    """The content of a regular file; no component of its path below `within` may be a link.

    Raises:
        Unreadable: it is not a regular file, or has more than `limit` bytes.
        Inaccessible: the machine cannot read it.
    """
    return _content(limit, partial(_opened, path, within))


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
    shown = "".join(c if c.isprintable() else "?" for c in text[:LONGEST_PATH])
    return shown + ("..." if len(text) > LONGEST_PATH else "")


def _opened(path: Path, within: Path | None) -> int:
    """A read descriptor for a path, see `listed`."""
    if within is None:
        return os.open(path, FILE_FLAGS)
    folder = os.open(within, TRAVERSE_FLAGS)
    try:
        return _opened_below(folder, path.relative_to(within).parts, FILE_FLAGS)
    finally:
        os.close(folder)


def _opened_below(folder: int, parts: Sequence[str], flags: int) -> int:
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


def _reopened(descriptor: int) -> int:
    """Another descriptor of the same file, at its start."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    return os.dup(descriptor)


def _entry(path: str, size: int, opened: Callable[[], int], may_be_linked: bool = True) -> Entry:
    read = partial(_content, opened=opened, may_be_linked=may_be_linked)
    return Entry(path, size, read, lambda: os.fdopen(opened(), "rb"))


def _sorted_entries(entries: list[Entry], report: Callable[[str], None]) -> list[Entry]:
    return sorted(_without_collisions(entries, report), key=lambda entry: entry.path)


def _reading_error(error: OSError, what: str) -> Unreadable | Inaccessible:
    """The exception for a failed read: Unreadable if the file is the cause, else Inaccessible."""
    kind = Unreadable if error.errno in FILE_ERRNOS else Inaccessible
    return kind("it is a link" if error.errno == errno.ELOOP else f"{what}: {error.strerror}")


def _in_directory(root: int, report: Callable[[str], None]) -> Iterator[Entry]:
    """Breadth first, so that the limit on the count cuts off the deepest files."""
    folders, count = [PurePosixPath()], 0
    for folder in folders:
        for path, status in _list_folder(root, folder, report):
            count += 1
            if count > MOST_ENTRIES:
                report(f"it holds more than {MOST_ENTRIES:,} files; the others were ignored")
                return
            complaint = _complaint(str(path)) or _complaint_about_kind(status)
            if complaint:
                report(f"{printable(str(path))} was not read: {complaint}")
            elif stat.S_ISDIR(status.st_mode):
                folders.append(path)
            else:
                opened = partial(_opened_below, root, path.parts, FILE_FLAGS)
                yield _entry(str(path), status.st_size, opened, may_be_linked=False)


def _list_folder(
    root: int, folder: PurePosixPath, report: Callable[[str], None]
) -> list[tuple[PurePosixPath, os.stat_result]]:
    """The contents of a folder, sorted by name, with their paths below `root`.

    Raises:
        OSError: the machine failed, or the submission's root folder itself cannot be read.
    """
    try:
        descriptor = _opened_below(root, folder.parts or (".",), FOLDER_FLAGS)
    except OSError as error:
        if error.errno not in FILE_ERRNOS or not folder.parts:
            raise
        report(f"{folder} was not read: it cannot be listed: {error.strerror}")
        return []
    contents = []
    try:
        with os.scandir(descriptor) as inside:
            names = sorted(entry.name for entry in islice(inside, MOST_ENTRIES))
        kept = [name for name in names if not _is_skipped(folder / name)]
        if len(kept) > MOST_IN_A_FOLDER:
            report(f"{folder} holds more than {MOST_IN_A_FOLDER} files; the others were ignored")
        for name in kept[:MOST_IN_A_FOLDER]:
            try:
                status = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
            except OSError as error:
                if error.errno not in FILE_ERRNOS:
                    raise
                report(f"{printable(str(folder / name))} was not read: {error.strerror}")
            else:
                contents.append((folder / name, status))
    finally:
        os.close(descriptor)
    return contents


def _is_skipped(path: PurePosixPath) -> bool:
    return any(part.startswith(".") or part in SKIPPED_FOLDERS for part in path.parts)


def _complaint_about_kind(status: os.stat_result) -> str | None:
    if stat.S_ISLNK(status.st_mode):
        return "it is a link"
    if stat.S_ISDIR(status.st_mode):
        return None
    if not stat.S_ISREG(status.st_mode):
        return "it is not a regular file"
    if status.st_nlink > 1:
        return "it is a hard link to a file that also exists elsewhere"
    return None


def _complaint(path: str) -> str | None:
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


def _content(limit: int, opened: Callable[[], int], may_be_linked: bool = True) -> bytes:
    """The content of a regular file, which may have been replaced since it was listed."""
    try:
        descriptor = opened()
    except OSError as error:
        raise _reading_error(error, "it cannot be opened") from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable("it is not a regular file")
        if not may_be_linked and (complaint := _complaint_about_kind(status)):
            raise Unreadable(complaint)
        _require_at_most(limit, status.st_size)
        with open(descriptor, "rb", closefd=False) as file:
            read = file.read(limit + 1)
    except OSError as error:
        raise _reading_error(error, "it cannot be read") from None
    finally:
        os.close(descriptor)
    _require_at_most(limit, len(read))
    return read


def _require_at_most(limit: int, size: int) -> None:
    if size > limit:
        raise Unreadable(f"it is larger than {limit / 2**20:.0f} MiB")


def _archive(file: BinaryIO) -> zipfile.ZipFile:
    _require_small_directory(file)
    try:
        return zipfile.ZipFile(file)
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        raise Unreadable("its table of contents is damaged; expected a zip file") from None
    except OSError as error:  # EINVAL if it points before the start of the file
        raise _reading_error(error, "its table of contents is damaged") from None


def _in_zip(archive: zipfile.ZipFile, report: Callable[[str], None]) -> Iterator[Entry]:
    if not archive.infolist():
        raise Unreadable("the zip file is empty")
    for member in archive.infolist():
        if _is_ignored(member):
            continue
        # Windows writes backslashes; `filename` is cut at a NUL, `orig_filename` is not
        name = member.orig_filename.replace("\\", "/").removeprefix("./")
        complaint = _complaint(name) or _complaint_about_member(member)
        if complaint:
            report(f"{printable(name)} was not read: {complaint}")
        else:
            yield Entry(name, member.file_size, _member_reader(archive, member))


def _is_ignored(member: zipfile.ZipInfo) -> bool:
    name = member.orig_filename.replace("\\", "/").removeprefix("./")
    hidden = any(
        (part.startswith(".") and part != "..") or part in SKIPPED_FOLDERS
        for part in name.split("/")
    )
    return name.endswith("/") or hidden


def _complaint_about_member(member: zipfile.ZipInfo) -> str | None:
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind == stat.S_IFLNK:
        return "it is a link"
    if kind not in (0, stat.S_IFREG):
        return "it is not a regular file"
    if member.flag_bits & 0x1:
        return "it is encrypted"
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "it is compressed in an unusual way; make the zip file again"
    largest = max(MOST_COMPRESSION * member.compress_size, COMPRESSION_CHECKED_FROM)
    if member.file_size > largest:
        return f"it unpacks to more than {MOST_COMPRESSION} times its size"
    return None


def _require_small_directory(file: BinaryIO) -> None:
    """Checks the size of the central directory first, since `zipfile` loads all of it at once."""
    size = os.fstat(file.fileno()).st_size
    if size > LARGEST_ZIP:
        raise Unreadable(f"the zip file is larger than {LARGEST_ZIP // 2**20} MiB")
    file.seek(max(0, size - END_OF_CENTRAL_DIRECTORY.size - LONGEST_ZIP_COMMENT))
    tail = file.read(END_OF_CENTRAL_DIRECTORY.size + LONGEST_ZIP_COMMENT)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < END_OF_CENTRAL_DIRECTORY.size:
        raise Unreadable("it is not a zip file, or it was cut off" if size else "the file is empty")
    contents = END_OF_CENTRAL_DIRECTORY.unpack_from(tail, at)[5]
    is_zip64 = tail[max(0, at - 20) :].startswith(b"PK\x06\x07")
    if contents > LARGEST_CENTRAL_DIRECTORY or is_zip64:
        raise Unreadable("the zip file contains too many files")


def _member_reader(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Callable[[int], bytes]:
    def read(limit: int) -> bytes:
        _require_at_most(limit, member.file_size)  # the size is a claim, so the read is limited too
        try:
            with archive.open(member) as file:
                return file.read(limit)
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError):
            raise Unreadable("it is damaged in the zip file") from None
        except OSError as error:
            raise _reading_error(error, "it is damaged in the zip file") from None

    return read


def _without_collisions(entries: list[Entry], report: Callable[[str], None]) -> Iterator[Entry]:
    """Leaves out files whose paths collide on a file system that folds case or normalises names."""

    def folded(path: str) -> str:
        return unicodedata.normalize("NFKC", path).casefold()

    count = Counter(folded(entry.path) for entry in entries)
    folders = {
        str(parent) for entry in entries for parent in PurePosixPath(folded(entry.path)).parents
    }
    for entry in entries:
        if count[folded(entry.path)] > 1:
            report(f"{printable(entry.path)} was not read: several files have that name")
        elif folded(entry.path) in folders:
            report(f"{printable(entry.path)} was not read: it is both a file and a folder")
        else:
            yield entry
