"""Changes that attacks make to a notebook: to its cells, ids, flags, outputs and texts."""

from __future__ import annotations

import base64
import copy
import json
import random
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from attack import (
    SOLUTION,
    Changes,
    Work,
)

from autograder.hand_in.notebook import grade_id_of
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.problem_1.rubric import SECTIONS

Notebook = dict[str, Any]
CELL = "activations_definitions"
ONE_BLOCK_MISSING = SOLUTION.without(CELL)
"""The solution without the code cell that is worth most."""
UNANSWERED = SOLUTION.without(*P1.answers)
"""The solution's library with the released notebook."""
NAMES = """
param_name_w, param_name_b = "fullo_w", "fullo_b"
param_name_w1, param_name_b1 = "fullo_1_w", "fullo_1_b"
param_name_w2, param_name_b2 = "fullo_2_w", "fullo_2_b"
"""
HYPERPARAMETERS = "train_tiny_net_hyperparameters"
GRADED = {section.id for section in SECTIONS}
EXPLOIT = (
    "<script>alert(1)</script><img src=x onerror=alert(2)><svg onload=alert(3)>"
    "<iframe srcdoc='<script>alert(4)</script>'></iframe>"
)


def cell_of(notebook: Notebook, grade_id: str) -> dict[str, Any]:
    (found,) = (cell for cell in notebook["cells"] if grade_id_of(cell) == grade_id)
    return found


def code(source: str, **more: Any) -> dict[str, Any]:
    cell = {"cell_type": "code", "metadata": {}, "source": source, "outputs": []}
    return {
        **cell,
        "execution_count": None,
        "id": f"x{random.Random(source).random():.12f}",
        **more,
    }


def markdown(source: str, **more: Any) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": source, "id": "text", **more}


def shows(**data: Any) -> dict[str, Any]:
    return {"output_type": "display_data", "metadata": {}, "data": data}


def each(change: Callable[[dict[str, Any]], object]) -> Changes:
    """Applies `change` to each cell of the notebook."""

    def make(notebook: Notebook) -> Notebook:
        for cell in notebook["cells"]:
            change(cell)
        return notebook

    return Changes(notebook=make)


def more(*cells: dict[str, Any]) -> Changes:
    return Changes(notebook=lambda notebook: {**notebook, "cells": notebook["cells"] + list(cells)})


def instead(content: bytes) -> Changes:
    return Changes(notebook=lambda notebook: content)


def honest(change: Changes) -> Work:
    return SOLUTION.plus(change)


def png(width: int, height: int, row: bytes | None = None) -> str:
    """A valid image of this size in base64. It has few bytes because it has one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    packer = zlib.compressobj(9)
    line = row or bytes(1 + (width + 7) // 8)
    pixels = b"".join(packer.compress(line) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + parts).decode()


def points_and_flags(cell: dict[str, Any]) -> None:
    """Gives each graded cell a thousand points and changes its flags and its type."""
    nbgrader = cell["metadata"].get("nbgrader")
    if nbgrader:
        nbgrader |= {"points": 1000, "locked": False, "solution": True}
        nbgrader |= {"grade": not nbgrader["grade"], "task": False, "cell_type": "markdown"}
        nbgrader |= {"schema_version": 1, "checksum": "0" * 32}


def full_marks_shown(cell: dict[str, Any]) -> None:
    """Writes results into every graded cell, as nbgrader and this grader display them."""
    if grade_id_of(cell) in GRADED and cell["cell_type"] == "code":
        result = f"{grade_id_of(cell)}: 2 of 2 points\n  passed\n"
        cell["outputs"] = [
            {"output_type": "stream", "name": "stdout", "text": result},
            {"output_type": "execute_result", "execution_count": 1, "metadata": {}}
            | {"data": {"text/plain": "1000", "text/html": EXPLOIT}},
        ]
        cell["source"] = f"print({result!r})"


def duplicated(notebook: Notebook) -> Notebook:
    """Appends three copies of every graded cell, with other points."""
    doubled = [copy.deepcopy(c) for c in notebook["cells"] if grade_id_of(c)]
    for cell in doubled:
        cell["metadata"]["nbgrader"]["points"] = 5
    return {**notebook, "cells": notebook["cells"] + doubled * 3}


def without_graded(notebook: Notebook) -> Notebook:
    return {**notebook, "cells": [c for c in notebook["cells"] if grade_id_of(c) not in GRADED]}


def deleted(folder: Path) -> None:
    (folder / P1.notebook).unlink()


def renamed(folder: Path) -> None:
    (folder / P1.notebook).rename(folder / "My homework.ipynb")


def without_answers(notebook: Notebook) -> Notebook:
    return {
        **notebook,
        "cells": [c for c in notebook["cells"] if grade_id_of(c) not in P1.answers],
    }


def answers_last(notebook: Notebook) -> Notebook:
    """Moves the answer cells to the end, as if they had been deleted and restored."""
    cells = sorted(notebook["cells"], key=lambda cell: grade_id_of(cell) in P1.answers)
    return {**notebook, "cells": cells}


def shuffled(notebook: Notebook) -> Notebook:
    cells = list(notebook["cells"])
    random.Random(1).shuffle(cells)
    return {**notebook, "cells": cells}


def no_json_numbers(notebook: Notebook) -> bytes:
    """NaN, an infinity and an integer of thousands of digits, where numbers are expected."""
    text = json.dumps(notebook)
    return (
        text[:-1] + ', "nan": NaN, "inf": -Infinity, "million": 1' + "0" * 4000 + ', "nbformat": 4}'
    ).encode()


def surrogates(notebook: Notebook) -> bytes:
    """Lone surrogates, which Python can read but not encode, in every kind of text."""
    cell = cell_of(notebook, CELL)
    cell["source"] = "tanh = '@'\n# @\n"
    notebook["cells"].append(markdown("@"))
    notebook["cells"].append(code("'@'", metadata={"nbgrader": {"grade_id": "@"}, "@": "@"}))
    cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "@"}]
    notebook["metadata"]["@"] = "@"
    return json.dumps(notebook).replace("@", "\\ud800").encode()


def metadata_bomb(notebook: Notebook) -> Notebook:
    """Megabytes of metadata, attachments, and a kernel and a language that are commands."""
    notebook["metadata"] = {
        "kernelspec": {"name": "../../../../bin/sh", "display_name": EXPLOIT, "argv": ["sh"]},
        "language_info": {
            "name": "bash",
            "file_extension": "/../../x.sh",
            "nbconvert_exporter": "x",
        },
        "widgets": {"application/vnd.jupyter.widget-state+json": {"state": {"a": EXPLOIT}}},
        "junk": ["x" * 1000] * 3000,
    }
    for cell in notebook["cells"]:
        cell["metadata"] |= {"tags": ["remove_cell", "raises-exception"], "junk": {"a": ["y"] * 99}}
        cell["attachments"] = {"a.svg": {"image/svg+xml": EXPLOIT}}
        cell["id"] = EXPLOIT
    return notebook


def crowd(notebook: Notebook) -> Notebook:
    """Puts twenty thousand cells with outputs before the first one that counts."""
    printed = {"output_type": "stream", "name": "stdout", "text": "x\n"}
    first = [code("1", outputs=[printed] * 3)] * 20_000
    return {**notebook, "cells": first + notebook["cells"]}


def with_plots(notebook: Notebook) -> Notebook:
    """Honest outputs of a long session: plots, progress bars, long prints, widgets."""
    rng = random.Random(2)
    bar = "".join(f"\r{n}%|{'#' * n}| [00:{n:02}<00:10, 9.8it/s]" for n in range(100))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            noise = base64.b64encode(rng.randbytes(30_000)).decode()
            begins = png(1200, 900)
            cell["execution_count"] = rng.randrange(999)
            cell["outputs"] = [
                {"output_type": "stream", "name": "stderr", "text": [bar, "\n"]},
                {"output_type": "stream", "name": "stdout", "text": "loss 2.3\n" * 2000},
                shows(**{"image/png": begins, "text/plain": ["<Figure size 640x480>"]}),
                shows(**{"application/vnd.plotly.v1+json": {"data": noise}}),
            ]
    return notebook
