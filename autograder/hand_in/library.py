"""Finds the library among a submission's files."""

from __future__ import annotations

import re
from collections.abc import Sequence

from autograder.assignment import Assignment
from autograder.assignment.stub import stubs_in
from autograder.hand_in.files import Entry, Unreadable, printable

MOST_LIBRARIES = 5
MOST_FILES = 300
LARGEST_FILE = 4 * 2**20
LARGEST_LIBRARY = 16 * 2**20
DEEPEST = 4
"""How deep a library may lie: a code host's download nests three folders."""

CODING = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)", re.ASCII)


def library(
    assignment: Assignment, entries: Sequence[Entry], errors: list[str]
) -> dict[str, bytes]:
    """The files of the library, by path ("lib/optim.py").

    Of several, the one with the fewest unwritten parts counts, then the one nearest the top.
    """
    roots = roots_of(assignment, entries)
    if not roots:
        errors.append(
            "there is no folder lib with the library in it, so only the notebook was graded; "
            "hand in the folder as it was released"
        )
        return {}
    root = roots[0] if len(roots) == 1 else _best_of(assignment, entries, roots, errors)
    files = _contents(entries, root, errors)
    errors += [f"{path} is missing" for path in assignment.answered_in if path not in files]
    return files


def _best_of(
    assignment: Assignment, entries: Sequence[Entry], roots: Sequence[str], errors: list[str]
) -> str:
    unwritten = {root: _unwritten(assignment, entries, root) for root in roots[:MOST_LIBRARIES]}
    best = min(unwritten, key=lambda root: unwritten[root])  # the first of equals
    is_alone = sum(rank == unwritten[best] for rank in unwritten.values()) == 1
    reason = "it has the fewest unwritten parts" if is_alone else "it is the topmost"
    errors.append(
        f"there are {len(roots)} libraries; {printable(best)}lib was graded, because {reason}"
    )
    return best


def roots_of(assignment: Assignment, entries: Sequence[Entry]) -> list[str]:
    """The folders that contain a `lib`, as prefixes, the topmost first."""
    found = (_root_of(assignment, entry.path) for entry in entries)
    return sorted(
        {root for root in found if root is not None}, key=lambda root: (root.count("/"), root)
    )


def _root_of(assignment: Assignment, path: str) -> str | None:
    """If the path is that of a library file, the folder that contains `lib`, as a prefix."""
    for module in assignment.modules:
        file = f"{module.replace('.', '/')}.py"
        prefix = path.removesuffix(file)
        if prefix != path and prefix.count("/") <= DEEPEST and prefix[-1:] in ("", "/"):
            return prefix
    return None


def _unwritten(assignment: Assignment, entries: Sequence[Entry], root: str) -> tuple[int, int]:
    """How much of a library is not written: missing files, then stubs."""
    own = [entry for entry in entries if entry.path.removeprefix(root) in assignment.answered_in]
    missing, stubs = len(assignment.answered_in), 0
    for entry in own:
        if not entry.path.startswith(root):
            continue
        try:
            stubs += stubs_in(entry.read(LARGEST_FILE).decode("utf-8", "replace"))
            missing -= 1
        except Unreadable:
            continue
    return missing, stubs


def _contents(entries: Sequence[Entry], root: str, errors: list[str]) -> dict[str, bytes]:
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
