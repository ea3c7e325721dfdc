"""A class's folder or download -> its submissions, whichever platform it is from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from pathlib import Path

from autograder.assignment import Assignment
from autograder.hand_in import download, roster
from autograder.hand_in.download import Download
from autograder.hand_in.files import Unreadable
from autograder.hand_in.garbage import not_collected
from autograder.hand_in.layouts import LAYOUTS, PLAIN, LayoutError, recognise
from autograder.hand_in.layouts.upload import Layout, Member, Upload
from autograder.hand_in.platforms import Received, received, set_twice_aside
from autograder.hand_in.roster import Ambiguous, Person, RosterError
from autograder.hand_in.students import handed_in
from autograder.hand_in.times import zone_of


class ClassError(Exception):
    """The class cannot be read as asked; the message says what to do."""


@dataclass(frozen=True)
class ReadAs:
    """What a person says about a class.

    Attributes:
        layout: the name of a platform's layout; recognised by default.
        rosters: lists of the class, as platforms export them.
        zone: the time zone of the platform's clock; UTC by default.
    """

    layout: str | None = None
    rosters: Sequence[Path] = ()
    zone: str | None = None


@dataclass(frozen=True)
class WholeClass:
    """Who handed in what.

    Attributes:
        layout: the name of the layout, `plain` for folders and zips named after students.
        title: what the folder or zip is, in words.
        received: every submission, sorted by student id.
        absent: people on the rosters who handed in nothing.
        others: names at the top of the download that are nobody's submission.
    """

    layout: str
    title: str
    received: tuple[Received, ...]
    absent: tuple[Person, ...] = ()
    others: tuple[str, ...] = ()

    def __str__(self) -> str:
        counts = ", ".join(f"{count} {what}" for count, what in self._counts() if count)
        return f"{self.title}: {counts}"

    def _counts(self) -> Iterator[tuple[int, str]]:
        students = sum(len(one.people) for one in self.received)
        plural = "s" * (len(self.received) != 1)
        yield len(self.received), f"submission{plural} of {students} student{'s' * (students != 1)}"
        yield sum(one.upload.late is True for one in self.received), "late"
        groups = sum(len(one.people) > 1 for one in self.received)
        yield groups, "group" + "s" * (groups != 1)
        yield sum(one.upload.text_only for one in self.received), "text only"
        earlier = sum(len(one.passed_over) for one in self.received)
        yield earlier, f"earlier attempt{'s' * (earlier != 1)} passed over"
        yield len(self.absent), "of the roster handed in nothing"
        yield len(self.others), "other files"

    @property
    def zone_assumed(self) -> bool:
        """Whether the download's times name no time zone."""
        times = (one.upload.time for one in self.received)
        return any(time is not None and time.zone_assumed for time in times)


def class_in(assignment: Assignment, folder: Path, read_as: ReadAs) -> WholeClass:
    """Read a class as a person asked for it, see `read_class`.

    Raises:
        ClassError: it cannot be read so.
    """
    try:
        people = roster.merged([roster.read(path) for path in read_as.rosters])
        clock = zone_of(read_as.zone) if read_as.zone else UTC
        return read_class(assignment, folder, read_as.layout, people, clock)
    except (LayoutError, RosterError) as error:
        raise ClassError(str(error)) from None
    except Unreadable as error:
        raise ClassError(f"{folder} cannot be read as a class: {error}") from None
    except ValueError as error:
        raise ClassError(f"--zone: {error}; write it as Europe/Berlin or +0100") from None
    except OSError as error:
        raise ClassError(f"{folder} cannot be read: {error.strerror}") from None


@not_collected()
def read_class(
    assignment: Assignment,
    path: Path,
    layout: str | None = None,
    people: tuple[Person, ...] = (),
    zone: tzinfo = UTC,
) -> WholeClass:
    """Read a class, with the platform recognised by the names in its folder or zip.

    Args:
        assignment: what was to be handed in.
        path: a folder or zip.
        layout: the name of a layout; recognised by default.
        people: of the rosters; empty for the ids that the download itself has.
        zone: of the platform's clock.

    Raises:
        LayoutError: the layout cannot be recognised, or nothing fits the one that was given.
        Unreadable: it is neither a folder nor a zip, or the platform's own list is damaged.
        OSError: the system does not let it be read.
    """
    with download.opened(path) as whole:
        platform, place = _recognised(assignment, whole, layout)
        if platform is None:
            return _plain(assignment, whole, people)
        found = received(assignment, place, platform, people, zone)
        others = tuple(name for name in place.top if not _belongs(platform, name))
        return WholeClass(
            platform.name, platform.title, tuple(found), _absent(people, found), others
        )


def _recognised(
    assignment: Assignment, whole: Download, name: str | None
) -> tuple[Layout | None, Download]:
    """The layout (None for the plain one) and the folder that holds the class."""
    if name == PLAIN:
        return None, whole
    places = list(_folders_around(assignment, whole))
    if name is not None:
        for place in places:
            if any(map(LAYOUTS[name].claims, _as_files(place.top))):
                return LAYOUTS[name], place
        raise LayoutError(
            f"nothing in {whole.path.name} is named as in a {LAYOUTS[name].title}, "
            f"such as {LAYOUTS[name].example}"
        )
    for place in places:
        if platform := recognise(place.top):
            return platform, place
    return None, whole


def _folders_around(assignment: Assignment, whole: Download) -> Iterator[Download]:
    """The download itself, then the single folder inside it, up to three levels."""
    place: Download | None = whole
    for _ in range(3):
        if place is None or f"{assignment.id}/" in place.top:
            return
        yield place
        place = place.unwrapped()


def _as_files(names: tuple[str, ...]) -> Iterator[str]:
    return (f"{name}file" if name.endswith("/") else name for name in names)


def _belongs(platform: Layout, name: str) -> bool:
    (path,) = _as_files((name,))
    return platform.claims(path) or path in platform.extras


def _plain(assignment: Assignment, whole: Download, people: tuple[Person, ...]) -> WholeClass:
    """Folders and zips named after students, whose ids may be those of a roster."""
    if whole.archive is not None:
        raise LayoutError(
            f"{whole.path.name} is a zip, but its names are those of no known platform. "
            f"Unpack it and give the folder, with a folder or zip for each student"
        )
    found = []
    for hand_in in handed_in(whole.path, assignment.id):
        named = hand_in.student
        person, reason = Person(named), hand_in.reason
        if people:
            try:
                ids = {"login": named, "sis": named, "email": named}
                person = roster.find(people, ids, named) or person
                known = person in people
                reason = reason or (None if known else f"{named} is on no roster")
            except Ambiguous as problem:
                reason = reason or str(problem)
        upload = Upload(f"login {named}", (Member(named, {"login": named}),))
        one = replace(hand_in, student=person.id, reason=reason)
        found.append(Received(one, upload, (person,)))
    found = set_twice_aside(found)
    return WholeClass(PLAIN, "Folder of students", tuple(found), _absent(people, found))


def _absent(people: tuple[Person, ...], found: list[Received]) -> tuple[Person, ...]:
    present = {person.id for one in found for person in one.people}
    return tuple(person for person in people if person.id not in present)
