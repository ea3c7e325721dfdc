"""Each platform's file is filled in the right cells, and in no other byte."""

from __future__ import annotations

import importers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.export import report
from autograder.export.grades import Graded
from autograder.export.table import Table, TableError
from autograder.export.targets import TARGETS, fill

TITLE = "Problem 1"

CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Notes,Problem 1 (9876),Problem 10 (99),"
    "Current Score,Final Score\n"
    ",,,,,,Manual Posting,,,\n"
    "    Points Possible,,,,,,40,10,(read only),(read only)\n"
    '"Lovelace, Ada",101,0012345,ada,CS-1,,,7.5,80.1,80.1\n'
    '"Hopper, Grace",102,12345,grace@example.edu,CS-1,,12,,,\n'
    '"O\'Neil, Zoë",103,0012347,zoe,CS-1,,EX,,,\n'
    '"=""=Sum, Al""",104,0012348,al,CS-1\n'
    '"Student, Test",999,,,CS-1,,,,,\n'
)
CANVAS_FILES = {
    "commas": (CANVAS, "37.5"),
    "its mark": ("\ufeff" + CANVAS, "37.5"),
    "Windows line ends": (CANVAS.replace("\n", "\r\n"), "37.5"),
    "semicolons": (
        CANVAS.replace(",", ";")
        .replace("Lovelace;", "Lovelace,")
        .replace("Hopper;", "Hopper,")
        .replace("Sum;", "Sum,")
        .replace("O'Neil;", "O'Neil,")
        .replace("Student; Test", "Student, Test")
        .replace("7.5", "7,5")
        .replace("80.1", "80,1"),
        "37,5",
    ),
}
CANVAS_CLASS = [
    Graded("ada", "lovelaceada", {"canvas": "101"}, 37.5),
    Graded("grace", "", {"sis": "12345", "email": "Grace@Example.edu"}, 30.0),
    Graded("zoe", "", {"login": "ZOE"}, 12.25),
    Graded("al", "", {"login": "al"}, 0.0),
]


@pytest.mark.parametrize(("text", "shown"), CANVAS_FILES.values(), ids=CANVAS_FILES)
def test_canvas(text, shown):
    before = text.encode()
    filled = fill("canvas", before, CANVAS_CLASS, TITLE)
    grades = importers.canvas(filled.content, "9876")
    assert grades == {"101": "37.5", "102": "30", "103": "EX", "104": "0", "999": ""}
    assert importers.canvas(filled.content, "99") == importers.canvas(before, "99")
    assert [(one.student, one.by) for one in filled.matched] == [
        ("ada", "ID"),
        ("grace", "SIS User ID"),
        ("al", "SIS Login ID"),
    ]
    assert filled.matched[0].value == shown
    assert [(one.student, one.row, one.found) for one in filled.kept] == [("zoe", 6, "EX")]
    assert filled.complete
    assert_only_lines_differ(before, filled.content, {3, 4, 6})


def assert_only_lines_differ(before: bytes, after: bytes, lines: set[int]) -> None:
    pairs = list(zip(before.split(b"\n"), after.split(b"\n"), strict=True))
    assert {i for i, (one, other) in enumerate(pairs) if one != other} == lines


MOODLE = {
    "English": (
        "Identifier,Full name,ID number,Email address,Status,Grade,Maximum grade,"
        "Grade can be changed,Last modified (submission),Last modified (grade),Feedback comments\n"
        "Participant 1001,Ada Lovelace,0012345,ada@example.edu,Submitted,,40.00,Yes,x,-,\n"
        'Participant 1002,Grace Hopper,12345,grace@example.edu,Submitted,3.00,40.00,Yes,x,-,"<p>\n'
        'good, ""so""</p>"\n'
        "Participant 1003,Zoë O'Neil,0012347,zoe@example.edu,No submission,,40.00,No,-,-,\n",
        ("Grade", "Participant ", "."),
        (("Submitted,,", "Submitted,37.5,"), ("Submitted,3.00,", "Submitted,30.13,")),
    ),
    "Spanish": (
        '\ufeff"Identificador";"Nombre completo";"Número de ID";"Dirección de correo";"Estado";'
        '"Calificación";"Calificación máxima";"La calificación puede ser cambiada";'
        '"Última modificación (entrega)";"Última modificación (calificación)";"Comentarios"\r\n'
        '"Participante 1001";"Ada Lovelace";"0012345";"ada@example.edu";"Enviado";"";"40,00";"Sí";'
        '"lunes, 5";"-";""\r\n'
        '"Participante 1002";"Grace Hopper";"12345";"grace@example.edu";"Enviado";"3,00";"40,00";'
        '"Sí";"lunes, 5";"-";"<p>\nbien</p>"\r\n'
        '"Participante 1003";"Zoë O\'Neil";"0012347";"zoe@example.edu";"Sin";"";"40,00";"No";"-";'
        '"-";""\r\n',
        ("Calificación", "Participante ", ","),
        (('"Enviado";"";', '"Enviado";"37,5";'), ('"3,00"', '"30,13"')),
    ),
    "German": (
        "ID,Vollständiger Name,ID-Nummer,E-Mail-Adresse,Status,Bewertung,Bestwertung,"
        "Bewertung kann geändert werden,Zuletzt geändert (Abgabe),Zuletzt geändert (Bewertung),"
        "Feedback als Kommentar\r\n"
        'Teilnehmer/in1001,Ada Lovelace,0012345,ada@example.edu,Abgegeben,,"40,00",Ja,'
        '"Mittwoch, 13. März",-,\r\n'
        'Teilnehmer/in1002,Grace Hopper,12345,grace@example.edu,Abgegeben,"3,00","40,00",Ja,'
        '"Mittwoch, 13. März",-,"<p>\ngut</p>"\r\n'
        'Teilnehmer/in1003,Zoë O\'Neil,0012347,zoe@example.edu,-,,"40,00",Nein,-,-,',
        ("Bewertung", "Teilnehmer/in", ","),
        (("Abgegeben,,", 'Abgegeben,"37,5",'), ('"3,00"', '"30,13"')),
    ),
}
MOODLE_CLASS = [
    Graded("ada", "Ada Lovelace", {"moodle": "1001"}, 37.5),
    Graded("grace", "Grace Hopper", {"email": "GRACE@example.edu"}, 30.126),
    Graded("zoe", "", {"sis": "0012347"}, 12.0),
]


@pytest.mark.parametrize(("text", "words", "changes"), MOODLE.values(), ids=MOODLE)
def test_moodle(text, words, changes):
    filled = fill("moodle", text.encode(), MOODLE_CLASS, TITLE)
    assert importers.moodle(filled.content, *words) == {"1001": 37.5, "1002": 30.13}
    for before, after in changes:
        assert text.count(before) == 1
        text = text.replace(before, after)
    assert filled.content == text.encode()
    assert [(one.student, one.reason) for one in filled.kept] == [("zoe", "locked in Moodle")]
    header = importers.cells(filled.content)[0]
    assert [one.by for one in filled.matched] == [header[0], header[3]]


def test_moodle_in_a_language_that_is_not_known_is_told_by_its_structure():
    text = (
        "Auðkenni,Nafn,Netfang,Staða,Einkunn,Hámark,X\n"
        "Þátttakandi 7,Ada,ada@example.edu,-,,40.00,-\n"
    ).encode()
    with pytest.raises(TableError, match=r"--column .*'Einkunn'"):
        fill("moodle", text, MOODLE_CLASS, TITLE)
    class_ = [Graded("ada", "", {"email": "ada@example.edu"}, 5.0)]
    filled = fill("moodle", text, class_, TITLE, column="einkunn")
    assert filled.content == text.replace(b",-,,40", b",-,5,40")
    assert "locked" in filled.notes[0]


def test_a_blind_moodle_worksheet_is_matched_by_participant_numbers():
    text = (
        b"Identifier,Status,Grade,Maximum grade,Grade can be changed\nParticipant 7,x,,40.00,Yes\n"
    )
    filled = fill("moodle", text, [Graded("p7", "", {"moodle": "7"}, 5.0)], TITLE)
    assert filled.content == text.replace(b"x,,", b"x,5,")
    assert filled.matched[0].name == "Participant 7"


def test_a_moodle_scale_takes_no_points():
    text = b"Identifier,Full name,Grade,Scale,X\nParticipant 7,Ada,,Good or bad,Yes\n"
    with pytest.raises(TableError, match="scale"):
        fill("moodle", text, MOODLE_CLASS, TITLE)


def test_a_worksheet_of_another_assignment_is_not_filled():
    text = MOODLE["English"][0].replace("Participant 10", "Participant 20").encode()
    class_ = [Graded("ada", "Ada Lovelace", {"moodle": "1001", "email": "ada@example.edu"}, 5.0)]
    filled = fill("moodle", text, class_, TITLE)
    assert filled.content == text
    assert "row 2 fits by Email address, but has another Identifier" in filled.without_row[0].reason


BLACKBOARD = (
    '"Last Name"\t"First Name"\t"Username"\t"Student ID"\t"Availability"\t'
    '"Weighted Total [Total Pts: up to 40 Score] |11"\t"Problem 1 [Total Pts: 40 Score] |12345"\t'
    '"Problem 2 [Total Pts: 10 Score] |12346"\r\n'
    '"Lovelace"\t"Ada"\t"ada"\t"0012345"\t"Yes"\t""\t"Needs Grading"\t"1"\r\n'
    '"Hopper"\t"Grace"\t"grace"\t"12345"\t"Yes"\t"3"\t"3"\t""\r\n'
)


def test_blackboard_s_file_of_tabs_in_utf_16():
    before = ("\ufeff" + BLACKBOARD).encode("utf-16-le")
    class_ = [Graded("ada", "", {"login": "Ada"}, 37.5), Graded("g", "", {"sis": "12345"}, 41.0)]
    filled = fill("blackboard", before, class_, TITLE)
    assert importers.blackboard(filled.content, "12345") == {"ada": "37.5", "grace": "3"}
    assert filled.content == before.replace(
        "Needs Grading".encode("utf-16-le"), "37.5".encode("utf-16-le")
    )
    assert [(one.student, one.reason) for one in filled.refused] == [
        ("g", "the file's maximum is 40")
    ]
    assert not filled.complete


@pytest.mark.parametrize(
    ("header", "ids"),
    [
        (
            "OrgDefinedId,Username,Last Name,First Name,"
            "Problem 1 Points Grade <Numeric MaxPoints:40 Weight:10>,End-of-Line Indicator",
            ("#0012345", "#ada"),
        ),
        (
            "OrgDefinedId,Username,Last Name,First Name,Problem 1 Points Grade,"
            "End-of-Line Indicator",
            ("0012345", "ada"),
        ),
    ],
)
def test_brightspace(header, ids):
    before = f"{header}\r\n{ids[0]},{ids[1]},Lovelace,Ada,,#\r\n".encode()
    for known in ({"sis": "0012345"}, {"login": "ada"}, {}):
        class_ = [Graded("x", "Ada Lovelace", known, 37.5)]
        filled = fill("brightspace", before, class_, TITLE)
        assert importers.brightspace(filled.content, TITLE) == {"0012345": "37.5"}
        assert filled.content == before.replace(b"Ada,,#", b"Ada,37.5,#")
    assert filled.matched[0].by == "the name alone"


EXAMPLES = {
    "canvas": (CANVAS, "a Canvas gradebook"),
    "moodle": (MOODLE["German"][0], "a Moodle grading worksheet"),
    "blackboard": (BLACKBOARD, "a Blackboard grades file"),
    "brightspace": (
        "OrgDefinedId,Problem 1 Points Grade,End-of-Line Indicator\n#1,,#\n",
        "a Brightspace grades file",
    ),
}
OTHERS = {
    "a Gradescope grades file": "First Name,Last Name,SID,Email,Total Score,Max Points\n",
    "a Moodle gradebook export": "First name,Last name,ID number,Institution,Email address,X\n",
    "an nbgrader export": "assignment,student_id,raw_score,max_score\n",
    "no file that is known here": "a,b\n1,2\n",
}


@pytest.mark.parametrize("target", TARGETS)
def test_a_file_of_another_platform_is_called_by_its_name(target):
    given = {name: text for text, name in EXAMPLES.values()} | OTHERS
    for kind, text in given.items():
        if kind == EXAMPLES[target][1]:
            fill(target, text.encode(), [], TITLE)
            continue
        with pytest.raises(TableError, match=f"this is {kind}, not {EXAMPLES[target][1]}"):
            fill(target, text.encode(), [], TITLE)


COLUMNS = [
    # what is asked for, the assignment's title, the columns, what is taken or said
    (None, "Problem 1", ("Problem 1 (1)", "Problem 10 (2)"), "Problem 1 (1)"),
    (None, "problem_1", ("Problem 1 (1)", "Problem 10 (2)"), "Problem 1 (1)"),
    (None, "2", ("Problem 1 (1)", "Problem 10 (2)"), "Problem 10 (2)"),
    (None, "Problem 1: Networks", ("Problem 1 (1)", "Problem (2)"), "Problem 1 (1)"),
    (None, "Networks", ("Problem 1 (1)", "Note"), "Problem 1 (1)"),
    ("Problem 10", "Problem 1", ("Problem 1 (1)", "Problem 10 (2)"), "Problem 10 (2)"),
    ("2", "Problem 1", ("Problem 1 (1)", "Problem 10 (2)"), "Problem 10 (2)"),
    ("(2)", "Problem 1", ("Problem 1 (1)", "Problem 10 (2)"), "Problem 10 (2)"),
    ("Note", "Problem 1", ("Problem 1 (1)", "Note"), "Note"),
    (
        None,
        "Networks",
        ("A (1)", "B (2)"),
        "!2 columns could be the assignment's: 'A (1)', 'B (2)'",
    ),
    (None, "A", ("A (1)", "A (2)"), "!2 columns could be"),
    (None, "A", ("Final Score",), "!has no column that could be"),
    ("C", "A", ("A (1)", "B (2)"), "!no column is called 'C'; these could be meant: 'A"),
    ("Final Score", "A", ("A (1)", "Final Score"), "!'Final Score' cannot be filled: Canvas comp"),
    ("ID", "A", ("A (1)",), "!'ID' cannot be filled: it says who"),
    ("Total", "A", ("A (1)", "Total"), "!'Total' cannot be filled: Canvas computes it"),
]


@pytest.mark.parametrize(("asked", "title", "columns", "expected"), COLUMNS)
def test_the_column_is_the_one_that_is_meant_or_the_error_lists_them(
    asked, title, columns, expected
):
    possible = ["(read only)" if name in ("Total", "Final Score") else "40" for name in columns]
    text = (
        f"Student,ID,SIS Login ID,Section,{','.join(columns)}\n"
        f"Points Possible,,,,{','.join(possible)}\nAda,1,ada,CS{',' * len(columns)}\n"
    ).encode()
    class_ = [Graded("ada", points=5.0)]
    if expected.startswith("!"):
        with pytest.raises(TableError) as error:
            fill("canvas", text, class_, title, asked)
        assert expected[1:] in str(error.value)
        return
    filled = fill("canvas", text, class_, title, asked)
    assert filled.column == expected
    assert bool(filled.notes) == (title == "Networks")
    assert importers.cells(filled.content)[2][importers.cells(text)[0].index(expected)] == "5"


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ("Weighted Total [Total Pts: up to 40 Score] |11", "Blackboard computes it"),
        ("Availability", "would make a new column"),
    ],
)
def test_blackboard_s_own_columns_are_not_filled(column, said):
    with pytest.raises(TableError, match=said):
        fill("blackboard", BLACKBOARD.encode(), [], TITLE, column)


PIECES = ["\0", '"', ",", ";", "\n", "\r", '="', "#", "9" * 30, "Ada", "-", "%", "٣", "\u202e", "é"]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(EXAMPLES)), st.data())
def test_a_damaged_file_is_filled_or_refused_in_a_sentence(target, data):
    """Whatever is damaged, nobody but the students' own rows changes."""
    text = EXAMPLES[target][0]
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        until = at + data.draw(st.integers(0, 6))
        text = text[:at] + data.draw(st.sampled_from(PIECES)) + text[until:]
    class_ = data.draw(st.permutations([*CANVAS_CLASS, *MOODLE_CLASS]))
    missing = data.draw(st.sampled_from(["blank", "zero"]))
    try:
        filled = fill(target, text.encode(), class_, TITLE, None, missing)
    except TableError as error:
        sentence = str(error)
        assert sentence.isprintable()
        return
    assert report.whole(filled)
    assert report.for_terminal(filled)
    written = {one.row for one in filled.matched}
    written |= {one.row for one in (*filled.unmatched, *filled.not_handed_in) if one.value}
    before, after = Table.read(text.encode()), Table.read(filled.content)
    changed = {row + 2 for row, cells in enumerate(before.rows) if cells != after.rows[row]}
    assert changed <= written
    students = [one.student for one in filled.matched]
    assert len(set(students)) == len(students)
