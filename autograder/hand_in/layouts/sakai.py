"""Sakai, "Download All": one folder per student.

Lovelace, Ada(ada)/Submission attachment(s)/work.zip
Lovelace, Ada(ada)/timestamp.txt
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from autograder.hand_in import times
from autograder.hand_in.files import Unreadable
from autograder.hand_in.layouts.upload import Context, Layout, Member, Upload, claims_of, moment

ENTRY = re.compile(
    r"(?P<folder>(?P<name>[^/]*)\((?P<login>[^(/]*)\))/"
    r"(?:Submission attachment\(s\)/(?P<file>.+)|[^/]+|Feedback Attachment\(s\)/.+)",
    re.DOTALL,
)


def _uploads(paths: Sequence[str], context: Context) -> list[Upload]:
    students: dict[str, list[re.Match[str]]] = {}
    for path in paths:
        if found := ENTRY.fullmatch(path):
            students.setdefault(found["folder"], []).append(found)
    return [_upload(folder, entries, context) for folder, entries in students.items()]


def _upload(folder: str, entries: Sequence[re.Match[str]], context: Context) -> Upload:
    first = entries[0]
    files = {entry.string: entry["file"] for entry in entries if entry["file"]}
    certain = ")" not in first["login"] and first["login"] != ""
    member = Member(first["name"], {"login": first["login"]} if certain else {})
    try:
        time = moment(times.sakai, context.text(f"{folder}/timestamp.txt"), context.zone)
    except Unreadable:
        time = None
    note = None if certain else "its user name is not certain: it contains parentheses"
    return Upload(folder, (member,), files, time, text_only=not files, note=note)


SAKAI = Layout(
    "sakai",
    "Sakai download",
    "Lovelace, Ada(ada)/Submission attachment(s)/work.zip",
    claims_of(ENTRY),
    _uploads,
    frozenset({"grades.csv", "grades.xls"}),
)
