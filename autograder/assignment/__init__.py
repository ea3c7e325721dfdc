"""What an assignment is: what the engine is handed, and all that it knows of one.

    rubric.py     its sections and their points
    probe.py      how it exercises a student's library
    variant.py    what is known to go wrong
    training.py   how its training is judged, if it has one
    changelog.py  its versions, and what students are told of them

An assignment is a package that holds an `Assignment` called ASSIGNMENT, and beside it the folders
`probes`, `misconceptions` and `handout`. It may import the engine; the engine imports none.
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


@dataclass(frozen=True)
class OlderWork:
    """What the notebooks of other years lacked.

    Attributes:
        new_cells: cells that they had not, and the probes that run them; their checks do not count.
        stand_ins: the text of cells, by grade id, for work whose notebook has none.
    """

    new_cells: tuple[str, ...] = ()
    stand_ins: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Assignment:
    """One assignment. Of each there is one object, by which results are kept.

    Attributes:
        package: the name of the Python package that is the assignment.
        root: the folder with `source`, `lib_solution`, `tests/hidden` and `release`.
        id: what nbgrader calls it, and its folders are called.
        title: the heading of its notebook.
        course: nbgrader's id of the course.
        notebook: the notebook's file name.
        sections: in the order of the notebook.
        modules: of the library, in the order in which they are imported.
        answered_in: those of the library's files in which students write.
        shows_in: by section, the later ones that run its code, and so may show its mistakes.
        special: by probe, how to compare what right libraries do differently.
        carry_forward: whether a mistake that was recognised in one section is not paid for again in
            those after it. A check of a later section that sees exactly what the solution does with
            that mistake in it counts as passed.
        data: the module of the package that fetches the data, and is given to students as it is.
        training: how its training is judged; None when there is none.
        older_work: what notebooks of other years lacked.
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
    shows_in: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    special: Mapping[str, Special] = field(default_factory=dict)
    carry_forward: bool = True
    data: str | None = None
    training: TrainingPlan | None = None
    older_work: OlderWork = OlderWork()

    def __reduce__(self) -> tuple[object, tuple[str]]:
        """Another process has an object of its own: the one that its package holds."""
        if assignment_of(self.package) is not self:
            raise PicklingError(f"{self.package} holds another assignment than this one")
        return assignment_of, (self.package,)

    @cached_property
    def by_id(self) -> Mapping[str, Section]:
        return {section.id: section for section in self.sections}

    @cached_property
    def total(self) -> int:
        """All points, those that a person gives included."""
        return sum(section.points for section in self.sections)

    @cached_property
    def auto_total(self) -> int:
        """The points of a Grade."""
        return sum(section.auto for section in self.sections)

    @cached_property
    def without_training(self) -> int:
        """The points of a Grade where what needs a training is not judged."""
        return sum(section.auto for section in self.sections if not section.training)

    @cached_property
    def answers(self) -> frozenset[str]:
        """Grade ids of the cells in which students write code."""
        return frozenset(answer for section in self.sections for answer in section.answers)

    @cached_property
    def marked_cells(self) -> frozenset[str]:
        """Grade ids by which a notebook of this assignment is known."""
        return self.answers | self.by_id.keys()

    @cached_property
    def probes(self) -> Mapping[str, Probe]:
        """Every probe by name, in the order of names."""
        return probes_in(f"{self.package}.probes")

    @property
    def training_plan(self) -> TrainingPlan:
        """How its training is judged; asked only where something is trained."""
        if self.training is None:
            raise ValueError(f"{self.id} has no training")
        return self.training

    def section_of(self, name: str) -> str | None:
        """The id that a name begins with, the longest one; None for no section's."""
        begun = (id_ for id_ in self.by_id if name == id_ or name.startswith(f"{id_}_"))
        return max(begun, key=len, default=None)

    def made_of(self, section: str) -> tuple[str, ...]:
        """A section and the earlier ones whose code it runs."""
        return (*(early for early, later in self.shows_in.items() if section in later), section)

    def part(self, name: str) -> ModuleType:
        """A module of the assignment's package."""
        return import_module(f"{self.package}.{name}")

    @cached_property
    def folder(self) -> Path:
        """Of the package."""
        return Path(str(import_module(self.package).__file__)).parent

    @property
    def probes_folder(self) -> Path:
        return self.folder / "probes"

    @property
    def misconceptions_folder(self) -> Path:
        return self.folder / "misconceptions"

    @property
    def handout(self) -> Path:
        """Files as students receive them."""
        return self.folder / "handout"

    @property
    def changelog(self) -> Path:
        """What students are told of each version; an assignment need not have one."""
        return self.handout / changelog.NAME

    @cached_property
    def versions(self) -> tuple[Version, ...]:
        """The newest first; none without a changelog.

        Raises:
            ChangelogError: it cannot be read.
        """
        name = Path(os.path.relpath(self.changelog, self.root)).as_posix()
        return changelog.read(self.changelog, name)

    @property
    def library(self) -> Path:
        """Holds `lib/`, the library with its solutions between markers."""
        return self.root / "lib_solution"

    @property
    def source(self) -> Path:
        """The notebook with its solutions."""
        return self.root / "source" / self.id / self.notebook

    @property
    def release(self) -> Path:
        """What students receive."""
        return self.root / "release" / self.id

    @property
    def suites(self) -> Path:
        """The folder of the hidden suites."""
        return self.root / "tests" / "hidden"

    def library_files(self) -> dict[str, bytes]:
        """The library with its solutions: contents by their path in a hand-in."""
        return {
            path.relative_to(self.library).as_posix(): path.read_bytes()
            for path in sorted((self.library / "lib").rglob("*.py"))
        }

    @property
    def data_module(self) -> ModuleType | None:
        """What fetches the data, draws it and tells what lies in a folder; None without data."""
        return None if self.data is None else self.part(self.data)

    def data_folder(self) -> Path:
        """Where the data is: the environment's SVHN_DIR, say, or `data` in the checkout."""
        return Path(os.environ.get(f"{self.data}_DIR".upper()) or self.root / "data")


def assignment_of(package: str) -> Assignment:
    """The assignment that a package is."""
    found: Assignment = import_module(package).ASSIGNMENT
    return found
