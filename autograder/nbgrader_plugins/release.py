"""The steps that make `nbgrader generate_assignment` build our release.

nbgrader_config.py puts them in order. They raise if anything is in doubt; nbgrader then removes
what it has written and stops with an error. nbgrader's hooks would only log the exception and
continue.
"""

from __future__ import annotations

import json
from typing import Any

from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor

from autograder.assignment.stub import stub
from autograder.hand_in import version
from autograder.nbgrader_plugins.step import AssignmentStep
from autograder.release import contents
from autograder.release.markers import MARK_SCHEME, SOLUTION, StripError, regions
from autograder.release.strip import find_blocks

UNNAMED_STUB = stub("this cell")
"""Stock ClearSolutions replaces a solution by this; NameStubs then puts in the cell's name."""


class CheckMarkers(NbGraderPreprocessor):
    """Refuses a notebook with a marker that is misspelt, missing or in the wrong cell.

    Stock ClearSolutions looks for substrings, so it would let a solution through.
    """

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict[str, Any], index: int
    ) -> tuple[NotebookNode, dict[str, Any]]:
        nbgrader = cell.metadata.get("nbgrader", {})
        path = f"{resources['unique_key']}.ipynb, cell {nbgrader.get('grade_id') or index + 1}"
        if cell.get("attachments"):
            raise StripError(path, 1, "a released cell must not have attachments; link to the file")
        solution, task = nbgrader.get("solution"), nbgrader.get("task")
        found = {region.kind for region in regions(cell.source, path)}
        if cell.cell_type == "code":
            find_blocks(cell.source, path)
        allowed = {SOLUTION} if solution else {MARK_SCHEME} if task else set()
        if found != allowed:
            names = sorted(kind.name for kind in found) or "none"
            expected = sorted(kind.name for kind in allowed) or "none"
            raise StripError(path, 1, f"regions found: {names}; expected in this cell: {expected}")
        return cell, resources


class NameStubs(NbGraderPreprocessor):
    """Puts the grade id of its cell into each code stub. Runs right after ClearSolutions."""

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict[str, Any], index: int
    ) -> tuple[NotebookNode, dict[str, Any]]:
        if cell.cell_type == "code" and UNNAMED_STUB in cell.source:
            named = stub(cell.metadata.nbgrader.grade_id)
            cell.source = cell.source.replace(UNNAMED_STUB, named)
        return cell, resources


class AddReleaseFiles(AssignmentStep):
    """Adds the stripped library and the handout beside the notebook.

    They are outputs of the notebook, because `nbgrader autograde` would copy files in `source/`
    over a student's own.
    """

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        resources["outputs"] = {
            **(resources.get("outputs") or {}),
            **contents.files(self.assignment),
        }
        return nb, resources


class StateVersion(AssignmentStep):
    """Writes the assignment's version into the notebook, so that a hand-in says its version.

    It replaces any version in the source.
    """

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        nb.metadata.pop(version.KEY, None)
        for newest in self.assignment.versions[:1]:
            nb.metadata[version.KEY] = {"version": newest.number}
        return nb, resources


class ReleaseNotebook(NotebookExporter):
    """Writes the notebook in a form that depends only on its cells and its version.

    Cell ids, key order, nbformat's minor version and the kernel are fixed here, independent of
    nbconvert and the machine.
    """

    def from_notebook_node(
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[Any, dict[str, Any]]:  # the first is a str, which the base class does not declare
        _, resources = released = super().from_notebook_node(nb, resources, **kw)
        notebook = json.loads(released[0])
        stated = {k: v for k, v in notebook["metadata"].items() if k == version.KEY}
        canonical = {
            "cells": [_cell(cell, n) for n, cell in enumerate(notebook["cells"], 1)],
            "metadata": {
                "kernelspec": {
                    "display_name": "Python 3",
                    "language": "python",
                    "name": "python3",
                },
                "language_info": {"name": "python"},
                **stated,
            },
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        return json.dumps(canonical, indent=1, ensure_ascii=False, sort_keys=True) + "\n", resources


def _cell(cell: dict[str, Any], number: int) -> dict[str, Any]:
    """The cell with only what nbgrader and Jupyter need, without traces of editing or running."""
    metadata = {k: v for k, v in cell["metadata"].items() if k in KEPT_METADATA}
    grade_id = metadata.get("nbgrader", {}).get("grade_id")
    canonical = {
        "cell_type": cell["cell_type"],
        "id": grade_id or f"cell-{number}",
        "metadata": metadata,
        "source": "".join(cell["source"]).splitlines(keepends=True),
    }
    if cell["cell_type"] == "code":
        canonical |= {"execution_count": None, "outputs": []}
    return canonical


KEPT_METADATA = {"nbgrader", "deletable", "editable"}
