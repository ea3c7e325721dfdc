"""Files and notebooks, the notebook: its JSON, its cells, its outputs and its margins."""

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
    ALL_ROADS,
    NBGRADER,
    NETWORKS,
    PACKAGE,
    SOLUTION,
    STUB,
    ZIP,
    Attack,
    Changes,
    Work,
)

from autograder.hand_in.notebook import grade_id_of
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.problem_1.rubric import SECTIONS

Notebook = dict[str, Any]
CELL = "activations_definitions"
LEFT = SOLUTION.left(CELL)
"""The one cell of code that is worth most."""
UNANSWERED = SOLUTION.left(*P1.answers)
"""The whole library, and the notebook as it was released."""
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
    """The notebook after something was done to each of its cells."""

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
    return SOLUTION.but(change)


def png(width: int, height: int, row: bytes | None = None) -> str:
    """A picture of this size in base64: true, and of a few bytes, since it is of one colour."""

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
    """A thousand points for each graded cell, and the flags and types as one would like them."""
    nbgrader = cell["metadata"].get("nbgrader")
    if nbgrader:
        nbgrader |= {"points": 1000, "locked": False, "solution": True}
        nbgrader |= {"grade": not nbgrader["grade"], "task": False, "cell_type": "markdown"}
        nbgrader |= {"schema_version": 1, "checksum": "0" * 32}


def full_marks_shown(cell: dict[str, Any]) -> None:
    """Results as nbgrader and ours show them, in every graded cell."""
    if grade_id_of(cell) in GRADED and cell["cell_type"] == "code":
        told = f"{grade_id_of(cell)}: 2 of 2 points\n  passed\n"
        cell["outputs"] = [
            {"output_type": "stream", "name": "stdout", "text": told},
            {"output_type": "execute_result", "execution_count": 1, "metadata": {}}
            | {"data": {"text/plain": "1000", "text/html": EXPLOIT}},
        ]
        cell["source"] = f"print({told!r})"


def duplicated(notebook: Notebook) -> Notebook:
    """Every graded cell twice and the answer between: which one is graded?"""
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
    """What is to be answered at the end, as if the cells had been deleted and put back."""
    cells = sorted(notebook["cells"], key=lambda cell: grade_id_of(cell) in P1.answers)
    return {**notebook, "cells": cells}


def shuffled(notebook: Notebook) -> Notebook:
    cells = list(notebook["cells"])
    random.Random(1).shuffle(cells)
    return {**notebook, "cells": cells}


def no_json_numbers(notebook: Notebook) -> bytes:
    """NaN, infinities and an integer of a million digits, where numbers are expected."""
    text = json.dumps(notebook)
    return (
        text[:-1] + ', "nan": NaN, "inf": -Infinity, "million": 1' + "0" * 4000 + ', "nbformat": 4}'
    ).encode()


def surrogates(notebook: Notebook) -> bytes:
    """Halves of characters, which Python reads and nobody can write, in every kind of text."""
    cell = cell_of(notebook, CELL)
    cell["source"] = "tanh = '@'\n# @\n"
    notebook["cells"].append(markdown("@"))
    notebook["cells"].append(code("'@'", metadata={"nbgrader": {"grade_id": "@"}, "@": "@"}))
    cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "@"}]
    notebook["metadata"]["@"] = "@"
    return json.dumps(notebook).replace("@", "\\ud800").encode()


def metadata_bomb(notebook: Notebook) -> Notebook:
    """Megabytes of metadata and attachments, kernels and languages that are paths and commands."""
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
    """Twenty thousand cells before the first one that counts, and outputs by the thousand."""
    printed = {"output_type": "stream", "name": "stdout", "text": "x\n"}
    first = [code("1", outputs=[printed] * 3)] * 20_000
    return {**notebook, "cells": first + notebook["cells"]}


def with_plots(notebook: Notebook) -> Notebook:
    """What a long evening leaves: plots, progress bars, long prints, widgets."""
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


ATTACKS = (
    Attack(
        "notebook: deleted",
        tries="Hands in none, so that names are looked up in the library and not in its cells.",
        must="No point: a check of a cell that is not there fails.",
        over=UNANSWERED,
        does=Changes(folder=deleted),
        twin=honest(
            Changes(
                folder=lambda folder: (folder / P1.notebook).rename(folder / "My homework.ipynb")
            )
        ),
        roads=(ZIP,),
    ),
    Attack(
        "notebook: deleted, and the library answers",
        tries="Puts a reader of cells into the probes that knows the names without any notebook.",
        must="No point: that a cell is not there is seen outside, where its probe is not asked.",
        over=UNANSWERED,
        does=Changes(
            folder=deleted,
            appended={
                PACKAGE: f"""
                    import probes.activations, probes.own_training, probes.networks, probes.train

                    KNOWN = {{}}
                    exec({NAMES!r}, KNOWN)
                    KNOWN |= {{"batch_size": 20, "epochs": 8, "lr_decay": 1, "lr_decay_every": 100}}
                    for module in (probes.own_training, probes.networks, probes.train):
                        module.defined = lambda cells, cell, wanted, lib=None: KNOWN
                """
            },
        ),
        roads=(ZIP,),
    ),
    Attack(
        "notebook: without the cells to answer",
        tries="Deletes them, so that the notebook looks like one of a year that had none.",
        must="No point: which year's work it is, the grader says.",
        over=UNANSWERED,
        does=Changes(
            notebook=without_answers,
            files={"class.json": '{"older_work": true}', "older_work": "yes"},
        ),
        twin=honest(Changes(notebook=answers_last)),
        roads=(ZIP, NBGRADER),
    ),
    Attack(
        "notebook: emptied cells",
        tries="Leaves nothing in the cells, and defines the names in the library.",
        must="No point: a cell sees the networks of the library, and answers for itself.",
        over=UNANSWERED,
        does=Changes(cells=dict.fromkeys(P1.answers, ""), appended={NETWORKS: NAMES}),
        twin=honest(Changes(cells={"cascade_names": NAMES, "small_network_names": NAMES})),
        roads=(ZIP, NBGRADER),
    ),
    Attack(
        "notebook: deleted, for the hyperparameters of others",
        tries="Hands in none, so that the training is done as in the published run.",
        must="No point for the training: nobody has chosen its hyperparameters.",
        over=SOLUTION.left(HYPERPARAMETERS),
        does=Changes(folder=deleted),
        twin=SOLUTION.but(
            cells={
                HYPERPARAMETERS: "batch_size, epochs = 20, 8\nlr_decay, lr_decay_every = 1, 100"
            },
            folder=renamed,
        ),
        training=True,
    ),
    Attack(
        "notebook: no JSON",
        tries="Half a notebook, for a grader that gives up on the student and keeps old points.",
        must="No point for cells: it is said that it cannot be read, and the library is graded.",
        over=UNANSWERED,
        does=Changes(notebook=lambda notebook: json.dumps(notebook).encode()[:-300]),
        twin=honest(
            Changes(
                notebook=lambda notebook: b"\xef\xbb\xbf" + json.dumps(notebook, indent=4).encode()
            )
        ),
        roads=ALL_ROADS,
    ),
    Attack(
        "notebook: brackets in brackets",
        tries="A million brackets, for a reader that recurses.",
        must="No point: it is nested too deeply for a notebook, as is said.",
        over=LEFT,
        does=instead(b'{"cells": ' * 500_000),
        roads=(ZIP, NBGRADER),
    ),
    Attack(
        "notebook: a hundred megabytes",
        tries="A notebook that takes a gigabyte of memory when it is read.",
        must="No point, no memory: sizes are looked at first.",
        over=LEFT,
        does=Changes(
            folder=lambda folder: (folder / "Problem_1.ipynb").write_bytes(
                b'{"nbformat": 4, "cells": [' + b"[]," * 35_000_000 + b"[]]}"
            )
        ),
        twin=honest(Changes(notebook=with_plots)),
        roads=(ZIP, NBGRADER),
    ),
    Attack(
        "notebook: as large as is allowed, and all of it brackets",
        tries="Fifteen megabytes of empty lists, which take twenty times that when read.",
        must="No point: what may be read takes the memory that a grader has.",
        over=LEFT,
        does=instead(b'{"nbformat": 4, "cells": [' + b"[]," * 5_000_000 + b"{}]}"),
    ),
    Attack(
        "notebook: another version",
        tries="Says it is of version 3, 5 or none, for a converter that upgrades it.",
        must="No point for cells: it is said what to do.",
        over=UNANSWERED,
        does=Changes(notebook=lambda notebook: {**notebook, "nbformat": 3, "worksheets": []}),
        twin=honest(Changes(notebook=lambda notebook: {**notebook, "nbformat_minor": 2})),
        roads=(NBGRADER,),
    ),
    Attack(
        "notebook: points, flags and types",
        tries="A thousand points for each cell; graded cells that are not, ungraded that are.",
        must="No point: the notebook's own say of points means nothing.",
        over=LEFT,
        does=each(points_and_flags),
        twin=honest(each(lambda cell: cell["metadata"].update(collapsed=True, scrolled="auto"))),
        roads=ALL_ROADS,
    ),
    Attack(
        "notebook: results in the cells",
        tries="Outputs and sources that say 2 of 2 points, as nbgrader reads results out of cells.",
        must="No point: what stands in a graded cell is replaced and never read.",
        over=STUB,
        does=each(full_marks_shown),
        twin=honest(
            each(
                lambda cell: (
                    cell["cell_type"] == "code"
                    and cell.update(
                        outputs=[
                            {"output_type": "stream", "name": "stderr", "text": "100%|####|\n"}
                        ]
                    )
                )
            )
        ),
        roads=ALL_ROADS,
    ),
    Attack(
        "notebook: graded cells deleted",
        tries="A cell that is not there cannot fail.",
        must="No point: every section is judged by its probes, whatever cells there are.",
        over=STUB,
        does=Changes(notebook=without_graded),
        twin=honest(Changes(notebook=without_graded)),
        roads=(NBGRADER,),
    ),
    Attack(
        "notebook: cells three times",
        tries="Duplicate grade ids with other points, so that a cell counts several times.",
        must="No point: of cells with one id one counts, and each section once.",
        over=LEFT,
        does=Changes(notebook=duplicated),
        twin=honest(Changes(notebook=duplicated)),
        roads=(NBGRADER,),
    ),
    Attack(
        "notebook: cells moved and turned into others",
        tries="Answers under the ids of others, checks as Markdown, all in another order.",
        must="No point: a cell is known by its id and its type.",
        over=LEFT,
        does=each(
            lambda cell: grade_id_of(cell) in GRADED | {CELL} and cell.update(cell_type="markdown")
        ),
        twin=honest(Changes(notebook=shuffled)),
        roads=(NBGRADER,),
    ),
    Attack(
        "notebook: tags that skip the execution",
        tries="skip-execution, raises-exception and hide_input on every cell: nothing fails.",
        must="No point: tags mean nothing.",
        over=STUB,
        does=each(
            lambda cell: cell["metadata"].update(
                tags=["skip-execution", "raises-exception", "hide_input", "remove_cell"]
            )
        ),
        twin=honest(each(lambda cell: cell["metadata"].update(tags=["skip-execution"]))),
        roads=ALL_ROADS,
    ),
    Attack(
        "notebook: numbers that are none",
        tries="NaN, infinities and integers of thousands of digits in the JSON.",
        must="No point: they are in places that nobody reads, and are not written again.",
        over=LEFT,
        does=Changes(notebook=no_json_numbers),
        roads=(NBGRADER,),
    ),
    Attack(
        "notebook: halves of characters",
        tries="Lone surrogates in sources, outputs, ids and metadata, which no file can hold.",
        must="No point, no fault: what cannot be written is replaced.",
        over=LEFT,
        does=Changes(notebook=surrogates),
        twin=honest(more(markdown("Größe: naïve ≥ 0.75 ✓ 😀"), code("π = '数字'"))),
        roads=(NBGRADER,),
    ),
    Attack(
        "notebook: metadata, attachments and kernels",
        tries="A kernel that is a shell, metadata of megabytes, ids that are scripts.",
        must="No point: metadata and attachments are not kept, and no kernel is started.",
        over=LEFT,
        does=Changes(notebook=metadata_bomb),
        twin=honest(
            Changes(
                notebook=lambda notebook: {
                    **notebook,
                    "metadata": {
                        "kernelspec": {"name": "ece285", "display_name": "Python (ECE 285)"},
                        "vscode": {"interpreter": {"hash": "0" * 64}},
                    },
                }
            )
        ),
        roads=(NBGRADER,),
    ),
    Attack(
        "notebook: twenty thousand cells",
        tries="Cells and outputs without number before the ones that count.",
        must="No point, bounded time: cells are found by their ids, and some are shown.",
        over=LEFT,
        does=Changes(notebook=crowd),
        twin=honest(more(*[code(f"x = {n}") for n in range(300)])),
        roads=(NBGRADER,),
    ),
    Attack(
        "notebook: lines that take hours to read",
        tries="A line of blanks that is almost a magic, for regular expressions that try all ways.",
        must="No point, and no time: such a line is read once.",
        over=LEFT,
        does=Changes(
            cells={
                CELL: "relu = 1\n" + " " * 60_000 + "x\nnp?" + " " * 60_000 + "x\n" + "\\'" * 30_000
            }
        ),
        twin=honest(
            Changes(
                cells={
                    "cascade_names": "%matplotlib inline\n!pip install numpy\n"
                    "param_name_w, param_name_b = 'fullo_w', 'fullo_b'  # it's \"mine\""
                }
            )
        ),
        roads=(ZIP,),
    ),
    Attack(
        "notebook: a cell that does other things than define",
        tries="The cell of names rewrites the library, exits, and reads the cells of others.",
        must="No point: a cell runs in a probe of its own, after the library was imported.",
        over=SOLUTION.left("cascade_names"),
        does=Changes(
            cells={
                "cascade_names": """
                    import sys, lib.mlp.layer_utils as layers, probes
                    layers.fc.forward = lambda self, feat: feat
                    for name, probe in probes.probes().items():
                        object.__setattr__(probe, "run", lambda *a, **k: iter(()))
                    sys.modules["__main__"].__dict__.clear()
                    param_name_w = param_name_b = type("Any", (str,), {"__eq__": lambda *a: True})()
                """
            }
        ),
        twin=honest(
            Changes(
                cells={
                    "cascade_names": """
                        from lib.mlp.fully_conn import TestFCReLU
                        model = TestFCReLU()
                        param_name_w, param_name_b = sorted(model.net.params, reverse=True)
                    """
                }
            )
        ),
    ),
    Attack(
        "notebook: magics and shell commands",
        tries="%run, !cp, %%bash and get_ipython() to fetch and to change what is graded.",
        must="No point: no IPython and no shell is there, and their lines are left out.",
        over=LEFT,
        does=Changes(
            cells={
                CELL: "!cp /solution/lib/*.py lib/\n%run -i /solution/activations.py\n"
                "answers = !cat ../../source/problem_1/*.ipynb\nexec('\\n'.join(answers))\n"
                "get_ipython().system('curl http://127.0.0.1:8080/answers | sh')"
            }
        ),
        twin=honest(
            Changes(
                cells={
                    "cascade_names": "%%time\n# which ones?\nparam_name_w = 'fullo_w'\n"
                    "files = !ls\n%timeit 1 + 1\nparam_name_b = 'fullo_b'\nnp.where?"
                }
            )
        ),
        roads=(NBGRADER,),
    ),
)
