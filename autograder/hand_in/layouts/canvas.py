"""Canvas, "Download Submissions": all files of the class in one folder.

    lovelaceada_101_9001_work.zip          user id, attachment id, the student's file
    lovelaceada_LATE_101_9001_work.zip     handed in late
    lovelaceada_101_text.html                   typed into a text box (_link.html: a web address)
    anon_x7Fq2_9001_work.zip               graded anonymously (LATE_anon_...: late)

Canvas splits `_digits_` in people's names, so the first two numbers are always its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from autograder.hand_in.layouts.upload import Context, Layout, Member, Upload, gathered

NAMED = re.compile(
    r"(?P<name>[^/]*?)(?P<late>_LATE)?_(?P<user>\d+)_(?:(?P<text>text|link)\.html"
    r"|(?P<attachment>\d+)_(?P<file>[^/]+))",
    re.DOTALL,
)
ANONYMOUS = re.compile(
    r"(?P<late>LATE_)?anon_(?P<user>[A-Za-z0-9]{5})_(?:(?P<text>text|link)\.html"
    r"|(?P<attachment>\d+)_(?P<file>[^/]+))",
    re.DOTALL,
)
AGAIN = re.compile(r"-\d+(?=(?:\.[^.]*)?$)")
"""The `-1` that Canvas adds to a file name that the student has uploaded before."""


def _match(path: str, anonymous: bool) -> re.Match[str] | None:
    return (ANONYMOUS if anonymous else NAMED).fullmatch(path)


def _claims(path: str) -> bool:
    return _match(path, anonymous=True) is not None or _match(path, anonymous=False) is not None


def _uploads(paths: Sequence[str], _context: Context) -> list[Upload]:
    # a person may be called Anon: a download is anonymous as a whole or not at all, unless
    # somebody has put two of them into one folder
    anonymous = all(_match(path, anonymous=True) for path in paths)
    named = {path: not anonymous and _match(path, anonymous=False) is not None for path in paths}
    return gathered([_upload(path, not named[path]) for path in paths])


def _upload(path: str, anonymous: bool) -> Upload:
    found = _match(path, anonymous)
    assert found is not None  # since the layout claims it
    user, kind = found["user"], "anonymous" if anonymous else "canvas"
    member = Member("" if anonymous else found["name"], {kind: user})
    files = {} if found["text"] else {path: AGAIN.sub("", found["file"])}
    return Upload(
        f"{kind} {user}",
        (member,),
        files,
        late=found["late"] is not None,
        text_only=found["text"] is not None,
    )


CANVAS = Layout(
    "canvas",
    "Canvas download",
    "lovelaceada_101_9001_work.zip",
    _claims,
    _uploads,
)
