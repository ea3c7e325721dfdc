"""Where a class's submissions came from, for giving the grades back to the platform."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.atomic import write_whole
from autograder.hand_in.download import opened
from autograder.hand_in.people import Person
from autograder.hand_in.platforms import Received
from autograder.hand_in.whole_class import WholeClass

NAME = "origin.json"
FORMAT = 1
Digest = Callable[[str], str | None]


class OriginError(Exception):
    """A class does not say where it came from; the message says what to do."""


@dataclass(frozen=True)
class Source:
    """One submission as the platform handed it out.

    Attributes:
        people: ids under which it was graded, with name, e-mail and platform ids of each.
        files: names in the download.
        sha256: of the contents of these files, by name.
        time: of the submission, in UTC; None if it is unknown.
        late: the platform's mark; None if it has none.
        reason: why it was set aside; None if it was graded.
        passed_over: the times of superseded attempts.
        text_only: whether a text or a link was handed in, and no file.
    """

    people: tuple[Person, ...]
    files: tuple[str, ...] = ()
    sha256: Mapping[str, str] = field(default_factory=dict)
    time: str | None = None
    late: bool | None = None
    reason: str | None = None
    passed_over: tuple[str | None, ...] = ()
    text_only: bool = False


@dataclass(frozen=True)
class Origin:
    """Where a class came from.

    Attributes:
        layout: the name of the platform's layout.
        download: the name of the folder or zip.
        sources: every submission.
        absent: people on the rosters who handed in nothing.
        path: where that folder or zip was; None if an older version wrote this.
    """

    layout: str
    download: str
    sources: tuple[Source, ...]
    absent: tuple[Person, ...] = ()
    path: str | None = None


def write(class_: WholeClass, path: Path, target: Path) -> None:
    """Write down where a class that was read from `path` came from."""
    with opened(path) as download:
        sources = [_source(one, download.digest) for one in class_.received]
    content = {
        "format": FORMAT,
        "layout": class_.layout,
        "download": path.name,
        "path": str(path),
        "submissions": sources,
        "absent": [_person(person) for person in class_.absent],
    }
    write_whole(target, json.dumps(content, indent=1, ensure_ascii=False))


def _source(one: Received, digest: Digest) -> dict[str, Any]:
    files = [old for old, _ in one.hand_in.files]
    return {
        "people": [_person(person) for person in one.people],
        "files": files,
        "sha256": dict(_digests(files, digest)),
        "time": one.hand_in.timestamp,
        "late": one.hand_in.late,
        "reason": one.hand_in.reason,
        "passed_over": list(one.passed_over),
        "text_only": one.upload.text_only,
    }


def _digests(files: list[str], digest: Digest) -> Iterator[tuple[str, str]]:
    for name in files:
        found = digest(name)
        if found is not None:
            yield name, found


def _person(person: Person) -> dict[str, Any]:
    return {
        "id": person.id,
        "name": person.name,
        "email": person.email,
        "ids": dict(person.ids),
    }


def read(path: Path) -> Origin:
    """What `write` wrote.

    Raises:
        OriginError: there is no such file, or it is not of this version.
    """
    try:
        data = json.loads(path.read_text("utf-8"))
        if data["format"] != FORMAT:
            raise OriginError(f"{path} was written by another version; grade the class again")
        sources = tuple(
            Source(
                tuple(map(_read_person, one["people"])),
                tuple(one["files"]),
                dict(one["sha256"]),
                one["time"],
                one["late"],
                one["reason"],
                tuple(one["passed_over"]),
                one["text_only"],
            )
            for one in data["submissions"]
        )
        absent = tuple(map(_read_person, data["absent"]))
        return Origin(data["layout"], data["download"], sources, absent, data.get("path"))
    except FileNotFoundError:
        raise OriginError(f"{path} is missing; grade the class with autograder cohort") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise OriginError(f"{path} cannot be read: {error}") from None


def _read_person(data: Mapping[str, Any]) -> Person:
    return Person(str(data["id"]), str(data["name"]), str(data["email"]), dict(data["ids"]))
