"""Finds the result of the submission that this container holds, and writes it as results.json.

    python3 -m autograder.gradescope.container.look_up

`run_autograder` starts this. Nothing of the submission is run: its files are only hashed. For
tests, AUTOGRADER_ROOT moves the folders.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

from autograder.gradescope.container import results_file, sealed

RESULTS = "results"
NOT_YET = "Not graded yet"
LATER = (
    "Your files were received. They were handed in after the last grading, or their grading is "
    "not finished: the points follow."
)


def main() -> None:
    root = Path(os.environ.get("AUTOGRADER_ROOT", "/autograder"))
    results_file.write(root / "results", look_up(root))


def look_up(root: Path) -> str:
    """The text of results.json."""
    try:
        metadata = json.loads((root / "submission_metadata.json").read_text("utf-8"))
        submission = str(metadata["id"])
        if not re.fullmatch("[0-9]+", submission):
            raise ValueError(f"the id of the submission is {submission!r}")
        record = (root / "source" / RESULTS / submission).read_bytes()
    except FileNotFoundError as error:
        return _not_yet(f"There is no {error.filename}.")
    except (OSError, ValueError, KeyError, TypeError) as error:
        return _not_yet(f"submission_metadata.json: {type(error).__name__}: {error}")
    found = sealed.unseal(record, submission, sealed.digests_of(root / "submission"))
    if found is None:
        return _not_yet(
            f"There is a result for submission {submission}, but for other files than these, so "
            "it cannot be opened. Download the submissions, grade and export again."
        )
    return found.decode("utf-8").rstrip(" ")


def _not_yet(detail: str) -> str:
    print(detail)
    return results_file.as_json(results_file.nothing_judged(NOT_YET, LATER, detail))


if __name__ == "__main__":
    main()
