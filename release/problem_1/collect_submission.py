"""Makes the zip file that you hand in. It contains only the notebook and lib.

python collect_submission.py ada            makes ada_problem_1.zip
python collect_submission.py ada --partial  makes it even if work is unfinished
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
NOTEBOOK = "Problem_1.ipynb"
REQUIRED = (
    NOTEBOOK,
    "lib/__init__.py",
    "lib/grad_check.py",
    "lib/mlp/__init__.py",
    "lib/mlp/datasets.py",
    "lib/mlp/fully_conn.py",
    "lib/mlp/layer_utils.py",
    "lib/mlp/memory.py",
    "lib/mlp/progress.py",
    "lib/mlp/train.py",
    "lib/optim.py",
)
CELLS = (
    "cascade_names",
    "small_network_names",
    "train_tiny_net_hyperparameters",
    "compare_sgd_momentum_question",
    "compare_optimizers_question",
    "activations_definitions",
)
"""The cells of the notebook in which you write."""

TODO = re.compile(r"""raise NotImplementedError\(["'](.+): write your solution here["']\)""")
UNANSWERED = "*Write your answer here.*"
LARGEST_NOTEBOOK = 16 * 2**20
LARGEST_FILE = 4 * 2**20
"""Bytes. The grader does not read larger notebooks, or larger files of the library."""
IGNORED_FOLDERS = {"__MACOSX", "node_modules", "venv", "env", "site-packages"}
"""The grader does not read what is in them."""
NBFORMAT = 4


def main() -> int:
    options = _options()
    faults = missing(FOLDER)
    if faults:
        print("This cannot be handed in:", *faults, sep="\n  ", file=sys.stderr)
        return 1
    todo = unfinished(FOLDER)
    if todo:
        print("Not finished:", *todo, sep="\n  ")
        if not options.partial and not _confirmed():
            print("No file was made. Add --partial to hand in unfinished work.", file=sys.stderr)
            return 1
    advice = doubtful(FOLDER)
    if advice:
        print("Look at this before you hand in:", *advice, sep="\n  ")
    target = FOLDER / f"{options.student}_problem_1.zip"
    names = collect(FOLDER, target)
    print(f"{target.name}: {len(names)} files, {target.stat().st_size / 1000:.0f} kB.")
    print("Hand in this file.")
    return 0


def missing(folder: Path) -> list[str]:
    """The reasons why the work cannot be graded, one sentence each."""
    faults = [
        f"{name} is missing. Copy it from the original files of the assignment"
        for name in REQUIRED
        if not (folder / name).is_file()
    ]
    if not (folder / NOTEBOOK).is_file():
        return faults
    if (folder / NOTEBOOK).stat().st_size > LARGEST_NOTEBOOK:
        return [
            *faults,
            f"{NOTEBOOK} is larger than {LARGEST_NOTEBOOK // 2**20} MiB and would not be read: "
            "clear the output of cells that print too much",
        ]
    try:
        grade_ids = {grade_id_of(cell) for cell in read_cells(folder / NOTEBOOK)}
    except (ValueError, LookupError, TypeError, AttributeError) as problem:
        return [
            *faults,
            f"{NOTEBOOK} is not a valid notebook ({problem}). Save it again in Jupyter",
        ]
    return faults + [
        f"{NOTEBOOK} has lost its cell {name!r}. Copy your work into the original notebook"
        for name in CELLS
        if name not in grade_ids
    ]


def unfinished(folder: Path) -> list[str]:
    """Unfinished parts, one line each. They cost points, but the work can be handed in."""
    todo = []
    for path in _library(folder):
        name = path.relative_to(folder).as_posix()
        content = path.read_bytes()
        todo += [f"{name}, {place}" for place in TODO.findall(content.decode("utf-8", "replace"))]
        try:
            ast.parse(content.decode("utf-8-sig"))  # as grading reads it
        except (SyntaxError, ValueError) as problem:
            line = getattr(problem, "lineno", None) or 1
            todo.append(f"{name}, line {line}, is not valid Python: {problem}")
    for cell in read_cells(folder / NOTEBOOK):
        text = text_of(cell)
        todo += [f"{NOTEBOOK}, {place}" for place in TODO.findall(text)]
        if UNANSWERED in text:
            todo.append(f"{NOTEBOOK}, {grade_id_of(cell)}: a question to answer in words")
    return todo


def doubtful(folder: Path) -> list[str]:
    """What may cost points although nothing is missing, one sentence each."""
    cells = read_cells(folder / NOTEBOOK)
    return [*_of_cells(cells), *_of_other_notebooks(folder), *_of_library(folder)]


def _of_cells(cells: list[dict]) -> Iterator[str]:
    ids = [grade_id_of(cell) for cell in cells]
    for name in CELLS:
        if ids.count(name) > 1:
            yield (
                f"{NOTEBOOK} has {ids.count(name)} cells {name!r}. Those with an answer are graded "
                "as one cell, in their order: delete the ones that you do not mean"
            )
    for name, cell in zip(ids, cells):
        if name in CELLS and not name.endswith("_question") and cell["cell_type"] != "code":
            yield f"{NOTEBOOK}, {name}, was turned into text: make it a code cell again"
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    if code and not any(cell.get("execution_count") or cell.get("outputs") for cell in code):
        yield f"{NOTEBOOK} was never run, or its outputs were cleared: your plots are missing"


def _of_other_notebooks(folder: Path) -> Iterator[str]:
    own = folder / NOTEBOOK
    for path in sorted(folder.glob("*.ipynb")):
        if path.name == NOTEBOOK:
            continue
        is_newer = path.stat().st_mtime > own.stat().st_mtime
        if is_newer or _unwritten(path) < _unwritten(own):
            what = "is newer" if is_newer else "has more answers"
            yield f"{path.name} {what} than {NOTEBOOK}, which alone is handed in: is it your work?"


def _of_library(folder: Path) -> Iterator[str]:
    for path in _library(folder):
        name = path.relative_to(folder)
        if ignored := IGNORED_FOLDERS.intersection(name.parts):
            yield f"{name.as_posix()} is not graded: rename the folder {min(ignored)}"
        elif path.stat().st_size > LARGEST_FILE:
            yield f"{name.as_posix()} is larger than {LARGEST_FILE // 2**20} MiB: it is not graded"


def _unwritten(path: Path) -> int:
    """How many parts of a notebook are as released; more than any has if it cannot be read."""
    try:
        texts = [text_of(cell) for cell in read_cells(path) if grade_id_of(cell) in CELLS]
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        texts = []
    return len(CELLS) - sum(map(is_written, texts))


def collect(folder: Path, target: Path) -> list[str]:
    """Write the zip file, and return the names of the files in it."""
    paths = [folder / NOTEBOOK, *_library(folder)]
    names = [path.relative_to(folder).as_posix() for path in paths]
    partial = target.with_suffix(".part")
    # a zip cannot hold a time before 1980, such as that of a file without one
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
        for path, name in zip(paths, names):
            archive.write(path, name)
    partial.replace(target)
    return names


def _library(folder: Path) -> list[Path]:
    """The Python files of lib, without data, caches, checkpoints and saved parameters."""
    return [
        path
        for path in sorted((folder / "lib").rglob("*.py"))
        if path.is_file()
        and not path.is_symlink()
        and not any(
            part.startswith((".", "__pycache__")) for part in path.parts[len(folder.parts) :]
        )
    ]


def read_cells(path: Path) -> list[dict]:
    """The cells of a notebook. Raises one of several errors if it is not one."""
    content = json.loads(path.read_text(encoding="utf-8-sig"))
    if content["nbformat"] != NBFORMAT:
        raise ValueError(f"its format is {content['nbformat']}, expected {NBFORMAT}")
    return content["cells"]


def is_written(text: str) -> bool:
    """Whether a cell is no longer as released."""
    return not TODO.search(text) and UNANSWERED not in text


def text_of(cell: dict) -> str:
    return "".join(cell["source"])


def grade_id_of(cell: dict) -> str | None:
    return cell["metadata"].get("nbgrader", {}).get("grade_id")


def _confirmed() -> bool:
    return sys.stdin.isatty() and input("Hand in unfinished work? [y/N] ").strip().lower() == "y"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("student", help="your name or number, used in the file name")
    parser.add_argument("--partial", action="store_true", help="do not ask if work is unfinished")
    options = parser.parse_args()
    if not re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,58}[A-Za-z0-9_-])?", options.student):
        parser.error(
            "the name must start with a letter or digit, have only letters, digits, - . _, not "
            "end with a dot, and have at most 60 characters"
        )
    return options


if __name__ == "__main__":
    sys.exit(main())
