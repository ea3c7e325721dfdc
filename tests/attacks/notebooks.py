"""Files and notebooks, the notebook: its JSON, its cells, its outputs and its margins."""

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
    LEFT,
    NAMES,
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
