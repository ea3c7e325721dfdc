"""The notebook's nbgrader metadata, the rubric and the published table of points agree."""

import re

import nbformat
import pytest

from autograder.problem_1 import ASSIGNMENT as P1
from autograder.problem_1.rubric import SECTIONS

# The table that students, graders and past work rely on: id, title, points, automatic points.
PUBLISHED = [
    ("fc_forward", "FC Forward", 2, 2),
    ("fc_backward", "FC Backward", 2, 2),
    ("leaky_relu_forward", "Leaky ReLU Forward", 2, 2),
    ("leaky_relu_backward", "Leaky ReLU Backward", 2, 2),
    ("dropout_forward", "Dropout Forward", 2, 2),
    ("dropout_backward", "Dropout Backward", 2, 2),
    ("cascade", "Testing cascaded layers: FC + Leaky ReLU", 2, 2),
    ("cross_entropy", "SoftMax Function and Loss Layer", 2, 2),
    ("small_network", "Test a Small Fully Connected Network", 2, 2),
    ("dropout_network", "Test a Fully Connected Network regularized with Dropout", 2, 2),
    ("train_tiny_net", "Training a Network (75% validation accuracy)", 5, 5),
    ("sgd_momentum", "SGD + Momentum", 2, 2),
    ("compare_sgd_momentum", "Comparing SGD and SGD with Momentum", 2, 1),
    ("rmsprop", "RMSProp", 2, 2),
    ("adam", "Adam", 2, 2),
    ("compare_optimizers", "Comparing the optimizers", 4, 2),
    ("activations", "Plot the Activation Functions", 3, 3),
]


@pytest.fixture(scope="module")
def notebook():
    return nbformat.read(P1.source, as_version=4)


@pytest.fixture(scope="module")
def cells(notebook):
    return {cell.metadata.nbgrader.grade_id: cell for cell in notebook.cells}


def test_the_rubric_is_the_published_table():
    assert [(s.id, s.title, s.points, s.auto) for s in SECTIONS] == PUBLISHED
    assert (P1.total, P1.auto_total) == (40, 37)


def test_points_in_the_notebook_are_the_rubrics(cells):
    found = {
        grade_id: cell.metadata.nbgrader.points
        for grade_id, cell in cells.items()
        if "points" in cell.metadata.nbgrader
    }
    expected = {section.id: section.auto for section in SECTIONS}
    expected |= {grade_id: points for s in SECTIONS for grade_id, points in s.by_hand}
    assert found == expected


def test_sections_stand_in_the_rubrics_order_and_their_headings_tell_their_points(notebook):
    order = [cell.metadata.nbgrader.grade_id for cell in notebook.cells]
    positions = [order.index(section.id) for section in SECTIONS]
    assert positions == sorted(positions)
    headings = [
        line
        for cell in notebook.cells
        if cell.cell_type == "markdown"
        for line in cell.source.splitlines()
        if line.startswith("#") and "pt]" in line
    ]
    points = [int(line.rsplit("[", 1)[1].split("pt]")[0]) for line in headings]
    assert points == [section.points for section in SECTIONS]


def test_every_cell_has_an_id_of_its_own(notebook):
    ids = [cell.id for cell in notebook.cells]
    grade_ids = [cell.metadata.nbgrader.grade_id for cell in notebook.cells]
    assert len(set(ids)) == len(set(grade_ids)) == len(notebook.cells)


def test_checks_are_locked_and_answers_are_not(cells):
    answers = {answer for section in SECTIONS for answer in section.answers}
    questions = {name for s in SECTIONS for name, _ in s.by_hand if name.endswith("_question")}
    for grade_id, cell in cells.items():
        meta = cell.metadata.nbgrader
        assert meta.solution == (grade_id in answers | questions), grade_id
        assert meta.locked != meta.solution, grade_id
        assert ("BEGIN SOLUTION" in cell.source) == meta.solution, grade_id


def test_every_answer_of_the_rubric_is_a_cell(cells):
    for section in SECTIONS:
        for answer in section.answers:
            assert cells[answer].cell_type == "code"
        for question, _ in section.by_hand:
            assert cells[question].cell_type == "markdown"


def test_the_source_is_valid_and_holds_no_outputs(notebook):
    nbformat.validate(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None
        assert "attachments" not in cell


def test_every_name_in_the_tables_of_symbols_is_in_the_code(cells):
    code = "".join(path.read_text("utf-8") for path in P1.library.rglob("*.py"))
    code += "".join(cell.source for cell in cells.values() if cell.cell_type == "code")
    for grade_id, fewest in (("symbols", 20), ("optimizers", 10)):
        rows = [line for line in cells[grade_id].source.splitlines() if line.startswith("| $")]
        names = [name for row in rows for name in re.findall(r"`(\w+)[^`]*`", row)]
        assert len(names) >= fewest
        for name in names:
            assert re.search(rf"\b{name}\b", code), name


def test_no_section_prints_all_gradients_of_its_layer(cells):
    """A gradient of each layer is derived; another is left to the student."""
    for section in ("fc_backward", "leaky_relu_backward", "dropout_backward", "cross_entropy"):
        text = cells[f"{section}_text"].source
        assert "**Your turn.**" in text, section
    assert "W^" not in cells["fc_backward_text"].source
    assert "[c = y_n]" not in cells["cross_entropy_text"].source


def test_a_cell_that_draws_a_figure_is_short(cells):
    """The code of figures is in the handout; a cell calls it, a line per optimizer."""
    drawing = [cell.source for cell in cells.values() if "from figures import show" in cell.source]
    assert len(drawing) == 9
    for source in drawing:
        assert len(source.splitlines()) <= 8, source
