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
"""Bytes. The grader does not read larger notebooks."""


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
        grade_ids = {_grade_id(cell) for cell in _cells(folder)}
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
        text = path.read_text(encoding="utf-8", errors="replace")
        todo += [f"{name}, {place}" for place in TODO.findall(text)]
        try:
            ast.parse(text)
        except (SyntaxError, ValueError) as problem:
            line = getattr(problem, "lineno", None) or 1
            todo.append(f"{name}, line {line}, is not valid Python: {problem}")
    for cell in _cells(folder):
        text = "".join(cell["source"])
        todo += [f"{NOTEBOOK}, {place}" for place in TODO.findall(text)]
        if UNANSWERED in text:
            todo.append(f"{NOTEBOOK}, {_grade_id(cell)}: a question to answer in words")
    return todo


def collect(folder: Path, target: Path) -> list[str]:
    """Write the zip file, and return the names of the files in it."""
    paths = [folder / NOTEBOOK, *_library(folder)]
    names = [path.relative_to(folder).as_posix() for path in paths]
    partial = target.with_suffix(".part")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
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


def _cells(folder: Path) -> list[dict]:
    return json.loads((folder / NOTEBOOK).read_text(encoding="utf-8"))["cells"]


def _grade_id(cell: dict) -> str | None:
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
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", options.student):
        parser.error(
            "the name must start with a letter or digit and have only letters, digits, - . _"
        )
    return options


if __name__ == "__main__":
    sys.exit(main())
