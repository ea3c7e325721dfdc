"""The notebook with its solution runs from top to bottom in a student's folder."""

import base64
import shutil

import nbformat
import pytest
from nbclient import NotebookClient

from autograder.problem_1 import ASSIGNMENT as P1
from autograder.problem_1 import svhn

pytestmark = pytest.mark.proof


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """The notebook after a run on a small twin, with 1% of the training images."""
    folder = tmp_path_factory.mktemp("student") / "problem_1"
    shutil.copytree(P1.release, folder)
    shutil.copytree(P1.library / "lib", folder / "lib", dirs_exist_ok=True)
    svhn.draw(folder / "data", train=4000, test=200)
    notebook = nbformat.read(P1.source, as_version=4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SVHN_MAX_TRAINING", "700")
        patch.delenv("SVHN_DIR", raising=False)
        client = NotebookClient(notebook, timeout=300, resources={"metadata": {"path": folder}})
        client.execute()
    return {cell.metadata.nbgrader.grade_id: cell for cell in notebook.cells}


def test_no_cell_says_anything_on_stderr(executed):
    """nbgrader counts output on stderr in a graded cell as a failure."""
    for grade_id, cell in executed.items():
        for output in cell.get("outputs", []):
            assert output.get("name") != "stderr", (grade_id, output.text)


def test_the_data_is_found_and_not_downloaded_again(executed):
    assert "data_train Shape: (700, 32, 32, 3)" in executed["data_load"].outputs[0].text


FIGURES = [
    "data_figures",
    "backward_pass_figure",
    "gradient_check_figure",
    "train_tiny_net_mistakes",
    "train_tiny_net_confusion",
    "train_tiny_net_hidden_units",
    "compare_sgd_momentum_paths",
    "compare_optimizers_paths",
    "compare_optimizers_rates",
]


@pytest.mark.parametrize(
    "cell",
    [
        *FIGURES,
        "train_tiny_net_curves",
        "compare_sgd_momentum_plot",
        "compare_optimizers_run",
        "activations_plot",
    ],
)
def test_every_plot_is_drawn(executed, cell):
    pictures = [o.data.get("image/png") for o in executed[cell].outputs if "data" in o]
    assert any(len(base64.b64decode(picture)) > 10_000 for picture in pictures if picture)


def test_training_prints_the_lines_of_the_published_run(executed):
    text = "".join(o.text for o in executed["train_tiny_net_run"].outputs if "text" in o)
    lines = text.splitlines()
    assert lines[0].startswith("(Iteration 1 / 560) loss: ")
    assert lines[1].startswith("(Epoch 1 / 20) Training Accuracy: 0.")
    assert ", Validation Accuracy: 0." in lines[-1]
    assert len(lines) == 21


@pytest.mark.parametrize("cell", FIGURES)
def test_a_figure_comes_without_text_and_progress_bars(executed, cell):
    shown = [output.get("data", output) for output in executed[cell].outputs]
    assert all("image/png" in each for each in shown), shown


@pytest.fixture(scope="module")
def unfilled(executed, tmp_path_factory):
    """The notebook as it is released, after a run that goes on after errors: cells by grade id."""
    folder = tmp_path_factory.mktemp("unfilled") / "problem_1"
    shutil.copytree(P1.release, folder)
    svhn.draw(folder / "data", train=4000, test=200)
    notebook = nbformat.read(P1.release / P1.notebook, as_version=4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SVHN_MAX_TRAINING", "700")
        patch.delenv("SVHN_DIR", raising=False)
        where = {"metadata": {"path": folder}}
        NotebookClient(notebook, timeout=300, allow_errors=True, resources=where).execute()
    return {cell.metadata.nbgrader.grade_id: cell for cell in notebook.cells}


def errors(cell):
    return [output for output in cell.get("outputs", []) if output.output_type == "error"]


def test_the_released_notebook_runs_until_the_first_part_to_write(unfilled):
    cells = list(unfilled)
    for name in cells[: cells.index("fc_forward")]:
        assert errors(unfilled[name]) == []
    [error] = errors(unfilled["fc_forward"])
    assert error.ename == "NotImplementedError"


def test_a_figure_before_its_code_is_written_says_what_is_missing(unfilled):
    needs_nothing = {"data_figures", "backward_pass_figure", "gradient_check_figure"}
    for name in FIGURES:
        found = [f"{error.ename}: {error.evalue}" for error in errors(unfilled[name])]
        if name in needs_nothing:
            assert found == []
        else:
            [message] = found
            assert "write your solution here" in message or "train a TinyNet first" in message, name
