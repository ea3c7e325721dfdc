"""The files of a directory or zip that nobody vouches for, listed without opening one needlessly.

Only regular files with plain names are listed; whatever else is there is told in a sentence, and
left alone. Nothing is extracted: an entry is read into memory, up to a limit.
"""

from __future__ import annotations

import contextlib
import os
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path, PurePosixPath

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

END_OF_CONTENTS = struct.Struct("<4s4H2LH")
LONGEST_ZIP_COMMENT = 2**16


class Unreadable(Exception):  # noqa: N818 - a fact about a submission, not a fault of ours
    """The whole submission, or one file of it, cannot be read; the message says why."""


@dataclass(frozen=True)
class Entry:
    """A regular file.

    Attributes:
        path: relative, with forward slashes.
        size: bytes, as the directory or zip says.
        read: `read(limit)` gives its content; raises Unreadable for more than `limit` bytes.
    """

    path: str
    size: int
    read: Callable[[int], bytes]


@contextlib.contextmanager
def listed(path: Path, say: Callable[[str], None]) -> Iterator[list[Entry]]:
    """The files under a directory, in a zip, or the one file itself, in order of path.

    They can be read as long as the block lasts.

    Args:
        path: of a submission; a link here is the grader's own and is followed.
        say: takes a sentence for whatever is left out.

    Raises:
        Unreadable: there is nothing of the kind, or it is no zip that can be trusted.
    """
    with contextlib.ExitStack() as stack:
        try:
            if path.is_dir():
                entries = list(_in_directory(path, say))
            elif path.is_file() and path.suffix == ".ipynb":
                entries = [Entry(path.name, path.stat().st_size, partial(content, path))]
            elif path.is_file():
                entries = list(_in_zip(stack.enter_context(_opened(path)), say))
            else:
                raise Unreadable(f"there is no directory or zip file {plain(str(path))}")
        except OSError as error:
            raise Unreadable(f"{plain(path.name)} cannot be read: {error.strerror}") from None
        yield sorted(_without_collisions(entries, say), key=lambda entry: entry.path)


def plain(text: str) -> str:
    """Text of others, fit to stand in a sentence: no control characters, no endless length."""
    shown = "".join(c if c.isprintable() else "?" for c in text[:LONGEST_PATH])
    return shown + ("..." if len(text) > LONGEST_PATH else "")


def _in_directory(root: Path, say: Callable[[str], None]) -> Iterator[Entry]:
    """Breadth first, so that a cap on the count cuts off what lies deep."""
    folders, count = [PurePosixPath()], 0
    for folder in folders:
        try:
            inside = sorted(islice(os.scandir(root / folder), MOST_ENTRIES), key=lambda f: f.name)
        except PermissionError:
            say(f"{folder} was not read: it may not be looked into")
            continue
        kept = [found for found in inside if not _is_skipped(folder / found.name)]
        if len(kept) > MOST_IN_A_FOLDER:
            say(f"{folder} holds more than {MOST_IN_A_FOLDER} files; the first were looked at")
        for found in kept[:MOST_IN_A_FOLDER]:
            path = folder / found.name
            count += 1
            if count > MOST_ENTRIES:
                say(f"it holds more than {MOST_ENTRIES:,} files; only the first were looked at")
                return
            status = found.stat(follow_symlinks=False)
            complaint = _complaint(str(path)) or _complaint_of_kind(status)
            if complaint:
                say(f"{plain(str(path))} was not read: {complaint}")
            elif stat.S_ISDIR(status.st_mode):
                folders.append(path)
            else:
                yield Entry(str(path), status.st_size, partial(content, root / path))


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


def content(path: Path, limit: int) -> bytes:
    """The content of an ordinary file; it may have become a link or a pipe since it was listed.

    Raises:
        Unreadable: it is none, or has more than `limit` bytes.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise Unreadable(f"it cannot be opened: {error.strerror}") from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable("it is no ordinary file")
        _require_room(status.st_size, limit)
        with open(descriptor, "rb", closefd=False) as file:
            read = file.read(limit + 1)
    finally:
        os.close(descriptor)
    _require_room(len(read), limit)
    return read


def _require_room(size: int, limit: int) -> None:
    if size > limit:
        raise Unreadable(f"it is larger than {limit / 2**20:.0f} MiB")


def _opened(path: Path) -> zipfile.ZipFile:
    _require_small_contents(path)
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        raise Unreadable("its table of contents is damaged; expected a zip file") from None


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
            say(f"{plain(name)} was not read: {complaint}")
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


def _require_small_contents(path: Path) -> None:
    """`zipfile` makes an object of every entry at once: look at the table's size before it does."""
    size = path.stat().st_size
    if size > LARGEST_ZIP:
        raise Unreadable(f"the zip file is larger than {LARGEST_ZIP // 2**20} MiB")
    with path.open("rb") as file:
        file.seek(max(0, size - END_OF_CONTENTS.size - LONGEST_ZIP_COMMENT))
        tail = file.read()
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
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError):
            raise Unreadable("it is damaged in the zip file") from None

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
            say(f"{plain(entry.path)} was not read: several files have that name")
        elif folded(entry.path) in folders:
            say(f"{plain(entry.path)} was not read: it is a file and a folder at once")
        else:
            yield entry
