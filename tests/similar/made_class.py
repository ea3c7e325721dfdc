"""Classes of made-up students: each block is the solution's, an alternative or a mistake, by seed.

Every student has a style: names, comments and layout of their own. A copy takes all blocks of
another student and disguises each. Who follows the lecture writes most blocks that it showed as it
did, mostly with changes.
"""

from __future__ import annotations

import ast
import builtins
import json
import random
import re
import sys
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from autograder.assignment.stub import stub
from autograder.diagnosis.variants import blocks, solution, variants
from autograder.diagnosis.variants import released as release_of
from autograder.hand_in.notebook import grade_id_of
from autograder.hand_in.submission import Submission
from autograder.problem_1 import ASSIGNMENT as P1

HERE = Path(__file__).parent
for folder in ("problem_1/alternatives", "problem_1/mistakes", "similar"):
    sys.path.append(str(HERE.parent / folder))

from disguises import DISGUISES, commented, moved, parsed, renamed  # noqa: E402
from lecture import ON_THE_BOARD  # noqa: E402
from right_work import ALTERNATIVES  # noqa: E402
from works import works  # noqa: E402

WRITES_THE_SOLUTION = 0.3
"""How often a block is written as in the solution: mostly there is one obvious way."""
TWO_OR_THREE = 2, 3
FOLLOWS_THE_LECTURE = 0.8
"""How often somebody who does writes a block that the lecture showed as it did."""


@dataclass(frozen=True)
class Written:
    """What a student wrote.

    Attributes:
        code: by place.
        files: further files of the library.
        cells: further cells of the notebook.
    """

    name: str
    code: Mapping[str, str]
    files: Mapping[str, str] = field(default_factory=dict)
    cells: Sequence[str] = ()

    def submission(self) -> Submission:
        right = solution(P1)
        texts = {path: content.decode() for path, content in right.files.items()} | right.cells
        last_first = sorted(self.code, key=lambda place: -blocks(P1)[place][1].region.begin)
        for place in last_first:
            file, block = blocks(P1)[place]
            lines, region = texts[file].split("\n"), block.region
            new = textwrap.indent(self.code[place].strip("\n"), region.indent)
            lines[region.begin - 1 : region.end] = [new]
            texts[file] = "\n".join(lines)
        files = {path: texts[path].encode() for path in right.files}
        files |= {path: text.encode() for path, text in self.files.items()}
        cells = {cell: texts[cell] for cell in right.cells}
        return Submission(self.name, files, cells, notebook=self._notebook(cells))

    def _notebook(self, cells: Mapping[str, str]) -> bytes:
        notebook = json.loads((P1.release / P1.notebook).read_text("utf-8"))
        for cell in notebook["cells"]:
            cell["source"] = cells.get(grade_id_of(cell), cell["source"])
        own = [{"cell_type": "code", "metadata": {}, "source": cell} for cell in self.cells]
        notebook["cells"][3:3] = own
        return json.dumps(notebook).encode()


@cache
def released() -> Submission:
    """What students receive."""
    return release_of(P1)


@cache
def ways() -> Mapping[str, tuple[str, ...]]:
    """For each place, the different ways in which it is written, the solution's first."""
    found: dict[str, dict[str, None]] = {}
    for place, (_, block) in blocks(P1).items():
        found[place] = {textwrap.dedent(block.source): None}
    for variant in variants(P1):
        for patch in variant.patches:
            for place, (file, block) in blocks(P1).items():
                if patch.file == file and block.source.count(patch.old) == 1:
                    new = textwrap.dedent(block.source.replace(patch.old, patch.new))
                    found[place][new] = None
    written = [dict(each.blocks) | dict(each.cells) for each in ALTERNATIVES]
    written += [dict(each.code) for each in works("seen")]
    for each in written:
        for place, code in each.items():
            if place in found:
                found[place][textwrap.dedent(code).strip("\n")] = None
    return {place: tuple(each) for place, each in found.items()}


@cache
def given(place: str) -> frozenset[str]:
    """The words of the released function or cell, which a student does not rename."""
    file, _ = blocks(P1)[place]
    if file in released().cells:
        return frozenset(re.findall(r"\w+", released().cells[file]))
    text = released().files[file].decode()
    around = [
        found
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef)
        and stub(place) in (found := ast.get_source_segment(text, node) or "")
    ]
    return frozenset(re.findall(r"\w+", around[-1]))


@cache
def known(place: str) -> frozenset[str]:
    """The names that mean the same in a function of another file: builtins, and imported ones."""
    file, _ = blocks(P1)[place]
    text = released().cells.get(file) or released().files[file].decode()
    tree = ast.parse(text)
    top = {n.name for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    imported = {alias.asname or alias.name for node in imports for alias in node.names}
    return frozenset({*dir(builtins), "np", *top, *imported})


def student(name: str, popularity: Mapping[str, Sequence[float]], rng: random.Random) -> Written:
    """One who worked alone."""
    code = {}
    for place, each in ways().items():
        (chosen,) = rng.choices(each, popularity[place])
        if rng.random() < 0.7:
            chosen = renamed(chosen, given(place), rng)
        code[place] = commented(chosen, rng.choice(["English", "German"]), rng)
    return Written(name, code)


def listener(alone: Written, rng: random.Random) -> Written:
    """Somebody who follows the lecture, and worked alone otherwise."""
    code = dict(alone.code)
    for place, board in ON_THE_BOARD.items():
        if rng.random() < FOLLOWS_THE_LECTURE:
            text = board.strip("\n")
            for way in rng.sample(
                ["renamed", "reordered", "split", "joined"], k=rng.choice([0, 1, 2])
            ):
                text = DISGUISES[way](text, given(place), rng)
            code[place] = text
    return Written(alone.name, code)


def copy_of(original: Written, name: str, rng: random.Random) -> Written:
    """The same work with every block disguised in two or three ways, and some moved elsewhere."""
    code, files, cells = {}, {}, []
    for number, (place, text) in enumerate(original.code.items()):
        for way in rng.sample(list(DISGUISES), k=rng.choice(TWO_OR_THREE)):
            text = DISGUISES[way](text, given(place), rng)
        tree = parsed(text)
        text = text if tree is None else ast.unparse(tree)  # without the comments
        if rng.random() < 0.2:
            text = _elsewhere(place, text, number, files, cells)
        code[place] = commented(text, "German", rng)
    return Written(name, code, files, tuple(cells))


def _elsewhere(place: str, text: str, number: int, files: dict[str, str], cells: list[str]) -> str:
    found = moved(text, given(place), known(place), f"do_it_{number}")
    if found is None:
        return text
    block, function = found
    if place in P1.answers:
        cells.append(function)
        return block
    files["lib/mlp/more.py"] = files.get("lib/mlp/more.py", "import numpy as np\n") + function
    return f"from lib.mlp.more import do_it_{number}\n{block}"


@cache
def _popularity(seed: int) -> Mapping[str, Sequence[float]]:
    """How many students write a place in each way: the solution's often, others more rarely."""
    rng = random.Random(f"popularity {seed}")
    found = {}
    for place, each in ways().items():
        ranks = list(range(1, len(each)))
        rng.shuffle(ranks)
        rest = sum(1 / rank for rank in ranks) or 1.0
        others = [(1 - WRITES_THE_SOLUTION) / rank / rest for rank in ranks]
        found[place] = [WRITES_THE_SOLUTION, *others]
    return found


def made_class(
    seed: int, students: int = 200, copies: int = 0, prefix: str = "s"
) -> tuple[list[Written], set[frozenset[str]]]:
    """A class, and who copied from whom.

    The order says nothing: names are dealt after the copies are made.
    """
    rng = random.Random(f"class {seed} {prefix}")
    popularity = _popularity(seed)
    own = [student("", popularity, rng) for _ in range(students - copies)]
    sources = rng.sample(range(len(own)), k=copies)
    every = own + [copy_of(own[source], "", rng) for source in sources]
    names = [f"{prefix}{number:04}" for number in range(students)]
    rng.shuffle(names)
    named = [
        Written(name, each.code, each.files, each.cells)
        for name, each in zip(names, every, strict=True)
    ]
    pairs = {
        frozenset((names[source], names[len(own) + index])) for index, source in enumerate(sources)
    }
    return sorted(named, key=lambda each: each.name), pairs
