"""Feedback pages, the class report and its table, from hostile or unusual Grades."""

import csv
import io
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from tiny_assignment import ASSIGNMENT

from autograder.assignment.rubric import Section
from autograder.grading.result import Grade, Hint, SectionGrade, Test
from autograder.report.charts import curve, histogram
from autograder.report.class_report import csv_of, page_of, section_figures
from autograder.report.feedback import feedback
from autograder.report.graded_class import Class, Row
from autograder.report.students import students

COURSE = replace(ASSIGNMENT, sections=(*ASSIGNMENT.sections, Section("norm", "A norm", 5)))
EVIL = "<script>alert('x')</script>\"'&{{ 7 * 7 }}"


def graded(student="ada", *, failing=(), unjudged=(), message="off by 1.0e-01", hints=(), **kw):
    """A Grade with one check per section; the sections in `failing` fail."""
    sections = tuple(
        SectionGrade(
            s.id,
            s.title,
            None if s.id in unjudged else 0.0 if s.id in failing else float(s.auto),
            s.auto,
            (Test(f"{s.id}_values", s.id not in failing, message if s.id in failing else ""),),
            tuple(Hint("some_mistake", hint) for hint in hints if s.id in failing),
        )
        for s in COURSE.sections
    )
    judged = [s for s in sections if s.score is not None]
    made = Grade(
        schema=1,
        submission=student,
        assignment=COURSE.id,
        score=sum(s.score for s in judged),
        max_score=sum(s.max_score for s in judged),
        seed=1,
        suite="0" * 16,
        training="short",
        data="a twin",
        versions={"python": "3.12", "numpy": "2"},
        sandbox="bubblewrap",
        elapsed_s=1.0,
        sections=sections,
        errors=(),
    )
    return replace(made, **kw)


class Page(HTMLParser):
    """The elements of a page, as a browser or a screen reader sees them."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.ids, self.links, self.text, self.active = [], [], [], "", []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value)
            if name == "href":
                self.links.append(value)
            if name == "src" or name.startswith("on"):
                self.active.append((tag, name))

    def handle_data(self, data):
        self.text += data + " "


EVERYTHING_EVIL = graded(
    EVIL, failing=("step",), message=EVIL, hints=(EVIL,), errors=(EVIL,), data=EVIL
)
PAGES = {
    "feedback": lambda: feedback(COURSE, EVERYTHING_EVIL, [0.1, 0.6], 3600),
    "report": lambda: page_of(
        COURSE, Class((Row.of(EVIL, EVERYTHING_EVIL, [0.1], 60.0),), ((EVIL, EVIL),))
    ),
}


@pytest.mark.parametrize("name", PAGES)
def test_student_text_is_escaped(name):
    text = PAGES[name]()
    page = Page(text)
    assert not {"iframe", "object", "img", "link"} & set(page.tags)
    assert page.tags.count("script") == (name == "report")  # its own, see test_students.py
    assert page.active == []
    assert "alert('x')" in page.text
    assert "{{ 7 * 7 }}" in page.text
    assert "http" not in text.replace("http-equiv", "")  # nothing is loaded from elsewhere


def test_a_student_is_not_told_the_class_s_seed():
    """With the seed, a student could compute the inputs of a later grading."""
    secret = 918_273_645_546_372
    assert str(secret) not in feedback(COURSE, graded(failing=("step",), seed=secret)).replace(
        ",", ""
    )


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_its_landmarks_and_one_main_heading(name):
    page = Page(PAGES[name]())
    for landmark in ("header", "main", "footer", "title"):
        assert page.tags.count("title" if landmark == "title" else landmark) >= 1
    assert page.tags.count("main") == page.tags.count("h1") == 1
    assert len(page.ids) == len(set(page.ids))
    inside = [link[1:] for link in page.links if link.startswith("#")]
    assert inside
    assert set(inside) <= set(page.ids)


def test_feedback_does_not_rely_on_colour():
    page = Page(feedback(COURSE, graded(failing=("step",), unjudged=("norm",))))
    text = " ".join(page.text.split())
    assert "3 of 5 points" in text
    assert "1 of 1 checks failed" in text
    assert "not judged yet" in text
    assert "Sections worth 5 points are not judged yet." in text
    assert "1 more is graded by hand" in text
    assert "The assignment has 11 points in total." in text


def test_a_message_shared_by_many_checks_is_shown_once():
    step = replace(
        graded().sections[1],
        score=0.0,
        tests=tuple(Test(f"step_{name}", False, "step could not be imported") for name in "abc"),
    )
    page = Page(feedback(COURSE, replace(graded(), sections=(step,))))
    assert page.text.count("step could not be imported") == 1
    assert "a, b, c" in page.text


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(30, "less than a minute"), (60, "1 minute"), (7200, "2 hours"), (10**6, "12 days")],
)
def test_lateness_is_given_in_words(seconds, words):
    assert f"by {words}." in Page(feedback(COURSE, graded(), (), seconds)).text


def test_a_curve_is_drawn_to_scale():
    root = ElementTree.fromstring(str(curve([0.0, 0.5, 1.0], 0.75)))
    (line,) = root.iter("polyline")
    x, y = zip(*(map(float, p.split(",")) for p in line.get("points").split()), strict=True)
    assert x[1] - x[0] == pytest.approx(x[2] - x[1], abs=0.2)
    assert y[0] - y[1] == pytest.approx(y[1] - y[2], abs=0.2)
    assert y[0] > y[2]
    assert "100% at the end" in root.get("aria-label")


@pytest.mark.parametrize("values", [[], [0], [10], [0, 2, 2, 10, 10, 10]])
def test_a_histogram_counts_every_value_once(values):
    root = ElementTree.fromstring(str(histogram(values, [0, 2, 4, 10], "Points", "points", None)))
    heights = [float(bar.get("height")) for bar in root.iter("rect")]
    expected = [
        sum(v < 2 for v in values),
        sum(2 <= v < 4 for v in values),
        sum(v >= 4 for v in values),
    ]
    assert len(heights) == 3
    scale = max(heights) / max(expected) if any(expected) else 0
    assert heights == pytest.approx([scale * count for count in expected], abs=0.2)


def rows(*failing):
    return [
        Row.of(f"s{number}", graded(failing=names), (), 0.0) for number, names in enumerate(failing)
    ]


def test_figures_of_the_sections_are_right():
    found = {s.id: s for s in section_figures(rows((), ("step",), ("step", "norm"), ()))}
    assert (found["step"].share, found["step"].failing) == (0.5, 0.5)
    assert (found["norm"].share, found["norm"].failing) == (0.75, 0.25)
    assert found["step"].discrimination == pytest.approx(0.5774, abs=1e-4)
    assert found["scale"].discrimination is None  # all have the same


def test_the_commonest_failures_come_first_with_how_many_have_them():
    class_ = Class(tuple(rows((), ("step",), ("step", "norm"))), ())
    text = " ".join(Page(page_of(COURSE, class_)).text.split())
    assert text.index("step values 2 67%") < text.index("norm values 1 33%")


def test_an_empty_class_has_a_page():
    assert "0 graded" in " ".join(Page(page_of(COURSE, Class((), (("x", "y"),)))).text.split())
    assert list(csv.reader(io.StringIO(csv_of(Class((), (("x", "y"),))))))[1][-1] == "set aside: y"


def test_the_table_of_a_class_has_scores_and_remarks():
    row = Row.of("ada", graded(failing=("step",), errors=("a;b", "=c")), [0.5], 60.0)
    (line, aside) = csv.DictReader(io.StringIO(csv_of(Class((row,), (("bob", "=why"),)))))
    assert (line["student"], line["score"], line["step"]) == ("ada", "8.0", "0.0")
    assert (line["accuracy"], line["seconds_late"]) == ("0.5", "60")
    assert line["remarks"] == "a,b / '=c"
    assert (aside["score"], aside["remarks"]) == ("", "set aside: '=why")


def test_work_of_an_unknown_time_is_counted_apart_from_late_and_on_time():
    hand_ins = {"ada": 0.0, "bob": None, "cyd": 60.0, "dan": None}
    class_ = Class(tuple(Row.of(name, graded(name), (), s) for name, s in hand_ins.items()), ())
    text = " ".join(Page(page_of(COURSE, class_)).text.split())
    assert "1 late 2 with unknown time" in text
    assert "time unknown (2)" in text
    assert [line.figures[-1] for line in students(COURSE, class_).lines].count("<td>unknown") == 2
    lines = csv.DictReader(io.StringIO(csv_of(class_)))
    assert [line["seconds_late"] for line in lines] == ["0", "unknown", "60", "unknown"]


def test_a_class_whose_times_are_all_known_hears_nothing_of_unknown_ones():
    row = Row.of("ada", graded(), (), 0.0)
    assert "unknown" not in page_of(COURSE, Class((row,), ()))
