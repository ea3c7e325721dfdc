"""Synthetic downloads of one class, in every layout, and what must be read from each.

    path = download("canvas", works, tmp_path, as_zip=True)
    for hand_in in made("canvas", works).hand_ins: ...

`works` holds a work for each key of `people.WORKS`.
"""

from __future__ import annotations

import io
import struct
import unicodedata
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from downloading.blackboard import blackboard
from downloading.brightspace import brightspace
from downloading.by_folder import nbgrader_inbound, plain, sakai
from downloading.canvas import canvas
from downloading.course import Course, Download, HandIn, zipped
from downloading.gradescope import gradescope
from downloading.moodle import moodle, moodle_teams
from people import WORKS, Work

LAYOUTS: Mapping[str, Callable[[Course], Download]] = MappingProxyType(
    {
        "gradescope": gradescope,
        "canvas": canvas,
        "canvas_loose": partial(canvas, loose=True),
        "canvas_old": partial(canvas, old=True),
        "canvas_anonymous": partial(canvas, anonymous=True),
        "moodle": moodle,
        "moodle_before_4_1": partial(moodle, after="_/", layout="moodle_before_4_1"),
        "moodle_flat": partial(moodle, after="_", layout="moodle_flat"),
        "moodle_loose": partial(moodle, loose=True, layout="moodle_loose"),
        "moodle_flat_loose": partial(moodle, after="_", loose=True, layout="moodle_flat_loose"),
        "moodle_blind": partial(moodle, blind=True, layout="moodle_blind"),
        "moodle_teams": moodle_teams,
        "blackboard": blackboard,
        "blackboard_loose": partial(blackboard, loose=True),
        "brightspace": brightspace,
        "brightspace_loose": partial(brightspace, loose=True),
        "brightspace_folders": partial(brightspace, folders=True),
        "sakai": sakai,
        "nbgrader_inbound": nbgrader_inbound,
        "plain": plain,
        "plain_zips": partial(plain, zips=True),
    }
)
"""How each layout's download is made."""

TITLES = ("Problem 1", "Problem_1", "hw_2_attempt_1", "P1 - 5-7 - sums")
"""Names of an assignment, some of which look like other parts of an entry's name."""


def made(layout: str, works: Mapping[str, Work], **course: Any) -> Download:
    """A layout's download of these works. `course` are further fields of a `Course`."""
    missing = [key for key in WORKS if key not in works]
    if missing:
        raise ValueError(f"no work for {', '.join(missing)}: every key of WORKS needs one")
    return LAYOUTS[layout](Course(works, **course))


def download(
    layout: str,
    works: Mapping[str, Work],
    place: Path,
    *,
    as_zip: bool,
    mac: bool = False,
    flagged: bool = True,
    directories: bool = False,
    **course: Any,
) -> Path:
    """Writes a layout's download into `place`; returns the zip, or the folder.

    `mac` is for one that was unpacked and zipped again on a Mac. Zips that are not `flagged` do
    not say that their names are UTF-8, so that Python reads them as cp437. With `directories`
    a zip has an entry for each folder, too.
    """
    found = made(layout, works, **course)
    found = by_a_mac(found) if mac else found
    if as_zip:
        entries = with_directories(found.entries) if directories else found.entries
        return write_zip(entries, place / f"{found.name}.zip", flagged=flagged)
    return write_folder(found.entries, place / found.name)


def by_a_mac(found: Download) -> Download:
    """The same download with decomposed names and with what the Finder leaves behind."""
    names = {name: unicodedata.normalize("NFD", name) for name in found.entries}
    junk = (".DS_Store", "Thumbs.db", *(f"__MACOSX/{_resource(name)}" for name in names.values()))
    entries = {names[name]: content for name, content in found.entries.items()}

    def renamed(hand_in: HandIn) -> HandIn:
        return replace(
            hand_in,
            name=unicodedata.normalize("NFD", hand_in.name),
            entries=tuple(names[name] for name in hand_in.entries),
            passed_over=tuple(names[name] for name in hand_in.passed_over),
        )

    return replace(
        found,
        entries=entries | dict.fromkeys(junk, b"\0\5\26\7"),
        hand_ins=tuple(map(renamed, found.hand_ins)),
        nobodys=tuple(names[name] for name in found.nobodys),
        extras=(*(names[name] for name in found.extras), *junk),
    )


def _resource(name: str) -> str:
    folder, slash, file = name.rpartition("/")
    return f"{folder}{slash}._{file}"


def write_zip(entries: Mapping[str, bytes], path: Path, *, flagged: bool = True) -> Path:
    content = zipped(entries)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if flagged else without_utf8_flag(content))
    return path


def with_directories(entries: Mapping[str, bytes]) -> dict[str, bytes]:
    """The same entries, each after those of the folders that it is in."""
    found: dict[str, bytes] = {}
    for name, content in entries.items():
        parts = name.split("/")[:-1]
        for depth in range(1, len(parts) + 1):
            found.setdefault("/".join(parts[:depth]) + "/", b"")
        found[name] = content
    return found


def without_utf8_flag(content: bytes) -> bytes:
    """The same zip with flag 0x800 cleared, in the local headers and in the directory."""
    found = bytearray(content)

    def clear(at: int) -> None:
        (flags,) = struct.unpack_from("<H", found, at)
        struct.pack_into("<H", found, at, flags & ~0x800)

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        at = archive.start_dir
        for info in archive.infolist():
            assert found[at : at + 4] == b"PK\1\2"
            clear(info.header_offset + 6)
            clear(at + 8)
            at += 46 + sum(struct.unpack_from("<HHH", found, at + 28))
    return bytes(found)


def write_folder(entries: Mapping[str, bytes], folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in entries.items():
        path = folder / name
        if folder not in path.parents or ".." in path.parts:
            raise ValueError(f"{name!r} would be written outside {folder}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


__all__ = [
    "LAYOUTS",
    "TITLES",
    "Course",
    "Download",
    "HandIn",
    "by_a_mac",
    "download",
    "made",
    "without_utf8_flag",
    "write_folder",
    "write_zip",
    "zipped",
]
