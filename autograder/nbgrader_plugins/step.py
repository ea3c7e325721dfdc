"""A step of nbgrader's that is about one assignment."""

from __future__ import annotations

from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Unicode

from autograder import checkout
from autograder.assignment import Assignment, assignment_of


class AssignmentStep(NbGraderPreprocessor):
    """Knows which assignment it is about: that of the checkout, unless the configuration says."""

    package = Unicode("", help="The Python package that is the assignment.").tag(config=True)

    @property
    def assignment(self) -> Assignment:
        return assignment_of(self.package) if self.package else checkout.assignment()
