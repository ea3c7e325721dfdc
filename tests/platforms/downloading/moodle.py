"""Moodle's "Download all submissions" (FORMATS.md 3.1)."""

from __future__ import annotations

from collections.abc import Iterator

from downloading.course import Course, Download, HandIn
from people import TEAM_ID, TEAM_NAME, Person


def shown(name: str) -> str:
    """A name as Moodle puts it in front: without `_` and what cannot stand in a path."""
    return name.replace("_", " ").replace("/", "").replace("\\", "").replace("\0", "")


def front(person: Person, *, blind: bool = False) -> str:
    return f"{'Participant' if blind else shown(person.name)}_{person.moodle}"


def moodle(
    course: Course,
    *,
    after: str = "/",
    loose: bool = False,
    blind: bool = False,
    layout: str = "moodle",
) -> Download:
    """`after` stands between `_assignsubmission_file` and the file: `/`, before 4.1 `_/`, and `_`
    where the instructor chose to download without folders."""
    entries: dict[str, bytes] = {}
    hand_ins = []
    for person, _ in course.who_handed_in(groups=False):
        before = f"{front(person, blind=blind)}_assignsubmission_"
        own = {}
        for name, content in course.uploads(person, loose=loose, nameless=blind):
            path = name.lstrip("/") if after.endswith("/") else name.replace("/", "_")
            own[f"{before}file{after}{path}"] = content
        texts = dict(_texts(before, after)) if person.key == "ann" else {}  # she wrote a text, too
        entries |= texts | own
        hand_ins.append(_hand_in(person, blind, tuple(own), tuple(texts)))
    for person in course.text_only():
        texts = dict(_texts(f"{front(person, blind=blind)}_assignsubmission_", after))
        entries |= texts
        hand_ins.append(_hand_in(person, blind, tuple(texts)))
    return Download(layout, f"CS1-{course.assignment}-4711", entries, tuple(hand_ins))


def moodle_teams(course: Course) -> Download:
    """A download by groups: of the team, and of all others, who share Moodle's "Default group"."""
    hand_ins = []
    entries = {}
    team = tuple(person.key for person in course.people if person.work == "team")
    others = tuple(person.key for person in course.people if person.work != "team")
    groups = ((f"{shown(TEAM_NAME)}_{TEAM_ID}", "team", team), ("Default group", "ada", others))
    for before, work, members in groups:
        (person, *_) = (person for person in course.people if person.key in members)
        ((name, content),) = course.uploads(person, key=work)
        entry = f"{before}_assignsubmission_file/{name}"
        entries[entry] = content
        group = before.partition("_")[0]
        hand_ins.append(HandIn(work, members, (), {}, name=group, entries=(entry,)))
    return Download("moodle_teams", f"CS1-{course.assignment}-4711", entries, tuple(hand_ins))


def _texts(before: str, after: str) -> Iterator[tuple[str, bytes]]:
    yield f"{before}onlinetext{after}onlinetext.html", b"<p>Please see page 2.</p>"


def _hand_in(
    person: Person, blind: bool, entries: tuple[str, ...], passed_over: tuple[str, ...] = ()
) -> HandIn:
    return HandIn(
        work=person.work,
        people=(person.key,),
        told=(person.key,),
        ids={"moodle": person.moodle},
        name="" if blind else shown(person.name),
        entries=entries,
        passed_over=passed_over,
    )
