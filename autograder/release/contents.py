"""The files of the release other than the notebook, as bytes by path."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from autograder.assignment import Assignment
from autograder.hand_in import cell_syntax
from autograder.release.markers import StripError
from autograder.release.strip import find_blocks, strip


def files(assignment: Assignment) -> dict[str, bytes]:
    """Every file of the release except the notebook.

    These are the stripped library, the package that fetches the data, the handout, and the module
    by which the students' checks read cells as the grader does.

    Raises:
        StripError: the library cannot be stripped safely.
        ChangelogError: the students' changelog cannot be read.
    """
    _ = assignment.versions
    content = {
        path.relative_to(assignment.library).as_posix(): strip(text, name).encode()
        for path, name, text in _library(assignment)
    }
    folders = [(assignment.handout, "")]
    if assignment.data is not None:  # this package imports nothing else of the project
        folders.insert(0, (assignment.folder / assignment.data, f"{assignment.data}/"))
    for folder, prefix in folders:
        for path in _files(folder):
            content[prefix + path.relative_to(folder).as_posix()] = path.read_bytes()
    content[f"tests/{Path(cell_syntax.__file__).name}"] = Path(cell_syntax.__file__).read_bytes()
    return dict(sorted(content.items()))


def blocks(assignment: Assignment) -> Iterator[tuple[str, str, tuple[ast.stmt, ...]]]:
    """Every solution of the library: its place, the text of its file, and its statements."""
    for _, name, text in _library(assignment):
        for block in find_blocks(text, name):
            yield block.place, text, block.body


def _library(assignment: Assignment) -> Iterator[tuple[Path, str, str]]:
    """The library's files: path, name in messages, and text."""
    for path in _files(assignment.library / "lib"):
        name = path.relative_to(assignment.root).as_posix()
        if path.suffix != ".py":
            raise StripError(name, 1, "only Python files belong in the library")
        yield path, name, path.read_text(encoding="utf-8")


def _files(folder: Path) -> Iterator[Path]:
    """The files of a folder, sorted, without hidden files and Python's caches."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not any(
            part == "__pycache__" or part.startswith(".")
            for part in path.parts[len(folder.parts) :]
        ):
            yield path
