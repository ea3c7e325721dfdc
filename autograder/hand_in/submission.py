"""Reads a student's directory or zip into a Submission: library files and notebook cells.

Problems are reported in sentences, and everything else is still graded. Student code is not run,
compiled or parsed here: its bytes are passed on to the sandbox.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from autograder.assignment import Assignment
from autograder.hand_in import version
from autograder.hand_in.files import Entry, Unreadable, listed, printable, unpacked
from autograder.hand_in.notebook import NoNotebook, cells_of, grade_id_of, ids_in

MOST_FILES = 300
LARGEST_FILE = 4 * 2**20
LARGEST_LIBRARY = 16 * 2**20
LARGEST_NOTEBOOK = 16 * 2**20
MOST_NOTEBOOKS = 10
MOST_ERRORS = 20
DEEPEST_LIBRARY = 2
"""Folders between the submission and `lib`: one made by the student, one by the zip program or the
learning platform."""

CODING = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)", re.ASCII)


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
    assignment: Assignment, path: Path, name: str | None = None, within: Path | None = None
) -> Submission:
    """Reads a submission. Unreadable parts are left empty and reported; they raise no error.

    Args:
        assignment: the assignment that was submitted.
        path: a directory or zip.
        name: the student's name; by default the name of the directory or zip.
        within: the class's folder, below which no link is followed, see `files.listed`.

    Raises:
        Inaccessible: the machine cannot read the submission.
    """
    errors: list[str] = []
    name = printable(name or os.path.basename(os.path.realpath(path)))
    try:
        with ExitStack() as stack:
            entries = stack.enter_context(listed(path, errors.append, within))
            inner = [entry for entry in entries if entry.path.lower().endswith(".zip")]
            if (
                len(inner) == 1
                and inner[0].opened is not None
                and not _contains_work(assignment, entries)
            ):
                entries = stack.enter_context(unpacked(inner[0], errors.append))
            files = _library(assignment, entries, errors)
            cells, notebook = _notebook(assignment, entries, errors)
    except Unreadable as unreadable:
        return Submission(name, {}, {}, (str(unreadable),))
    claimed_version = version.claimed(notebook) if notebook else None
    return Submission(name, files, cells, _at_most_reported(errors), notebook, claimed_version)


def write(assignment: Assignment, submission: Submission, folder: Path) -> None:
    """Writes a trusted submission into a folder in the form that students hand in."""
    for path, content in submission.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    notebook = json.loads(assignment.source.read_text("utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = submission.cells.get(grade_id_of(cell), cell["source"])
    (folder / assignment.notebook).write_text(json.dumps(notebook), "utf-8")


def _contains_work(assignment: Assignment, entries: Iterable[Entry]) -> bool:
    return any(
        _library_root(assignment, entry.path) is not None or entry.path.endswith(".ipynb")
        for entry in entries
    )


def _library_root(assignment: Assignment, path: str) -> str | None:
    """If the path is that of a library file, the folder that contains `lib`, as a prefix."""
    for module in assignment.modules:
        file = f"{module.replace('.', '/')}.py"
        prefix = path.removesuffix(file)
        if prefix != path and prefix.count("/") <= DEEPEST_LIBRARY and prefix[-1:] in ("", "/"):
            return prefix
    return None


def _library(assignment: Assignment, entries: list[Entry], errors: list[str]) -> dict[str, bytes]:
    """The files under the topmost `lib`; others are reported."""
    candidates = (_library_root(assignment, entry.path) for entry in entries)
    roots = {root for root in candidates if root is not None}
    if not roots:
        errors.append(
            "there is no folder lib with the library in it, so only the notebook was graded; "
            "hand in the folder as it was released"
        )
        return {}
    root = min(roots, key=lambda root: (root.count("/"), root))
    if len(roots) > 1:
        errors.append(f"there are {len(roots)} libraries; the one in {root or './'}lib was graded")
    files = _contents(entries, root, errors)
    errors += [f"{path} is missing" for path in assignment.answered_in if path not in files]
    return files


def _contents(entries: list[Entry], root: str, errors: list[str]) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    room = LARGEST_LIBRARY
    inside = [
        entry
        for entry in entries
        if entry.path.startswith(root + "lib/") and not entry.path.endswith((".pyc", ".pyo"))
    ]
    inside.sort(key=lambda entry: not entry.path.endswith(".py"))  # code before other files
    if len(inside) > MOST_FILES:  # counts before reading, since damaged files take time, too
        errors.append(f"lib holds more than {MOST_FILES} files; only the first were used")
    for entry in inside[:MOST_FILES]:
        path = entry.path.removeprefix(root)
        try:
            files[path] = entry.read(min(LARGEST_FILE, room))
        except Unreadable as unreadable:
            errors.append(f"{path} was not read: {unreadable}")
            continue
        room -= len(files[path])
        if path.endswith(".py") and not _is_text(files[path]):
            errors.append(f"{path} is not in UTF-8, which Python expects; save it in that encoding")
    return files


def _is_text(content: bytes) -> bool:
    """Whether Python can decode a source file: it is UTF-8, or declares another encoding."""
    if any(CODING.match(line) for line in content.split(b"\n", 2)[:2]):
        return True
    try:
        content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return True


def _notebook(
    assignment: Assignment, entries: list[Entry], errors: list[str]
) -> tuple[dict[str, str], bytes]:
    """The cells and bytes of the notebook with the most grade ids of the assignment."""
    notebooks = [
        entry
        for entry in entries
        if entry.path.endswith(".ipynb") and entry.path.count("/") <= DEEPEST_LIBRARY
    ]
    if not notebooks:
        errors.append("there is no notebook, so its answer cells count as missing")
        return {}, b""
    contents = {}
    for entry in notebooks[:MOST_NOTEBOOKS]:
        try:
            contents[entry.path] = entry.read(LARGEST_NOTEBOOK)
        except Unreadable as unreadable:
            errors.append(f"{printable(entry.path)} was not read: {unreadable}")
    if not contents:
        return {}, b""

    def preference(path: str) -> tuple[int, int, str]:
        known = ids_in(contents[path]) & assignment.marked_cells
        return -len(known), path.count("/"), path

    chosen = min(contents, key=preference)
    try:
        cells = cells_of(contents[chosen], assignment.answers, errors.append)
    except NoNotebook as reason:
        errors.append(f"{printable(PurePosixPath(chosen).name)} could not be read: {reason}")
        return {}, b""
    if not ids_in(contents[chosen]) & assignment.marked_cells:
        errors.append(
            f"{printable(PurePosixPath(chosen).name)} has none of the assignment's graded cells, "
            "so its answer cells count as missing"
        )
    else:
        errors += [
            f"the notebook has no cell {cell}" for cell in sorted(assignment.answers - set(cells))
        ]
    return cells, contents[chosen]


def _at_most_reported(errors: list[str]) -> tuple[str, ...]:
    reported = errors[:MOST_ERRORS]
    if len(errors) > len(reported):
        reported.append(f"and {len(errors) - len(reported)} more problems")
    return tuple(reported)
