"""A class as a platform hands it out -> hand-ins under the students' own ids.

Of several attempts the latest counts. Files that were uploaded one by one become one hand-in. What
matches nobody on the rosters, or two, is set aside: a wrong guess would give one student the work
of another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from pathlib import PurePosixPath

from autograder.assignment import Assignment
from autograder.hand_in import roster
from autograder.hand_in.download import Download
from autograder.hand_in.files import printable
from autograder.hand_in.layouts.upload import Context, Layout, Member, Upload
from autograder.hand_in.roster import Ambiguous, Person
from autograder.hand_in.students import HandIn, folded, is_id

Places = Mapping[str, Sequence[str]]
"""The library's files by their bare names, which several may have (`__init__.py`)."""


@dataclass(frozen=True)
class Received:
    """One hand-in, and what the platform says about it.

    Attributes:
        hand_in: what is graded, under the id of the first of its people.
        upload: as the download had it.
        people: who handed it in, each with the id under which the grade is written.
        passed_over: when the earlier attempts were handed in.
    """

    hand_in: HandIn
    upload: Upload
    people: tuple[Person, ...]
    passed_over: tuple[str | None, ...] = ()


def received(
    assignment: Assignment,
    download: Download,
    layout: Layout,
    people: tuple[Person, ...] = (),
    zone: tzinfo = UTC,
) -> list[Received]:
    """Every hand-in of a download, in order of the students' ids.

    Args:
        assignment: what was to be handed in.
        download: of the class.
        layout: the platform's.
        people: of the rosters; empty for the ids of the platform.
        zone: of the platform's clock.

    Raises:
        Unreadable: the platform's own file about the class is missing or damaged.
    """
    names = [name for name in download.names if layout.claims(name)]
    uploads = layout.uploads(names, Context(download.text, zone))
    own = [upload for upload in uploads if upload.assignment in (None, assignment.id)]
    places = _places(assignment)
    found = [_received(places, download, *attempts, people) for attempts in _latest(own)]
    return sorted(set_twice_aside(found), key=lambda one: one.hand_in.student)


def _latest(uploads: Iterable[Upload]) -> list[tuple[Upload, tuple[str | None, ...]]]:
    """The attempt that counts for each student or group, and the times of the others."""
    attempts: dict[str, list[Upload]] = {}
    for upload in uploads:
        attempts.setdefault(upload.key, []).append(upload)
    found = []
    for same in attempts.values():
        *earlier, last = sorted(same, key=_when)
        if earlier and _when(earlier[-1]) == _when(last):
            last = replace(last, note="nobody can say which of the attempts is the latest")
        found.append((last, tuple(_when(upload) or None for upload in earlier)))
    return found


def _when(upload: Upload) -> str:
    return upload.time.utc if upload.time else ""


def _received(
    places: Places,
    download: Download,
    upload: Upload,
    passed_over: tuple[str | None, ...],
    known: tuple[Person, ...],
) -> Received:
    people, reason = _people(upload, known)
    reason = reason or upload.note
    if reason is None and not upload.files:
        reason = "a text or a link was handed in, and no file" if upload.text_only else "no file"
    files, complaint = _in_one(places, upload.files)
    ids = tuple(person.id for person in people)
    hand_in = HandIn(
        ids[0],
        download.path,
        download.path,
        _when(upload) or None,
        reason or complaint,
        tuple((download.inside + old, new) for old, new in files.items()),
        ids[1:],
        upload.late,
    )
    return Received(hand_in, upload, people, passed_over)


def _people(upload: Upload, known: tuple[Person, ...]) -> tuple[tuple[Person, ...], str | None]:
    """Who handed it in, and the reason why that is not certain."""
    found, reason = [], None
    for member in upload.members:
        shown = printable(member.name or next(iter(member.ids.values()), upload.key))
        try:
            group = roster.in_group(known, member.ids, member.name)
            if group:
                found += group
                continue
            person = roster.find(known, member.ids, member.name) if known else None
        except Ambiguous as problem:
            person, reason = None, str(problem)
        else:
            if known and person is None:
                reason = f"{shown} is on no roster"
        found.append(person or stranger(member, upload.key))
    if reason is None and not all(is_id(person.id) for person in found):
        reason = "its name is not a valid student id; give a --roster"
    return tuple(dict.fromkeys(found)), reason


def stranger(member: Member, key: str) -> Person:
    """Someone known only from the download. A bare number becomes NAME-NUMBER."""
    ids = member.ids
    platform = key.replace(" ", "-")
    mail = ids.get("email", "").partition("@")[0]
    number = next((ids[kind] for kind in ("canvas", "moodle", "brightspace") if kind in ids), "")
    named = f"{member.name}-{number}" if member.name and number else ""
    wishes = (ids.get("login", ""), ids.get("sis", ""), mail, named, platform, member.name)
    chosen = next((wish for wish in wishes if wish and is_id(wish)), printable(key))
    return Person(chosen, member.name, ids.get("email", ""), ids)


def _places(assignment: Assignment) -> Places:
    places: dict[str, list[str]] = {}
    for path in assignment.library_files():
        places.setdefault(PurePosixPath(path).name, []).append(path)
    return places


def _in_one(places: Places, files: Mapping[str, str]) -> tuple[Mapping[str, str], str | None]:
    """Puts files that were uploaded one by one where they belong: a library file into lib."""
    if any("/" in name for name in files.values()):
        return files, None
    laid = {}
    for old, new in files.items():
        place = places.get(new, [new])
        if len(place) == 1:  # of several, such as __init__.py, nobody can say which is meant
            laid[old] = place[0]
    if len(set(laid.values())) < len(laid):
        twice = [name for name, count in Counter(laid.values()).items() if count > 1]
        return files, f"{printable(PurePosixPath(twice[0]).name)} was uploaded more than once"
    return laid, None


def set_twice_aside(found: Sequence[Received]) -> list[Received]:
    """Two hand-ins of one id are both set aside: nobody can say which one counts."""
    count = Counter(folded(person.id) for one in found for person in one.people)
    return [
        replace(one, hand_in=replace(one.hand_in, reason="several submissions have this name"))
        if one.hand_in.reason is None and any(count[folded(person.id)] > 1 for person in one.people)
        else one
        for one in found
    ]
