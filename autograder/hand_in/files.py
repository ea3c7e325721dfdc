"""The files of a directory or zip that nobody vouches for, listed without opening one needlessly.

Only regular files with plain names are listed; whatever else is there is told in a sentence, and
left alone. Nothing is extracted: an entry is read into memory, up to a limit.

Files may change while they are read. So a submission's folder is opened once, and whatever is in it
is opened from there, part by part: nothing is followed that is a link by then.
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
"""So that a folder of images before `lib` does not use up what may be looked at."""
DEEPEST = 8
LONGEST_PATH = 200
LARGEST_ZIP = 512 * 2**20
LARGEST_CONTENTS = 4 * 2**20
"""Bytes of a zip's table of contents: room for tens of thousands of files."""
RATIO = 200
RATIO_COUNTS_FROM = 2**20
"""Text shrinks to a tenth, plots and progress bars in notebooks to a fiftieth; a bomb far below."""

SKIPPED_FOLDERS = {"__pycache__", "__MACOSX", "node_modules", "venv", "env", "site-packages"}
"""Never looked into, like everything whose name begins with a dot."""

FILE = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
"""Without waiting for the other end of a pipe."""
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
PASSED = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
"""A folder that is only passed through need not be readable."""

OF_THE_FILES = frozenset(
    {
        *(errno.EACCES, errno.EPERM),
        *(errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENXIO),
        *(errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL),
    }
)
"""Errors that say what a file is: closed, gone, a link, oddly named. All others (EIO, ESTALE,
EMFILE, ENOMEM) are the machine's."""

END_OF_CONTENTS = struct.Struct("<4s4H2LH")
LONGEST_ZIP_COMMENT = 2**16


class Unreadable(Exception):  # noqa: N818 - a fact about a submission, not a fault of ours
    """The whole submission, or one file of it, cannot be read; the message says why."""


class Inaccessible(Exception):  # noqa: N818 - a fact about the machine
    """The system does not let a submission be read, so nobody knows what it is worth.

    Where a class is graded, its student is set aside until a person has looked.
    """


@dataclass(frozen=True)
class Entry:
    """A regular file.

    Attributes:
        path: relative, with forward slashes.
        size: bytes, as the directory or zip says.
        read: `read(limit)` gives its content; raises Unreadable for more than `limit` bytes.
        opened: gives the file itself, unless it is in a zip.
    """

    path: str
    size: int
    read: Callable[[int], bytes]
    opened: Callable[[], BinaryIO] | None = None


@contextlib.contextmanager
def listed(
    path: Path, say: Callable[[str], None], within: Path | None = None
) -> Iterator[list[Entry]]:
    """The files under a directory, in a zip, or the one file itself, in order of path.

    They can be read as long as the block lasts.

    Args:
        path: of a submission.
        say: takes a sentence for whatever is left out.
        within: a folder above it that is the grader's own, such as a class's: no part of the path
            below it may be a link. Without it, links are the grader's own and are followed.

    Raises:
        Unreadable: it is no zip that can be trusted.
        Inaccessible: there is nothing of the kind, or it cannot be looked into.
    """
    with contextlib.ExitStack() as stack:
        try:
            root = _opened(path, within)
            stack.callback(os.close, root)
            status = os.fstat(root)
            if stat.S_ISDIR(status.st_mode):
                entries = list(_in_directory(root, say))
            elif not stat.S_ISREG(status.st_mode):
                raise Inaccessible(f"{printable(str(path))} is neither a directory nor a zip file")
            elif path.suffix == ".ipynb":
                entries = [_entry(path.name, status.st_size, partial(_again, root))]
            else:
                file = stack.enter_context(os.fdopen(os.dup(root), "rb"))
                entries = list(_in_zip(stack.enter_context(_archive(file)), say))
        except FileNotFoundError:
            named = printable(str(path))
            raise Inaccessible(f"there is no directory or zip file {named}") from None
        except OSError as error:
            said = f"{printable(path.name)} cannot be read"
            raise Inaccessible(str(_refusal(error, said))) from None
        yield _in_order(entries, say)


@contextlib.contextmanager
def unpacked(entry: Entry, say: Callable[[str], None]) -> Iterator[list[Entry]]:
    """The files in a zip which is itself a file in a directory; see `listed`."""
    assert entry.opened is not None  # since it is in a directory
    with contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(entry.opened())
            entries = list(_in_zip(stack.enter_context(_archive(file)), say))
        except OSError as error:
            raise _refusal(error, f"{entry.path} cannot be read") from None
        yield _in_order(entries, say)


def content(path: Path, limit: int, within: Path) -> bytes:
    """The content of an ordinary file, no part of whose path below `within` may be a link.

    Raises:
        Unreadable: it is none, or has more than `limit` bytes.
        Inaccessible: the machine fails to read it.
    """
    return _content(limit, partial(_opened, path, within))


def missing(paths: Iterable[Path]) -> list[str]:
    """The names of paths that do not exist. What cannot be looked at is no such path."""
    names = []
    for path in paths:
        try:
            os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            names.append(printable(str(path)))
        except OSError:
            continue  # said of the one submission when it is read
    return names


def printable(text: str) -> str:
    """Text of others, fit to stand in a sentence: no control characters, no endless length."""
    shown = "".join(c if c.isprintable() else "?" for c in text[:LONGEST_PATH])
    return shown + ("..." if len(text) > LONGEST_PATH else "")


def _opened(path: Path, within: Path | None) -> int:
    """A descriptor for reading what stands at a path, see `listed`."""
    if within is None:
        return os.open(path, FILE)
    folder = os.open(within, PASSED)
    try:
        return _opened_below(folder, path.relative_to(within).parts, FILE)
    finally:
        os.close(folder)


def _opened_below(folder: int, parts: Sequence[str], flags: int) -> int:
    """A descriptor of what stands below an opened folder, of whose path no part is a link."""
    if ".." in parts:
        raise NotADirectoryError(errno.ENOTDIR, "it leads out of its folder")
    *above, name = parts
    here = os.dup(folder)
    try:
        for part in above:
            try:
                inner = os.open(part, PASSED | os.O_NOFOLLOW, dir_fd=here)
            except NotADirectoryError:
                raise NotADirectoryError(errno.ENOTDIR, f"{printable(part)} is no folder") from None
            os.close(here)
            here = inner
        return os.open(name, flags | os.O_NOFOLLOW, dir_fd=here)
    finally:
        os.close(here)


def _again(descriptor: int) -> int:
    """Another descriptor of the same file, from its beginning on."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    return os.dup(descriptor)


def _entry(path: str, size: int, opened: Callable[[], int], may_be_linked: bool = True) -> Entry:
    read = partial(_content, opened=opened, may_be_linked=may_be_linked)
    return Entry(path, size, read, lambda: os.fdopen(opened(), "rb"))


def _in_order(entries: list[Entry], say: Callable[[str], None]) -> list[Entry]:
    return sorted(_without_collisions(entries, say), key=lambda entry: entry.path)


def _refusal(error: OSError, what: str) -> Unreadable | Inaccessible:
    """Why a part of a submission is not read: for what it is, or for the machine's own reasons."""
    kind = Unreadable if error.errno in OF_THE_FILES else Inaccessible
    return kind("it is a link" if error.errno == errno.ELOOP else f"{what}: {error.strerror}")


def _in_directory(root: int, say: Callable[[str], None]) -> Iterator[Entry]:
    """Breadth first, so that a cap on the count cuts off what lies deep."""
    folders, count = [PurePosixPath()], 0
    for folder in folders:
        for path, status in _looked_into(root, folder, say):
            count += 1
            if count > MOST_ENTRIES:
                say(f"it holds more than {MOST_ENTRIES:,} files; only the first were looked at")
                return
            complaint = _complaint(str(path)) or _complaint_of_kind(status)
            if complaint:
                say(f"{printable(str(path))} was not read: {complaint}")
            elif stat.S_ISDIR(status.st_mode):
                folders.append(path)
            else:
                opened = partial(_opened_below, root, path.parts, FILE)
                yield _entry(str(path), status.st_size, opened, may_be_linked=False)


def _looked_into(
    root: int, folder: PurePosixPath, say: Callable[[str], None]
) -> list[tuple[PurePosixPath, os.stat_result]]:
    """What there is in a folder, in order of name, by its path below `root`.

    Raises:
        OSError: nothing can be known of the submission: by the machine's fault, or since it is the
            root that may not be looked into.
    """
    try:
        descriptor = _opened_below(root, folder.parts or (".",), FOLDER)
    except OSError as error:
        if error.errno not in OF_THE_FILES or not folder.parts:
            raise
        say(f"{folder} was not read: it cannot be looked into: {error.strerror}")
        return []
    found = []
    try:
        with os.scandir(descriptor) as inside:
            names = sorted(entry.name for entry in islice(inside, MOST_ENTRIES))
        kept = [name for name in names if not _is_skipped(folder / name)]
        if len(kept) > MOST_IN_A_FOLDER:
            say(f"{folder} holds more than {MOST_IN_A_FOLDER} files; the first were looked at")
        for name in kept[:MOST_IN_A_FOLDER]:
            try:
                status = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
            except OSError as error:
                if error.errno not in OF_THE_FILES:
                    raise
                say(f"{printable(str(folder / name))} was not read: {error.strerror}")
            else:
                found.append((folder / name, status))
    finally:
        os.close(descriptor)
    return found


def _is_skipped(path: PurePosixPath) -> bool:
    return any(part.startswith(".") or part in SKIPPED_FOLDERS for part in path.parts)


def _complaint_of_kind(status: os.stat_result) -> str | None:
    if stat.S_ISLNK(status.st_mode):
        return "it is a link"
    if stat.S_ISDIR(status.st_mode):
        return None
    if not stat.S_ISREG(status.st_mode):
        return "it is no ordinary file"
    return "it is a hard link to a file that stands elsewhere, too" if status.st_nlink > 1 else None


def _complaint(path: str) -> str | None:
    """What is wrong with a relative path, if anything is."""
    parts = path.split("/")
    if path.startswith("/") or ":" in parts[0]:
        return "its path is absolute"
    if ".." in parts:
        return "its path leads out of the submission"
    if not path.isprintable():
        return "its name holds control characters or is no text"
    if len(parts) > DEEPEST or len(path) > LONGEST_PATH:
        return "its path is too long"
    return None


def _content(limit: int, opened: Callable[[], int], may_be_linked: bool = True) -> bytes:
    """The content of an ordinary file; since it was listed, it may have become another."""
    try:
        descriptor = opened()
    except OSError as error:
        raise _refusal(error, "it cannot be opened") from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable("it is no ordinary file")
        if not may_be_linked and (complaint := _complaint_of_kind(status)):
            raise Unreadable(complaint)
        _require_room(status.st_size, limit)
        with open(descriptor, "rb", closefd=False) as file:
            read = file.read(limit + 1)
    except OSError as error:
        raise _refusal(error, "it cannot be read") from None
    finally:
        os.close(descriptor)
    _require_room(len(read), limit)
    return read


def _require_room(size: int, limit: int) -> None:
    if size > limit:
        raise Unreadable(f"it is larger than {limit / 2**20:.0f} MiB")


def _archive(file: BinaryIO) -> zipfile.ZipFile:
    _require_small_contents(file)
    try:
        return zipfile.ZipFile(file)
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        raise Unreadable("its table of contents is damaged; expected a zip file") from None
    except OSError as error:  # EINVAL, where it leads before the file's beginning
        raise _refusal(error, "its table of contents is damaged") from None


def _in_zip(archive: zipfile.ZipFile, say: Callable[[str], None]) -> Iterator[Entry]:
    if not archive.infolist():
        raise Unreadable("the zip file is empty")
    for member in archive.infolist():
        if _is_left_out(member):
            continue
        # Windows writes backslashes; `filename` is cut at a NUL, `orig_filename` is not
        name = member.orig_filename.replace("\\", "/").removeprefix("./")
        complaint = _complaint(name) or _complaint_of_member(member)
        if complaint:
            say(f"{printable(name)} was not read: {complaint}")
        else:
            yield Entry(name, member.file_size, _member_reader(archive, member))


def _is_left_out(member: zipfile.ZipInfo) -> bool:
    name = member.orig_filename.replace("\\", "/").removeprefix("./")
    hidden = any(
        (part.startswith(".") and part != "..") or part in SKIPPED_FOLDERS
        for part in name.split("/")
    )
    return name.endswith("/") or hidden


def _complaint_of_member(member: zipfile.ZipInfo) -> str | None:
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind == stat.S_IFLNK:
        return "it is a link"
    if kind not in (0, stat.S_IFREG):
        return "it is no ordinary file"
    if member.flag_bits & 0x1:
        return "it is encrypted"
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "it is compressed in an unusual way; make the zip file again"
    if member.file_size > RATIO_COUNTS_FROM and member.file_size > RATIO * member.compress_size:
        return f"it unpacks to more than {RATIO} times its size"
    return None


def _require_small_contents(file: BinaryIO) -> None:
    """`zipfile` makes an object of every entry at once: look at the table's size before it does."""
    size = os.fstat(file.fileno()).st_size
    if size > LARGEST_ZIP:
        raise Unreadable(f"the zip file is larger than {LARGEST_ZIP // 2**20} MiB")
    file.seek(max(0, size - END_OF_CONTENTS.size - LONGEST_ZIP_COMMENT))
    tail = file.read(END_OF_CONTENTS.size + LONGEST_ZIP_COMMENT)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < END_OF_CONTENTS.size:
        raise Unreadable("it is no zip file, or it was cut off" if size else "the file is empty")
    contents = END_OF_CONTENTS.unpack_from(tail, at)[5]
    is_zip64 = tail[max(0, at - 20) :].startswith(b"PK\x06\x07")
    if contents > LARGEST_CONTENTS or is_zip64:
        raise Unreadable("the zip file holds more files than can be looked at")


def _member_reader(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Callable[[int], bytes]:
    def read(limit: int) -> bytes:
        _require_room(member.file_size, limit)  # of what claims to be smaller, no more is unpacked
        try:
            with archive.open(member) as file:
                return file.read(limit)
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError):
            raise Unreadable("it is damaged in the zip file") from None
        except OSError as error:
            raise _refusal(error, "it is damaged in the zip file") from None

    return read


def _without_collisions(entries: list[Entry], say: Callable[[str], None]) -> Iterator[Entry]:
    """Leaves out files of which nobody can say which one is meant, by whatever file system."""

    def folded(path: str) -> str:
        return unicodedata.normalize("NFKC", path).casefold()

    count = Counter(folded(entry.path) for entry in entries)
    folders = {
        str(parent) for entry in entries for parent in PurePosixPath(folded(entry.path)).parents
    }
    for entry in entries:
        if count[folded(entry.path)] > 1:
            say(f"{printable(entry.path)} was not read: several files have that name")
        elif folded(entry.path) in folders:
            say(f"{printable(entry.path)} was not read: it is a file and a folder at once")
        else:
            yield entry
