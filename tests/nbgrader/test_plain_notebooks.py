"""What is kept of an untrusted notebook."""

import base64
import json
import struct

import nbformat
import pytest

from autograder.nbgrader_plugins.graded_notebook import (
    ALL_PIXELS,
    LARGEST_IMAGE,
    LONGEST_TEXT,
    MISSING,
    MOST_CELLS,
    UNSHOWN,
    Source,
    as_json,
    plain_notebook,
    restored,
    unanswered,
)


def notebook_of(*cells):
    return json.dumps(
        {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    ).encode()


def code(source="x", outputs=(), **metadata):
    return {
        "cell_type": "code",
        "source": source,
        "outputs": list(outputs),
        "metadata": metadata,
        "execution_count": None,
    }


def marked(grade_id, **cell):
    return code(**cell, nbgrader={"grade_id": grade_id})


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b'{"nbformat": 3}',
        b"[" * 100_000,
        notebook_of(None, 3, {"cell_type": "code"}, {"cell_type": "raw", "source": "<script>"}),
        notebook_of({"cell_type": "markdown", "source": {"a": 1}, "metadata": 7}),
        notebook_of(code(outputs=[None, 7, {"output_type": "display_data", "data": []}])),
        notebook_of(code(outputs=[{"output_type": "stream", "text": ["a", 7]}])),
        notebook_of(code(outputs=[{"output_type": "error", "traceback": "x"}])),
    ],
)
def test_any_content_becomes_a_valid_notebook(content):
    made = as_json(restored(plain_notebook(content), SOURCES))
    nbformat.validate(json.loads(made))


def shown(**data):
    return code(outputs=[{"output_type": "display_data", "data": data, "metadata": {}}])


def outputs_of(cell):
    return plain_notebook(notebook_of(cell))["cells"][0]["outputs"]


def test_an_image_that_is_not_png_is_left_out():
    svg = base64.b64encode(b"<svg onload=alert(1)>").decode()
    (output,) = outputs_of(shown(**{"image/png": svg, "text/plain": "<Figure>"}))
    assert output["text"] == UNSHOWN.format("image/png") + "<Figure>"
    (output,) = outputs_of(shown(**{"image/png": "no base64!"}))
    assert output["text"] == UNSHOWN.format("image/png")


def test_a_person_who_grades_is_told_about_a_figure_that_is_not_png():
    drawn = {"image/svg+xml": "<svg onload=alert(1)>", "text/html": "<b>", "text/plain": "<Figure>"}
    (output,) = outputs_of(shown(**drawn))
    assert output["text"] == UNSHOWN.format("image/svg+xml") + "<Figure>"


def picture(width, height, size=24):
    """The beginning of a PNG, which contains its size, and no pixels."""
    begins = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + struct.pack(">II", width, height)
    return {"image/png": base64.b64encode(begins.ljust(size, b"\0")).decode()}


def test_images_are_limited_in_bytes_and_in_pixels():
    assert outputs_of(shown(**picture(3000, 2400)))
    for large in (picture(3000, 2400, LARGEST_IMAGE + 1), picture(60_000, 60_000)):
        assert [output["output_type"] for output in outputs_of(shown(**large))] == ["stream"]
    many = [shown(**picture(2**12, 2**12))] * 40
    cells = plain_notebook(notebook_of(*many))["cells"]
    kept = [cell for cell in cells if "data" in cell["outputs"][0]]
    assert len(kept) == ALL_PIXELS // 2**24


def test_texts_and_cells_are_limited():
    printed = code(outputs=[{"output_type": "stream", "name": "stdout", "text": "x" * 10**6}])
    assert len(outputs_of(printed)[0]["text"]) == LONGEST_TEXT
    assert len(plain_notebook(notebook_of(*[code()] * 2000))["cells"]) == MOST_CELLS


def test_terminal_control_sequences_are_removed():
    printed = code(outputs=[{"output_type": "stream", "text": "\x1b[31mred\x1b[0m\x07\x00 \u2713"}])
    assert outputs_of(printed)[0]["text"] == "red ✓"


def released(name, cell_type="code", *, locked=True, **kind):
    kinds = {"grade": False, "solution": False, "task": False} | kind
    metadata = {"grade_id": name, "locked": locked, "cell_type": cell_type, "schema_version": 3}
    return Source(name, f"# {name}", locked, metadata | kinds)


SOURCES = (
    released("check", grade=True, points=2),
    released("answer", locked=False, solution=True),
    released("question", "markdown", locked=False, grade=True, solution=True, points=1),
    released("given"),
)


def test_the_last_cell_with_an_id_and_the_right_type_counts():
    first, last = marked("answer", source="first"), marked("answer", source="last")
    text = {"cell_type": "markdown", "source": "x", "metadata": last["metadata"]}
    found = restored(plain_notebook(notebook_of(first, last, text)), SOURCES)
    named = [
        c["source"] for c in found["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id")
    ]
    assert named[0] == "last"
    assert [c["id"] for c in found["cells"]][:3] == ["cell-1", "answer", "cell-3"]


def test_locked_cells_are_restored_as_released():
    found = restored(plain_notebook(notebook_of(marked("check", source="assert True"))), SOURCES)
    assert found["cells"][0]["source"] == "# check"
    assert found["cells"][0]["metadata"] == {"nbgrader": SOURCES[0].nbgrader}


def test_missing_graded_cells_are_restored_and_given_ones_are_not():
    found = restored(plain_notebook(notebook_of()), SOURCES)
    assert [cell["id"] for cell in found["cells"]] == ["check", "answer", "question"]
    assert found["cells"][2]["source"] == MISSING


def test_a_cell_that_contains_the_stub_or_is_missing_is_unanswered():
    stub = {"cell_type": "markdown", "source": "# question ", "metadata": {}}
    stub["metadata"] = {"nbgrader": {"grade_id": "question"}}
    found = restored(plain_notebook(notebook_of(marked("answer", source="x = 1"), stub)), SOURCES)
    assert unanswered(found, SOURCES) == {"question"}
    assert unanswered(restored(plain_notebook(b""), SOURCES), SOURCES) == {"question", "answer"}


def test_the_same_notebook_gives_the_same_bytes(tiny):
    content = tiny.source.read_bytes()
    texts = {as_json(restored(plain_notebook(content), SOURCES)) for _ in range(2)}
    assert len(texts) == 1
