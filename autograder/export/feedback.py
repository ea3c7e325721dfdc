"""Feedback pages -> the zip that a platform's bulk upload takes.

A platform finds the student by an entry's name, and silently drops what it cannot match. So names
are those of the download, or as the platform would write them; pages that cannot be given back in
this way are left out with a reason. Names come from students, so they are checked: none leads out
of the zip, and none is there twice. The same pages give the same zip, byte for byte.
"""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

from autograder.hand_in.files import printable
from autograder.hand_in.layouts.upload import Member

PAGE = "feedback.html"
LARGEST = 32 * 2**20
MOST_FILES = 200
LONGEST_NAME = 1_000
"""Of a page with all that lies beside it; bytes of an entry's name."""
FIXED_TIME = (1980, 1, 1, 0, 0, 0)
NO_TEXT = {"Cc", "Cs", "Zl", "Zp"}
MOODLE_ENTRY = re.compile(r"(?P<name>[^_/]*)_(?P<id>[0-9]+)_assignsubmission_")
MOODLE_FOLDER = re.compile(r"[^_/]*_[0-9]+_assignsubmission_file_?")
NO_PARTICIPANT = "no participant number is known; give the grading worksheet as --roster"
NOT_IN_A_NAME = re.compile(r'[_/\\:*?"<>|]+')


@dataclass(frozen=True)
class Returned:
    """A hand-in whose feedback goes back.

    Attributes:
        student: our id.
        entries: names in the download that the hand-in was made of.
        page: an HTML page, or a folder with a page and what belongs to it.
        name: the student's, as the platform writes it.
        ids: platform ids by their kind.
        members: of a group, its students.
    """

    student: str
    entries: tuple[str, ...]
    page: Path
    name: str = ""
    ids: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    members: tuple[Member, ...] = ()


@dataclass(frozen=True)
class Place:
    """Where a page goes in the zip.

    Attributes:
        name: of a zip with the page in it, or of a folder that gets the page.
        owner: the platform's key for the student; two hand-ins with one key are both left out.
        is_zip: whether `name` is a zip; otherwise it is a folder.
    """

    name: str
    owner: str
    is_zip: bool


@dataclass(frozen=True)
class FeedbackZip:
    """What was written.

    Attributes:
        written: our id and the entry's name, for every page in the zip.
        left_out: our id and why the platform could not give the page back.
        notes: what to know before the upload.
    """

    written: tuple[tuple[str, str], ...]
    left_out: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


class Unplaced(Exception):  # noqa: N818 - a fact about a hand-in
    """A page cannot be given back; the message says why."""


def write(target: str, hand_ins: Sequence[Returned], file: BinaryIO) -> FeedbackZip:
    """Write a platform's feedback zip.

    Args:
        target: one of `PLACES`.
        hand_ins: whose pages are given back.
        file: to which the zip is written.

    Raises:
        OSError: a page or the zip cannot be read or written.
        KeyError: the platform takes no feedback files.
    """
    places, left_out = _placed(PLACES[target], hand_ins)
    written = []
    with zipfile.ZipFile(file, "w") as archive:
        for place, one in sorted(places, key=lambda both: both[0].name):
            try:
                files = _files(one.page)
            except Unplaced as reason:
                left_out.append((one.student, str(reason)))
                continue
            if place.is_zip:
                _add(archive, place.name, _zipped(files))
            for name, content in () if place.is_zip else files.items():
                _add(archive, f"{place.name}/{name}", content)
            written.append((one.student, place.name))
    return FeedbackZip(tuple(written), tuple(sorted(left_out)), NOTES[target])


def _placed(
    places_of: Callable[[Returned], Iterator[Place]], hand_ins: Sequence[Returned]
) -> tuple[list[tuple[Place, Returned]], list[tuple[str, str]]]:
    """Where every page goes, and the hand-ins whose page goes nowhere."""
    places: list[tuple[Place, Returned]] = []
    left_out: list[tuple[str, str]] = []
    for one in hand_ins:
        try:
            for place in places_of(one):
                _require_safe(place.name)
                places.append((place, one))
        except Unplaced as reason:
            left_out.append((one.student, str(reason)))
    names = Counter(_folded(place.name) for place, _ in places)
    owners = Counter(place.owner for place, _ in places)
    kept = []
    for place, one in places:
        if names[_folded(place.name)] > 1 or owners[place.owner] > 1:
            left_out.append((one.student, f"several hand-ins would get {printable(place.name)}"))
        else:
            kept.append((place, one))
    return kept, left_out


def _canvas(one: Returned) -> Iterator[Place]:
    """Canvas shows the page under the name of the student's own file, so that has to be a zip."""
    names = sorted(entry.replace("\\", "/").rpartition("/")[2] for entry in one.entries)
    zips = [name for name in names if name.lower().endswith(".zip")]
    if not zips:
        loose = printable(names[0]) if names else "nothing"
        raise Unplaced(
            f"the hand-in is no zip, and Canvas would show the page under the name of {loose}"
        )
    fitting = [name for name in zips if _canvas_would_match(name, one.ids)]
    if not fitting:
        raise Unplaced(f"Canvas could not tell whose {printable(zips[0])} is")
    yield Place(fitting[0], fitting[0], is_zip=True)


def _canvas_would_match(name: str, ids: Mapping[str, str]) -> bool:
    """As Canvas reads a name: the first two numbers are the user and the attachment, and where
    there is `anon`, its token and the attachment."""
    parts = [part for part in name.split("_") if part != "LATE"]
    numbers = [part for part in parts if part.isascii() and part.isdigit()]
    if "anon" in parts[:1]:
        read = {"anonymous": "".join(parts[1:2]), "attachment": "".join(parts[2:3])}
    else:
        read = dict(zip(("canvas", "attachment"), numbers, strict=False))
    is_ignored = name.startswith("._") or "" in read.values() or len(read) < 2
    return not is_ignored and all(ids.get(key, value) == value for key, value in read.items())


def _moodle(one: Returned) -> Iterator[Place]:
    """One folder per student. A group's number is not a participant's, so each member gets one."""
    known = [member for member in one.members if _is_number(member.ids.get("moodle", ""))]
    for member in known:
        id_ = member.ids["moodle"]
        yield Place(_moodle_folder(member.name, id_), id_, is_zip=False)
    if one.members:
        unknown = [printable(member.name) for member in one.members if member not in known]
        if unknown:
            raise Unplaced(f"of {', '.join(unknown)} {NO_PARTICIPANT}")
        return
    folders = [entry.replace("\\", "/").partition("/")[0] for entry in sorted(one.entries)]
    found = next((match for entry in folders if (match := MOODLE_ENTRY.match(entry))), None)
    id_ = one.ids.get("moodle") or (found["id"] if found else "")
    if not _is_number(id_):
        raise Unplaced(NO_PARTICIPANT)
    own = next((f for f in folders if MOODLE_FOLDER.fullmatch(f) and f.split("_")[1] == id_), None)
    name = one.name or (found["name"] if found else "")
    yield Place(own or _moodle_folder(name, id_), id_, is_zip=False)


def _moodle_folder(name: str, id_: str) -> str:
    """Named as Moodle does, with separators replaced so that the name cannot be split wrongly."""
    text = "".join(c if unicodedata.category(c) not in NO_TEXT else " " for c in name)
    shown = " ".join(NOT_IN_A_NAME.sub(" ", text).split()).strip(" .~")[:100]
    return f"{shown or 'Participant'}_{id_}_assignsubmission_file"


def _brightspace(one: Returned) -> Iterator[Place]:
    """The zip under its downloaded name; after loose files, the page in their folder."""
    names = sorted(entry.replace("\\", "/") for entry in one.entries)
    zips = [name for name in names if name.lower().endswith(".zip")]
    folders = [name.rpartition("/")[0] for name in names if "/" in name]
    if not zips and not folders:
        raise Unplaced(
            "the hand-in is no zip, and Brightspace would show the page under the name of "
            f"{printable(names[0]) if names else 'nothing'}"
        )
    name = zips[0] if zips else folders[0]
    yield Place(name, name.partition("/")[0], is_zip=bool(zips))


PLACES: Mapping[str, Callable[[Returned], Iterator[Place]]] = MappingProxyType(
    {"canvas": _canvas, "moodle": _moodle, "brightspace": _brightspace}
)
NOTES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "canvas": (
            "Upload the zip once: Canvas adds a comment for each file, again at each upload.",
            "Students find the page in a zip that has the name of their own.",
        ),
        "moodle": ("Upload it under Upload multiple feedback files in a zip.",),
        "brightspace": ("Upload it under Add Feedback Files, where the download was made.",),
    }
)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()


def _require_safe(name: str) -> None:
    """Refuse a name that leads out of the zip or cannot be one."""
    parts = name.split("/")
    is_text = not any(unicodedata.category(character) in NO_TEXT for character in name)
    leads_out = "\\" in name or re.match(r"[A-Za-z]:", name) or {"", ".", ".."} & set(parts)
    if not is_text or leads_out or len(name.encode("utf-8", "replace")) > LONGEST_NAME:
        raise Unplaced(f"the name {printable(name)} cannot stand in a zip")


def _files(page: Path) -> Mapping[str, bytes]:
    """The page and what lies beside it, by their names in the zip."""
    if page.is_symlink() or not page.exists():
        raise Unplaced("there is no feedback page")
    if page.is_file():
        return {PAGE: _content(page, LARGEST)}
    paths = [path for path in sorted(page.rglob("*")) if path.is_file() and not path.is_symlink()]
    names = {path.relative_to(page).as_posix(): path for path in paths}
    shown = {name: path for name, path in names.items() if not _is_hidden(name)}
    if not any(name.endswith(".html") for name in shown):
        raise Unplaced("there is no feedback page")
    if len(shown) > MOST_FILES:
        raise Unplaced(f"beside the feedback page there are more than {MOST_FILES} files")
    files, room = {}, LARGEST
    for name, path in shown.items():
        _require_safe(name)
        files[name] = _content(path, room)
        room -= len(files[name])
    return files


def _is_hidden(name: str) -> bool:
    """Moodle leaves these out, and no page needs one."""
    return any(part.startswith((".", "~")) for part in name.split("/"))


def _content(path: Path, most: int) -> bytes:
    with path.open("rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise Unplaced(f"the feedback page is larger than {LARGEST // 2**20} MiB")
    return content


def _zipped(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(files):
            _add(archive, name, files[name])
    return buffer.getvalue()


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    """An ordinary file, the same at any time and on any system."""
    entry = zipfile.ZipInfo(name, FIXED_TIME)
    entry.create_system = 3
    entry.external_attr = 0o100644 << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, content, compresslevel=6)
