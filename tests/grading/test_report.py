"""A Grade as a table and as JSON."""

import io
import json
from dataclasses import replace

import pytest
from rich.console import Console

from autograder.grading.result import SCHEMA, Hint
from autograder.report.as_json import from_json, to_json
from autograder.report.terminal import shown

FIELDS = [
    "schema",
    "submission",
    "assignment",
    "score",
    "max_score",
    "seed",
    "suite",
    "training",
    "data",
    "versions",
    "sandbox",
    "elapsed_s",
    "sections",
    "errors",
]


@pytest.fixture(scope="module")
def grade(change, graded):
    wrong = change("lib/layers.py", "np.sum(self.x * dout)", "np.mean(self.x * dout)")
    wrong = change("lib/optim.py", "self.rate * self", "self.rate[bold] * self", base=wrong)
    return graded(replace(wrong, name="ada [red]=cmd", errors=("lib/a.py is missing",)))


def printed(grade, width: int = 80) -> str:
    console = Console(width=width, file=io.StringIO())
    console.print(shown(grade))
    return console.file.getvalue()


def test_json_has_the_documented_fields(grade):
    (data,) = json.loads(to_json([grade]))
    assert list(data) == FIELDS
    assert data["schema"] == SCHEMA
    assert data["max_score"] == 5
    assert list(data["versions"]) == ["python", "numpy"]
    for section in data["sections"]:
        assert list(section) == ["id", "title", "score", "max_score", "tests", "hints"]
        assert all(list(test) == ["name", "passed", "message"] for test in section["tests"])


def test_a_total_is_the_sum_of_the_displayed_points(grade):
    judged = [section for section in grade.sections if section.score is not None]
    assert grade.score == round(sum(section.score for section in judged), 2)
    assert all(round(section.score, 2) == section.score for section in judged)


def test_json_comes_back_as_the_same_grade(grade):
    hinted = replace(grade.sections[0], hints=(Hint("forgets_the_bias", "Look at b."),))
    grades = [grade, replace(grade, sections=(hinted,))]
    assert from_json(to_json(grades)) == grades


@pytest.mark.parametrize("text", ["", "{}", "[1]", '[{"schema": 99}]', "[{}]"])
def test_json_that_is_not_a_grade_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011 - json's error is a ValueError, too
        assert from_json(text) is None


def test_the_table_fits_80_columns_and_shows_every_section(grade):
    text = printed(grade)
    assert max(len(line) for line in text.splitlines()) <= 80
    for section in grade.sections:
        assert section.title in text
    assert f"{grade.score:g} of 5 points" in text
    assert "! lib/a.py is missing" in text


def test_a_section_that_is_not_judged_is_shown_as_such(grade):
    scale, step = grade.sections
    assert "not judged" not in printed(grade)
    assert (
        printed(replace(grade, sections=(scale, replace(step, score=None)))).count("not judged")
        == 1
    )


def test_student_text_is_not_read_as_markup(grade):
    text = " ".join(printed(grade).split())
    assert "ada [red]=cmd" in text
    assert "self.rate[bold]" in text


def test_a_common_cause_is_shown_once(stub, graded):
    text = " ".join(printed(graded(stub)).split())
    assert text.count("scale.forward is not written yet (see above)") == 2, "once a section"
    assert text.count("Not written yet: ") == 1


def test_a_grading_without_a_sandbox_says_so(grade):
    assert "no sandbox: only for your own files" in printed(replace(grade, sandbox="none"))
