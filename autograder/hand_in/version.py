"""From which version of the assignment a hand-in was made, as its notebook says.

The release writes the version into the notebook's metadata, where Jupyter leaves it. Whoever hands
in may write anything there: it is a claim, and decides nothing but a sentence.
"""

from __future__ import annotations

from itertools import takewhile

from autograder.assignment import Assignment
from autograder.assignment.changelog import VERSION
from autograder.hand_in.notebook import NoNotebook, opened

KEY = "autograder"
"""Of the notebook's metadata; below it stands `{"version": "1.0"}`."""
UNKNOWN = ""
"""What is claimed where something stands there that is no version: nobody should read it out."""


def claimed(content: bytes) -> str | None:
    """The version that a notebook says it was made from; None where it says nothing."""
    try:
        metadata = opened(content).get("metadata")
    except NoNotebook:
        return None
    ours = metadata.get(KEY) if isinstance(metadata, dict) else None
    if not isinstance(ours, dict) or "version" not in ours:
        return None
    version = ours["version"]
    return version if isinstance(version, str) and VERSION.fullmatch(version) else UNKNOWN


def remark(assignment: Assignment, version: str | None) -> str | None:
    """What a Grade says of it: what has changed since, or that nobody knows this version.

    None for the assignment's own version and where nothing was claimed: nothing need be done.
    """
    versions = assignment.versions
    if version is None or not versions or version == versions[0].number:
        return None
    now = f"the assignment is at {versions[0].number}"
    newer = list(takewhile(lambda known: known.number != version, versions))
    if len(newer) == len(versions):
        what = f"version {version}, which is unknown here" if version else "an unknown version"
        return f"made from {what}; {now}: compare your files with those that the course gave out"
    changes = " ".join(
        known.changes if len(newer) == 1 else f"{known.number}: {known.changes}" for known in newer
    )
    return f"made from version {version}; {now}: {changes}"
