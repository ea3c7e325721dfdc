"""The steps that make `nbgrader autograde` grade in our sandbox; nbgrader_config.py puts them in
order. No cell is run, and no output of a student's is taken for a result."""

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
from autograder.hand_in.files import Inaccessible, Unreadable, content
from autograder.hand_in.submission import LARGEST_NOTEBOOK, Submission, read
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
from autograder.nbgrader_plugins.step import AssignmentStep
from autograder.nbgrader_plugins.surroundings import leave_alone, shared_folder
from autograder.sandbox.selftest import choose
from autograder.seeds import new_seed, seed_of_hand_in
from autograder.training.images import OFF, Images, modes, opened
from autograder.training.replay import Replay, Task, replayed

LARGEST_FILE = 2 * LARGEST_NOTEBOOK
"""Written again with indents and results, a notebook that was handed in becomes larger."""

_first_hand_ins: dict[tuple[str, str, str], str] = {}
"""By gradebook, assignment and student: digests of what this process graded first."""


class PlainNotebook(NotebookExporter):
    """Reads a notebook that nobody vouches for, whatever it is, and writes it without surprises.

    Stock nbgrader ends with an error where a notebook is damaged, and the student keeps whatever
    points the one before it had.
    """

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        if isinstance(self.parent, BaseConverter):
            leave_alone(self.parent)

    def from_filename(
        self, filename: str, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[Any, dict[str, Any]]:  # a text; the base class says it is none
        path = Path(filename)
        within = path.parent
        if isinstance(self.parent, BaseConverter):
            within = shared_folder(self.parent.coursedir, path)
        try:
            notebook = plain_notebook(content(path, LARGEST_FILE, within))
        except (Unreadable, Inaccessible) as reason:
            notebook = note(str(reason))
        return self.from_notebook_node(from_dict(notebook), resources=resources, **kw)

    def from_notebook_node(
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[Any, dict[str, Any]]:  # a text; the base class says it is none
        notebook, resources = self._preprocess(nb, self._init_resources(resources))
        resources["output_extension"] = ".ipynb"
        return as_json(notebook), resources


class ResetScores(AssignmentStep):
    """Forgets the scores of an earlier hand-in first, so that none survives a grading that fails.

    Of cells that a resubmission no longer has, stock SaveAutoGrades keeps the scores.
    """

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        names = resources["nbgrader"]
        with gradebook.opened(self.assignment, names["db_url"]) as book:
            gradebook.reset(self.assignment, book, names["student"], names["assignment"])
        return nb, resources


class RestoreCells(AssignmentStep):
    """Puts every marked cell back into its released form: deleted, duplicated or retagged ones."""

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        return from_dict(restored(nb, _sources(self.assignment, resources))), resources


class GradeSubmission(AssignmentStep):
    """Grades the folder that was handed in, shows each result in its cell, and writes the scores.

    In the place of Execute and SaveAutoGrades: the scores come from the Grade alone. Where the
    system does not let the folder be read, there are none, and every cell awaits a person.
    """

    training = Unicode(OFF, help="Whether to train; as `autograder grade`.").tag(config=True)
    seed = Integer(
        None,
        allow_none=True,
        help="The grading seed, to repeat a grading; without it one is drawn for each run.",
    ).tag(config=True)
    sandbox = Unicode("", help="The sandbox; the first that passes its self-test.").tag(config=True)
    older_work = Bool(False, help="Of another year; as `autograder grade`.").tag(config=True)

    @validate("training")
    def _is_a_mode(self, proposal: dict[str, Any]) -> str:
        known, asked = modes(self.assignment), str(proposal["value"])
        if asked not in known:
            raise TraitError(f"training is one of {', '.join(known)}; not {asked!r}")
        return asked

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        names = resources["nbgrader"]
        path = self._handed_in(names)
        courses = self.parent.parent.coursedir
        try:
            submission = read(self.assignment, path, names["student"], shared_folder(courses, path))
        except Inaccessible as reason:
            self.log.warning("%s was set aside: %s", names["student"], reason)
            return nb, resources
        seed = _drawn_seed() if self.seed is None else self.seed
        images = None if self.training == OFF else _images(self.assignment, self.training)

        def replay(task: Task) -> Replay:
            self.log.info("training what %s chose, which can take minutes", names["student"])
            assert images is not None  # else nothing is wanted
            return replayed(task, images)

        seed = self._own_seed(seed, submission, names)
        sandbox = choose(self.sandbox or None, self.assignment.probes_folder)
        found = grade(
            self.assignment, submission, seed, sandbox, images, replay, older_work=self.older_work
        )
        silent = unanswered(nb, _sources(self.assignment, resources))
        student, called = names["student"], names["assignment"]
        with gradebook.opened(self.assignment, names["db_url"]) as book:
            gradebook.record(self.assignment, book, student, found, silent, called)
        self.log.info(
            "%s: %g of %g points, seed %d", names["student"], found.score, found.max_score, seed
        )
        return from_dict(with_results(nb, found)), resources

    def _own_seed(self, seed: int, submission: Submission, names: dict[str, str]) -> int:
        """Another for what replaces a hand-in that this process has graded.

        Formgrader's button grades in the server's process, which lives for weeks.
        """
        who = names["db_url"], names["assignment"], names["student"]
        first = _first_hand_ins.setdefault(who, submission.digest)
        return seed_of_hand_in(seed, submission.name, submission.digest, first)

    def _handed_in(self, names: dict[str, str]) -> Path:
        """The folder as it was submitted: the notebook here has been put right already."""
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
    """One for all that this run grades."""
    return new_seed()


@cache
def _images(assignment: Assignment, mode: str) -> Images:
    return opened(assignment, mode)
