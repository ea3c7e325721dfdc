"""Reads untrusted zip files.

Nothing is extracted to disk. A file is read into memory, up to a limit, so a zip bomb is refused
like any file that is too large.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import BinaryIO

from autograder.hand_in.files import (
    Entry,
    Unreadable,
    complaint_about_path,
    printable,
    reading_error,
    require_at_most,
)

LARGEST_ZIP = 512 * 2**20
LARGEST_CENTRAL_DIRECTORY = 4 * 2**20
"""Bytes of a zip's central directory: enough for tens of thousands of files."""
END_OF_CENTRAL_DIRECTORY = struct.Struct("<4s4H2LH")
LONGEST_ZIP_COMMENT = 2**16
BLOCK = 2**18
"""Bytes read from a file in a zip at once."""
UTF8_FLAG = 0x800

SKIPPED_FOLDERS = {"__pycache__", "__MACOSX", "node_modules", "venv", "env", "site-packages"}
"""Skipped, like everything whose name begins with a dot."""


def opened_zip(file: BinaryIO) -> zipfile.ZipFile:
    _require_small_directory(file)
    try:
        return zipfile.ZipFile(file)
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        raise Unreadable("its table of contents is damaged; expected a zip file") from None
    except OSError as error:  # EINVAL if it points before the start of the file
        raise reading_error(error, "its table of contents is damaged") from None


def entries_of(
    archive: zipfile.ZipFile,
    report: Callable[[str], None],
    chosen: Mapping[str, str] | None = None,
) -> Iterator[Entry]:
    """The regular files of a zip.

    Args:
        archive: the zip.
        report: called with a sentence for everything that is left out.
        chosen: path in the zip -> path of the entry; without it, all files under their own paths.

    Raises:
        Unreadable: the zip is empty.
    """
    if not archive.infolist():
        raise Unreadable("the zip file is empty")
    for member in archive.infolist():
        name = name_of(member)
        if _is_ignored(name) if chosen is None else name not in chosen:
            continue
        name = name if chosen is None else chosen[name]
        complaint = complaint_about_path(name) or _complaint_about_member(member)
        if complaint:
            report(f"{printable(name)} was not read: {complaint}")
        else:
            yield Entry(name, member.file_size, member_reader(archive, member))


def name_of(member: zipfile.ZipInfo) -> str:
    """The path of a file in a zip, with forward slashes.

    Windows writes backslashes. macOS and some platforms write UTF-8 without saying so, and Python
    then reads it as code page 437. `orig_filename` is used because `filename` is cut at a NUL.
    """
    name = member.orig_filename
    if not member.flag_bits & UTF8_FLAG and not name.isascii():
        with contextlib.suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return name.replace("\\", "/").removeprefix("./")


def _is_ignored(name: str) -> bool:
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
    return None


def _require_small_directory(file: BinaryIO) -> None:
    """Checks the size of the central directory first, since `zipfile` loads all of it at once."""
    size = file.seek(0, os.SEEK_END)
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


def member_reader(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Callable[[int], bytes]:
    """`read(limit)` of a file in a zip, see `Entry`."""

    def read(limit: int) -> bytes:
        require_at_most(limit, member.file_size)  # zipfile returns no more than that
        content = io.BytesIO()
        try:
            with archive.open(member) as file:
                # in blocks: one read would take the memory for the compressed size, only a claim
                shutil.copyfileobj(file, content, BLOCK)
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError):
            raise Unreadable("it is damaged in the zip file") from None
        except OSError as error:
            raise reading_error(error, "it is damaged in the zip file") from None
        return content.getvalue()

    return read
