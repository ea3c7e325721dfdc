"""What one student or one group handed in at one time, as a platform's download tells it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo

from autograder.hand_in.times import Moment


@dataclass(frozen=True)
class Context:
    """What a layout may use besides file names.

    Attributes:
        text: `text(path)` gives a text file that the platform wrote; raises Unreadable.
        zone: of the platform's clock, for times that name none.
    """

    text: Callable[[str], str]
    zone: tzinfo


def moment(read: Callable[[str, tzinfo], Moment], text: str, zone: tzinfo) -> Moment | None:
    """A time in a platform's notation; None where it cannot be read."""
    try:
        return read(text, zone)
    except ValueError:
        return None


@dataclass(frozen=True)
class Member:
    """One student of an upload.

    Attributes:
        name: as the platform writes it.
        ids: by their kind: `login`, `sis` (the institution's number), `email`, `canvas`, `moodle`,
            `brightspace`, `anonymous` (Canvas's) or `submission` (Gradescope's).
    """

    name: str
    ids: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Upload:
    """One attempt of one student or group.

    Attributes:
        key: the same for all attempts and files of one student or group, and for nobody else.
        members: the people. If a group's members are not named, the group as one member.
        files: path in the download -> path in the hand-in.
        time: when it was handed in; None where the download does not tell.
        late: whether the platform marked it as late; None where the platform has no such mark.
        text_only: the student typed a text or a link and uploaded no file.
        note: why it cannot be graded, where the download shows that.
        assignment: the id of the assignment; only nbgrader's exchange holds several.
    """

    key: str
    members: tuple[Member, ...]
    files: Mapping[str, str] = field(default_factory=dict)
    time: Moment | None = None
    late: bool | None = None
    text_only: bool = False
    note: str | None = None
    assignment: str | None = None


@dataclass(frozen=True)
class Layout:
    """How one platform lays out a class.

    Attributes:
        name: for `--layout`.
        title: what a person calls such a folder.
        example: of a path, for error messages.
        claims: whether a path is one that this platform writes.
        uploads: the paths that the layout claims -> the uploads.
        extras: paths that may lie beside these without being a hand-in.
    """

    name: str
    title: str
    example: str
    claims: Callable[[str], bool]
    uploads: Callable[[Sequence[str], Context], list[Upload]]
    extras: frozenset[str] = frozenset()

    @classmethod
    def by_entry(
        cls,
        name: str,
        title: str,
        example: str,
        entry: re.Pattern[str],
        upload: Callable[[re.Match[str], Context], Upload],
        extras: frozenset[str] = frozenset(),
    ) -> Layout:
        """A layout in which each path alone says whose file it is."""

        def uploads(paths: Sequence[str], context: Context) -> list[Upload]:
            matches = (entry.fullmatch(path) for path in paths)
            return gathered([upload(match, context) for match in matches if match])

        return cls(name, title, example, claims_of(entry), uploads, extras)


def claims_of(entry: re.Pattern[str]) -> Callable[[str], bool]:
    """Whether a path matches."""
    return lambda path: entry.fullmatch(path) is not None


def gathered(parts: Sequence[Upload]) -> list[Upload]:
    """One upload for all files of one attempt, in the order in which the attempts first appear.

    If files and a text were handed in, it counts as files.
    """
    found: dict[tuple[str, Moment | None], list[Upload]] = {}
    for part in parts:
        found.setdefault((part.key, part.time), []).append(part)
    return [
        Upload(
            key,
            same[0].members,
            {old: new for part in same for old, new in part.files.items()},
            time,
            None if same[0].late is None else any(part.late for part in same),
            all(part.text_only for part in same),
            next((part.note for part in same if part.note), None),
            same[0].assignment,
        )
        for (key, time), same in found.items()
    ]
