"""How a class is graded, and the hashes of everything that this decides."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cache, cached_property
from pathlib import Path

from autograder.assignment import Assignment
from autograder.cohort.state import Fingerprints
from autograder.grading.evidence import digest_of, observing_hash
from autograder.hand_in.submission import Submission
from autograder.judgement.suites import suite_hash
from autograder.nbgrader_plugins.graded_notebook import Source
from autograder.training.images import OFF, Images, open_images


@dataclass(frozen=True)
class Plan:
    """How a class is graded: the same for every submission.

    Attributes:
        assignment: what is graded.
        states: the folder that holds the state of each student.
        sources: the assignment's cells, as stored in the gradebook.
        seed: the class's seed, see `seeds.seed_of_hand_in`.
        training: the training mode; "off" for none.
        sandbox: the name of the sandbox.
        replays: the folder of the finished trainings.
        older_work: as in `grade`.
    """

    assignment: Assignment
    states: Path
    sources: tuple[Source, ...]
    seed: int
    training: str
    sandbox: str
    replays: Path
    older_work: bool = False

    @cached_property
    def sources_digest(self) -> str:
        """A hash of the cells, which is the same for every submission."""
        return digest_of(json.dumps(asdict(one), sort_keys=True) for one in self.sources)

    @property
    def images(self) -> Images | None:
        """The images in the data folder of this process, which are never sent to a worker."""
        if self.training == OFF:
            return None
        data = self.assignment.data_folder()
        return _images(self.assignment, self.training, data, self.replays)


@cache
def _images(assignment: Assignment, mode: str, data: Path, replays: Path) -> Images:
    return open_images(assignment, mode, data, replays)


def sample_fingerprints(plan: Plan) -> Fingerprints:
    """Hashes that are equal where the same submission would get the same state."""
    return fingerprints_of(Submission("", {}, {}), plan, plan.seed)


def fingerprints_of(submission: Submission, plan: Plan, seed: int) -> Fingerprints:
    """Hashes of everything that a state depends on; `seed` is that of the submission."""
    assignment, images = plan.assignment, plan.images
    options = str(seed), plan.training, plan.sandbox, str(plan.older_work)
    data = "" if images is None else images.digest
    cells = (part for cell in sorted(submission.cells.items()) for part in cell)
    work = digest_of([*options, data, submission.digest, *submission.errors, *cells])
    observing = observing_hash(assignment, images is not None, plan.older_work)
    evidence = digest_of([work, observing])
    state = digest_of([evidence, suite_hash(assignment), submission.name, plan.sources_digest])
    return Fingerprints(work, evidence, state)
