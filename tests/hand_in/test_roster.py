"""Lists of a class as platforms hand them out, whatever stands in their cells."""

import csv
import io

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from autograder.hand_in import roster
from autograder.hand_in.roster import RosterError, read
from autograder.hand_in.students import is_id

CANVAS = """\
Student,ID,SIS User ID,SIS Login ID,Section,Problem 1 (9876),Final Score
,,,,,Manual Posting,
    Points Possible,,,,,40,(read only)
"Lovelace, Ada",101,0012345,ada,CS-1,37.5,37.5
"Hopper, Grace",102,0012346,Grace@example.edu,"CS-1 and CS-2",EX,
"Student, Test",199,,0b1f4c8e,CS-1,,
"""
MOODLE = """\
Identifier,Full name,ID number,Email address,Username,Status,Grade,Maximum grade,Feedback comments
Participant 1001,Ada Lovelace,0012345,ada@example.edu,ada,Submitted for grading,,40.00,
Participant 1002,Grace Hopper,,grace@example.edu,,No submission,-,40.00,"Two
lines, and a comma"
Participant 1003,Alan Turing,,,,No submission,,40.00,
"""
SPANISH = """\
"Identificador";"Nombre completo";"Dirección de correo";"Estado";"Calificación"
"Participante 1001";"Ada Lovelace";"ada@example.edu";"Enviado para calificar";"37,5"
"Participante 1002";"Grace Hopper";"";"Sin entrega";""
"""
GERMAN = """\
ID,Vollständiger Name,ID-Nummer,Anmeldename,Status,Bewertung
Teilnehmer/in 1001,Ada Lovelace,0012345,ada,Zur Bewertung abgegeben,
"""
GREEK = """\
Αναγνωριστικό,Πλήρες όνομα,Διεύθυνση,Κατάσταση,Βαθμός
Συμμετέχων 1001,Ada Lovelace,ada@example.edu,Υποβλήθηκε,
Συμμετέχων 1002,Grace Hopper,grace@example.edu,Υποβλήθηκε,
Συμμετέχων 1003,Alan Turing,,Υποβλήθηκε,
"""
BLIND = """\
Kennung,Zustand,Note,Höchstnote
Person 1001,Abgegeben,,40
Person 1002,Abgegeben,,40
Person 1003,Abgegeben,,40
Person 1004,Fehlt,,40
"""
GRADESCOPE = """\
First Name,Last Name,SID,Email,Sections,Total Score,Max Points,Status,Submission ID,Submission Time,Lateness (H:M:S),View Count,Submission Count
Ada,Lovelace,0012345,ada@example.edu,,,40,Ungraded,2001,2026-11-20 23:59:01 -0800,00:13:45,0,2
Grace,Hopper,,Grace@Example.edu,,,40,Ungraded,2001,some day,25:00:01,0,1
Alan,Turing,0012347,alan@example.edu,,,40,Missing,,,,,
"""  # noqa: E501
BRIGHTSPACE = """\
OrgDefinedId,Username,Last Name,First Name,Email,Problem 1 Points Grade,End-of-Line Indicator
#0012345,#ada,Lovelace,Ada,ada@example.edu,37.5,#
#0012346,#grace,Hopper,Grace,,,#
"""
BLACKBOARD = (
    '"Last Name"\t"First Name"\t"Username"\t"Student ID"\t"Last Access"\t"Availability"'
    '\t"Problem 1 [Total Pts: 40 Score] |12345"\r\n'
    '"Lovelace"\t"Ada"\t"ada"\t"0012345"\t"2026-11-20 10:00:00"\t"Yes"\t"37.50"\r\n'
    '"Hopper"\t"Grace"\t"grace"\t""\t""\t"Yes"\t""\r\n'
)
PLAIN = "email,id,name\nada@example.edu,ada,Ada Lovelace\n,0012346,\n"


@pytest.fixture
def listed(tmp_path):
    """`listed(text)` reads a file with this text, or these bytes."""

    def made(text, name="list.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read(path)

    return made


@pytest.mark.parametrize(
    ("text", "kind", "ids", "names", "first"),
    [
        (CANVAS, "canvas", ["ada", "Grace@example.edu"], ["Lovelace, Ada", "Hopper, Grace"],
         {"canvas": "101", "sis": "0012345", "login": "ada"}),
        (MOODLE, "moodle", ["ada", "grace", "moodle-1003"],
         ["Ada Lovelace", "Grace Hopper", "Alan Turing"],
         {"moodle": "1001", "sis": "0012345", "login": "ada", "email": "ada@example.edu"}),
        (SPANISH, "moodle", ["ada", "moodle-1002"], ["Ada Lovelace", "Grace Hopper"],
         {"moodle": "1001", "email": "ada@example.edu"}),
        (GERMAN, "moodle", ["ada"], ["Ada Lovelace"],
         {"moodle": "1001", "sis": "0012345", "login": "ada"}),
        (GREEK, "moodle", ["ada", "grace", "moodle-1003"],
         ["Ada Lovelace", "Grace Hopper", "Alan Turing"],
         {"moodle": "1001", "email": "ada@example.edu"}),
        (BLIND, "moodle", ["moodle-1001", "moodle-1002", "moodle-1003", "moodle-1004"], [""] * 4,
         {"moodle": "1001"}),
        (GRADESCOPE, "gradescope", ["0012345", "grace", "0012347"],
         ["Lovelace, Ada", "Hopper, Grace", "Turing, Alan"],
         {"submission": "2001", "sis": "0012345", "email": "ada@example.edu"}),
        (BRIGHTSPACE, "brightspace", ["ada", "grace"], ["Lovelace, Ada", "Hopper, Grace"],
         {"sis": "0012345", "login": "ada", "email": "ada@example.edu"}),
        (BLACKBOARD, "blackboard", ["ada", "grace"], ["Lovelace, Ada", "Hopper, Grace"],
         {"sis": "0012345", "login": "ada"}),
        (PLAIN, "plain", ["ada", "0012346"], ["Ada Lovelace", ""],
         {"login": "ada", "email": "ada@example.edu"}),
    ],
    ids=["canvas", "moodle", "spanish", "german", "greek", "blind", "gradescope", "brightspace",
         "blackboard", "plain"],
)  # fmt: skip
def test_a_list_is_known_by_its_header(listed, text, kind, ids, names, first):
    found = listed(text)
    assert found.kind == kind
    assert [one.id for one in found.people] == ids
    assert [one.name for one in found.people] == names
    assert found.people[0].ids == first


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_encoding_separator_and_line_ends_make_no_difference(listed, separator, encoding, end):
    rows = [["id", "name", "email"], ["zoe", 'Zoë, the "first"', "zoe@example.edu"]]
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator=end).writerows(rows)
    (zoe,) = listed(text.getvalue().encode(encoding)).people
    assert (zoe.id, zoe.name, zoe.email) == ("zoe", 'Zoë, the "first"', "zoe@example.edu")


def test_excels_own_first_line_says_the_separator(listed):
    (ada,) = listed("sep=|\r\nid|name\r\nada|Ada\r\n").people
    assert (ada.id, ada.lines) == ("ada", ("list.csv, line 3",))


@pytest.mark.parametrize(
    ("header", "cell", "kind"),
    [
        ("id", "ada", "plain"),
        ("ID,Name", "ada,Ada", "plain"),
        ("id,name,email,section,year", "s1001,Ada,a@example.edu,A,2", "plain"),
        ("section,id,name,email", "CS 101,ada,Ada,a@example.edu", "plain"),
        ("ID,Fulde navn,Status,Karakter", "Deltager 1001,Ada,Afleveret,", "moodle"),
        ("識別子,氏名,状態,評点", "参加者1001,Ada,提出済み,", "moodle"),
        ("LastName,FirstName,ID,SIS User ID,SIS Login ID,Section", "L,A,1,2,ada,S", "canvas"),
        ("Student,SIS Login ID,Section,Problem 1", "A,ada,S,1", "canvas"),
        ("Name,SID,Email,Total Score,Status", "A,2,a@example.edu,1,Graded", "gradescope"),
        ("Username,Problem 1 Points Grade, End-of-Line Indicator", "#ada,3,#", "brightspace"),
        ("Last Name,First Name,Username,Availability", "L,A,ada,Yes", "blackboard"),
    ],
)
def test_fewer_and_other_columns_are_known_too(listed, header, cell, kind):
    found = listed(f"{header}\n{cell}\n")
    assert (found.kind, len(found.people)) == (kind, 1)


def test_rows_that_are_no_students_are_skipped_and_counted(listed):
    found = listed(CANVAS)
    assert found.skipped == (
        "line 2: Manual Posting",
        "line 3: Points Possible",
        "line 6: Student, Test",
    )
    assert str(found) == (
        "list.csv: a Canvas gradebook, 2 students; skipped 3 rows of no student "
        "(line 2: Manual Posting; line 3: Points Possible; line 6: Student, Test)"
    )
    assert listed("id,name\n\nada,Ada\nTotal,\n,\n").skipped == ("line 4: Total",)


def test_a_student_whose_name_is_that_of_no_student_is_one(listed):
    text = CANVAS + '"Student, Test",107,0012399,tess,CS-1,,\nTotals,108,,tot,CS-1,,\n'
    assert [one.id for one in listed(text).people][2:] == ["tess", "tot"]
    assert [one.id for one in listed("id,name\ntotal,Ann Total\n").people] == ["total"]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("101,0012345,ada", "ada"),
        ("101,0012345,", "0012345"),
        ("101,0012345,a/b", "0012345"),
        ('101,"0012345","=cmd|\' /C calc\'!A0"', "0012345"),
        ("101,..,\u202eada", "canvas-101"),
        (f"101,{'9' * 300},{'x' * 101}", "canvas-101"),
        ('101,"=""0012345""",', "0012345"),
    ],
)
def test_the_id_is_the_best_that_may_name_a_folder(listed, row, expected):
    (one,) = listed(f"Student,ID,SIS User ID,SIS Login ID,Section\nAda,{row},S\n").people
    assert one.id == expected


def test_an_address_gives_an_id_only_where_no_other_begins_alike(listed):
    text = "Name,SID,Email,Submission ID,Status\nA,,ada@x.edu,1,\nB,,Ada@y.edu,2,\nC,,c@x.edu,3,\n"
    assert [one.id for one in listed(text).people] == ["submission-1", "submission-2", "c"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (CANVAS + "X,103,9,ADA,S,,\n", r"line 4.*line 7.* both have the login id ADA"),
        (CANVAS + "X,101,9,x,S,,\n", r"line 4.*line 7.* both have the canvas id 101"),
        (CANVAS + "X,103,,ａda,S,,\n", r"line 4.*line 7.* both have the login id"),
        (CANVAS + "X,103,ada,,S,,\n", r"line 4.*line 7.* both have the id ada"),
        (CANVAS + "Nobody,,,,S,,\n", r"line 7 names Nobody, but has no id. Expected one in ID or"),
        (CANVAS + "Doe, Jo,103,9,jo,S,1,2\n", r"line 7 has 8 cells, but the header has 7"),
        (CANVAS + '"Doe,103,9,jo,S,,\n', r"line 7 is not valid CSV"),
        ("id,name\n../x,Ada\n", r"line 2\) has no id that can name a folder"),
        ("a,b\n1,2\n", r"has the columns a, b. Expected one of these lists: a Canvas gradebook"),
        ("", r"is empty"),
        ("\n\n , \n", r"is empty"),
        (b"PK\x03\x04...", r"is an Excel workbook"),
        (b"\xff\xfe\x00", r"is not text in UTF-8"),
        (b"id\nzo\x81\n", r"is not text in UTF-8"),
        ("id\n" + "a\n" * 100_001, r"more than 100,000 rows"),
        ("id," + "x," * 2_000 + "\nada\n", r"more than 2,000 columns"),
        (b"," * 2**24, r"more than 2,000 columns"),
        (b"id\n" + b" " * 2**24, r"more than 16 MiB"),
        ('"a";"b"\n"1";"2"\n', r"has the columns a, b. Expected"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_with_the_line(listed, text, message):
    with pytest.raises(RosterError, match=message):
        listed(text)


def test_a_file_that_is_not_there_or_a_folder_is_refused(tmp_path):
    for path in (tmp_path, tmp_path / "absent.csv"):
        with pytest.raises(RosterError, match="cannot be read"):
            read(path)


def test_a_long_cell_of_text_is_no_hindrance_and_changes_nothing_for_others(listed):
    before = csv.field_size_limit()
    assert len(listed(MOODLE + f'Participant 9,X,,,,,,,"{"x" * 200_000}"\n').people) == 4
    assert csv.field_size_limit() == before


def test_what_is_printed_has_no_control_characters(listed):
    text = 'id,name\nada,"A\x1b[31m\u202e\n"\nADA,x\n'
    with pytest.raises(RosterError) as caught:
        listed(text, name="li\x1bst.csv")
    assert str(caught.value).isprintable()


def test_ten_thousand_students_are_read_merged_and_found_in_seconds(listed):
    rows = "".join(f'"L{n}, F{n}",{n},00{n},u{n},S\n' for n in range(1, 10_001))
    found = listed("Student,ID,SIS User ID,SIS Login ID,Section\n" + rows)
    people = roster.merged([found, found.__class__(found.kind, "b", found.people[:0])])
    for n in range(1, 10_001):
        assert roster.find(people, {"canvas": f"{n}"}, "").id == f"u{n}"
        assert roster.find(people, {}, f"l{n}f{n}").id == f"u{n}"


CELLS = st.text(
    st.sampled_from("\"',;\t\r\n=+-@\0\ufeff\u202e\x1b 0123456789aİß") | st.characters(),
    max_size=12,
)
HEADERS = st.sampled_from(
    [text.partition("\n")[0].rstrip("\r") for text in
     (CANVAS, MOODLE, GERMAN, GREEK, GRADESCOPE, BRIGHTSPACE, BLACKBOARD, PLAIN)]
)  # fmt: skip
ROWS = st.lists(st.lists(CELLS, max_size=8), max_size=5)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(header=HEADERS, rows=ROWS, noise=st.binary(max_size=5), at=st.integers(0, 400))
@example(header="a,b,c,d", rows=[[" " * 100_000 + "x", "", "", ""]], noise=b"", at=0)
def test_whatever_is_in_a_list_it_is_one_or_refused(tmp_path, header, rows, noise, at):
    text = io.StringIO()
    csv.writer(text, delimiter="\t" if "\t" in header else ",").writerows(rows)
    data = f"{header}\n{text.getvalue()}".encode("utf-8", "replace")
    path = tmp_path / "list.csv"
    path.write_bytes(data[:at] + noise + data[at:])
    found, refused = _read(path)
    assert str(refused).isprintable()
    if found is None:
        return
    assert all(is_id(one.id) for one in found.people)
    assert len({one.id for one in found.people}) == len(found.people)
    assert str(found).isprintable()


def _read(path):
    try:
        return read(path), None
    except RosterError as error:
        return None, error
