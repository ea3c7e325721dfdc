"""One column of a delimited file is filled and no other byte changes, however the file is made."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.export import table as tables
from autograder.export.table import Table, TableError

ROWS = "name,id,points,note\nAda,1,,x\nBob,2,7,y\n"

FILES = {
    "UTF-8": ROWS.encode(),
    "UTF-8 with its mark": b"\xef\xbb\xbf" + "näme,id,points,note\nÄda,1,,x\nBob,2,7,y\n".encode(),
    "UTF-16, tabs, quotes": "\ufeff".encode("utf-16-le")
    + '"name"\t"id"\t"points"\r\n"Ada"\t"1"\t""\r\n"Bób"\t"2"\t"7"\r\n'.encode("utf-16-le"),
    "UTF-16, the other way round": "\ufeffname\tid\tpoints\nAda\t1\t\nBob\t2\t7".encode(
        "utf-16-be"
    ),
    "Windows-1252": "näme;id;points\r\nÄda;1;\r\nBob;2;7\r\n".encode("cp1252"),
    "semicolons and decimal commas": b"name;id;points;most\r\nAda;1;;40,0\r\nBob;2;7;40,0\r\n",
    "line ends of every kind": b"name,id,points\r\nAda,1,\rBob,2,7\nEve,3,4\r\n\n",
    "quoted line ends": b'name,id,points,note\nAda,1,,"a\r\nb,c"\nBob,2,"7","d\n""e"""\n',
    "no last line end": b"name,id,points\nAda,1,\nBob,2,7",
    "short rows": b"name,id,points,note\nAda,1\nBob,2,7,y\n",
    "formulas": b'name,id,points\n="=Ada, A",="01",\n"=""=Bob""",2,7\n',
    "quotes where they mean nothing": b'name,id,points\nAda 5",1,\n"Bob" B,2,7\n',
}


@pytest.mark.parametrize("content", FILES.values(), ids=FILES)
def test_what_stands_there_already_changes_no_byte(content):
    table = Table.read(content)
    for column in range(len(table.header)):
        values = {row: table.cell(row, column) for row in range(len(table.rows))}
        assert table.filled(column, values) == content


@pytest.mark.parametrize("content", FILES.values(), ids=FILES)
def test_a_filled_cell_is_all_that_changes(content):
    table = Table.read(content)
    again = Table.read(table.filled(2, {0: "9.5"}))
    assert again.header == table.header
    assert again.rows[1:] == table.rows[1:]
    first, was = again.rows[0], table.rows[0]
    assert first[2] == "9.5"
    assert (first[:2], first[3:]) == ((*was, "")[:2], was[3:])


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        ("a,b\n1,2\n", "3", "a,b\n1,3\n"),
        ('a,b\n1,"2"\n', "3", 'a,b\n1,"3"\n'),
        ("a,b\n1,2\n", "3,5", 'a,b\n1,"3,5"\n'),
        ("a;b\n1;2\n", "3,5", "a;b\n1;3,5\n"),
        ("a,b\n1,2\n", 'x"y', 'a,b\n1,"x""y"\n'),
        ("a,b\n1", "3", "a,b\n1,3"),
        ("a,b,c\n1\r\n", "3", "a,b,c\n1,3\r\n"),
        ("a,b\n\n1,2\n", "3", "a,b\n,3\n1,2\n"),
        ('a,b\n"x\ny",2\n', "3", 'a,b\n"x\ny",3\n'),
        ('a,b\n="01",="2"\n', "3", 'a,b\n="01",3\n'),
    ],
)
def test_a_cell_takes_the_quotes_that_were_there_or_that_it_needs(before, value, after):
    assert Table.read(before.encode()).filled(1, {0: value}).decode() == after


@pytest.mark.parametrize(
    ("text", "separator"),
    [
        ("a,b\n1,2\n", ","),
        ("a;b;c\n1,5;2,5;3,5\n", ";"),
        ("a\tb, c, d\tc\n1\t2\t3\n", "\t"),
        ("Student;ID;Loops, lists, functions, and more (1)\nAda;1;2\nBob;2;3\n", ";"),
        ('"a;b;c;d;e",x\n1,2\n', ","),
        ("a\n1\n", ","),
    ],
)
def test_the_separator_is_the_one_that_rows_agree_on(text, separator):
    assert Table.read(text.encode()).separator == separator


def test_leading_zeros_stay_and_excel_s_quotes_go():
    table = Table.read(b'a,b,c\n"=""012""",="007",=1\n')
    assert table.rows == (("012", "007", "=1"),)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "first row is empty"),
        (b"\n\na,b", "first row is empty"),
        (b",,\n1,2,3", "first row is empty"),
        (b"PK\x03\x04rest", "Excel workbook"),
        (b"\xd0\xcf\x11\xe0rest", "Excel workbook"),
        ("a,b\n1,2".encode("utf-16-le"), "no text"),
        (b"\xff\xfea", "no text"),
        (b"a,b\n\x81,\x8d", "no text"),
        (b'a,b\n1,2\n3,"4\n5,6\n', "line 3: a cell begins with a quote"),
        (b'a,b\r\n1,"x\r\ny"\r\n3,"4', "line 4: a cell begins with a quote"),
        (b'"a,b\n', "line 1"),
        (b"a," * 3000, "2,000 columns"),
        (b"a" * 600 + b",b\n", "500 characters"),
    ],
)
def test_what_is_no_table_is_refused_in_a_sentence(content, said):
    with pytest.raises(TableError, match=said):
        Table.read(content)


def test_sizes_are_bounded(monkeypatch):
    monkeypatch.setattr(tables, "LARGEST", 100)
    with pytest.raises(TableError, match="larger than"):
        Table.read(b"a,b\n" * 26)
    monkeypatch.undo()
    for most, content in (("MOST_CELLS", b"a,b\n" * 51), ("MOST_ROWS", b"a,b\n" * 102)):
        monkeypatch.setattr(tables, most, 100)
        with pytest.raises(TableError, match=r"more than .* cells"):
            Table.read(content)
        monkeypatch.undo()


@pytest.mark.parametrize("content", [b"," * 2**22, b'"\n"' + b"," * 2**22, b"a" + b"\n" * 2**18])
def test_endless_rows_and_columns_are_refused(content):
    with pytest.raises(TableError, match=r"more than .* cells"):
        Table.read(content + b"\na,b\n")


def test_a_character_that_the_encoding_lacks_is_said():
    table = Table.read("näme;b\n1;2\n".encode("cp1252"))
    with pytest.raises(TableError, match="cp1252"):
        table.filled(1, {0: "点"})


@pytest.mark.parametrize(("column", "row"), [(2, 0), (-1, 0), (0, 1), (0, -1)])
def test_there_is_no_cell_outside_the_table(column, row):
    with pytest.raises(ValueError, match="no such cell"):
        Table.read(b"a,b\n1,2\n").filled(column, {row: "x"})


PIECES = [*'ab 1.,;\t"\r\n=éß\u2028\x0b\ufeff', '""', '="']
TEXT = st.lists(st.sampled_from(PIECES), max_size=8).map("".join)
CONTENT = st.one_of(
    st.text(st.sampled_from(list('ab1,;\t"\r\n=é')), max_size=60).map(lambda t: t.encode()),
    st.binary(max_size=60),
    st.builds(
        lambda rows, end, quoting: written(rows, end, quoting).encode(),
        st.lists(st.lists(TEXT, min_size=1, max_size=4), min_size=1, max_size=5),
        st.sampled_from(["\n", "\r\n", "\r"]),
        st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    ),
)


def written(rows: list[list[str]], end: str, quoting: int) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator=end, quoting=quoting).writerows(rows)
    return text.getvalue()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(CONTENT, st.data())
def test_whatever_the_bytes_a_cell_changes_or_the_file_is_refused(content, data):
    try:
        table = Table.read(content)
    except TableError:
        return
    column = data.draw(st.integers(0, len(table.header) - 1))
    same = {row: table.cell(row, column) for row in range(len(table.rows))}
    assert table.filled(column, same) == content
    if not table.rows:
        return
    row = data.draw(st.integers(0, len(table.rows) - 1))
    text = table.filled(column, {row: "31"})
    try:
        again = Table.read(text)
    except TableError as error:
        pytest.fail(f"what was written cannot be read: {error}")
    if again.separator != table.separator:
        return  # of a few characters, another one fits better by now
    was = table.rows[row] + ("",) * (column + 1 - len(table.rows[row]))
    assert again.header == table.header
    assert again.rows[row] == (*was[:column], "31", *was[column + 1 :])
    assert again.rows[:row] + again.rows[row + 1 :] == table.rows[:row] + table.rows[row + 1 :]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.lists(TEXT, min_size=3, max_size=3), min_size=2, max_size=5),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
)
def test_cells_are_those_that_python_s_own_writer_was_given(rows, quoting):
    rows = [["name", "id", "points"], *([cell.replace("=", "-") for cell in row] for row in rows)]
    table = Table.read(written(rows, "\r\n", quoting).encode())
    assert table.separator == ","
    assert [list(row) for row in table.rows] == rows[1:]


def test_quotes_that_never_close_take_no_time():
    text = b"a,b\n" + b'1,"' + b'""x' * 500_000
    with pytest.raises(TableError, match="line 2"):
        Table.read(text)
