"""Canvas's "Download Submissions" (FORMATS.md 2.1)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import count

from downloading.course import Course, Download, HandIn, one_part
from people import TEAM_NAME, Person


def slug(name: str, *, old: bool = False) -> str:
    """A sortable name, or a group's, as Canvas puts it in front: lower case word characters.

    Until 2013 and some years after, `-` stood for each of the others.
    """
    name = re.sub(r"_(\d+)_", r"-\1-" if old else r"\1", name).lower()
    return "".join(c if _of_a_word(c) else "-" * old for c in name)


def _of_a_word(c: str) -> bool:
    return unicodedata.category(c)[0] in "LM" or c.isdecimal() or c == "_"


def shown(name: str) -> str:
    """A student's file name as Canvas writes it."""
    return re.sub(r'[\0/\\:*?"<>|]+', "_", name)


def again(name: str) -> str:
    """The same file uploaded a second time."""
    stem, dot, ending = name.rpartition(".")
    return f"{stem}-1.{ending}" if dot and stem else f"{name}-1"


@dataclass(frozen=True)
class Style:
    """How a Canvas download is written.

    Attributes:
        loose: every file was uploaded by itself.
        anonymous: names and ids are withheld.
        old: as Canvas wrote names in 2013.
    """

    loose: bool = False
    anonymous: bool = False
    old: bool = False

    def name(self, person: Person, sharing: tuple[Person, ...]) -> str:
        return slug(TEAM_NAME if len(sharing) > 1 else person.sortable, old=self.old)

    def front(self, person: Person, sharing: tuple[Person, ...]) -> str:
        late = ("LATE",) if person.late else ()
        if self.anonymous:
            return "_".join((*late, "anon", person.anonymous))
        return "_".join((self.name(person, sharing), *late, person.canvas))

    def ids(self, person: Person) -> dict[str, str]:
        name = "anonymous" if self.anonymous else "canvas"
        return {name: person.ids[name]}


def canvas(
    course: Course, *, loose: bool = False, anonymous: bool = False, old: bool = False
) -> Download:
    style = Style(loose, anonymous, old)
    entries: dict[str, bytes] = {}
    hand_ins = []
    attachments = count(9001)
    for person, sharing in course.who_handed_in(groups=True):
        own = []
        ids = style.ids(person)
        for name, content in course.uploads(person, loose=loose, nameless=anonymous):
            name = again(name) if person.key == "mia" else name  # she uploaded it twice
            attachment = str(next(attachments))
            entry = f"{style.front(person, sharing)}_{attachment}_{shown(name)}"
            entries[entry] = content
            own.append(entry)
        if len(own) == 1:
            ids["attachment"] = attachment
        hand_ins.append(_hand_in(style, person, sharing, ids, *own))
    for person in course.text_only():
        entry = f"{style.front(person, (person,))}_text.html"
        entries[entry] = b"<!DOCTYPE html><p>I did it on paper.</p>"
        hand_ins.append(_hand_in(style, person, (person,), style.ids(person), entry))
    layout = "canvas" + "_loose" * loose + "_anonymous" * anonymous + "_old" * old
    title = one_part(course.assignment).lower().replace(" ", "-")
    return Download(layout, f"cs-1-{title}_submissions", entries, tuple(hand_ins))


def _hand_in(
    style: Style,
    person: Person,
    sharing: tuple[Person, ...],
    ids: dict[str, str],
    *entries: str,
) -> HandIn:
    """A group's members are not in the download: its name and one of its members are."""
    return HandIn(
        work=person.work,
        people=tuple(other.key for other in sharing),
        told=(person.key,),
        ids=ids,
        name="" if style.anonymous else style.name(person, sharing),
        late=person.late,
        entries=entries,
    )
