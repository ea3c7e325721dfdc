"""A Grade as Gradescope's results.json, and what stands there when nothing was judged."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from uploads import gradescope_results

from autograder.gradescope.container import results_file
from autograder.gradescope.container.results_file import nothing_judged
from autograder.gradescope.results import results_of
from autograder.grading.result import SCHEMA, Grade, Hint, SectionGrade, Test

SECTIONS = (
    SectionGrade("scale", "Scaling", 2.0, 2, (Test("scale_values", True, ""),)),
    SectionGrade(
        "step",
        "One step",
        0.5,
        2,
        (Test("step_direction", False, "off by 0.3"), Test("step_size", True, "")),
        (Hint("uphill", "Does the step go downhill?"),),
    ),
    SectionGrade("train", "Training", None, 5, ()),
)
GRADE = Grade(
    SCHEMA, "ada", "tiny", 2.5, 4, 7, "abc", "off", None, {"numpy": "2"}, "sandlock", 1.26,
    SECTIONS, ("lib/optim.py is missing",),
)  # fmt: skip


def taken(results):
    return gradescope_results(results_file.as_json(results).encode())


def test_every_section_is_a_test_with_its_number_points_and_hints():
    results = taken(results_of(GRADE))
    assert (results.score, results.max_score, results.reported) == (2.5, 4, ())
    scale, step, training = results.tests
    assert [test["number"] for test in results.tests] == ["1", "2", "3"]
    assert (scale["status"], step["status"]) == ("passed", "failed")
    assert step["output"] == "Does the step go downhill?\ndirection: off by 0.3"
    assert "score" not in training
    assert "not judged" in training["output"]


def test_what_holds_for_the_whole_submission_is_said_without_points():
    output = results_of(GRADE)["output"]
    assert output == "lib/optim.py is missing\nNot judged here: Training."


@pytest.mark.parametrize("visibility", ["visible", "after_due_date", "after_published"])
def test_sections_and_total_are_shown_when_the_instructor_wants(visibility):
    results = results_of(GRADE, visibility)
    assert taken(results).shown is (visibility == "visible")
    assert results["stdout_visibility"] == "hidden"


def test_points_given_by_hand_are_a_line_of_their_own():
    results = results_of(GRADE, points=4.0)
    assert results["score"] == 4.0
    assert results["tests"][-1] == {
        "name": "Points given by hand, extra credit and lateness",
        "score": 1.5,
    }
    assert sum(test.get("score", 0) for test in results["tests"]) == results["score"]


def test_the_seed_of_a_class_is_in_no_students_results():
    assert "seed" not in json.dumps(results_of(GRADE))


def test_hostile_text_reaches_gradescope_as_it_allows():
    long = Test("step_size", False, "a\0b" + "x" * 200_000)
    results = taken(results_of(replace(GRADE, sections=(replace(SECTIONS[1], tests=(long,)),))))
    assert results.reported == ()


def test_a_number_that_json_does_not_have_is_refused():
    with pytest.raises(ValueError, match="JSON"):
        results_file.as_json(results_of(replace(GRADE, score=float("nan"))))


def test_without_a_judgement_students_do_not_see_a_total_of_0():
    results = taken(nothing_judged("Not graded yet", "The points follow.", "no such record"))
    assert results.score == 0
    assert not results.shown
    assert results.reported == ()
    hidden = [test["output"] for test in results.tests if test["visibility"] == "hidden"]
    assert hidden == ["no such record"]
    assert not any("score" in test for test in results.tests)


def test_the_file_is_replaced_whole(tmp_path):
    results_file.write(tmp_path / "results", "1")
    results_file.write(tmp_path / "results", "2")
    assert [path.name for path in (tmp_path / "results").iterdir()] == [results_file.NAME]
    assert (tmp_path / "results" / results_file.NAME).read_text() == "2"
