"""Finds solutions, model answers and hidden checks in what students receive.

The secrets are read from the sources: the statements between solution markers in the library and
the notebook, the model answers and mark schemes, and the hidden suites. Statements that reveal
nothing are not secret, and neither is anything that also occurs in the given code of the library
and the notebook. (The handout is not an exception: a solution in its README is a leak.)
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from autograder.assignment import Assignment
from autograder.hand_in.cell_syntax import without_magics
from autograder.release import contents
from autograder.release import fingerprints as forms
from autograder.release.finding import Finding
from autograder.release.markers import regions
from autograder.release.strip import find_blocks
from autograder.release.texts import Text

ANSWER_RUN = 6
"""So many consecutive words of a model answer are a leak; fewer are an ordinary phrase."""
SUITE_RUN = 12
"""The same for a hidden suite. It is longer, since all code about this library shares its words."""


@dataclass
class Secrets:
    """What must not be found. Each dictionary maps a form to the place that it comes from."""

    trees: dict[str, str] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    suites: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Cell:
    """A cell of the source notebook, split into given and secret text."""

    name: str
    code: bool
    solution: bool
    source: str

    def given(self) -> str:
        lines = self.source.split("\n")
        for region in reversed(regions(self.source, self.name)):
            del lines[region.begin - 1 : region.end]
        return "\n".join(lines)

    def secret(self) -> str:
        lines = self.source.split("\n")
        found = regions(self.source, self.name)
        return "\n".join("\n".join(lines[r.begin : r.end - 1]) for r in found)


def read_secrets(assignment: Assignment) -> Secrets:
    """The secrets in the assignment's sources."""
    cells = list(_cells(assignment.source))
    secrets = Secrets()
    solutions = [*contents.blocks(assignment), *_notebook_blocks(cells)]
    for place, source, statements in solutions:
        for top in statements:
            for statement in forms.statements(top):
                if not forms.says_nothing(statement):
                    secrets.trees[forms.tree_form(statement)] = place
                    secrets.values |= dict.fromkeys(forms.value_forms(statement), place)
                    secrets.texts |= dict.fromkeys(forms.text_forms(statement, source), place)
    for cell in cells:
        if not cell.code:
            runs = forms.passages(cell.secret(), ANSWER_RUN)
            secrets.answers |= {run: cell.name for run, _ in runs}
    for path in sorted(assignment.suites.rglob("*.py")):
        runs = forms.passages(path.read_text(encoding="utf-8"), SUITE_RUN)
        secrets.suites |= {run: path.name for run, _ in runs}
    _remove_given(assignment, secrets, cells)
    return secrets


def _notebook_blocks(cells: Iterable[_Cell]) -> Iterator[tuple[str, str, tuple[ast.stmt, ...]]]:
    for cell in cells:
        if cell.code and cell.solution:
            for block in find_blocks(cell.source, cell.name, cell.name):
                yield cell.name, cell.source, block.body


def _remove_given(assignment: Assignment, secrets: Secrets, cells: list[_Cell]) -> None:
    """Remove what also occurs outside of markers: it is not secret."""
    given = contents.files(assignment).items()
    library = [data.decode() for path, data in given if path.startswith("lib/")]
    code = library + [without_magics(cell.given()) for cell in cells if cell.code]
    for text in code:
        for statement in forms.statements(ast.parse(text)):
            secrets.trees.pop(forms.tree_form(statement), None)
            for form in forms.text_forms(statement, text):
                secrets.texts.pop(form, None)
            for node in ast.walk(statement):
                if isinstance(node, ast.expr):
                    for form in forms.renamed_forms(node):
                        secrets.values.pop(form, None)
    prose = [cell.given() for cell in cells]
    for text in prose:
        for run, _ in forms.passages(text, ANSWER_RUN):
            secrets.answers.pop(run, None)
    for text in [*prose, *library]:
        for run, _ in forms.passages(text, SUITE_RUN):
            secrets.suites.pop(run, None)


def _cells(notebook: Path) -> Iterator[_Cell]:
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        nbgrader = cell["metadata"].get("nbgrader", {})
        yield _Cell(
            nbgrader.get("grade_id", ""),
            cell["cell_type"] == "code",
            bool(nbgrader.get("solution")),
            "".join(cell["source"]),
        )


def find(texts: Iterable[Text], secrets: Secrets) -> list[Finding]:
    """Every secret in the texts, reported once per line and place."""
    found: dict[tuple[str, int, str, str], Finding] = {}
    for text in texts:
        for position, proof, place, how in _in_text(text, secrets):
            finding = Finding(proof, text.path, text.line(position), f"{how} {place}{_in(text)}")
            found.setdefault((finding.path, finding.line, proof, place), finding)
    return list(found.values())


def _in(text: Text) -> str:
    return f" (in {text.inside})" if text.inside else ""


def _in_text(text: Text, secrets: Secrets) -> Iterator[tuple[int, str, str, str]]:
    """Secrets in one text, as (position, proof, place that it comes from, how it was found)."""
    for position, tree in _code(text.content):
        for node in ast.walk(tree):
            if isinstance(node, ast.expr):
                for form in forms.renamed_forms(node):
                    if form in secrets.values:
                        how = "an expression (variables may be renamed) of the solution of"
                        yield position(node), "leak", secrets.values[form], how
        for statement in forms.statements(tree):
            if (form := forms.tree_form(statement)) in secrets.trees:
                how = "a statement of the solution of"
                yield position(statement), "leak", secrets.trees[form], how

    squeezed, positions = forms.squeeze(text.content)
    for form, place in secrets.texts.items():
        where = forms.find_text(form, text.content, squeezed, positions)
        if where is not None:
            yield where, "leak", place, "the text of a statement of the solution of"

    for length, runs, proof, how in (
        (ANSWER_RUN, secrets.answers, "answers", f"{ANSWER_RUN} words of the model answer of"),
        (SUITE_RUN, secrets.suites, "hidden", f"{SUITE_RUN} words of the hidden suite"),
    ):
        for run, where in forms.passages(text.content, length):
            if run in runs:
                yield where, proof, runs[run], how


Position = Callable[[ast.expr | ast.stmt], int]
"""Gives the position in a text of a node of a syntax tree."""


def _code(content: str) -> Iterator[tuple[Position, ast.Module]]:
    """The syntax trees in a text, each with a function that gives the position of a node.

    A Python file has one tree for the whole file, and one for each string or comment that is
    Python. Other text has one tree for each line or `span in backticks` that is Python.
    """
    starts = [0]
    for line in content.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    tree = forms.parse(content)
    if tree:
        yield lambda node: starts[node.lineno - 1], tree
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                for _, within in _code(node.value) if node.value != content else ():
                    yield _all_at(starts[node.lineno - 1]), within
    for number, line in enumerate(content.split("\n")):
        fragments = [line.strip(" \t#>*.-`"), *re.findall(r"`+([^`]+)`+", line)]
        if tree:  # only the comments are left; the code was parsed above
            fragments = [comment.strip("# ") for comment in re.findall(r"#.*", line)]
        for fragment in fragments:
            text = fragment + " pass" if fragment.endswith(":") else fragment
            if text and (inner := forms.parse(text)):
                yield _all_at(starts[number]), inner


def _all_at(position: int) -> Position:
    return lambda _: position
