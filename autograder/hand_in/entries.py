"""Lists the files of an untrusted directory, zip, or part of a class's download.

Only regular files with ordinary names are listed. Everything else is reported in a sentence and
ignored.
"""

from __future__ import annotations

import contextlib
import io
import os
import stat
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import islice
from pathlib import Path, PurePosixPath

from autograder.hand_in.files import (
    FILE_ERRNOS,
    FILE_FLAGS,
    FOLDER_FLAGS,
    Entry,
    Inaccessible,
    complaint_about_kind,
    complaint_about_path,
    content_of,
    opened_at,
    opened_below,
    printable,
    reading_error,
    reopened,
)
from autograder.hand_in.zips import SKIPPED_FOLDERS, entries_of, opened_zip

MOST_ENTRIES = 5_000
MOST_IN_A_FOLDER = 500
"""So that a folder of images that sorts before `lib` does not use up MOST_ENTRIES."""
LARGEST_INNER_ZIP = 64 * 2**20
"""Bytes of a zip in a zip, which is read into memory."""


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
            root = opened_at(path, within)
            stack.callback(os.close, root)
            status = os.fstat(root)
            if stat.S_ISDIR(status.st_mode):
                entries = list(_in_directory(root, report))
            elif not stat.S_ISREG(status.st_mode):
                raise Inaccessible(f"{printable(str(path))} is neither a directory nor a zip file")
            elif path.suffix.lower() == ".ipynb":
                entries = [_entry(path.name, status.st_size, partial(reopened, root))]
            else:
                file = stack.enter_context(os.fdopen(os.dup(root), "rb"))
                entries = list(entries_of(stack.enter_context(opened_zip(file)), report))
        except FileNotFoundError:
            shown = printable(str(path))
            raise Inaccessible(f"there is no directory or zip file {shown}") from None
        except OSError as error:
            what = f"{printable(path.name)} cannot be read"
            raise Inaccessible(str(reading_error(error, what))) from None
        yield _sorted_entries(entries, report)


@contextlib.contextmanager
def selected(
    path: Path, chosen: Mapping[str, str], report: Callable[[str], None]
) -> Iterator[list[Entry]]:
    """Some files of a class's download, as one submission sorted by path.

    Files can be read only inside the `with` block.

    Args:
        path: the download, a directory or zip.
        chosen: path in the download -> path in the submission.
        report: called with a sentence for everything that is left out.

    Raises:
        Inaccessible: the download cannot be read.
    """
    with contextlib.ExitStack() as stack:
        try:
            if path.is_dir():
                root = opened_at(path, None)
                stack.callback(os.close, root)
                entries = list(_chosen_in_directory(root, chosen, report))
            else:
                archive = stack.enter_context(zipfile.ZipFile(path))
                entries = list(entries_of(archive, report, chosen))
        except (OSError, zipfile.BadZipFile) as error:
            raise Inaccessible(f"{printable(path.name)} cannot be read: {error}") from None
        yield _sorted_entries(entries, report)


def _chosen_in_directory(
    root: int, chosen: Mapping[str, str], report: Callable[[str], None]
) -> Iterator[Entry]:
    for old, new in chosen.items():
        opened = partial(opened_below, root, PurePosixPath(old).parts, FILE_FLAGS)
        if complaint := complaint_about_path(new):
            report(f"{printable(new)} was not read: {complaint}")
            continue
        try:
            descriptor = opened()
        except OSError as error:
            report(f"{printable(new)} was not read: {reading_error(error, 'it cannot be opened')}")
            continue
        size = os.fstat(descriptor).st_size
        os.close(descriptor)
        yield _entry(new, size, opened, may_be_linked=False)


@contextlib.contextmanager
def unpacked(entry: Entry, report: Callable[[str], None]) -> Iterator[list[Entry]]:
    """The files in a zip that is itself a file of a submission; see `listed`.

    Raises:
        Unreadable: it is not a zip that can be read safely, or it is too large.
    """
    with contextlib.ExitStack() as stack:
        try:
            if entry.opened is not None:
                file = stack.enter_context(entry.opened())
            else:
                file = io.BytesIO(entry.read(LARGEST_INNER_ZIP))
            entries = list(entries_of(stack.enter_context(opened_zip(file)), report))
        except OSError as error:
            raise reading_error(error, f"{entry.path} cannot be read") from None
        yield _sorted_entries(entries, report)


def _entry(path: str, size: int, opened: Callable[[], int], may_be_linked: bool = True) -> Entry:
    read = partial(content_of, opened=opened, may_be_linked=may_be_linked)
    return Entry(path, size, read, lambda: os.fdopen(opened(), "rb"))


def _sorted_entries(entries: list[Entry], report: Callable[[str], None]) -> list[Entry]:
    return sorted(_without_collisions(entries, report), key=lambda entry: entry.path)


def _in_directory(root: int, report: Callable[[str], None]) -> Iterator[Entry]:
    """Breadth first, so that the limit on the count cuts off the deepest files."""
    folders, count = [PurePosixPath()], 0
    for folder in folders:
        for path, status in _list_folder(root, folder, report):
            count += 1
            if count > MOST_ENTRIES:
                report(f"it holds more than {MOST_ENTRIES:,} files; the others were ignored")
                return
            complaint = complaint_about_path(str(path)) or complaint_about_kind(status)
            if complaint:
                report(f"{printable(str(path))} was not read: {complaint}")
            elif stat.S_ISDIR(status.st_mode):
                folders.append(path)
            else:
                opened = partial(opened_below, root, path.parts, FILE_FLAGS)
                yield _entry(str(path), status.st_size, opened, may_be_linked=False)


def _list_folder(
    root: int, folder: PurePosixPath, report: Callable[[str], None]
) -> list[tuple[PurePosixPath, os.stat_result]]:
    """The contents of a folder, sorted by name, with their paths below `root`.

    Raises:
        OSError: the machine failed, or the submission's root folder itself cannot be read.
    """
    try:
        descriptor = opened_below(root, folder.parts or (".",), FOLDER_FLAGS)
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
