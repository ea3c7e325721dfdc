"""nbgrader's exchange, its folder `inbound`: a folder for every time that somebody submitted.

ada+hw1+2026-11-20 15:38:53 UTC+7f8a/hw1.ipynb     (older: no +7f8a)
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from autograder.hand_in import times
from autograder.hand_in.layouts.upload import Layout, Member, Told, Upload, gathered, moment

ENTRY = re.compile(
    r"(?P<login>[^/]+?)\+(?P<assignment>[^+/]+)"
    r"\+(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? [^+/]+)(?:\+[^+/]+)?/(?P<file>.+)",
    re.DOTALL,
)


def _claims(path: str) -> bool:
    return ENTRY.fullmatch(path) is not None


def _uploads(paths: Sequence[str], told: Told) -> list[Upload]:
    return gathered([_upload(path, told) for path in paths])


def _upload(path: str, told: Told) -> Upload:
    found = ENTRY.fullmatch(path)
    assert found is not None  # since the layout claims it
    login, time = found["login"], moment(times.read, found["time"], told.zone)
    who = Member("", {"login": login})
    key, name = f"login {login} {found['assignment']}", found["assignment"]
    return Upload(key, (who,), {path: found["file"]}, time, assignment=name)


EXCHANGE = Layout(
    "exchange",
    "folder of nbgrader's exchange",
    _claims,
    lambda path: False,
    _uploads,
    "ada+hw1+2026-11-20 15:38:53 UTC+7f8a/hw1.ipynb",
)
