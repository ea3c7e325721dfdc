"""Fuzzing what learning platforms hand out: downloads, lists of the class, and files to fill."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections import Counter
from pathlib import Path

from fuzzing.answers import Breach, must_be_text, named
from fuzzing.damage import write_new
from fuzzing.handed_in import TINY
from hypothesis import strategies as st

from autograder.export import report
from autograder.export.grades import Graded
from autograder.export.table import Table, TableError
from autograder.export.targets import TARGETS, fill
from autograder.hand_in import roster
from autograder.hand_in.files import Unreadable
from autograder.hand_in.layouts import LayoutError
from autograder.hand_in.people import Person, RosterError
from autograder.hand_in.students import folded, is_id
from autograder.hand_in.whole_class import read_class

TITLE = "Problem 1"
CLASS = (
    Graded("ada", "Lindgren, Ada", {"canvas": "101", "login": "ada", "moodle": "1001"}, 37.5),
    Graded("bo", "Marsh, Bo", {"sis": "0012351", "email": "bo@example.edu"}, 12.0),
    Graded("sam", "Reed, Sam", {"login": "sreed"}, None),
    Graded("vera", "Absent, Vera", {"login": "vabsent", "canvas": "113"}, handed_in=False),
)
PEOPLE = (
    Person("ada", "Ada Lindgren", "ada@example.edu", {"canvas": "101", "login": "ada"}),
    Person(
        "gus", "Gus Adler", "", {"canvas": "108", "login": "gus", "moodle": "1008"}, group="T 1"
    ),
    Person("ipek", "İpek Weiß", "", {"canvas": "109", "moodle": "1009"}, group="T 1"),
    Person("sam", "Sam Reed", "", {"moodle": "1004"}),
    Person("sam2", "Sam Reed", "", {"moodle": "1005"}),
)


# Tables: lists of the class, and files to fill

HEADERS = (
    ("Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Problem 1 (9876)", "Final Score"),
    ("LastName", "FirstName", "ID", "SIS Login ID", "Section", "Problem 1 (9876)"),
    ("name", "canvas_user_id", "user_id", "login_id", "sections", "group_name"),
    ("Identifier", "Full name", "Email address", "Status", "Group", "Grade", "Maximum grade"),
    ("Identificador", "Nombre completo", "Estado", "Calificación", "Última modificación"),
    ("Name", "SID", "Email", "Total Score", "Submission ID"),
    ("OrgDefinedId", "Username", "Problem 1 Points Grade", "End-of-Line Indicator"),
    ("Last Name", "First Name", "Username", "Student ID", "Problem 1 [Total Pts: 40 Score] |12345"),
    ("id", "name", "email", "group"),
)
cells = st.sampled_from(
    [
        *(
            "",
            "",
            "-",
            "0012345",
            "101",
            "ada",
            "sreed",
            "Lindgren, Ada",
            "Reed, Sam",
            "Ada",
            "#ada",
        ),
        *(
            "Participant 1001",
            "Participante 1002",
            "ada@example.edu",
            "bo@example.edu",
            "Yes",
            "No",
        ),
        *("EX", "N/A", "37,5", "12.50", "1.000,25", "(read only)", "    Points Possible", "40"),
        *("Student, Test", "Manual Posting", '="012"', "=cmd|' /C calc'!A0", "a\nb", 'a"b', "#"),
        *("T 1", "../x", "\u202eada", "x" * 300, "İ", "ß", "\ufeff", "\0", "CS-1", "Submitted"),
    ]
) | st.text(max_size=6)


@st.composite
def tables(draw: st.DrawFn) -> bytes:
    """A delimited file under a platform's header, perhaps a changed one."""
    header = list(draw(st.sampled_from(HEADERS)))
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        place = draw(st.integers(0, len(header) - 1))
        header[place] = draw(st.sampled_from([header[0], header[-1], "", "ID", "Group"]) | cells)
    rows = draw(st.lists(st.lists(cells, max_size=len(header) + 1), max_size=5))
    numbered = header[0].startswith("Ident") and draw(st.booleans())
    if numbered:
        rows = [[f"Participant {n}", *row[1:]] for n, row in enumerate(rows, 1000)]
    text = io.StringIO(newline="")
    writer = csv.writer(
        text,
        delimiter=draw(st.sampled_from([",", ",", ";", "\t"])),
        lineterminator=draw(st.sampled_from(["\n", "\r\n", "\r"])),
        quoting=draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])),
    )
    writer.writerows([header, *rows])
    encoding = draw(st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "utf-16", "cp1252"]))
    return text.getvalue().encode(encoding, "replace")


def _named(refusal: Exception) -> str:
    """The name of a refusal, without the list of what was found and of what is known."""
    text = re.sub(
        r"(has the columns|these are not:|and) .*", r"\1 …", str(refusal), flags=re.DOTALL
    )
    return named(ValueError(re.sub(r"^.*?, line", "line", text)))


ORDINARY_TABLE = b"id,name,email\nada,Ada Lindgren,ada@example.edu\n"


def read_roster(data: bytes, folder: Path) -> str:
    path = folder / "roster.csv"
    write_new(path, data)
    try:
        found = roster.read(path)
    except RosterError as refusal:
        must_be_text(str(refusal))
        return _named(refusal)
    must_be_text(str(found))
    people = roster.merged([found])
    ids = Counter(folded(person.id) for person in people)
    for person in people:
        if not is_id(person.id) or ids[folded(person.id)] > 1:
            raise Breach(f"somebody is called {person.id!r}, {ids[folded(person.id)]} times")
        if "" in person.ids.values() or not all(type(v) is str for v in person.ids.values()):
            raise Breach(f"{person.id} has the ids {person.ids!r}")
    return f"{found.kind}, {'people' if people else 'nobody'}"


def fill_table(data: bytes) -> str:
    """Fills the file as every platform's; one of them at most takes it."""
    answers = []
    for target in TARGETS:
        try:
            filled = fill(target, data, CLASS, TITLE, None, "zero")
        except TableError as refusal:
            must_be_text(str(refusal))
            answers.append(named(refusal))
            continue
        must_be_text(report.for_terminal(filled, "export.txt"))
        _require_the_rest_unchanged(data, filled.content, filled.column)
        return f"{target}, {'matched' if filled.matched else 'nobody'}"
    return answers[0]


def _require_the_rest_unchanged(before: bytes, after: bytes, column: str) -> None:
    old, new = Table.read(before), Table.read(after)
    if old.header != new.header or len(old.rows) != len(new.rows):
        raise Breach("a filled file has another header, or more or fewer rows")
    for mine, theirs in zip(new.rows, old.rows, strict=True):
        width = max(len(mine), len(theirs))
        mine, theirs = (row + ("",) * (width - len(row)) for row in (mine, theirs))
        changed = {place for place in range(width) if mine[place] != theirs[place]}
        if len(changed) > 1 or any(old.header[place].strip() != column for place in changed):
            raise Breach(f"besides {column!r}, the columns {sorted(changed)} were changed")


# Downloads, by the names in them

LAYOUTS = (
    (
        *("lindgrenada_101_9001_", "adlergus_108_9002_", "t1_108_9003_", "t1_101_9004_"),
        *("reedsam_LATE_104_9005_", "lindgrenada_101_", "lindgrenada_102_9001_", "LATE_7_8_"),
    ),
    ("anon_aB3dE_9001_", "LATE_anon_fG4hI_9002_", "anon_12345_9003_", "anon_aB3dE_"),
    (
        *("Ada Lindgren_1001_assignsubmission_file/", "T 1_1001_assignsubmission_file_"),
        *("Default group_assignsubmission_file_/", "Sam Reed_1004_assignsubmission_file/"),
        *("Ada Lindgren_1001_assignsubmission_onlinetext/", "T 1_77_assignsubmission_file/"),
    ),
    (
        *("hw_1_ada_attempt_2026-11-20-15-38-53_", "hw_1_bo_attempt_2026-11-19-15-38-53_"),
        *("hw_1_ada_attempt_2026-11-19-15-38-53", "hw_1_bo_attempt_2026-99-19-15-38-53_"),
    ),
    (
        *("13394-80551 - Sam Reed - Nov 20, 2026 915 AM - ", "13394-80551 - Bo - Nov 9, 2026 0 - "),
        *("13395-80551 - Ada Lindgren - Nov 20, 2026 2515/", "1-2 - Sam Reed - Mai 1, 2026 915/"),
    ),
    (
        "Lindgren, Ada(ada)/Submission attachment(s)/",
        "Reed, Sam(sam)/Submission attachment(s)/",
        *("Reed, (Sam)(x)(sam)/Submission attachment(s)/", "Lindgren, Ada(ada)/"),
    ),
    ("submission_216975/", "submission_1/", "submission_metadata.yml"),
    (
        *("ada+tiny+2026-11-20 15:38:53 UTC+7f8a/", "ada+tiny+2026-11-19 15:38:53 UTC/"),
        *("ada+other+2026-11-19 15:38:53 UTC/", "bo+tiny+2026-11-19 25:38:53 CET/"),
    ),
)
"""Beginnings of names, by layout."""
ends = st.sampled_from(
    [
        *("work.zip", "work.zip", "optim.py", "optim-1.py", "text.html", ".txt", "Tiny.ipynb"),
        *("x_102_9009_y.zip", "z_attempt_2099-01-01-00-00-00_z.zip", "timestamp.txt", "=cmd"),
        *("x_1002_assignsubmission_file_z", "\u202ezip", "a" * 300, "lib/optim.py", "../../x"),
    ]
)
others = st.sampled_from(
    [
        *("index.html", "grades.csv", "submission_metadata.yml", "__MACOSX/x", ".DS_Store"),
        *("x.zip", "notes.docx", "/etc/passwd", "C:\\x", "a\0b", "", "ada/tiny/Tiny.ipynb"),
    ]
) | st.text(max_size=8)


@st.composite
def listings(draw: st.DrawFn) -> bytes:
    """The names of a download, one on a line: of one platform, and sometimes others."""
    starts = st.sampled_from(draw(st.sampled_from(LAYOUTS)))
    lines = draw(st.lists(st.builds("".join, st.tuples(starts, ends)), min_size=1, max_size=6))
    if draw(st.sampled_from([False, False, True])):
        lines += draw(st.lists(others, max_size=2))
    inside = draw(st.sampled_from(["", "", "", "class/", "a/b/", "a\x1b[2Jb/"]))
    return "\n".join(inside + line.replace("\n", "") for line in lines).encode("utf-8", "replace")


ORDINARY_LISTING = b"lindgrenada_101_9001_work.zip"


def read_download(data: bytes, folder: Path) -> str:
    """Reads a download with these names, with and without a list of the class."""
    path = folder / "class.zip"
    path.unlink(missing_ok=True)  # as in `write_new`
    listing = dict.fromkeys(data.decode("utf-8", "replace").split("\n"))
    with zipfile.ZipFile(path, "w") as archive:
        for name in listing:
            archive.writestr(zipfile.ZipInfo(name.replace("\0", "")[:60_000] or "x"), b"")
    said = ""
    for people in ((), PEOPLE):
        try:
            found = read_class(TINY, path, people=people)
        except (LayoutError, Unreadable) as refusal:
            must_be_text(str(refusal))
            return _named(refusal)
        said = found.layout + (", some set aside" if _checked(found.received) else "")
        must_be_text(str(found))
    return said


def _checked(received: tuple) -> bool:
    """Whether some are set aside. Nobody is graded twice, or under a name that is no id."""
    graded = Counter(
        folded(student)
        for one in received
        if not one.hand_in.reason
        for student in one.hand_in.students
    )
    if twice := [student for student, count in graded.items() if count > 1]:
        raise Breach(f"{twice[0]!r} is graded twice")
    for one in received:
        if one.hand_in.reason is None and not all(map(is_id, one.hand_in.students)):
            raise Breach(f"{one.hand_in.students!r} are graded")
        if one.hand_in.reason is not None:
            must_be_text(one.hand_in.reason)
    return any(one.hand_in.reason for one in received)
