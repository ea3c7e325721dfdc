"""Fuzzing submissions: notebooks and zip files."""

from __future__ import annotations

import io
import sys
import warnings
import zipfile
from pathlib import Path

import nbformat
from fuzzing.answers import Breach, must_be_text, named
from fuzzing.damage import encoded, spoiled, write_new
from hypothesis import strategies as st

from autograder.hand_in import library, notebook, submission, version
from autograder.nbgrader_plugins.graded_notebook import as_json, plain_notebook

sys.path.append(str(Path(__file__).parents[2]))

from tiny_assignment import ASSIGNMENT as TINY

ids = st.sampled_from([*sorted(TINY.marked_cells)[:4], *sorted(TINY.answers), "other"])
lines = st.sampled_from(
    [
        "x = 1\n",
        "%matplotlib inline\n",
        "!ls\n",
        "%%bash\n",
        "a = !ls\n",
        "np?\n",
        "f('(')\n",
        "é\n",
    ]
) | st.text(max_size=10)
outputs = st.one_of(
    st.fixed_dictionaries(
        {"output_type": st.just("stream"), "text": lines, "name": st.just("stdout")}
    ),
    st.fixed_dictionaries(
        {
            "output_type": st.sampled_from(["display_data", "execute_result"]),
            "data": st.fixed_dictionaries(
                {
                    "text/plain": lines,
                    "image/png": st.sampled_from(["iVBORw0KGgo=", "iVBORw0KGgo", "é", "====", ""]),
                }
            ),
        }
    ),
    st.fixed_dictionaries(
        {"output_type": st.just("error"), "traceback": st.lists(lines, max_size=2)}
    ),
)
written = st.fixed_dictionaries(
    {
        "cell_type": st.sampled_from(["code", "code", "code", "markdown", "raw", "heading"]),
        "metadata": st.fixed_dictionaries(
            {"nbgrader": st.fixed_dictionaries({"grade_id": ids}), "tags": st.just([])}
        ),
        "source": st.lists(lines, max_size=4) | lines,
        "outputs": st.lists(outputs, max_size=2),
    }
)
versions = st.sampled_from(["1.0", "9.9", "1.0\n", "1.०", "<b>1.0</b>", 1.0, None, []])
claims = st.one_of(
    st.just({}),
    st.fixed_dictionaries(
        {"autograder": st.fixed_dictionaries({"version": versions | st.text(max_size=4)})}
    ),
)
notebooks = (
    spoiled(
        st.fixed_dictionaries(
            {
                "nbformat": st.sampled_from([4, 4, 4, 4, 3]),
                "cells": st.lists(written, max_size=5),
                "metadata": claims,
            }
        )
    )
    .map(encoded)
    .flatmap(lambda text: st.sampled_from([text] * 6 + [b"\xef\xbb\xbf" + text, b"\xff" + text]))
)

ORDINARY = encoded({"nbformat": 4, "metadata": {}, "cells": [{"cell_type": "code", "source": ""}]})


def read_notebook(data: bytes) -> str:
    """Reads a notebook with both of its readers: the one for grading and the one for display."""
    said: list[str] = []
    made_from = version.claimed(data)
    if made_from and not set(made_from) <= set("0123456789."):
        raise Breach(f"a notebook was made from a version {made_from!r}")
    shown = plain_notebook(data)
    nbformat.validate(shown)
    as_json(shown).encode("utf-8")
    try:
        cells = notebook.parsed(data)
    except notebook.NoNotebook as refusal:
        return named(refusal)
    if not all(str(notebook.grade_id_of(cell)).isprintable() for cell in cells):
        raise Breach("a notebook has ids that nobody can print")
    found = notebook.cells_of(cells, TINY.answers, said.append)
    for grade_id, text in found.items():
        if grade_id not in TINY.answers or type(text) is not str:
            raise Breach(f"the cell {grade_id!r} is {type(text).__name__}")
    for sentence in said:
        must_be_text(sentence)
    return "cells" if found else "no cells"


members = st.sampled_from(
    [
        "lib/optim.py",
        "lib/layers.py",
        "tiny/lib/optim.py",
        "Tiny.ipynb",
        "lib\\layers.py",
        "../lib/optim.py",
        "/lib/optim.py",
        "lib/optim.py/x.py",
        "LIB/OPTIM.PY",
        "lib/",
        "lib/\u202e.py",
        "C:/lib/optim.py",
        "a/" * 30 + "x.py",
        "work.zip",
    ]
) | st.text(min_size=1, max_size=12)
contents = st.one_of(
    st.binary(max_size=60),
    st.sampled_from([b"x = 1\n" * 50, b"# coding: latin-1\n\xe9", b"\0" * 70_000]),
    notebooks,
)


@st.composite
def zips(draw: st.DrawFn) -> bytes:
    """A zip file whose members have odd names, kinds, flags, sizes and contents."""
    file = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(file, "w") as archive:
        warnings.simplefilter("ignore")  # about duplicate names, which are intended
        for _ in range(draw(st.sampled_from([0, 1, 2, 2, 3, 3, 4, 4, 5, 5]))):
            info = zipfile.ZipInfo(draw(members).encode("utf-8", "replace").decode())
            info.compress_type = draw(st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))
            info.external_attr = (
                draw(st.sampled_from([0, 0o644, 0o100644, 0o120777, 0o10644])) << 16
            )
            info.extra = draw(st.sampled_from([b"", b"", b"\1\0\4\0abcd", b"up\5\0\1abcd"]))
            archive.writestr(info, draw(contents))
        archive.comment = draw(st.sampled_from([b"", b"", b"PK\5\6" + b"\0" * 18, b"x" * 300]))
    data = bytearray(file.getvalue())
    for _ in range(draw(st.integers(0, 2))):  # a field of the central directory
        at = data.rfind(b"PK\1\2", 0, draw(st.integers(1, len(data))))
        if at >= 0:
            place = at + draw(st.integers(4, 45))
            data[place : place + 2] = draw(st.binary(min_size=2, max_size=2))
    return bytes(data)


def read_zip(data: bytes, folder: Path) -> str:
    path = folder / "ada.zip"
    write_new(path, data)
    found = submission.read(TINY, path)
    if not set(folder.iterdir()) <= {path, folder / "class.zip", folder / "roster.csv"}:
        raise Breach(f"reading it made {sorted(folder.iterdir())}")
    for name, content in found.files.items():
        if type(content) is not bytes or not name.startswith("lib/") or ".." in name:
            raise Breach(f"it gave the file {name!r}")
    if sum(map(len, found.files.values())) > library.LARGEST_LIBRARY:
        raise Breach("it gave a library that is too large")
    for sentence in found.errors:
        must_be_text(sentence)
    if not (found.files or found.cells):
        return named(ValueError(found.errors[0])) if found.errors else "nothing"
    return "a submission, and what is wrong" if found.errors else "a submission"
