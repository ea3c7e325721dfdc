"""Formgrader's page of a submission: what a person marks comes first, beside its mark scheme."""

from __future__ import annotations

import base64
import json

import pytest
from nbconvert.exporters import HTMLExporter
from nbformat import from_dict
from traitlets.config import Config

from autograder.nbgrader_plugins.by_hand import FOR_FORMGRADER, MarkedFirst, reordered, schemes
from autograder.problem_1 import ASSIGNMENT as P1

QUESTIONS = [name for section in P1.sections for name, _ in section.by_hand]
TASK = "compare_optimizers_plot"
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()


def notebook(figures=("compare_optimizers_run",)) -> dict:
    """The released notebook as a grader has it: with the task's mark scheme, and with figures."""
    found = json.loads((P1.release / P1.notebook).read_text("utf-8"))
    for cell in found["cells"]:
        cell["source"] = "".join(cell["source"])
        name = cell["metadata"]["nbgrader"]["grade_id"]
        if name in figures:
            shown = {"output_type": "display_data", "data": {"image/png": PNG}, "metadata": {}}
            cell["outputs"] = [shown]
        if name == TASK:
            cell["source"] += (
                "\n\n=== BEGIN MARK SCHEME ===\n\nTHE SCHEME\n\n=== END MARK SCHEME ==="
            )
    return found


def name(cell) -> str:
    return cell["metadata"].get("nbgrader", {}).get("grade_id", "")


def test_what_a_person_marks_comes_first_and_every_cell_once():
    cells = notebook()["cells"]
    shown = reordered(P1, cells)
    assert [name(cell) for cell in shown if name(cell)][: len(QUESTIONS)] == QUESTIONS
    assert sorted(filter(None, map(name, shown))) == sorted(map(name, cells))
    assert len({cell["id"] for cell in shown}) == len(shown)


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_mark_scheme_stands_right_before_its_answer(question):
    shown = reordered(P1, notebook(figures=())["cells"])
    at = [name(cell) for cell in shown].index(question)
    scheme = schemes(P1)[question]
    before = "\n".join(cell["source"] for cell in shown[at - 2 : at])
    assert scheme.marks.split("\n")[0][-60:] in before
    assert ("<details>" in before) == bool(scheme.model)


def test_model_answers_are_folded_and_their_mark_schemes_are_not():
    for question in set(QUESTIONS) - {TASK}:
        scheme = schemes(P1)[question]
        assert scheme.model.startswith("**Model answer.**")
        assert scheme.marks.startswith("**Mark scheme.**")
        assert "Model answer" not in scheme.marks


def test_a_task_has_the_figures_of_its_section_and_shows_its_scheme_once():
    shown = reordered(P1, notebook(figures=("compare_optimizers_run", "activations_plot"))["cells"])
    at = [name(cell) for cell in shown].index(TASK)
    assert [output["data"] for output in shown[at - 1]["outputs"]] == [{"image/png": PNG}]
    assert not shown[at - 2].get("outputs")
    assert "THE SCHEME" not in shown[at]["source"]


def test_a_missing_figure_is_said():
    shown = reordered(P1, notebook(figures=())["cells"])
    at = [name(cell) for cell in shown].index(TASK)
    assert "no figure" in shown[at - 1]["source"]


def test_a_notebook_without_such_cells_is_shown_as_it_is():
    cells = [cell for cell in notebook()["cells"] if name(cell) not in QUESTIONS]
    assert reordered(P1, cells) == cells


def test_only_formgrader_shows_mark_schemes():
    given = from_dict(notebook())
    before = json.dumps(given)
    step = MarkedFirst()
    same, _ = step.preprocess(given, {"nbgrader": {"student": "ada"}})
    assert json.dumps(same) == before
    changed, _ = step.preprocess(given, {FOR_FORMGRADER: "1"})
    assert json.dumps(changed) != before


def test_the_page_has_a_field_for_the_points_of_every_question():
    config = Config()
    config.HTMLExporter.preprocessors = [MarkedFirst]
    page, _ = HTMLExporter(config=config).from_notebook_node(
        from_dict(notebook()), {FOR_FORMGRADER: "1"}
    )
    assert page.count('class="mark-scheme"') == len(QUESTIONS)
    assert page.index("Model answer") < page.index("Learning objective")
