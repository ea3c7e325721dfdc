"""The steps that make `nbgrader autograde` grade in our sandbox.

nbgrader_config.py puts them in order. No cell is run, and a student's outputs never count as
results.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode, from_dict
from nbgrader.converters.base import BaseConverter
from traitlets import Bool, Integer, TraitError, Unicode, validate

from autograder.assignment import Assignment
from autograder.grading.grade import grade
from autograder.hand_in.chosen_notebook import LARGEST_NOTEBOOK
from autograder.hand_in.files import Inaccessible, Unreadable, content
from autograder.hand_in.submission import Submission, read
from autograder.nbgrader_plugins import gradebook
from autograder.nbgrader_plugins.graded_notebook import (
    Source,
    as_json,
    note,
    plain_notebook,
    restored,
    unanswered,
    with_results,
)
from autograder.nbgrader_plugins.patches import leave_alone, shared_folder, take_every_folder
from autograder.nbgrader_plugins.step import AssignmentStep
from autograder.sandbox.selftest import choose
from autograder.seeds import new_seed, seed_of_hand_in
from autograder.training.images import OFF, Images, modes, open_images
from autograder.training.replay import Replay, Task, replayed

take_every_folder()

LARGEST_FILE = 2 * LARGEST_NOTEBOOK
"""A submitted notebook grows when it is rewritten with indentation and results."""

_first_hand_ins: dict[tuple[str, str, str], str] = {}
"""Digest of the first hand-in that this process graded, by gradebook, assignment and student."""


class PlainNotebook(NotebookExporter):
    """Reads any untrusted notebook, even a damaged one, and writes it with plain cells only.

    On a damaged notebook, stock nbgrader stops with an error, and the student keeps the points of
    the previous hand-in.
    """

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        if isinstance(self.parent, BaseConverter):
            leave_alone(self.parent)

    def from_filename(
        self, filename: str, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[Any, dict[str, Any]]:  # the first is a str, which the base class does not declare
        path = Path(filename)
        within = path.parent
        if isinstance(self.parent, BaseConverter):
            within = shared_folder(self.parent.coursedir, path)
        try:
            notebook = plain_notebook(self._content(path, within))
        except (Unreadable, Inaccessible) as reason:
            notebook = note(str(reason))
        return self.from_notebook_node(from_dict(notebook), resources=resources, **kw)

    def _content(self, path: Path, within: Path) -> bytes:
        """The notebook; of a submission, the one that is graded, whatever it is called.

        Raises:
            Unreadable: there is none that can be read.
            Inaccessible: the machine cannot read it.
        """
        if getattr(self.parent, "_sanitizing", False):
            assignment = AssignmentStep(parent=self.parent).assignment
            if graded := read(assignment, path.parent, within=within).notebook:
                return graded
        return content(path, LARGEST_FILE, within)

    def from_notebook_node(
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[Any, dict[str, Any]]:  # the first is a str, which the base class does not declare
        notebook, resources = self._preprocess(nb, self._init_resources(resources))
        resources["output_extension"] = ".ipynb"
        return as_json(notebook), resources


class ResetScores(AssignmentStep):
    """Clears the scores of an earlier hand-in, so that none survives if the grading fails.

    Stock SaveAutoGrades keeps the old score of a cell that is missing from a resubmission.
    """

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        names = resources["nbgrader"]
        with gradebook.opened(self.assignment, names["db_url"]) as book:
            gradebook.reset(self.assignment, book, names["student"], names["assignment"])
        return nb, resources


class RestoreCells(AssignmentStep):
    """Restores every marked cell to its released form, even if deleted, duplicated or retagged."""

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        return from_dict(restored(nb, _sources(self.assignment, resources))), resources


class GradeSubmission(AssignmentStep):
    """Grades the submitted folder, shows each result in its cell, and writes the scores.

    It replaces Execute and SaveAutoGrades: all scores come from the Grade. If the folder cannot be
    read, there are no scores, and a person has to mark every cell.
    """

    training = Unicode(OFF, help="The training mode, as in `autograder grade --training`.").tag(
        config=True
    )
    seed = Integer(
        None,
        allow_none=True,
        help="The grading seed, to repeat a grading (default: new for each run).",
    ).tag(config=True)
    sandbox = Unicode("", help="The sandbox (default: the first that passes its self-test).").tag(
        config=True
    )
    older_work = Bool(
        False, help="Grade work of earlier years, as in `autograder grade --older-work`."
    ).tag(config=True)

    @validate("training")
    def _is_a_mode(self, proposal: dict[str, Any]) -> str:
        known, mode = modes(self.assignment), str(proposal["value"])
        if mode not in known:
            raise TraitError(f"training must be one of {', '.join(known)}, not {mode!r}")
        return mode

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        names = resources["nbgrader"]
        path = self._submitted_folder(names)
        courses = self.parent.parent.coursedir
        try:
            submission = read(self.assignment, path, names["student"], shared_folder(courses, path))
        except Inaccessible as reason:
            self.log.warning("%s was set aside: %s", names["student"], reason)
            return nb, resources
        seed = _drawn_seed() if self.seed is None else self.seed
        images = None if self.training == OFF else _images(self.assignment, self.training)

        def replay(task: Task) -> Replay:
            self.log.info("training the recipe of %s; this can take minutes", names["student"])
            assert images is not None  # no training is asked for without images
            return replayed(task, images)

        seed = self._own_seed(seed, submission, names)
        sandbox = choose(self.sandbox or None, self.assignment.probes_folder)
        result = grade(
            self.assignment, submission, seed, sandbox, images, replay, older_work=self.older_work
        )
        blank = unanswered(nb, _sources(self.assignment, resources))
        student, known_as = names["student"], names["assignment"]
        with gradebook.opened(self.assignment, names["db_url"]) as book:
            gradebook.record(self.assignment, book, student, result, blank, known_as)
        for error in result.errors:
            self.log.warning("%s: %s", student, error)
        self.log.info("%s: %g of %g points, seed %d", student, result.score, result.max_score, seed)
        return from_dict(with_results(nb, result)), resources

    def _own_seed(self, seed: int, submission: Submission, names: dict[str, str]) -> int:
        """A different seed if this process has graded another hand-in of the same student.

        Formgrader's button grades in the server's process, which can run for weeks.
        """
        who = names["db_url"], names["assignment"], names["student"]
        first = _first_hand_ins.setdefault(who, submission.digest)
        return seed_of_hand_in(seed, submission.name, submission.digest, first)

    def _submitted_folder(self, names: dict[str, str]) -> Path:
        """The folder as it was submitted; the notebook in this step has already been restored."""
        courses = self.parent.parent.coursedir
        path = courses.format_path(
            courses.submitted_directory, names["student"], names["assignment"]
        )
        return Path(path)


def _sources(assignment: Assignment, resources: dict[str, Any]) -> tuple[Source, ...]:
    names = resources["nbgrader"]
    return _known_sources(assignment, names["db_url"], names["assignment"])


@cache
def _known_sources(assignment: Assignment, address: str, known_as: str) -> tuple[Source, ...]:
    return gradebook.sources(assignment, address, known_as)


@cache
def _drawn_seed() -> int:
    """One seed for everything that this run grades."""
    return new_seed()


@cache
def _images(assignment: Assignment, mode: str) -> Images:
    return open_images(assignment, mode)
