"""The definition of an assignment: everything that the engine knows about one.

    rubric.py     sections and their points
    probe.py      how the student's library is exercised
    variant.py    known mistakes
    words.py      what the values are called in sentences for students
    training.py   how the training is judged, if there is one
    changelog.py  versions, and what students are told about them

An assignment is a package with an `Assignment` called ASSIGNMENT and the folders `probes`,
`misconceptions` and `handout`. An assignment may import the engine, but the engine never imports an
assignment by name.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from pathlib import Path
from pickle import PicklingError
from types import ModuleType

from autograder.assignment import changelog
from autograder.assignment.changelog import Version
from autograder.assignment.probe import Probe, probes_in
from autograder.assignment.rubric import Section
from autograder.assignment.training import TrainingPlan
from autograder.assignment.variant import Special
from autograder.assignment.words import Symptoms, Words, gathered


@dataclass(frozen=True)
class OlderWork:
    """What is missing in the notebooks of earlier years.

    Attributes:
        new_cells: names of the missing cells and of the probes that run them. Their checks do not
            count.
        new_probes: names of further probes whose checks do not count, because those notebooks did
            not announce them.
        stand_ins: cell texts by grade id, used where a notebook lacks the cell.
    """

    new_cells: tuple[str, ...] = ()
    new_probes: tuple[str, ...] = ()
    stand_ins: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Assignment:
    """One assignment. Each has a single object, because caches are keyed by its identity.

    Attributes:
        package: the name of the assignment's Python package.
        root: the folder with `source`, `lib_solution` and `tests/hidden`.
        id: nbgrader's name for the assignment, also used for its folders.
        title: the heading of the notebook.
        course: nbgrader's id of the course.
        notebook: the notebook's file name.
        sections: in notebook order.
        modules: the library's modules, in import order.
        answered_in: the library files that students edit.
        used_by: for each section, the later sections that run its code and may show its mistakes.
        special: for some probes, how to compare values that differ between correct libraries.
        called: what attributes of the library are called in sentences, where not by their names.
        carry_forward: whether a mistake recognised in one section costs no points in later ones. A
            later check counts as passed if it sees exactly what the solution does with the same
            mistake in it.
        data: the module of the package that fetches the data. Students receive an unchanged copy.
        training: how the training is judged; None if there is none.
        older_work: what is missing in the notebooks of earlier years.
        output: the folder for `data` and `release`; `root` if None.
        graded_with: what the handout tells students about the versions that grade, such as
            {"Python": "3.11"}; only as many numbers as matter.
    """

    package: str
    root: Path
    id: str
    title: str
    course: str
    notebook: str
    sections: tuple[Section, ...]
    modules: tuple[str, ...]
    answered_in: tuple[str, ...]
    used_by: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    special: Mapping[str, Special] = field(default_factory=dict)
    called: Mapping[str, str] = field(default_factory=dict)
    carry_forward: bool = True
    data: str | None = None
    training: TrainingPlan | None = None
    older_work: OlderWork = OlderWork()
    output: Path | None = None
    graded_with: Mapping[str, str] = field(default_factory=dict)

    def __reduce__(self) -> tuple[object, tuple[str]]:
        """Pickles the package name alone: another process uses its own package's object."""
        if assignment_of(self.package) is not self:
            raise PicklingError(f"{self.package} holds a different assignment")
        return assignment_of, (self.package,)

    @cached_property
    def by_id(self) -> Mapping[str, Section]:
        return {section.id: section for section in self.sections}

    @cached_property
    def total(self) -> int:
        """All points, including manually graded ones."""
        return sum(section.points for section in self.sections)

    @cached_property
    def auto_total(self) -> int:
        """The automatic points: the maximum score of a Grade."""
        return sum(section.auto for section in self.sections)

    @cached_property
    def without_training(self) -> int:
        """The automatic points of the sections that can be judged without a training."""
        return sum(section.auto for section in self.sections if not section.training)

    @cached_property
    def answers(self) -> frozenset[str]:
        """Grade ids of the cells in which students write code."""
        return frozenset(answer for section in self.sections for answer in section.answers)

    @cached_property
    def questions(self) -> frozenset[str]:
        """Grade ids of the cells that people grade."""
        return frozenset(name for section in self.sections for name, _ in section.by_hand)

    @cached_property
    def marked_cells(self) -> frozenset[str]:
        """Grade ids that identify a notebook of this assignment."""
        return self.answers | self.by_id.keys()

    @cached_property
    def probes(self) -> Mapping[str, Probe]:
        """All probes by name, sorted by name."""
        return probes_in(f"{self.package}.probes")

    @cached_property
    def words(self) -> Mapping[str, Words]:
        """For some probes, what their values are called."""
        return gathered(self.package, "WORDS")

    @cached_property
    def symptoms(self) -> Mapping[str, Symptoms]:
        """For some probes, what may be said about their values besides comparing them."""
        return gathered(self.package, "SYMPTOMS")

    @property
    def training_plan(self) -> TrainingPlan:
        """How the training is judged.

        Raises:
            ValueError: the assignment has no training.
        """
        if self.training is None:
            raise ValueError(f"{self.id} has no training")
        return self.training

    def section_of(self, name: str) -> str | None:
        """The longest section id that the name begins with; None if there is none."""
        matching = (id_ for id_ in self.by_id if name == id_ or name.startswith(f"{id_}_"))
        return max(matching, key=len, default=None)

    def with_earlier_sections(self, section: str) -> tuple[str, ...]:
        """A section and the earlier ones whose code it runs."""
        return (*(early for early, later in self.used_by.items() if section in later), section)

    def part(self, name: str) -> ModuleType:
        """A module of the assignment's package."""
        return import_module(f"{self.package}.{name}")

    @cached_property
    def folder(self) -> Path:
        """The package's folder."""
        return Path(str(import_module(self.package).__file__)).parent

    @property
    def probes_folder(self) -> Path:
        return self.folder / "probes"

    @property
    def misconceptions_folder(self) -> Path:
        return self.folder / "misconceptions"

    @property
    def handout(self) -> Path:
        """The folder of files that students receive unchanged."""
        return self.folder / "handout"

    @property
    def changelog(self) -> Path:
        """The changelog for students; the file is optional."""
        return self.handout / changelog.NAME

    @cached_property
    def versions(self) -> tuple[Version, ...]:
        """The versions, newest first; empty without a changelog.

        Raises:
            ChangelogError: the changelog cannot be read.
        """
        name = Path(os.path.relpath(self.changelog, self.root)).as_posix()
        return changelog.read(self.changelog, name)

    @property
    def library(self) -> Path:
        """The folder with `lib/`: the library, with solutions between markers."""
        return self.root / "lib_solution"

    @property
    def source(self) -> Path:
        """The notebook with solutions."""
        return self.root / "source" / self.id / self.notebook

    @property
    def _written(self) -> Path:
        return self.output or self.root

    @property
    def release(self) -> Path:
        """The folder of the release for students."""
        return self._written / "release" / self.id

    @property
    def suites(self) -> Path:
        """The folder of the hidden suites."""
        return self.root / "tests" / "hidden"

    def library_files(self) -> dict[str, bytes]:
        """The library with solutions: file contents by their path in a submission."""
        return {
            path.relative_to(self.library).as_posix(): path.read_bytes()
            for path in sorted((self.library / "lib").rglob("*.py"))
        }

    @property
    def data_module(self) -> ModuleType | None:
        """The module that downloads, generates and identifies the data; None without data."""
        return None if self.data is None else self.part(self.data)

    def data_folder(self) -> Path:
        """The data folder: from the environment (such as SVHN_DIR), or `data`."""
        return Path(os.environ.get(f"{self.data}_DIR".upper()) or self._written / "data")


def assignment_of(package: str) -> Assignment:
    """The assignment that a package defines."""
    assignment: Assignment = import_module(package).ASSIGNMENT
    return assignment
