"""The class report's table of students: its lines, its filters, and the one script it may run."""

from __future__ import annotations

import math
import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser

import pytest
from tiny_assignment import ASSIGNMENT

from autograder.report.class_report import page_of
from autograder.report.graded_class import Class, Row
from autograder.report.students import CAUSE, CHECK, FILTERS, SECTION, STATE, students

EVIL = "</script></noscript><script>document.title='owned'</script><img src=x onerror=alert(1)>"


def row(student, score=4.0, **changed):
    values = dict(
        max_score=5.0,
        sections={"scale": (score - 2, 2.0), "step": (2.0, 3.0)},
        failures={},
        hints={},
        accuracy=None,
        late_s=0.0,
        elapsed_s=1.0,
        training="off",
        errors=(),
    )
    return Row(student, score, **(values | changed))


CLASS = Class(
    (
        row("s2", 3.0, hints={"step_sign": "Which sign?"}, failures={"step_values": "off"}),
        row("s10", 4.0, late_s=7200.0, errors=("a remark",)),
        row("s1", 3.5, late_s=math.inf, sections={"scale": (None, 2.0), "step": (3.0, 3.0)}),
        row("s3", 2.0, late_s=None),
        row(EVIL, 1.0, late_s=90.0, errors=(EVIL,)),
    ),
    (("zed", "the zip file is damaged"), (EVIL, EVIL)),
)


def chosen(table, name, choice):
    key = str(table.key(name, choice))
    return {line.student for line in table.lines if key in line.keys.split()}


def test_everybody_has_a_line_the_best_first_and_who_was_set_aside_last():
    table = students(ASSIGNMENT, CLASS)
    assert [line.student for line in table.lines] == ["s10", "s1", "s2", "s3", EVIL, "zed", EVIL]
    assert [line.link is None for line in table.lines] == [False] * 5 + [True] * 2
    assert {len(line.figures) for line in table.lines} == {len(table.columns)}
    assert {len(line.scores) for line in table.lines} == {len(table.sections)} == {2}


@pytest.mark.parametrize(
    ("name", "choice", "expected"),
    [
        (STATE, "late", {"s10", "s1", EVIL}),
        (STATE, "time unknown", {"s3"}),
        (STATE, "set aside", {"zed", EVIL}),
        (STATE, "with a remark", {"s10", EVIL}),
        (SECTION, "scale", {"s2", "s3", EVIL}),
        (CAUSE, "step_sign", {"s2"}),
        (CHECK, "step_values", {"s2"}),
    ],
)
def test_a_choice_shows_the_students_that_it_names(name, choice, expected):
    assert chosen(students(ASSIGNMENT, CLASS), name, choice) == expected


def test_the_choices_of_a_filter_say_how_many_and_the_commonest_comes_first():
    table = students(ASSIGNMENT, CLASS)
    assert list(table.filters) == list(FILTERS)
    for name, choices in table.filters.items():
        counts = [choice.students for choice in choices]
        assert counts == sorted(counts, reverse=True)
        for choice in choices:
            lines = [line for line in table.lines if str(choice.key) in line.keys.split()]
            assert (name, len(lines)) == (name, choice.students)


def test_figures_that_nobody_has_get_no_column():
    names = [column.name for column in students(ASSIGNMENT, Class((row("ada"),), ())).columns]
    assert names == ["Points", "Of"]
    assert not students(ASSIGNMENT, Class((row("ada"),), ())).filters[STATE]


class Scripts(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.policy, self.scripts, self.text, self._inside = "", [], "", False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if attributes.get("http-equiv") == "Content-Security-Policy":
            self.policy = attributes["content"]
        if tag == "script":
            assert attributes == {}
            self.scripts.append("")
        self._inside = tag == "script"

    def handle_endtag(self, tag):
        self._inside = False

    def handle_data(self, data):
        if self._inside:
            self.scripts[-1] += data
        self.text += data


def test_the_policy_allows_the_page_s_own_script_by_its_hash_and_nothing_else():
    page = Scripts(page_of(ASSIGNMENT, CLASS))
    (script,) = page.scripts
    digest = b64encode(sha256(script.encode()).digest()).decode()
    policy = dict(part.strip().split(" ", 1) for part in page.policy.split(";"))
    assert policy["default-src"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert policy["script-src"] == f"'sha256-{digest}'"
    assert set(policy) - {"default-src", "base-uri", "form-action", "script-src"} == {
        *("style-src", "require-trusted-types-for", "trusted-types")
    }


def test_the_script_is_the_same_for_every_class():
    """Nothing that a student wrote is part of it."""
    (one,), (other,) = (
        Scripts(page_of(ASSIGNMENT, class_)).scripts for class_ in (CLASS, Class((row("ada"),), ()))
    )
    assert one == other
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval|import", one)


def test_without_scripts_the_page_has_every_student_and_no_dead_controls():
    text = page_of(ASSIGNMENT, CLASS)
    for student in ("s1", "s2", "s3", "s10", "zed"):
        assert f">{student}<" in text
    assert re.search(r'<form class="search"[^>]* hidden>', text)
    assert "<button" not in text[: text.index('<form class="search"')]
    assert "<noscript" not in text


def opened(browser, tmp_path, class_):
    page = tmp_path / "index.html"
    page.write_text(page_of(ASSIGNMENT, class_), "utf-8")
    browser.open(page.as_uri())


def shown(browser):
    rows = "[...document.querySelectorAll('.students tbody tr')]"
    return browser.run(f"{rows}.map(row => row.cells[0].textContent)")


def click(browser, heading):
    browser.run(
        "[...document.querySelectorAll('.students thead button')]"
        f".find(button => button.textContent === {heading!r}).click()"
    )


def choose(browser, selector, value):
    browser.run(
        f"{{const field = document.querySelector({selector!r}); field.value = {value!r};"
        "field.dispatchEvent(new Event('input', {bubbles: true}))}"
    )


@pytest.mark.proof
def test_a_browser_sorts_by_a_column_with_empty_cells_last(browser, tmp_path):
    opened(browser, tmp_path, CLASS)
    assert shown(browser) == ["s10", "s1", "s2", "s3", EVIL, "zed", EVIL]
    click(browser, "Points")  # the best came first
    assert shown(browser)[:5] == [EVIL, "s3", "s2", "s1", "s10"]
    click(browser, "Late")
    assert shown(browser)[:3] == [EVIL, "s10", "s1"]
    click(browser, "Late")
    assert shown(browser)[:3] == ["s1", "s10", EVIL]
    click(browser, "Student")
    assert [name for name in shown(browser) if name != EVIL] == ["s1", "s2", "s3", "s10", "zed"]
    sorted_by = "[...document.querySelectorAll('[aria-sort]')].map(h => [h.innerText, h.ariaSort])"
    assert browser.run(sorted_by) == [["Student", "ascending"]]


@pytest.mark.proof
def test_a_browser_shows_who_is_searched_for(browser, tmp_path):
    opened(browser, tmp_path, CLASS)
    choose(browser, ".search input", "S1")
    assert shown(browser) == ["s10", "s1"]
    choose(browser, ".search input", "remark s1")
    assert shown(browser) == ["s10"]
    assert browser.run("document.querySelector('output').textContent") == "1 of 7 shown"
    browser.run("document.querySelector('.search [type=reset]').click()")
    browser.until(lambda: len(shown(browser)) == 7)
    key = students(ASSIGNMENT, CLASS).key(CAUSE, "step_sign")
    browser.run(f"document.querySelector('td[data-key=\"{key}\"] button').click()")
    assert shown(browser) == ["s2"]


@pytest.mark.proof
def test_a_browser_runs_nothing_that_a_student_wrote(browser, tmp_path):
    opened(browser, tmp_path, CLASS)
    title = browser.run("document.title")
    click(browser, "Student")
    assert browser.run("document.title") == title != "owned"
    assert browser.run("document.querySelectorAll('img, script').length") == 1
    browser.run(
        "{const added = document.createElement('img'); added.setAttribute('onerror',"
        "'document.title = 1'); document.body.append(added); added.setAttribute('src', 'x')}"
    )
    assert browser.run("new Promise(done => setTimeout(() => done(document.title), 300))") == title


@pytest.mark.proof
def test_a_browser_keeps_every_row_of_a_large_class(browser, tmp_path):
    names = [f"s{number}" for number in range(173)]
    opened(browser, tmp_path, Class(tuple(row(name) for name in names), ()))
    click(browser, "Student")
    assert shown(browser) == names
    choose(browser, ".search input", "s17")
    choose(browser, ".search input", "")
    assert shown(browser) == names
    assert browser.run("window.find('s172')")  # the browser's own search finds what is not in view
