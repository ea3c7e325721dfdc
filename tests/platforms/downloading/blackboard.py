"""Blackboard's "Assignment File Download" (FORMATS.md 4): all attempts, and a text for each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from downloading.course import Course, Download, HandIn, one_part
from people import EARLIER, EARLIER_TIME, Person

NO_TEXT = "There is no student submission text data for this assignment."
NO_COMMENT = "There are no student comments for this assignment."
ZONE = "CET"


def blackboard(course: Course, *, loose: bool = False) -> Download:
    entries: dict[str, bytes] = {}
    hand_ins = []
    for person, _ in course.who_handed_in(groups=False):
        earlier: tuple[str, ...] = ()
        if person.key == "mia":
            attempt = _attempt(course, person, EARLIER_TIME, EARLIER, loose)
            entries |= attempt
            earlier = tuple(attempt)
        assert person.time is not None
        latest = _attempt(course, person, person.time, person.work, loose)
        entries |= latest
        hand_ins.append(_hand_in(person, tuple(latest), earlier))
    for person in course.text_only():
        assert person.time is not None
        name, content = _receipt(course, person, person.time, "I did it on paper.", ())
        entries[name] = content
        hand_ins.append(_hand_in(person, (name,)))
    layout = "blackboard" + "_loose" * loose
    name = f"gradebook_CS1_{course.assignment}_2026-11-22-08-00-00"
    return Download(layout, name, entries, tuple(hand_ins))


def _before(course: Course, person: Person, time: datetime) -> str:
    return f"{one_part(course.assignment)}_{person.login}_attempt_{time:%Y-%m-%d-%H-%M-%S}"


def _attempt(
    course: Course, person: Person, time: datetime, work: str, loose: bool
) -> dict[str, bytes]:
    files = course.uploads(person, loose=loose, key=work)
    before = _before(course, person, time)
    own = {f"{before}_{one_part(name)}": content for name, content in files}
    receipt = _receipt(course, person, time, "", tuple(name for name, _ in files))
    return dict([receipt]) | own


def _receipt(
    course: Course, person: Person, time: datetime, text: str, files: tuple[str, ...]
) -> tuple[str, bytes]:
    """The text that Blackboard writes of an attempt. The student's own words stand in it."""
    before = _before(course, person, time)

    def lines() -> Iterator[str]:
        yield f"Name: {person.name} ({person.login})"
        yield f"Assignment: {course.assignment}"
        yield f"Date Submitted: {time:%A}, {time.day} {time:%B %Y %H:%M:%S} o'clock {ZONE}"
        yield "Current Grade: Needs Grading"
        yield ""
        yield from ("Submission Field:", text or NO_TEXT, "")
        yield from ("Comments:", course.remarks.get(person.key, NO_COMMENT), "")
        yield "Files:"
        for name in files:
            yield f"\tOriginal filename: {name}"
            yield f"\tFilename: {before}_{one_part(name)}"
            yield ""
        if not files:
            yield "\tNo files were attached to this submission"

    return f"{before}.txt", "\r\n".join(lines()).encode()


def _hand_in(person: Person, entries: tuple[str, ...], passed_over: tuple[str, ...] = ()) -> HandIn:
    return HandIn(
        work=person.work,
        people=(person.key,),
        told=(person.key,),
        ids={"login": person.login},
        name=person.name,
        time=person.time,
        zone=ZONE,
        entries=entries,
        passed_over=passed_over,
    )
