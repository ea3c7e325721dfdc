"""What is made of the notebook of Problem 1 before a person opens it."""

import json
import sys

from autograder import checkout
from autograder.nbgrader_plugins.graded_notebook import Source, plain_notebook, restored, unanswered
from autograder.nbgrader_plugins.markdown import SHOW, SHOW_WITH
from autograder.problem_1 import ASSIGNMENT as P1

sys.path.append(str(checkout.ROOT / "tests" / "attacks"))  # for active_content.py
from active_content import COMMAND


def test_nothing_is_answered_in_the_released_notebook():
    """Its questions contain brackets and colons, which taming changes."""
    content = (P1.release / P1.notebook).read_bytes()
    cells = [c for c in json.loads(content)["cells"] if c["metadata"].get("nbgrader")]
    sources = []
    for cell in cells:
        metadata = {"cell_type": cell["cell_type"]} | cell["metadata"]["nbgrader"]
        text = "".join(cell["source"])
        sources.append(Source(metadata["grade_id"], text, metadata["locked"], metadata))
    to_answer = {source.name for source in sources if source.nbgrader["solution"]}
    assert len(to_answer) == 6
    assert unanswered(restored(plain_notebook(content), sources), sources) == to_answer


def test_every_tex_command_of_the_assignment_is_allowed():
    cells = json.loads(P1.source.read_text("utf-8"))["cells"]
    texts = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
    names = {name for text in texts for name in COMMAND.findall(text)}
    assert len(names) > 30
    assert names - SHOW - set(SHOW_WITH) == set()
