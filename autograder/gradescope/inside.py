"""Grades one submission in Gradescope's container and prints the results.

    python -m autograder.gradescope.inside SUBMISSION

The training is off: it needs more time, memory and data than a container has. bubblewrap needs
rights that containers do not have, so student code runs under sandlock, as a user of its own.
"""

from __future__ import annotations

import sys
from pathlib import Path

from autograder import checkout
from autograder.assignment.changelog import ChangelogError
from autograder.gradescope.container import results_file
from autograder.gradescope.container.supervise import CANNOT_GRADE
from autograder.gradescope.results import results_of
from autograder.gradescope.settings import Settings
from autograder.grading.grade import grade, probe_names, reference
from autograder.hand_in.files import Inaccessible
from autograder.hand_in.submission import Submission, read
from autograder.judgement.suites import SuiteBroken
from autograder.sandbox.backend import SandboxError
from autograder.sandbox.selftest import choose
from autograder.seeds import new_seed

SANDBOX = "sandlock"


def main(path: Path) -> None:
    assignment = checkout.assignment()
    try:
        _ = assignment.versions
        sandbox = choose(SANDBOX, assignment.probes_folder)
        try:
            submission = read(assignment, path)
        except Inaccessible as reason:
            submission = Submission(path.name, {}, {}, (str(reason),))
        seed = new_seed()
        # first, not beside the student's: the container has half a CPU and one small folder
        reference(assignment, seed, sandbox, probe_names(assignment, training=False))
        graded = grade(assignment, submission, seed, sandbox)
    except (SandboxError, SuiteBroken, ChangelogError) as error:
        print(error, file=sys.stderr)
        sys.exit(CANNOT_GRADE)
    results = results_of(graded, Settings.read(checkout.ROOT).visibility)
    results["extra_data"]["seed"] = seed  # with it, anyone can repeat this grading
    print(results_file.as_json(results), end="")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
