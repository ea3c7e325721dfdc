"""Canvas's "Download Submissions" (FORMATS.md 2.1)."""

from __future__ import annotations

import re
import unicodedata
from itertools import count

from downloading.course import Course, Download, HandIn, one_part
from people import TEAM_NAME, Person


def slug(name: str) -> str:
    """A sortable name, or a group's, as Canvas puts it in front: lower case word characters."""
    name = re.sub(r"_(\d+)_", r"\1", name).lower()
    kept = [c for c in name if unicodedata.category(c)[0] in "LM" or c.isdecimal() or c == "_"]
    return "".join(kept)


def shown(name: str) -> str:
    """A student's file name as Canvas writes it."""
    return re.sub(r'[\0/\\:*?"<>|]+', "_", name)


def again(name: str) -> str:
    """The same file uploaded a second time."""
    stem, dot, ending = name.rpartition(".")
    return f"{stem}-1.{ending}" if dot and stem else f"{name}-1"


def canvas(course: Course, *, loose: bool = False, anonymous: bool = False) -> Download:
    entries: dict[str, bytes] = {}
    hand_ins = []
    attachments = count(9001)
    for person, sharing in course.who_handed_in(groups=True):
        own = []
        ids = _ids(person, anonymous)
        for name, content in course.uploads(person, loose=loose, nameless=anonymous):
            name = again(name) if person.key == "mia" else name  # she uploaded it twice
            attachment = str(next(attachments))
            entry = f"{_front(person, sharing, anonymous)}_{attachment}_{shown(name)}"
            entries[entry] = content
            own.append(entry)
        if len(own) == 1:
            ids["attachment"] = attachment
        hand_ins.append(_hand_in(person, sharing, ids, tuple(own), anonymous))
    for person in course.text_only():
        entry = f"{_front(person, (person,), anonymous)}_text.html"
        entries[entry] = b"<!DOCTYPE html><p>I did it on paper.</p>"
        hand_ins.append(_hand_in(person, (person,), _ids(person, anonymous), (entry,), anonymous))
    layout = "canvas" + "_loose" * loose + "_anonymous" * anonymous
    title = one_part(course.assignment).lower().replace(" ", "-")
    return Download(layout, f"cs-1-{title}_submissions", entries, tuple(hand_ins))


def _ids(person: Person, anonymous: bool) -> dict[str, str]:
    name = "anonymous" if anonymous else "canvas"
    return {name: person.ids[name]}


def _front(person: Person, sharing: tuple[Person, ...], anonymous: bool) -> str:
    late = ("LATE",) if person.late else ()
    if anonymous:
        return "_".join((*late, "anon", person.anonymous))
    return "_".join((_name(person, sharing), *late, person.canvas))


def _name(person: Person, sharing: tuple[Person, ...]) -> str:
    return slug(TEAM_NAME if len(sharing) > 1 else person.sortable)


def _hand_in(
    person: Person,
    sharing: tuple[Person, ...],
    ids: dict[str, str],
    entries: tuple[str, ...],
    anonymous: bool,
) -> HandIn:
    """A group's members are not in the download: its name and one of its members are."""
    return HandIn(
        work=person.work,
        people=tuple(other.key for other in sharing),
        told=(person.key,),
        ids=ids,
        name="" if anonymous else _name(person, sharing),
        late=person.late,
        entries=entries,
    )
