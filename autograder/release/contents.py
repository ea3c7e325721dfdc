"""What the release holds beside the notebook, as bytes by path."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from autograder import checkout
from autograder.release.markers import StripError
from autograder.release.strip import find_blocks, strip

STUDENT = checkout.PROBLEM / "handout"
"""Files as students receive them."""
SVHN = checkout.PROBLEM / "svhn"
"""The package that downloads or draws the data; it needs nothing of ours."""


def files() -> dict[str, bytes]:
    """Every file of the release but the notebook: the stripped library, the package that fetches
    the data, and the students' own files.

    Raises:
        StripError: the library cannot be stripped safely.
    """
    content = {
        path.relative_to(checkout.LIBRARY).as_posix(): strip(text, _name(path)).encode()
        for path, text in _library()
    }
    for path in _files(SVHN):
        content[f"svhn/{path.relative_to(SVHN).as_posix()}"] = path.read_bytes()
    for path in _files(STUDENT):
        content[path.relative_to(STUDENT).as_posix()] = path.read_bytes()
    return dict(sorted(content.items()))


def blocks() -> Iterator[tuple[str, str, tuple[ast.stmt, ...]]]:
    """Every solution of the library: its place, the text it stands in, and its statements."""
    for path, text in _library():
        for block in find_blocks(text, _name(path)):
            yield block.place, text, block.body


def _library() -> Iterator[tuple[Path, str]]:
    for path in _files(checkout.LIBRARY / "lib"):
        if path.suffix != ".py":
            raise StripError(_name(path), 1, "only Python files belong in the library")
        yield path, path.read_text(encoding="utf-8")


def _files(folder: Path) -> Iterator[Path]:
    """The files of a folder, sorted, without what Python and editors leave behind."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not any(
            part == "__pycache__" or part.startswith(".")
            for part in path.parts[len(folder.parts) :]
        ):
            yield path


def _name(path: Path) -> str:
    """How messages call a file: its path in the checkout."""
    return path.relative_to(checkout.ROOT).as_posix()
