"""The steps that make `nbgrader autograde` grade in our sandbox; nbgrader_config.py puts them in
order. No cell is run, and no output of a student's is taken for a result."""

from __future__ import annotations

import atexit
import os
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode, from_dict
from nbgrader.converters.base import BaseConverter
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Bool, Enum, Integer, Unicode

from autograder import gradebook, training
from autograder.entries import Unreadable, content
from autograder.gauge import new_seed
from autograder.grade import grade
from autograder.graded_notebook import (
    Source,
    as_json,
    note,
    plain_notebook,
    restored,
    unanswered,
    with_results,
)
from autograder.nbgrader_plugins.surroundings import leave_alone
from autograder.sandbox.selftest import choose
from autograder.submission import LARGEST_NOTEBOOK, read

LARGEST_FILE = 2 * LARGEST_NOTEBOOK
"""Written again with indents and results, a notebook that was handed in becomes larger."""


class PlainNotebook(NotebookExporter):
    """Reads a notebook that nobody vouches for, whatever it is, and writes it without surprises.

    Stock nbgrader ends with an error where a notebook is damaged, and the student keeps whatever
    points the one before it had.
    """

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        if isinstance(self.parent, BaseConverter):
            leave_alone(self.parent)

    def from_filename(self, filename: str, resources: dict | None = None, **kw: Any):
        try:
            notebook = plain_notebook(content(Path(filename), LARGEST_FILE))
        except Unreadable as reason:
            notebook = note(str(reason))
        return self.from_notebook_node(from_dict(notebook), resources=resources, **kw)

    def from_notebook_node(self, nb: NotebookNode, resources: dict | None = None, **kw: Any):
        notebook, resources = self._preprocess(nb, self._init_resources(resources))
        resources["output_extension"] = ".ipynb"
        return as_json(notebook), resources


class ResetScores(NbGraderPreprocessor):
    """Forgets the scores of an earlier hand-in first, so that none survives a grading that fails.

    Of cells that a resubmission no longer has, stock SaveAutoGrades keeps the scores.
    """

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]):
        names = resources["nbgrader"]
        with gradebook.opened(names["db_url"]) as book:
            gradebook.reset(book, names["student"], names["assignment"])
        return nb, resources


class RestoreCells(NbGraderPreprocessor):
    """Puts every marked cell back into its released form: deleted, duplicated or retagged ones."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]):
        return from_dict(restored(nb, _sources(resources))), resources


class GradeSubmission(NbGraderPreprocessor):
    """Grades the folder that was handed in, shows each result in its cell, and writes the scores.

    In the place of Execute and SaveAutoGrades: the scores come from the Grade alone.
    """

    training = Enum(
        ("off", *training.MODES), "off", help="Whether to train; as `autograder grade`."
    ).tag(config=True)
    seed = Integer(
        None, allow_none=True, help="The grading seed; one is drawn for each run without it."
    ).tag(config=True)
    sandbox = Unicode("", help="The sandbox; the first that passes its self-test.").tag(config=True)
    older_work = Bool(False, help="Of another year; as `autograder grade`.").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]):
        names = resources["nbgrader"]
        submission = read(self._handed_in(names), names["student"])
        seed = _drawn_seed() if self.seed is None else self.seed
        images = None if self.training == "off" else _images(self.training, seed)
        sandbox = choose(self.sandbox or None)
        found = grade(submission, seed, sandbox, images, older_work=self.older_work)
        silent = unanswered(nb, _sources(resources))
        with gradebook.opened(names["db_url"]) as book:
            gradebook.record(book, names["student"], found, silent, names["assignment"])
        self.log.info(
            "%s: %g of %g points, seed %d", names["student"], found.score, found.max_score, seed
        )
        return from_dict(with_results(nb, found)), resources

    def _handed_in(self, names: dict[str, str]) -> Path:
        """The folder as it was submitted: the notebook here has been put right already."""
        courses = self.parent.parent.coursedir
        path = courses.format_path(
            courses.submitted_directory, names["student"], names["assignment"]
        )
        return Path(path)


def _sources(resources: dict[str, Any]) -> tuple[Source, ...]:
    names = resources["nbgrader"]
    return _known_sources(names["db_url"], names["assignment"])


@cache
def _known_sources(address: str, assignment: str) -> tuple[Source, ...]:
    return gradebook.sources(address, assignment)


@cache
def _drawn_seed() -> int:
    """One for all that this run grades."""
    return new_seed()


@cache
def _images(mode: str, seed: int) -> training.Images:
    """What to train on, in a folder that goes when this process ends."""
    folder = tempfile.TemporaryDirectory(prefix="images-")
    atexit.register(folder.cleanup)
    os.chmod(folder.name, 0o711)  # the sandbox's user reads the files in it
    return training.prepare(training.MODES[mode], seed, Path(folder.name))
