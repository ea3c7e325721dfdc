"""What students choose so that it looks like somebody else's entry, or like no name at all.

Max is the one who tries, and Ada the one who is meant. A trick changes a download as the platform
would write it: everybody's hand-in is still what `Trick.made` says, whoever reads it.

    for trick in tricks("canvas"):
        path = write_zip(trick.made(works).entries, tmp_path / "class.zip")
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from downloads import LAYOUTS, Course, Download, zipped
from people import CLASS, PERSON, Work

WHO, VICTIM = PERSON["max"], PERSON["ada"]
KEPT, EITHER = "kept", "kept or set aside"
"""Whether Max's file must be read as his, or may be set aside. It is never another's."""


@dataclass(frozen=True)
class Trick:
    """One download with something hostile in it.

    Attributes:
        title: for the test's id.
        layout: the download's.
        outcome: `KEPT` or `EITHER`, of Max's hand-in.
        file: the name that Max gave his file, if that is the trick.
        changes: other fields of the `Course`.
        added: whole entries that are nobody's. They are set aside, or the download is refused with
            the documented error.
        forged: a time that must not be taken for Max's.
        may_suffer: others who may be set aside, since one id is claimed twice. Nobody gets
            another's work all the same.
    """

    title: str
    layout: str
    outcome: str
    file: str = ""
    changes: Mapping[str, Any] = field(default_factory=dict)
    added: tuple[str, ...] = ()
    forged: datetime | None = None
    may_suffer: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.layout}: {self.title}"

    def made(self, works: Mapping[str, Work]) -> Download:
        """The download, with what must be read from it."""
        changes = dict(self.changes)
        if self.file:
            content = _timestamp if self.file == "timestamp.txt" else zipped(works[WHO.work])
            changes["chosen"] = {WHO.work: ((self.file, content),)}
        found = LAYOUTS[self.layout](Course(works, **changes))
        strangers = dict.fromkeys(self.added, zipped(works[WHO.work]))
        return replace(
            found, entries={**found.entries, **strangers}, nobodys=(*found.nobodys, *self.added)
        )


LONG_AGO = datetime(2026, 1, 1, 1, 0)
_timestamp = b"2026-01-01 01:00:00.000000 UTC"

FILE_NAMES: Mapping[str, str] = {
    # made to look like another student's entry
    "x_attempt_2099-01-01-00-00-00_y.zip": KEPT,
    "Problem 1_ada_attempt_2099-01-01-00-00-00_ada.zip": KEPT,
    "_9_assignsubmission_file_z.zip": KEPT,
    "Ada Lindgren_1001_assignsubmission_file_z.zip": KEPT,
    "Ada Lindgren_1001_assignsubmission_file/z.zip": EITHER,
    "_assignsubmission_onlinetext_onlinetext.html.zip": KEPT,
    "101_9001_ada.zip": KEPT,
    "lindgrenada_101_9001_ada_problem_1.zip": KEPT,
    "_LATE_101_9001_ada.zip": KEPT,
    "LATE_anon_aB3dE_9001_ada.zip": KEPT,
    "13394-80551 - Ada Lindgren - Nov 20, 2026 959 PM - ada.zip": KEPT,
    " - Nov 20, 2026 959 PM - ada.zip": KEPT,
    "Lindgren, Ada(ada).zip": KEPT,
    "Lindgren, Ada(ada)/Submission attachment(s)/ada.zip": EITHER,
    "ada+problem_1+2026-11-20 20_00_00 UTC+x.zip": KEPT,
    "ada+problem_1+2026-11-20 20:00:00 UTC/ada.zip": EITHER,
    "submission_216975001.zip": KEPT,
    "submission_216975001/Problem_1.zip": EITHER,
    "ada.zip": KEPT,
    "ada_problem_1.zip": KEPT,
    "ada/problem_1/ada.zip": EITHER,
    # made to look like a part of the download itself
    "submission_metadata.yml": EITHER,
    "index.html": EITHER,
    "grades.csv": EITHER,
    "timestamp.txt": EITHER,
    ".DS_Store": EITHER,
    "Thumbs.db": EITHER,
    "._max.zip": EITHER,
    "__MACOSX/max.zip": EITHER,
    # paths
    "..": EITHER,
    "../ada.zip": EITHER,
    "../../../../tmp/ada.zip": EITHER,
    "a/../../../ada.zip": EITHER,
    "/etc/ada.zip": EITHER,
    "..\\..\\ada.zip": EITHER,
    "C:\\Users\\ada.zip": EITHER,
    "~/ada.zip": EITHER,
    # what breaks terminals, tables and file systems
    "red\x1b[31m\x07.zip": EITHER,
    "two\nlines.zip": EITHER,
    "carriage\rreturn.zip": EITHER,
    "tab\tin it.zip": EITHER,
    "right\u202eto\u202dleft piz.zip": EITHER,
    "no\u200bwidth\ufeff.zip": EITHER,
    "e\u0301e\u0301.zip": KEPT,
    "=cmd|' /C calc'!A0.zip": KEPT,
    "@SUM(1+1).zip": KEPT,
    "-rf.zip": KEPT,
    "<script>alert(1)<script>.zip": KEPT,
    "${jndi}`id`$(id);x.zip": KEPT,
    '"quoted",twice.zip': KEPT,
    "CON.zip": KEPT,
    "x" * 296 + ".zip": EITHER,
    "д" * 200 + ".zip": EITHER,
    " .zip": EITHER,
    ".zip": EITHER,
    "no ending": EITHER,
}
"""File names, and whether a zip of that name must be read."""

UNPACKED = ("gradescope", "nbgrader_inbound", "plain")
"""Layouts in which the file stands beside the work, and does not replace it."""


def _named(first: str, last: str) -> dict[str, Any]:
    return _with(first=first, last=last)


def _with(**changes: Any) -> dict[str, Any]:
    return {"people": tuple(replace(p, **changes) if p == WHO else p for p in CLASS)}


def _typed(text: str) -> dict[str, Any]:
    return {"remarks": {WHO.key: text}}


HARMLESS: Mapping[str, tuple[str, str]] = {
    "LATE": ("LATE", "Max"),
    "a formula": ("=cmd|' /C calc'!A0", "Smith"),
    "right to left": ("Max\u202e", "htimS"),
    "markup": ("<b>Max", 'Smith" onload="x'),
    "a path": ("../../Max", "/etc/Smith"),
    "a comma": ("Max, Ada", "Smith"),
    "NFD": ("Ma\u0301x", "Smi\u0323th"),
}
"""Display names that no platform's layout need mind."""

NAMED: Mapping[str, tuple[Trick, ...]] = {
    "canvas": (
        Trick("a name that is another's id", "canvas", EITHER, changes=_named("", VICTIM.canvas)),
        Trick("a name that ends with another's id", "canvas", EITHER,
              changes=_named(f"_{VICTIM.canvas}", "Smith"), may_suffer=(VICTIM.key,)),
        Trick("a name that ends with another's id and file", "canvas", EITHER,
              changes=_named(f"_{VICTIM.canvas}_9001", "Smith"), may_suffer=(VICTIM.key,)),
        Trick("a name with ids inside", "canvas", KEPT, changes=_named("_101_9001_x", "Smith")),
        Trick("a name like an anonymous one", "canvas", EITHER,
              changes=_named("_aB3dE_9001", "Anon")),
        Trick("Anon", "canvas", KEPT, changes=_named("", "Anon")),
        Trick("no letters", "canvas", EITHER, changes=_named("!!!", "☃")),
        Trick("the victim's name", "canvas", KEPT, changes=_named(VICTIM.first, VICTIM.last)),
    ),
    "moodle": (
        Trick("a name like an entry", "moodle", KEPT,
              changes=_named("Ada", "Lindgren_1001_assignsubmission_file_x")),
        Trick("a name like a participant", "moodle", KEPT, changes=_named("Participant", "1001")),
        Trick("Default group", "moodle", KEPT, changes=_named("Default", "group")),
        Trick("the victim's name", "moodle", KEPT, changes=_named(VICTIM.first, VICTIM.last)),
    ),
    "blackboard": (
        Trick("a name with a user name", "blackboard", KEPT, changes=_named("Ada (ada)", "Smith")),
        Trick("a name of two lines", "blackboard", EITHER,
              changes=_named("Max\r\nName: Ada Lindgren (ada)\r\nx", "Smith")),
        Trick("a comment with another's name", "blackboard", KEPT,
              changes=_typed("Name: Ada Lindgren (ada)\r\nAssignment: Problem 1")),
        Trick("a comment with a time", "blackboard", KEPT, forged=LONG_AGO,
              changes=_typed("Date Submitted: Thursday, 1 January 2026 01:00:00 o'clock CET")),
        Trick("a comment with another's file", "blackboard", KEPT, changes=_typed(
            "Files:\r\n\tOriginal filename: x.zip\r\n\tFilename: "
            "Problem 1_ada_attempt_2026-11-19-10-05-00_ada_problem_1.zip")),
    ),
    "brightspace": (
        Trick("a name with a time", "brightspace", EITHER, forged=LONG_AGO,
              changes=_named("Max - Jan 1, 2026 100 AM -", "Smith")),
        Trick("a name like an entry", "brightspace", KEPT,
              changes=_named("- 13394-80551 -", "Ada Lindgren")),
        Trick("the victim's name", "brightspace", KEPT, changes=_named(VICTIM.first, VICTIM.last)),
    ),
    "sakai": (
        Trick("a name with another's id", "sakai", KEPT, changes=_named("Ada(ada)", "Lindgren")),
        Trick("a name of folders", "sakai", KEPT,
              changes=_named("Ada(ada)/Submission attachment(s)/", "Lindgren")),
    ),
    "gradescope": (
        Trick("a name of several lines", "gradescope", KEPT,
              changes=_named("Max\n  :sid: '0012345'\n  :email: ada@example.edu\n", "Smith")),
        Trick("a name like YAML", "gradescope", KEPT, changes=_named("*x: {a: [&b", "#'\"")),
        Trick("a name that is nothing in YAML", "gradescope", KEPT, changes=_named("", "~")),
        Trick("output like another's record", "gradescope", KEPT, changes=_typed(
            "submission_216975001:\n  :submitters:\n  - :name: Max\n    :sid: '0012356'\n"
            "    :email: max@example.edu\n  :created_at: 2026-01-01 01:00:00.000000000 Z")),
        Trick("output like the next document", "gradescope", KEPT,
              changes=_typed("---\nsubmission_216975001:\n  :submitters: []\n...\n")),
    ),
    "nbgrader_inbound": (
        Trick("an earlier time", "nbgrader_inbound", KEPT, "timestamp.txt", forged=LONG_AGO),
    ),
}  # fmt: skip
"""Tricks with other things than file names, for a layout and its variants."""

IDS: Mapping[str, str] = {
    "max(2)": EITHER,
    "max@example.edu": KEPT,
    "m" * 120: EITHER,
    "=1+1": EITHER,
    "MAX": KEPT,
    "0012": KEPT,
}
"""Odd user names, which are the institution's choice."""

STRANGERS = (
    "../ada.zip",
    "../../../../tmp/ada.zip",
    "/tmp/ada.zip",
    "a/../../../ada.zip",
    "..\\..\\ada.zip",
    "\\\\server\\share\\ada.zip",
    "C:\\Windows\\ada.zip",
    "\u202egpj.piz\x1b[2J",
    "y" * 300,
    "/".join("d" * 100),
)
"""Whole entries that no platform writes: somebody tampered with the zip."""


def tricks(layout: str) -> tuple[Trick, ...]:
    """All that is tried with a layout."""
    return tuple(_tricks(layout))


def _ordinary(name: str) -> bool:
    """Whether a file of that name can lie beside the work without harm."""
    return name.isprintable() and not set(name) & set("/\\") and name != ".." and len(name) < 120


def _tricks(layout: str) -> Iterator[Trick]:
    if layout == "moodle_teams":  # Max shares a hand-in there
        return
    if layout != "plain_zips":  # there the name of the file is the id
        for name, outcome in FILE_NAMES.items():
            if layout == "plain" and name == "timestamp.txt":
                continue  # there it is what tells the time
            if layout in UNPACKED:
                outcome = KEPT if _ordinary(name) else EITHER
            yield Trick(f"file {name[:40]!r}", layout, outcome, name)
        for title, (first, last) in HARMLESS.items():
            yield Trick(title, layout, KEPT, changes=_named(first, last))
        yield Trick("300 characters", layout, EITHER, changes=_named("Max", "S" * 300))
    for group, listed in NAMED.items():
        if layout.startswith(group) and not layout.endswith(("anonymous", "blind")):
            yield from (replace(trick, layout=layout) for trick in listed)
    if not layout.startswith(("canvas", "moodle", "brightspace", "gradescope")):
        for login, outcome in IDS.items():
            yield Trick(f"id {login[:20]}", layout, outcome, changes=_with(login=login))
    yield Trick("strangers", layout, KEPT, added=STRANGERS)
