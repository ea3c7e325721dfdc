"""The base class of nbgrader preprocessors that need the assignment."""

from __future__ import annotations

from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Unicode

from autograder import checkout
from autograder.assignment import Assignment, assignment_of


class AssignmentStep(NbGraderPreprocessor):
    """Knows its assignment: the checkout's, unless the configuration names another package."""

    package = Unicode("", help="The Python package that is the assignment.").tag(config=True)

    @property
    def assignment(self) -> Assignment:
        return assignment_of(self.package) if self.package else checkout.assignment()
