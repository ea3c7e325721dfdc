"""nbgrader's exchange, its folder `inbound`: a folder for every time that somebody submitted.

ada+hw1+2026-11-20 15:38:53 UTC+7f8a/hw1.ipynb     (older: no +7f8a)
"""

from __future__ import annotations

import re

from autograder.hand_in import times
from autograder.hand_in.layouts.upload import Context, Layout, Member, Upload, moment

ENTRY = re.compile(
    r"(?P<login>[^/]+?)\+(?P<assignment>[^+/]+)"
    r"\+(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? [^+/]+)(?:\+[^+/]+)?/(?P<file>.+)",
    re.DOTALL,
)


def _upload(found: re.Match[str], context: Context) -> Upload:
    login, time = found["login"], moment(times.read, found["time"], context.zone)
    who = Member("", {"login": login})
    key, name = f"login {login} {found['assignment']}", found["assignment"]
    return Upload(key, (who,), {found.string: found["file"]}, time, assignment=name)


EXCHANGE = Layout.by_entry(
    "exchange",
    "folder of nbgrader's exchange",
    "ada+hw1+2026-11-20 15:38:53 UTC+7f8a/hw1.ipynb",
    ENTRY,
    _upload,
)
