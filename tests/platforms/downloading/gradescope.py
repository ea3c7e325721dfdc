"""Gradescope's "Export Submissions" (FORMATS.md 1.7): files unpacked, and one large YAML.

The YAML is written by hand, as Ruby writes it: symbols as keys, texts quoted only where they need
it, outputs as blocks. What a student's program printed stands in it, too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count

from downloading.course import Course, Download, HandIn
from people import EARLIER_TIME, PERSON, Person

TOP = "assignment_4711_export"
ORPHAN = "216970999"
"""A submission whose submitters Gradescope no longer knows."""


def gradescope(course: Course) -> Download:
    entries: dict[str, bytes] = {}
    hand_ins = []
    yaml = ["---\n"]
    numbers = count(216975001)
    for person, sharing in course.who_handed_in(groups=True):
        submission = str(next(numbers))
        folder = f"{TOP}/submission_{submission}"
        own = {f"{folder}/{path}": data for path, data in course.unpacked(person.work).items()}
        entries |= own
        assert person.time is not None
        yaml += _record(submission, sharing, person.time, course.remarks.get(person.key, ""))
        hand_ins.append(
            HandIn(
                work=person.work,
                people=tuple(other.key for other in sharing),
                told=tuple(other.key for other in sharing),
                ids=_ids(submission, sharing),
                name=person.name,
                time=person.time,
                zone="UTC",
                entries=tuple(own),
            )
        )
    yaml += _record(ORPHAN, (), EARLIER_TIME, "")
    entries[f"{TOP}/submission_{ORPHAN}/lib/optim.py"] = b"OF = 'nobody'\n"
    junk = f"{TOP}/.DS_Store", f"__MACOSX/{TOP}/._submission_metadata.yml"
    entries |= {f"{TOP}/submission_metadata.yml": "".join(yaml).encode()}
    entries |= dict.fromkeys(junk, b"\0\0\0\1Bud1")
    orphan = (f"{TOP}/submission_{ORPHAN}/lib/optim.py",)
    extras = (f"{TOP}/submission_metadata.yml", *junk)
    return Download("gradescope", "submissions", entries, tuple(hand_ins), orphan, extras)


def _ids(submission: str, sharing: tuple[Person, ...]) -> dict[str, str]:
    """Who handed in alone is told of with SID and e-mail, as typed; of a group each member is."""
    ids = {"submission": submission}
    if len(sharing) == 1:
        ids |= {"email": sharing[0].typed_email}
        ids |= {"sis": sharing[0].sis} if sharing[0].sis else {}
    return ids


def _record(
    submission: str, people: tuple[Person, ...], time: datetime, printed: str
) -> Iterator[str]:
    yield f"submission_{submission}:\n"
    yield from _submitters("  ", people)
    yield f"  :created_at: {_time(time)}\n"
    yield "  :score: 0.0\n  :status: processed\n  :results:\n    score: 0.0\n    tests: []\n"
    yield from _block("    output", printed or "It ran.\nsubmission_1:\n  :submitters: []")
    yield "    extra_data: {}\n    visibility: visible\n    leaderboard: []\n"
    yield "  :history:\n"
    for number, (when, by) in enumerate(_history(people, time)):
        first, *rest = _submitters("    ", by)
        yield "  - " + first.lstrip()
        yield from rest
        yield f"    :created_at: {_time(when)}\n    :score: 0.0\n"
        yield f"    :id: {int(submission) - 5000 - number}\n"


def _history(
    people: tuple[Person, ...], time: datetime
) -> Iterator[tuple[datetime, tuple[Person, ...]]]:
    """An earlier one of everybody's; and Ann made an earlier one active again, so hers holds a
    later one, too."""
    yield time - timedelta(minutes=41), people
    if PERSON["ann"].key in {person.key for person in people}:
        yield time + timedelta(days=2), people


def _submitters(margin: str, people: tuple[Person, ...]) -> Iterator[str]:
    yield f"{margin}:submitters:{'' if people else ' []'}\n"
    for person in people:
        yield f"{margin}- :name: {scalar(person.name)}\n"
        if person.sis:
            yield f"{margin}  :sid: {_sid(person.sis)}\n"
        yield f"{margin}  :email: {scalar(person.typed_email)}\n"


def _sid(sis: str) -> str:
    return f"'{sis}'" if sis.startswith("0") else sis


def scalar(text: str) -> str:
    """A text on one line of YAML."""
    if text.replace(" ", "").replace(".", "").replace("@", "").isalpha() and text == text.strip():
        return text
    return json.dumps(text, ensure_ascii=not text.isprintable())


def _block(key: str, text: str) -> Iterator[str]:
    margin = " " * (len(key) - len(key.lstrip()) + 2)
    yield f"{key}: |-\n"
    yield from (f"{margin}{line}".rstrip() + "\n" for line in text.split("\n"))


def _time(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S}.000000000 Z"
