"""The version of the assignment that a submission was made from, according to its notebook.

The release writes the version into the notebook's metadata, and Jupyter keeps it there. Students
can change it, so it affects nothing but a remark.
"""

from __future__ import annotations

from itertools import takewhile

from autograder.assignment import Assignment
from autograder.assignment.changelog import VERSION
from autograder.hand_in.notebook import NoNotebook, opened

KEY = "autograder"
"""The key in the notebook's metadata; its value is `{"version": "1.0"}`."""
UNKNOWN = ""
"""Stands for a claim that is not a version number, since messages must not show untrusted text."""


def claimed(content: bytes) -> str | None:
    """The version in a notebook's metadata; None if there is none, UNKNOWN if it is not valid."""
    try:
        metadata = opened(content).get("metadata")
    except NoNotebook:
        return None
    entry = metadata.get(KEY) if isinstance(metadata, dict) else None
    if not isinstance(entry, dict) or "version" not in entry:
        return None
    version = entry["version"]
    return version if isinstance(version, str) and VERSION.fullmatch(version) else UNKNOWN


def remark(assignment: Assignment, version: str | None) -> str | None:
    """The remark in a Grade: what has changed since that version, or that it is unknown.

    None if the version is current or no version was claimed.
    """
    versions = assignment.versions
    if version is None or not versions or version == versions[0].number:
        return None
    now = f"the assignment is at {versions[0].number}"
    newer = list(takewhile(lambda known: known.number != version, versions))
    if len(newer) == len(versions):
        what = f"version {version}, which is unknown here" if version else "an unknown version"
        return f"made from {what}; {now}: compare your files with the released ones"
    changes = " ".join(
        known.changes if len(newer) == 1 else f"{known.number}: {known.changes}" for known in newer
    )
    return f"made from version {version}; {now}: {changes}"
