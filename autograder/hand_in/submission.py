"""Reads a student's directory or zip into a Submission: library files and notebook cells.

Problems are reported in sentences, and everything else is still graded. Student code is not run,
compiled or parsed here: its bytes are passed on to the sandbox.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from autograder.assignment import Assignment
from autograder.hand_in import version
from autograder.hand_in.chosen_notebook import notebook, notebooks_in
from autograder.hand_in.entries import listed, selected, unpacked
from autograder.hand_in.files import Entry, Unreadable, printable
from autograder.hand_in.library import library, roots_of
from autograder.hand_in.notebook import grade_id_of

MOST_ERRORS = 20
MOST_INNER_ZIPS = 5
OTHER_ARCHIVES = {
    ".7z": "7z",
    ".rar": "RAR",
    ".tar": "tar",
    ".tgz": "tar",
    ".gz": "gzip",
    ".bz2": "bzip2",
    ".xz": "xz",
    ".zst": "Zstandard",
}


@dataclass(frozen=True)
class Submission:
    """The readable parts of what a student handed in.

    Attributes:
        name: the name of the student, or of the directory or zip.
        files: the library: contents by path ("lib/optim.py").
        cells: the source of the notebook's answer cells by grade id, without magics.
        errors: sentences about what is missing or could not be read.
        notebook: the unchanged notebook file, for a person to look at; empty if there is none.
        version: the version of the assignment that the notebook claims to be made from.
    """

    name: str
    files: Mapping[str, bytes]
    cells: Mapping[str, str]
    errors: tuple[str, ...] = ()
    notebook: bytes = field(default=b"", repr=False)
    version: str | None = None

    @property
    def digest(self) -> str:
        """A hash of the library and the notebook."""
        digest = hashlib.sha256()
        for path, content in (*sorted(self.files.items()), ("", self.notebook)):
            digest.update(f"{len(path)}:{path}{len(content)}:".encode() + content)
        return digest.hexdigest()


def read(
    assignment: Assignment,
    path: Path,
    name: str | None = None,
    within: Path | None = None,
    files: Sequence[tuple[str, str]] = (),
) -> Submission:
    """Reads a submission. Unreadable parts are left empty and reported; they raise no error.

    Args:
        assignment: the assignment that was submitted.
        path: a directory or zip.
        name: the student's name; by default the name of the directory or zip.
        within: the class's folder, below which no link is followed, see `entries.listed`.
        files: which files of a class's download belong to this submission: (path there, path here).

    Raises:
        Inaccessible: the machine cannot read the submission.
    """
    errors: list[str] = []
    name = printable(name or os.path.basename(os.path.realpath(path)))
    try:
        with ExitStack() as stack:
            if files:
                opened = selected(path, dict(files), errors.append)
            else:
                opened = listed(path, errors.append, within)
            entries = _with_inner_zips(assignment, stack.enter_context(opened), stack, errors)
            library_files = library(assignment, entries, errors)
            cells, content = notebook(assignment, entries, errors)
    except Unreadable as unreadable:
        return Submission(name, {}, {}, (str(unreadable),))
    claimed = version.claimed(content) if content else None
    return Submission(name, library_files, cells, _at_most_reported(errors), content, claimed)


def _with_inner_zips(
    assignment: Assignment, entries: list[Entry], stack: ExitStack, errors: list[str]
) -> list[Entry]:
    """The files; if the library or the notebook is missing, also those in the zips among them.

    Zips in zips are opened up to two levels deep.
    """
    for _ in range(2):
        zips = [entry for entry in entries if entry.path.lower().endswith(".zip")]
        if not zips or _is_complete(assignment, entries):
            break
        entries = [entry for entry in entries if entry not in zips]
        for inner in zips[:MOST_INNER_ZIPS]:
            try:
                inside = stack.enter_context(unpacked(inner, errors.append))
            except Unreadable as unreadable:
                errors.append(f"{printable(inner.path)} was not read: {unreadable}")
                continue
            folder = "" if len(zips) == 1 else inner.path[: -len(".zip")] + "/"
            entries += [replace(entry, path=folder + entry.path) for entry in inside]
    if not _is_complete(assignment, entries):
        errors += _other_archives(entries)
    return entries


def _is_complete(assignment: Assignment, entries: Sequence[Entry]) -> bool:
    return bool(roots_of(assignment, entries) and notebooks_in(entries))


def _other_archives(entries: Sequence[Entry]) -> Iterator[str]:
    for entry in entries:
        kind = OTHER_ARCHIVES.get(PurePosixPath(entry.path).suffix.lower())
        if kind is not None:
            yield f"{printable(entry.path)} is a {kind} archive, which is not read: make a zip"


def write(assignment: Assignment, submission: Submission, folder: Path) -> None:
    """Writes a trusted submission into a folder in the form that students hand in."""
    for path, content in submission.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    source = json.loads(assignment.source.read_text("utf-8"))
    for cell in source["cells"]:
        cell["source"] = submission.cells.get(grade_id_of(cell), cell["source"])
    (folder / assignment.notebook).write_text(json.dumps(source), "utf-8")


def _at_most_reported(errors: list[str]) -> tuple[str, ...]:
    reported = errors[:MOST_ERRORS]
    if len(errors) > len(reported):
        reported.append(f"and {len(errors) - len(reported)} more problems")
    return tuple(reported)
