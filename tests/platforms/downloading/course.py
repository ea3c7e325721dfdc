"""What every platform's download is made of, and what must be read from it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import PurePosixPath

from people import CLASS, TEXT, Person, Work

STAMP = (2026, 11, 22, 8, 0, 0)
"""The time of everything in a zip: downloads are the same bytes each time."""


@dataclass(frozen=True)
class Course:
    """A class that has handed in.

    Attributes:
        works: what was handed in, by key.
        people: the class, in the order of the roster.
        assignment: its title on the platform.
        folder: its name in nbgrader and the plain layout.
        chosen: for some works, other files than the usual: names and contents, as the student
            uploaded them.
        remarks: for some people, a text that they typed beside their files.
    """

    works: Mapping[str, Work]
    people: tuple[Person, ...] = CLASS
    assignment: str = "Problem 1"
    folder: str = "problem_1"
    chosen: Mapping[str, tuple[tuple[str, bytes], ...]] = field(default_factory=dict)
    remarks: Mapping[str, str] = field(default_factory=dict)

    def who_handed_in(self, *, groups: bool) -> Iterator[tuple[Person, tuple[Person, ...]]]:
        """Who uploaded a file, and whose work it is: with groups, everybody's in the group."""
        for person in self.people:
            if person.work in ("", TEXT):
                continue
            sharing = tuple(other for other in self.people if other.work == person.work)
            if not groups:
                yield person, (person,)
            elif person == sharing[0]:
                yield person, sharing

    def text_only(self) -> Iterator[Person]:
        return (person for person in self.people if person.work == TEXT)

    def uploads(
        self, person: Person, *, loose: bool = False, key: str = "", nameless: bool = False
    ) -> tuple[tuple[str, bytes], ...]:
        """The files that they gave the platform: one zip, or every file by itself.

        `key` is of another work than their latest; `nameless` leaves their login out of the name.
        """
        key = key or person.work
        if key in self.chosen:
            return self.chosen[key]
        if not loose:
            name = f"{self.folder}.zip" if nameless else f"{person.login}_{self.folder}.zip"
            return ((name, _zipped_once(tuple(self.works[key].items()))),)
        files = tuple(
            (PurePosixPath(path).name, content) for path, content in self.works[key].items()
        )
        if len({name for name, _ in files}) < len(files):
            raise ValueError(
                f"two files of the work {key!r} have one name: they cannot be uploaded loose"
            )
        return files

    def unpacked(self, key: str) -> dict[str, bytes]:
        """The work's files, where a platform unpacks what is uploaded."""
        return {**self.works[key], **dict(self.chosen.get(key, ()))}


@dataclass(frozen=True)
class HandIn:
    """What must be read of one hand-in.

    Attributes:
        work: the key of the work that counts; `TEXT` where text was handed in and no file.
        people: the keys of all whose work it is.
        told: the keys of those of whom the download tells. The others are on a roster at most.
        ids: what the download tells of who it is.
        name: as the download writes it, perhaps changed by the platform; empty where it does not.
        late: what the platform's mark says; None where the platform has no mark.
        time: when it was handed in, as precise as the platform is; None where it tells none.
        zone: of that time, as the platform writes it; empty where it tells none.
        entries: what the hand-in consists of.
        passed_over: what else is of the same people: earlier attempts, texts.
    """

    work: str
    people: tuple[str, ...]
    told: tuple[str, ...]
    ids: Mapping[str, str]
    name: str = ""
    late: bool | None = None
    time: datetime | None = None
    zone: str = ""
    entries: tuple[str, ...] = ()
    passed_over: tuple[str, ...] = ()


@dataclass(frozen=True)
class Download:
    """What an instructor gets.

    Attributes:
        layout: its name.
        name: of the zip, without `.zip`, as the platform calls it.
        entries: paths and contents, in order.
        hand_ins: what must be read from it.
        nobodys: entries of nobody whom the download tells of: to be set aside, with a word.
        extras: entries that are no hand-in, of which nothing need be said.
    """

    layout: str
    name: str
    entries: Mapping[str, bytes]
    hand_ins: tuple[HandIn, ...]
    nobodys: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()

    def of(self, key: str) -> HandIn:
        """The hand-in that counts for a person."""
        (found,) = (hand_in for hand_in in self.hand_ins if key in hand_in.people)
        return found


def zipped(files: Mapping[str, bytes] | Iterable[tuple[str, bytes]]) -> bytes:
    """The bytes of a zip, the same each time. Two entries may have one name."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items() if isinstance(files, Mapping) else files:
            info = zipfile.ZipInfo(name, STAMP)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return buffer.getvalue()


@cache
def _zipped_once(files: tuple[tuple[str, bytes], ...]) -> bytes:
    return zipped(files)


def one_part(name: str) -> str:
    """A file name as it can stand in an entry: platforms let no separator through."""
    return name.replace("/", "_").replace("\\", "_").replace("\0", "_")
