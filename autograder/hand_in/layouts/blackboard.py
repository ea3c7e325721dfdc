"""Blackboard, "Assignment File Download": all attempts of all students in one folder.

    Homework 1_ada_attempt_2026-11-20-15-38-53_work.zip
    Homework 1_ada_attempt_2026-11-20-15-38-53.txt               written by Blackboard

The title and the user name may both contain `_`; Blackboard's text file shows where the user name
begins. Students control only the part after the time and the comment in the text file, so the first
`_attempt_` and the text file's first line are Blackboard's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from autograder.hand_in import times
from autograder.hand_in.files import Unreadable
from autograder.hand_in.layouts.upload import (
    Context,
    Layout,
    Member,
    Upload,
    claims_of,
    gathered,
    moment,
)
from autograder.hand_in.times import Moment

ENTRY = re.compile(
    r"(?P<who>[^/]+?)_attempt_(?P<time>\d{4}(?:-\d\d){5})(?:_(?P<file>[^/]+)|(?P<slip>\.txt))",
    re.DOTALL,
)
NO_SLIP = "Blackboard's text file is missing, without which its user name is not certain"
NAME = re.compile(r"Name: *(?P<name>.*) \((?P<login>[^()]+)\) *")
SUBMITTED = re.compile(r"Date Submitted: *(?P<time>.+)")


@dataclass(frozen=True)
class Slip:
    """What Blackboard's text file says: whose it is, and when with the zone."""

    member: Member
    time: Moment | None


def _uploads(paths: Sequence[str], context: Context) -> list[Upload]:
    matches = {path: found for path in paths if (found := ENTRY.fullmatch(path))}
    slips = {
        (found["who"], found["time"]): slip
        for path, found in matches.items()
        if found["slip"] and (slip := _slip(path, found["who"], context))
    }
    people = {who: slip.member for (who, _), slip in slips.items()}
    titles = {who.removesuffix(member.ids["login"]) for who, member in people.items()}
    title = titles.pop() if len(titles) == 1 else None
    parts = []
    for path, found in matches.items():
        who, slip = found["who"], slips.get((found["who"], found["time"]))
        time = slip.time if slip else None
        time = time or moment(times.blackboard_name, found["time"], context.zone)
        member = people.get(who) or _untold(who, title)
        note = None if member else NO_SLIP
        files = {path: found["file"]} if found["file"] else {}
        one = (member or Member(who),)
        parts.append(Upload(who, one, files, time, text_only=not files, note=note))
    return gathered(parts)


def _untold(who: str, title: str | None) -> Member | None:
    """The student of an attempt without a text file, by the title that all others share."""
    if title is None or not who.startswith(title):
        return None
    return Member("", {"login": who.removeprefix(title)})


def _slip(path: str, who: str, context: Context) -> Slip | None:
    """The text file, if the user name in its first line matches the file's name.

    A comment of the student's is further down.
    """
    try:
        lines = context.text(path).splitlines()
    except Unreadable:
        return None
    said = NAME.fullmatch(lines[0]) if lines else None
    if said is None or not who.endswith(f"_{said['login']}"):
        return None
    date = next((found["time"] for line in lines[:4] if (found := SUBMITTED.match(line))), "")
    member = Member(said["name"], {"login": said["login"]})
    return Slip(member, moment(times.blackboard, date, context.zone))


BLACKBOARD = Layout(
    "blackboard",
    "Blackboard download",
    "Homework 1_ada_attempt_2026-11-20-15-38-53_work.zip",
    claims_of(ENTRY),
    _uploads,
)
