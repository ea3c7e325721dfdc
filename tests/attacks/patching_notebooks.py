"""Patching the judge in the notebook: its shell, its syntax, its displays and commands.

The notebook is never run. A few of its cells are, in the sandbox, like all code of the student.
"""

from attack import (
    ALL_ROADS,
    NBGRADER,
    SOLUTION,
    ZIP,
    Attack,
    Changes,
)

from autograder.hand_in.notebook import grade_id_of

CELL = "activations_definitions"
CELL_MISSING = SOLUTION.without(CELL)


def judged_by_itself(notebook: dict) -> dict:
    """Makes every graded cell print its points, and sets its maximum to 100."""
    for cell in notebook["cells"]:
        if grade_id_of(cell):
            if cell["cell_type"] == "code":
                cell["source"] = "from IPython.display import display\nprint('2 points')\n2"
                cell["outputs"] = [
                    {"output_type": "stream", "name": "stdout", "text": "2 points\n"},
                ]
            cell["metadata"]["nbgrader"]["points"] = 100
    return notebook


def with_first_lines(notebook: dict, grade_id: str, lines: str) -> dict:
    """Puts these lines at the beginning of a cell."""
    for cell in notebook["cells"]:
        if grade_id_of(cell) == grade_id:
            cell["source"] = lines + "".join(cell["source"])
    return notebook


ATTACKS = (
    Attack(
        "patches IPython's shell",
        tries="Replaces showtraceback and run_cell of the shell, so that no cell ever fails.",
        must="No points: no shell runs, and a probe executes the cell as plain Python.",
        baseline=CELL_MISSING,
        changes=Changes(
            cells={
                CELL: """
                    try:
                        shell = get_ipython()
                        shell.showtraceback = shell.run_cell = lambda *args, **kwargs: None
                        type(shell).run_cell = type(shell).showsyntaxerror = shell.showtraceback
                    except NameError:
                        import IPython.core.interactiveshell as ipython

                        ipython.InteractiveShell.showtraceback = lambda *args, **kwargs: None
                    raise SystemExit(0)
                """
            }
        ),
        roads=(NBGRADER,),
    ),
    Attack(
        "transforms the tests' syntax",
        tries="Adds an AST transformer that removes assertions from every later cell.",
        must="No points: checks are not cells, and nothing outlives a cell.",
        baseline=CELL_MISSING,
        changes=Changes(
            cells={
                CELL: """
                    import ast, builtins

                    class NoAssertions(ast.NodeTransformer):
                        def visit_Assert(self, node):
                            return ast.Pass()

                    whole = builtins.compile
                    builtins.compile = lambda source, *rest, **more: whole(
                        NoAssertions().visit(ast.parse(source)), *rest, **more
                    )
                    sigmoid = leaky_relu = relu = elu = selu = tanh = lambda x: 0 * x
                    get_ipython().ast_transformers.append(NoAssertions())
                """
            }
        ),
        roads=(ZIP,),
    ),
    Attack(
        "displays its own points",
        tries="Fills sources, outputs and metadata of graded cells with a grader's scores.",
        must="No points: outputs are never read for a score, and points come from the rubric.",
        baseline=CELL_MISSING,
        changes=Changes(notebook=judged_by_itself),
        roads=ALL_ROADS,
    ),
    Attack(
        "formats its own results",
        tries="Returns floats that display as 3 of 3 points in every format of Jupyter.",
        must="No points: nothing is displayed, and only the value of a float counts.",
        baseline=CELL_MISSING,
        changes=Changes(
            cells={
                CELL: """
                    class Score(float):
                        def _repr_mimebundle_(self, include=None, exclude=None):
                            return {"application/vnd.nbgrader+json": {"score": 100}}

                        def _repr_html_(self):
                            return "<b>3 / 3</b><script>alert(1)</script>"

                        __repr__ = __str__ = __format__ = lambda self, *args: "passed"

                    for name in ("sigmoid", "leaky_relu", "relu", "elu", "selu", "tanh"):
                        globals()[name] = lambda x: Score(3)
                    print('{"score": 3, "max_score": 3, "passed": true}')
                """
            }
        ),
    ),
    Attack(
        "runs shell commands in cells",
        tries="Uses !commands and %magics to copy the solution and change the gradebook.",
        must="No points and no command runs: magics are removed, and the rest runs as Python.",
        baseline=CELL_MISSING,
        changes=Changes(
            cells={
                CELL: """
                    !cp -r ../../../lib_solution/lib . ; sqlite3 gradebook.db "update grade"
                    %run ../solution.py
                    %load_ext autoreload
                    found = !cat $TMPDIR/solution/lib/mlp/layer_utils.py
                    import os
                    os.system("echo owned > $TMPDIR/../owned; cat $TMPDIR/../*/lib/mlp/*.py")
                    sigmoid = leaky_relu = relu = elu = selu = tanh = lambda x: 0 * x
                    raise RuntimeError(found)
                """
            }
        ),
        twin=SOLUTION.plus(
            notebook=lambda notebook: with_first_lines(notebook, CELL, "%matplotlib inline\n!ls\n")
        ),
        roads=ALL_ROADS,
    ),
    Attack(
        "uses a cell magic",
        tries="Begins a graded cell with %%writefile, to overwrite the library.",
        must="No points and no command runs: such a cell is not Python, and counts as empty.",
        baseline=CELL_MISSING,
        changes=Changes(cells={CELL: "%%writefile lib/mlp/layer_utils.py\nfc = object"}),
    ),
)
