"""Layouts that have a folder for each student: Sakai, nbgrader's exchange, and the plain one."""

from __future__ import annotations

import csv
import io
from datetime import datetime

from downloading.course import Course, Download, HandIn, one_part
from people import EARLIER, EARLIER_TIME, TEXT, Person


def sakai(course: Course) -> Download:
    """FORMATS.md 4; the file of a text alone is as Sakai writes it, which is not told there."""
    top = one_part(course.assignment)
    entries = {f"{top}/grades.csv": _sakai_grades(course)}
    extras = [f"{top}/grades.csv"]
    hand_ins = []
    for person in course.people:
        if person.time is None:
            continue
        who = f"{one_part(person.sortable)}({person.login})"
        stamp = f"{top}/{who}/timestamp.txt"
        extras += (stamp, f"{top}/{who}/comments.txt")
        entries[stamp] = f"{person.time:%Y%m%d%H%M%S}".encode()
        entries[f"{top}/{who}/comments.txt"] = b""
        if person.work == TEXT:
            own = {f"{top}/{who}/{who}_submissionText.html": b"<p>I did it on paper.</p>"}
        else:
            files = course.uploads(person)
            where = f"{top}/{who}/Submission attachment(s)"
            own = {f"{where}/{one_part(name)}": content for name, content in files}
        entries |= own
        hand_ins.append(_hand_in(person, {"login": person.login}, tuple(own), name=person.sortable))
    return Download("sakai", f"{top}_bulk_download", entries, tuple(hand_ins), extras=tuple(extras))


def _sakai_grades(course: Course) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerows([[course.assignment, "Points"], [""]])
    writer.writerow(["Display ID", "ID", "Last Name", "First Name", "grade"])
    writer.writerows([p.login, p.login, p.last, p.first, ""] for p in course.people)
    return text.getvalue().encode()


def nbgrader_inbound(course: Course) -> Download:
    """FORMATS.md 5. A folder's name tells the time; `timestamp.txt` is the student's to change."""
    entries: dict[str, bytes] = {}
    hand_ins = []

    def attempt(person: Person, time: datetime, work: str) -> dict[str, bytes]:
        random = "+Rk9PQkFS" if person.key in ("mia", "bo") else ""
        top = f"{person.login}+{course.folder}+{time:%Y-%m-%d %H:%M:%S.%f} UTC{random}"
        claimed = b"2026-01-01 00:00:00.000000 UTC" if person.late else f"{time} UTC".encode()
        files = {"timestamp.txt": claimed, **course.unpacked(work)}
        return {f"{top}/{path}": content for path, content in files.items()}

    for person, _ in course.who_handed_in(groups=False):
        assert person.time is not None
        earlier = attempt(person, EARLIER_TIME, EARLIER) if person.key == "mia" else {}
        latest = attempt(person, person.time, person.work)
        entries |= earlier | latest
        ids = {"login": person.login}
        hand_ins.append(_hand_in(person, ids, tuple(latest), tuple(earlier), zone="UTC"))
    return Download("nbgrader_inbound", "inbound", entries, tuple(hand_ins))


def plain(course: Course, *, zips: bool = False) -> Download:
    """`<student>/<assignment>/` with a time in it, or `<student>_<assignment>.zip` without."""
    entries: dict[str, bytes] = {}
    hand_ins = []
    for person, _ in course.who_handed_in(groups=False):
        top = f"{person.login}/{course.folder}"
        if zips:
            ((name, content),) = course.uploads(person)
            own = {one_part(name): content}
        else:
            files = {"timestamp.txt": f"{person.time} UTC".encode(), **course.unpacked(person.work)}
            own = {f"{top}/{path}": content for path, content in files.items()}
        entries |= own
        ids = {"login": person.login}
        hand_ins.append(
            _hand_in(person, ids, tuple(own), timed=not zips, zone="" if zips else "UTC")
        )
    return Download("plain_zips" if zips else "plain", "submitted", entries, tuple(hand_ins))


def _hand_in(
    person: Person,
    ids: dict[str, str],
    entries: tuple[str, ...],
    passed_over: tuple[str, ...] = (),
    name: str = "",
    timed: bool = True,
    zone: str = "",
) -> HandIn:
    return HandIn(
        work=person.work,
        people=(person.key,),
        told=(person.key,),
        ids=ids,
        name=name,
        time=person.time if timed else None,
        zone=zone,
        entries=entries,
        passed_over=passed_over,
    )
