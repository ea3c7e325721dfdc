"""Tables contain no formulas for a spreadsheet, whatever separator it uses."""

import csv
import io
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from autograder import checkout
from autograder.report.tables import safe, table

sys.path.append(str(checkout.ROOT / "tests" / "attacks"))  # for active_content.py
from active_content import formulas

COMPUTE = "cmd|' /C calc'!A0"
BEFORE = [
    "", " ", "\t", "\n", "\r\n", "\0", '"', "''", '" ', "\ufeff", "\u200b", "\u202e", "\u00ad",
    "\u00a0", "\u2028", "\x85", "\x1b", "a;", "a;;", 'a;"', "a; ", "a;\t", "a\t", "a|", "a:", "a ",
    "a,", 'a",', 'a";"', "a\n", "a\r", "a\n;", "a;\ufeff", "a;\u200b\"", "-;", "a\u3000",
]  # fmt: skip
SIGNS = "=+-@＝＋－＠﹦﹢﹣﹫"


@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize("sign", SIGNS)
def test_no_cell_is_a_formula_whatever_the_separator(before, sign):
    evil = before + sign + COMPUTE
    assert formulas(table([["student", "score"], [evil, 1.0], ["ada", 2.0, evil]])) == []


def test_quoting_alone_does_not_prevent_formulas():
    """Shows that the tests above can fail: most of these tables contain a formula."""
    found = []
    for before in BEFORE:
        text = io.StringIO()
        writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow(["ada", f"{before}={COMPUTE}"])
        found.append(bool(formulas(text.getvalue())))
    assert found.count(True) > 0.9 * len(found)


TEXTS = st.text(st.sampled_from("=+-@;,\t\n\r\"' |:a0＝\ufeff\u200b\u00a0") | st.characters())


@given(st.lists(st.lists(TEXTS | st.floats(0, 40), min_size=1, max_size=4), min_size=1, max_size=3))
@example([['a;"\u200b=1', 3.0]])
def test_no_text_becomes_a_formula_or_adds_a_cell_or_a_line(rows):
    text = table(rows)
    assert formulas(text) == []
    assert len(text.splitlines()) == len(rows)
    read = list(csv.reader(io.StringIO(text)))
    assert [len(line) for line in read] == [len(row) for row in rows]
    assert ";" not in text
    assert "\t" not in text


@given(TEXTS)
def test_making_a_text_safe_is_idempotent(text):
    assert safe(safe(text)) == safe(text)


@pytest.mark.parametrize(
    "text",
    ["ada", "O'Brien", "Anne-Marie", "a.b+c@school.edu", "2026-11-20 23:59:00", "राम", "", "x=1"],
)  # fmt: skip
def test_honest_texts_are_unchanged(text):
    assert safe(text) == text
    assert table([[text, 1]]) == f'"{text}",1\n'


def test_numbers_stay_numbers_and_none_is_empty():
    assert table([[1, 2.5, None, True, "3"]]) == '1,2.5,"",True,"3"\n'
