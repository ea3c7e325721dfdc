"""Brightspace, "Download" of an assignment's folder: all submissions of all students.

13394-80551 - Charlie Brown - Mar 28, 2026 1205 PM - work.zip     or as folders: .../file
index.html                                                              written by Brightspace
"""

from __future__ import annotations

import re

from autograder.hand_in import times
from autograder.hand_in.layouts.upload import Context, Layout, Member, Upload, moment

ENTRY = re.compile(
    r"(?P<user>\d+)-(?P<folder>\d+) - (?P<name>[^/]+?)"
    r" - (?P<time>[^\W\d]+\.? \d{1,2}, \d{4} \d{3,4}(?: [AP]M)?)(?: - |/)(?P<file>.+)",
    re.DOTALL,
)


def _upload(found: re.Match[str], context: Context) -> Upload:
    user, time = found["user"], moment(times.brightspace, found["time"], context.zone)
    note = None if time else f"its time, {found['time']!r}, cannot be read"
    member = Member(found["name"], {"brightspace": user})
    return Upload(f"brightspace {user}", (member,), {found.string: found["file"]}, time, note=note)


BRIGHTSPACE = Layout.by_entry(
    "brightspace",
    "Brightspace download",
    "13394-80551 - Charlie Brown - Mar 28, 2026 1205 PM - work.zip",
    ENTRY,
    _upload,
    frozenset({"index.html"}),
)
