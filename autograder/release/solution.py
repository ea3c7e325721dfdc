"""Writes the solution for students, for after the deadline: the release with all of its answers.

The library and the notebook have no markers and no banners, and every cell has been run, so that
the outputs and figures are the solution's.
"""

from __future__ import annotations

import ast
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from autograder.assignment import Assignment
from autograder.assignment.stub import stubs_in
from autograder.hand_in.version import KEY
from autograder.release.build import build
from autograder.release.finding import Finding
from autograder.release.markers import EXACT
from autograder.release.proofs import answer, line_of
from autograder.release.strip import END_BANNER, TODO, without_banners

SIGN = "solution"
"""In the notebook's metadata, beside the version: this folder was written here."""
DATA = "data"
"""Where the notebook looks for the images."""
BAR = "application/vnd.jupyter.widget-view+json"
"""The type of a progress bar, which shows nothing once the kernel has gone."""

Progress = Callable[[int, int, str], None]
"""A callback that receives the number of a cell, the number of all cells, and the cell's name."""


class SolutionError(Exception):
    """The solution cannot be written; the message says why, and what to do."""


def write(
    assignment: Assignment, folder: Path, data: Path | None, progress: Progress
) -> list[Finding]:
    """Write the solution into a folder, and return what is wrong with it.

    If anything is wrong, the folder stays as it was.

    Args:
        assignment: whose solution.
        folder: a folder that is new, empty or written by this function.
        data: the folder of the images; None if the notebook needs none.
        progress: called before each cell.

    Raises:
        SolutionError: the folder holds something else, or a cell fails.
        StripError, ChangelogError, BuildError: as in `build`.
    """
    _require_ours(assignment, folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".solution-", dir=folder.parent) as temporary:
        made = build(assignment, Path(temporary, assignment.id)).folder
        answer(assignment, made)
        for path in sorted((made / "lib").rglob("*.py")):
            path.write_text(without_banners(path.read_text("utf-8"), path.name), "utf-8")
        notebook = made / assignment.notebook
        _unmark(assignment, notebook)
        _execute(assignment, notebook, data, progress)
        findings = list(problems(assignment, made))
        if not findings:
            shutil.rmtree(folder, ignore_errors=True)
            shutil.move(made, folder)
    return findings


def _require_ours(assignment: Assignment, folder: Path) -> None:
    """Refuse a folder that holds anything but an earlier solution."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    try:
        ours = _read(folder / assignment.notebook)["metadata"][KEY][SIGN]
    except (OSError, ValueError, LookupError, TypeError):
        ours = False
    if ours is not True:
        raise SolutionError(
            f"{folder} holds something that was not written by this command; name a new folder"
        )


def _unmark(assignment: Assignment, path: Path) -> None:
    """Give each cell its text from the source, without markers; mark schemes stay."""
    texts = {_name(cell): "".join(cell["source"]) for cell in _read(assignment.source)["cells"]}
    notebook = _read(path)
    for cell in notebook["cells"]:
        name = _name(cell)
        if cell["cell_type"] == "code":
            text = without_banners(texts[name], name)
        else:
            text = "\n".join(line for line in texts[name].split("\n") if line not in EXACT)
        cell["source"] = text.splitlines(keepends=True)
    notebook["metadata"].setdefault(KEY, {})[SIGN] = True
    _save(path, notebook)


def _execute(assignment: Assignment, path: Path, data: Path | None, progress: Progress) -> None:
    """Run every cell, beside a link to the images, so that no output names another folder."""
    notebook = nbformat.read(path, as_version=4)
    metadata, count = dict(notebook.metadata), len(notebook.cells)
    environment = {"OPENBLAS_NUM_THREADS": "1", **os.environ}  # small batches need no second one
    environment.pop(f"{assignment.data}_DIR".upper(), None)
    link = path.parent / DATA
    if data is not None:
        link.symlink_to(data.resolve())
    try:
        NotebookClient(
            notebook,
            timeout=None,
            startup_timeout=300,  # seconds, for a busy machine
            resources={"metadata": {"path": str(path.parent)}},
            record_timing=False,
            store_widget_state=False,
            extra_arguments=["--IPKernelApp.log_level=ERROR"],  # it warns of its own defaults
            on_cell_start=lambda cell, cell_index: progress(cell_index, count, _name(cell)),
        ).execute(env=environment)
    except CellExecutionError as error:
        raise SolutionError(f"a cell of the solution fails: {error}") from error
    finally:
        link.unlink(missing_ok=True)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if BAR not in output.get("data", {})]
    notebook.metadata = metadata
    _save(path, notebook)
    for compiled in path.parent.rglob("__pycache__"):
        shutil.rmtree(compiled)


def problems(assignment: Assignment, folder: Path) -> Iterator[Finding]:
    """Where a folder is not the solution, or shows how the release was made from it."""
    for path in sorted((folder / "lib").rglob("*.py")):
        name, text = path.relative_to(folder).as_posix(), path.read_text("utf-8")
        original = (assignment.library / name).read_text("utf-8")
        if ast.dump(ast.parse(text)) != ast.dump(ast.parse(original)):
            yield Finding("solution", name, 1, "is not the code of the solution")
        yield from (Finding("markers", name, line, "a marker") for line in _marked(text))
    path = folder / assignment.notebook
    for cell in _read(path)["cells"]:
        where, text = (assignment.notebook, line_of(path, _name(cell))), "".join(cell["source"])
        if any(_marked(text)):
            yield Finding("markers", *where, f"a marker in the cell {_name(cell)}")
        if cell["cell_type"] == "code" and (wrong := _not_run(cell)):
            yield Finding("executed", *where, f"the cell {_name(cell)} {wrong}")


def _marked(text: str) -> Iterator[int]:
    """The lines with a marker, a banner or a stub."""
    for number, line in enumerate(text.split("\n"), 1):
        banner = TODO.fullmatch(line) or END_BANNER.fullmatch(line)
        if banner or line.lstrip(" ") in EXACT or stubs_in(line):
            yield number


def _not_run(cell: dict[str, Any]) -> str:
    """What shows that a cell was not run to its end; empty if nothing does."""
    if cell["execution_count"] is None:
        return "was not run"
    if any(output["output_type"] == "error" for output in cell["outputs"]):
        return "raised an exception"
    return ""


def _name(cell: dict[str, Any]) -> str:
    name: str = cell["metadata"]["nbgrader"]["grade_id"]
    return name


def _read(path: Path) -> dict[str, Any]:
    notebook: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return notebook


def _save(path: Path, notebook: dict[str, Any]) -> None:
    text = json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    path.write_text(text, "utf-8")
