"""Rosters and worksheets of the class, byte for byte as platforms export them.

`points` are what stands in the column already, by person; what is not there is empty.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from people import CLASS, TEAM_ID, TEAM_NAME, TEXT, Person

CANVAS_ASSIGNMENT = "9876"
BLACKBOARD_COLUMN = "12345"
OUT_OF = "40"
Points = Mapping[str, str]
NONE: Points = MappingProxyType({})
BOM = "\ufeff"


def table(
    rows: Iterable[Sequence[str]],
    *,
    separator: str = ",",
    ends: str = "\n",
    quote_all: bool = False,
    bom: bool = False,
    encoding: str = "utf-8",
) -> bytes:
    """A CSV's bytes."""
    text = io.StringIO(newline="")
    writer = csv.writer(
        text,
        delimiter=separator,
        lineterminator=ends,
        quoting=csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL,
    )
    writer.writerows(rows)
    return (BOM * bom + text.getvalue()).encode(encoding)


def comma(number: str, decimal_comma: bool) -> str:
    return number.replace(".", ",") if decimal_comma else number


def canvas_gradebook(
    points: Points = NONE,
    *,
    title: str = "Problem 1",
    separator: str = ",",
    ends: str = "\n",
    bom: bool = False,
    decimal_comma: bool = False,
    posting_row: bool = True,
    formula_names: bool = False,
) -> bytes:
    """FORMATS.md 2.3. Vera is excused there, and Theo has not been assigned the work.

    With `formula_names` the people whose names begin with `=` are written as `="=..."`.
    """
    header = [
        *("Student", "ID", "SIS User ID", "SIS Login ID", "Section"),
        *("Warm-up (9875)", f"{title} ({CANVAS_ASSIGNMENT})"),
        *("Current Score", "Unposted Current Score", "Final Score", "Unposted Final Score"),
    ]
    totals = ["(read only)"] * 4
    rows = [header]
    if posting_row:
        rows.append(["", "", "", "", "", "", "Manual Posting", "", "", "", ""])
    rows.append(["    Points Possible", "", "", "", "", "10", OUT_OF, *totals])
    fixed = {"vera": "EX", "theo": "N/A"}
    for person in CLASS:
        cell = comma(points.get(person.key, fixed.get(person.key, "")), decimal_comma)
        total = [comma("88.5", decimal_comma)] * 4
        warm_up = comma("9.5", decimal_comma)
        rows.append([*_canvas_student(person, formula_names), warm_up, cell, *total])
    test = ["Student, Test", "199", "", "f00d", "CS-1", "", "", "", "", "", ""]
    rows.append(test)
    return table(rows, separator=separator, ends=ends, bom=bom)


def _canvas_student(person: Person, formula_names: bool) -> list[str]:
    name = f'="={person.sortable}"' if formula_names and person.key == "max" else person.sortable
    return [name, person.canvas, person.sis, person.login, "CS-1"]


@dataclass(frozen=True)
class Language:
    """The words of a Moodle worksheet.

    Attributes:
        header: `Identifier` and so on, in the order of `COLUMNS`.
        participant: what stands in front of the number. Not every language ends it with a blank.
        yes, no: whether the grade can be changed.
        status: of a work that can be graded, and of none.
        decimal_comma: whether Moodle reads `37,5` as a number in that language.
    """

    header: tuple[str, ...]
    participant: str
    yes: str
    no: str
    status: tuple[str, str]
    decimal_comma: bool


COLUMNS = ("id", "name", "sis", "email", "status", "group", "grade", "maximum",
           "changeable", "submitted", "text", "graded", "feedback")  # fmt: skip

ENGLISH = Language(
    ("Identifier", "Full name", "ID number", "Email address", "Status", "Group", "Grade",
     "Maximum grade", "Grade can be changed", "Last modified (submission)", "Online text",
     "Last modified (grade)", "Feedback comments"),
    "Participant ", "Yes", "No", ("Submitted for grading", "No submission"), False,
)  # fmt: skip
SPANISH = Language(
    ("Identificador", "Nombre completo", "Número de ID", "Dirección de correo", "Estado",
     "Grupo", "Calificación", "Calificación máxima", "La calificación puede ser cambiada",
     "Última modificación (entrega)", "Texto en línea", "Última modificación (calificación)",
     "Comentarios de retroalimentación"),
    "Participante ", "Sí", "No", ("Enviado para calificar", "Sin entrega"), True,
)  # fmt: skip
GERMAN = Language(
    ("ID", "Vollständiger Name", "ID-Nummer", "E-Mail-Adresse", "Status", "Gruppe",
     "Bewertung", "Bestwertung", "Bewertung kann geändert werden",
     "Zuletzt geändert (Abgabe)", "Texteingabe online", "Zuletzt geändert (Bewertung)",
     "Feedback als Kommentar"),
    "Teilnehmer/in", "Ja", "Nein", ("Zur Bewertung abgegeben", "Keine Abgabe"), True,
)  # fmt: skip

LANGUAGES: Mapping[str, Language] = MappingProxyType(
    {
        "en": ENGLISH,
        "es": SPANISH,
        "es_joined": replace(SPANISH, participant="Participante"),
        "de": GERMAN,
    }
)
"""German has no blank between the word and the number, and neither has Spanish on some sites."""

LOCKED = "sam_b"
"""Whose grade cannot be changed in Moodle."""
REMARK = 'First line: "well done",\nsecond line; with a semicolon'
"""Ada's feedback comment in Moodle, which is not to be lost."""


def moodle_worksheet(
    points: Points = NONE,
    *,
    language: str = "en",
    separator: str = ",",
    ends: str = "\n",
    bom: bool = False,
    decimal_comma: bool = False,
    quote_all: bool = False,
    without: tuple[str, ...] = (),
    blind: bool = False,
    default_group: str = "",
) -> bytes:
    """FORMATS.md 3.2. Columns named in `without` are not shown on that site.

    `default_group` is what Moodle calls the group of all who are in none, where groups hand in.

    Blind worksheets tell no name, no number and no address.
    """
    hidden = {*without, *(("name", "sis", "email", "group") if blind else ())}
    words = LANGUAGES[language]
    shown = [at for at, column in enumerate(COLUMNS) if column not in hidden]
    rows = [list(words.header)]
    for person in CLASS:
        grade = points.get(person.key, "")
        rows.append(
            [
                words.participant + person.moodle,
                person.name,
                person.sis,
                person.email,
                words.status[person.time is None],
                TEAM_NAME if person.work == "team" else default_group,
                comma(grade, decimal_comma),
                comma("40.00", decimal_comma),
                words.no if person.key == LOCKED else words.yes,
                f"{person.time:%A, %d %B %Y, %I:%M %p}" if person.time else "-",
                "<p>I did it\non paper.</p>" if person.work == TEXT else "",
                "Sunday, 22 November 2026, 09:00 AM" if grade else "-",
                REMARK if person.key == "ada" else "",
            ]
        )
    cells = [[row[at] for at in shown] for row in rows]
    return table(cells, separator=separator, ends=ends, bom=bom, quote_all=quote_all)


def gradescope_grades(submissions: Mapping[str, str], *, one_name: bool = False) -> bytes:
    """ "Download Grades" (FORMATS.md 1.8). `submissions` are the ids of the export, by person."""
    names = ["Name"] if one_name else ["First Name", "Last Name"]
    header = [*names, "SID", "Email", "Sections", "Total Score", "Max Points", "Status",
              "Submission ID", "Submission Time", "Lateness (H:M:S)", "View Count",
              "Submission Count", "1: Autograder (40.0 pts)"]  # fmt: skip
    rows = [header]
    for person in CLASS:
        name = [person.name] if one_name else [person.first, person.last]
        submission = submissions.get(person.key, "")
        late = "00:31:12" if person.late else "00:00:00"
        time = f"{person.time} +0000" if submission else ""
        status = "Ungraded" if submission else "Missing"
        times = [time, late if submission else ""]
        counts = ["0", "1" if submission else "0"]
        who = [*name, person.sis, person.typed_email]
        rows.append([*who, "CS-1", "", "40.0", status, submission, *times, *counts, ""])
    return table(rows)


def blackboard_grades(
    points: Points = NONE, *, title: str = "Problem 1", utf16: bool = True
) -> bytes:
    """FORMATS.md 4: what Blackboard calls .xls is UTF-16 with tabs; the other is CSV with a BOM."""
    column = f"{title} [Total Pts: {OUT_OF} Score] |{BLACKBOARD_COLUMN}"
    header = ["Last Name", "First Name", "Username", "Student ID", "Last Access", "Availability",
              "Warm-up [Total Pts: 10 Score] |12344", column]  # fmt: skip
    rows = [header] + [
        [p.last, p.first, p.login, p.sis, "2026-11-22 07:00:00", "Yes", "9.5",
         points.get(p.key, "")]
        for p in CLASS
    ]  # fmt: skip
    if utf16:
        return table(
            rows, separator="\t", quote_all=True, ends="\r\n", bom=True, encoding="utf-16-le"
        )
    return table(rows, quote_all=True, bom=True)


def brightspace_grades(
    points: Points = NONE, *, title: str = "Problem 1", hashes: bool = True
) -> bytes:
    """FORMATS.md 4. Brightspace's own export writes `#` in front of ids, so that spreadsheets
    leave their zeros alone."""
    mark = "#" if hashes else ""
    header = ["OrgDefinedId", "Username", "Last Name", "First Name", "Email",
              f"{title} Points Grade <Numeric MaxPoints:{OUT_OF}>",
              "Calculated Final Grade Numerator", "Calculated Final Grade Denominator",
              "End-of-Line Indicator"]  # fmt: skip
    rows = [header] + [
        [mark + p.sis if p.sis else "", mark + p.login, p.last, p.first, p.email,
         points.get(p.key, ""), "9.5", "50", "#"]
        for p in CLASS
    ]  # fmt: skip
    return table(rows, ends="\r\n")


def plain_roster(*, without: str = "", ids: str = "login") -> bytes:
    """`id,name,email`. The person whose key is `without` is not on it."""
    people = [person for person in CLASS if person.key != without]
    rows = [[getattr(person, ids), person.name, person.email] for person in people]
    return table([["id", "name", "email"], *rows])


TEST_STUDENT = "199"
"""Canvas's own "Test Student" is in every gradebook."""


def canvas_groups() -> bytes:
    """ "Download group category roster": who is in which group. FORMATS.md does not describe it;
    this is how Canvas writes it as far as is known."""
    header = ["name", "canvas_user_id", "user_id", "login_id", "sections", "group_name",
              "canvas_group_id", "group_id"]  # fmt: skip
    rows = [
        [p.name, p.canvas, p.sis, p.login, "CS-1", TEAM_NAME if p.work == "team" else "",
         TEAM_ID if p.work == "team" else "", ""]
        for p in CLASS
    ]  # fmt: skip
    return table([header, *rows])
