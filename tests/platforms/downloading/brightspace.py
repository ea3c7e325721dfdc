"""Brightspace's download of an assignment folder (FORMATS.md 4): all attempts, by the minute."""

from __future__ import annotations

from datetime import datetime

from downloading.course import Course, Download, HandIn, one_part
from people import EARLIER, EARLIER_TIME, Person

FOLDER = "80551"


def minute(time: datetime) -> str:
    """As Brightspace writes it: `Nov 20, 2026 801 PM`."""
    return f"{time:%b} {time.day}, {time.year} {time.hour % 12 or 12}{time:%M %p}"


def brightspace(course: Course, *, loose: bool = False, folders: bool = False) -> Download:
    """With `folders` each attempt is a folder; else each file's name begins with who and when."""
    entries: dict[str, bytes] = {}
    hand_ins = []
    between = "/" if folders else " - "

    def attempt(person: Person, time: datetime, work: str) -> dict[str, bytes]:
        before = f"{person.brightspace}-{FOLDER} - {one_part(person.name)} - {minute(time)}"
        files = course.uploads(person, loose=loose, key=work)
        return {f"{before}{between}{one_part(name)}": content for name, content in files}

    for person, _ in course.who_handed_in(groups=False):
        assert person.time is not None
        earlier = attempt(person, EARLIER_TIME, EARLIER) if person.key == "mia" else {}
        latest = attempt(person, person.time, person.work)
        entries |= earlier | latest
        hand_ins.append(
            HandIn(
                work=person.work,
                people=(person.key,),
                told=(person.key,),
                ids={"brightspace": person.brightspace},
                name=person.name,
                time=person.time.replace(second=0),
                entries=tuple(latest),
                passed_over=tuple(earlier),
            )
        )
    entries["index.html"] = b"<html><body>Submissions</body></html>"
    layout = "brightspace" + "_loose" * loose + "_folders" * folders
    name = f"{course.assignment} Download Nov 22, 2026 800 AM"
    return Download(layout, name, entries, tuple(hand_ins), extras=("index.html",))
