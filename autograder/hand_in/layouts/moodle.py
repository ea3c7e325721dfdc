"""Moodle, "Download all submissions": one folder per student, or all files in one folder.

    Ada Lovelace_1001_assignsubmission_file/work.zip      before Moodle 4.1: ..._file_/
    Ada Lovelace_1001_assignsubmission_file_work.zip      without folders
    Ada Lovelace_1001_assignsubmission_onlinetext/onlinetext.html
    Participant_1001_assignsubmission_file/work.zip       blind marking
    Default group_assignsubmission_file/work.zip          a group without a number

The number is the participant's in this assignment, and Moodle writes names without `_`.
"""

from __future__ import annotations

import re

from autograder.hand_in.layouts.upload import Context, Layout, Member, Upload

ENTRY = re.compile(
    r"(?P<name>[^_/]+)_(?:(?P<number>\d+)_)?assignsubmission_"
    r"(?:(?P<text>onlinetext)(?:_?/|_)[^/]+|file(?:_?/|_)(?P<file>.+))",
    re.DOTALL,
)


def _upload(found: re.Match[str], _context: Context) -> Upload:
    name, number = found["name"], found["number"]
    key = f"moodle {number}" if number else f"group {name}"
    member = Member(name, {"moodle": number} if number else {})
    files = {found.string: found["file"]} if found["file"] else {}
    return Upload(key, (member,), files, text_only=not files)


MOODLE = Layout.by_entry(
    "moodle",
    "Moodle download",
    "Ada Lovelace_1001_assignsubmission_file/work.zip",
    ENTRY,
    _upload,
)
