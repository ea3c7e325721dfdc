"""The download of a class, a folder or a zip: which files are in it, by their names alone."""

from __future__ import annotations

import contextlib
import hashlib
import os
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import IO

from autograder.hand_in.files import Unreadable, content, opened_at, printable
from autograder.hand_in.zips import member_reader, name_of

MOST_FILES = 500_000
LARGEST_TEXT = 256 * 2**20
"""Bytes of the largest text file of the platform itself: Gradescope's holds all results."""
LEFTOVERS = {"__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini"}
"""What file managers leave behind, besides `._name` for every file. Other names with a leading dot
are kept, since a person's name may begin with one."""


@dataclass(frozen=True)
class Download:
    """A class as it was downloaded.

    Attributes:
        path: of the folder or zip.
        archive: the zip, opened; None for a folder.
        inside: the folder in it that holds the class, with `/` at its end; empty for the top.
    """

    path: Path
    archive: zipfile.ZipFile | None = None
    inside: str = ""

    @cached_property
    def top(self) -> tuple[str, ...]:
        """The names at the top, sorted; folders have a `/` at the end."""
        if self.archive is not None:
            heads = {name.split("/", 1)[0] + "/" * ("/" in name) for name in self.names}
            return tuple(sorted(heads))
        with os.scandir(self.path / self.inside) as entries:
            found = [e.name + "/" * e.is_dir(follow_symlinks=False) for e in entries]
        return tuple(sorted(name for name in found if not _is_left_over(name)))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The paths of all files below `inside`, sorted. No link is followed."""
        found = self._members if self.archive is not None else _in_folder(self.path)
        below = (name.removeprefix(self.inside) for name in found if name.startswith(self.inside))
        return tuple(sorted(name for name in below if name and not _is_left_over(name)))

    def unwrapped(self) -> Download | None:
        """This download one level down, if everything lies in one folder; else None."""
        if len(self.top) != 1 or not self.top[0].endswith("/"):
            return None
        return replace(self, inside=self.inside + self.top[0])

    def text(self, name: str) -> str:
        """A text file of the platform's own, by its path below `inside`.

        Raises:
            Unreadable: there is none of that name, it is too large, or it is no text.
        """
        try:
            return self._content(self.inside + name).decode("utf-8-sig")
        except UnicodeDecodeError:
            why = "it is not a text in UTF-8"
        except Unreadable as unreadable:
            why = str(unreadable)
        raise Unreadable(f"{printable(name)} was not read: {why}")

    def digest(self, path: str) -> str | None:
        """The SHA-256 of a file by its path in the whole download; None if it is unreadable."""
        try:
            if self.archive is not None:
                opened: IO[bytes] = self.archive.open(self._members[path])
            else:
                opened = os.fdopen(opened_at(self.path / path, self.path), "rb")
            found = hashlib.sha256()
            with opened as file:
                while block := file.read(2**20):
                    found.update(block)
            return found.hexdigest()
        except (OSError, KeyError, ValueError, RuntimeError, zipfile.BadZipFile, zlib.error):
            return None

    @cached_property
    def _members(self) -> dict[str, zipfile.ZipInfo]:
        assert self.archive is not None
        members = self.archive.infolist()[:MOST_FILES]
        return {name_of(member): member for member in members if not member.is_dir()}

    def _content(self, path: str) -> bytes:
        """The content of a file by its path in the whole download; raises Unreadable."""
        if self.archive is None:
            return content(self.path / path, LARGEST_TEXT, self.path)
        if path not in self._members:
            raise Unreadable("there is no such file")
        return member_reader(self.archive, self._members[path])(LARGEST_TEXT)


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Download]:
    """The download at a path, which can be read as long as the block lasts.

    Raises:
        Unreadable: it is neither a folder nor a zip file.
        OSError: the system does not let it be read.
    """
    if path.is_dir():
        yield Download(path)
        return
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError):
        raise Unreadable("it is neither a folder nor a zip file, or the zip is damaged") from None
    with archive:
        yield Download(path, archive)


def _is_left_over(name: str) -> bool:
    return any(part.startswith("._") or part in LEFTOVERS for part in name.split("/"))


def _in_folder(path: Path) -> Iterator[str]:
    count = 0
    for folder, folders, files in os.walk(path):
        folders[:] = sorted(name for name in folders if not _is_left_over(name))
        for name in files:
            count += 1
            if count > MOST_FILES:
                return
            yield Path(folder, name).relative_to(path).as_posix()
