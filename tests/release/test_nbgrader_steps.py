"""Unit tests of each step that nbgrader runs for a release."""

import json

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from autograder.nbgrader_plugins.release import (
    UNNAMED_STUB,
    AddReleaseFiles,
    CheckMarkers,
    NameStubs,
    ReleaseNotebook,
)
from autograder.release import contents
from autograder.release.markers import StripError

RULE = "#" * 30
BLOCK = f"""\
{RULE}
# TODO: Choose. #
{RULE}
### BEGIN SOLUTION
epochs = 3
### END SOLUTION
{RULE}
# END OF YOUR CODE #
{RULE}"""
ANSWER = "Why?\n\n### BEGIN SOLUTION\nBecause.\n### END SOLUTION"
SCHEME = "Plot.\n\n=== BEGIN MARK SCHEME ===\nA point.\n=== END MARK SCHEME ==="


def code(source, **nbgrader):
    return new_code_cell(source, metadata={"nbgrader": {"grade_id": "cell", **nbgrader}})


def markdown(source, **nbgrader):
    return new_markdown_cell(source, metadata={"nbgrader": {"grade_id": "cell", **nbgrader}})


def check(cell):
    CheckMarkers().preprocess(new_notebook(cells=[cell]), {"unique_key": "Problem_1"})


@pytest.mark.parametrize(
    "cell",
    [
        code(BLOCK, solution=True),
        code("%load_ext autoreload\n!ls\nx = 1", locked=True),
        markdown(ANSWER, solution=True, grade=True, points=1),
        markdown(SCHEME, task=True, points=1),
        markdown("### A heading\n\nThe solution to begin with.", locked=True),
        new_markdown_cell("a cell that nbgrader does not know"),
    ],
    ids=["code", "magics", "answer", "task", "given", "foreign"],
)
def test_a_correct_cell_passes(cell):
    check(cell)


REFUSED = {
    "a solution in a given cell": (code(BLOCK, locked=True), "expected in this cell: none"),
    "a solution cell without one": (code("epochs = 3", solution=True), "regions found: none"),
    "an answer cell without one": (markdown("Why?", solution=True), "regions found: none"),
    "a mark scheme in an answer": (
        markdown(f"{ANSWER}\n{SCHEME}", solution=True),
        "expected in this cell: ['SOLUTION']",
    ),
    "a solution in a task": (markdown(ANSWER, task=True), "['MARK SCHEME']"),
    "a mark scheme in code": (code(SCHEME.replace("Plot.", "")), "not allowed in code"),
    "hidden tests in a check": (
        code("### BEGIN HIDDEN TESTS\nassert 1\n### END HIDDEN TESTS", grade=True),
        "not allowed in code",
    ),
    "misspelt in a given cell": (
        code("### BEGIN SOLUTOIN\nx = 1\n### ENDE SOLUTION", locked=True),
        "cell cell:1: ",
    ),
    "misspelt in an answer": (
        markdown(ANSWER.replace("BEGIN", "BEGIM"), solution=True),
        "cell cell:3: ",
    ),
    "a stray END behind a good answer": (
        markdown(ANSWER + "\n### END SOLUTION", solution=True),
        "without its BEGIN",
    ),
    "a banner in a given cell": (
        code(BLOCK.replace("### BEGIN SOLUTION\n", "").replace("### END SOLUTION\n", "")),
        "without solution markers",
    ),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_a_doubtful_cell_is_refused(fault):
    cell, words = REFUSED[fault]
    with pytest.raises(StripError) as refused:
        check(cell)
    assert words in str(refused.value)
    assert str(refused.value).startswith("Problem_1.ipynb, cell cell:")


def test_an_attachment_is_refused():
    cell = markdown("![a](attachment:a.png)")
    cell["attachments"] = {"a.png": {"image/png": "iVBORw0KGgo="}}
    with pytest.raises(StripError, match="must not have attachments"):
        check(cell)


def test_a_stub_names_its_cell_and_nothing_else_changes():
    cell = code(f"x = 1\n    {UNNAMED_STUB}\ny = 2", solution=True)
    NameStubs().preprocess(new_notebook(cells=[cell]), {})
    stub = 'raise NotImplementedError("cell: write your solution here")'
    assert cell.source == f"x = 1\n    {stub}\ny = 2"


@pytest.mark.parametrize("before", ["", {}, {"plot.png": b"png"}])
def test_the_release_files_are_added_to_nbgraders_output(tiny, before):
    """nbconvert starts with an empty string instead of a dictionary."""
    _, resources = AddReleaseFiles(package=tiny.package).preprocess(
        new_notebook(), {"outputs": before}
    )
    assert set(contents.files(tiny)) <= set(resources["outputs"])
    assert all(isinstance(content, bytes) for content in resources["outputs"].values())
    assert ("plot.png" in resources["outputs"]) == bool(before)


def test_outputs_tags_and_kernels_are_not_written():
    cell = code("x = 1\ny = 2", locked=True)
    cell.outputs = [new_output("stream", text="hello")]
    cell.execution_count = 7
    cell.metadata.update(tags=["skip-execution"], collapsed=True, editable=False)
    notebook = new_notebook(cells=[cell, new_markdown_cell("text")])
    notebook.metadata = {"kernelspec": {"name": "conda-env", "display_name": "Mine"}}
    written, _ = ReleaseNotebook().from_notebook_node(notebook)
    first, second = json.loads(written)["cells"]
    assert first == {
        "cell_type": "code",
        "execution_count": None,
        "id": "cell",
        "metadata": {"editable": False, "nbgrader": {"grade_id": "cell", "locked": True}},
        "outputs": [],
        "source": ["x = 1\n", "y = 2"],
    }
    assert second["id"] == "cell-2"
    assert json.loads(written)["metadata"]["kernelspec"]["name"] == "python3"
    assert written == ReleaseNotebook().from_notebook_node(notebook)[0]
